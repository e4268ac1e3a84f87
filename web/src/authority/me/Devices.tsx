import { useState } from "preact/hooks";
import { forget, renewAt } from "../../trust/device";
import { type Certificate, getDevices } from "../api";
import { AddThisBrowser, AwaitedKey } from "../enrol/AddThisBrowser";
import { isProfile } from "../enrol/enrolment";
import { keysChanged } from "../enrol/thisBrowser";
import {
  ActionButton,
  authority,
  type Column,
  ConfirmDialog,
  distance,
  EmptyState,
  ErrorState,
  identityParts,
  Loading,
  Mark,
  me,
  now,
  Section,
  say,
  Table,
  useAnswer,
  When,
} from "../kit";
import { AddDevice } from "./AddDevice";
import { renewalOf } from "./life";
import { words } from "./MePage";
import { findHere, type Here, renew } from "./thisDevice";

const LEVELS = { current: "good", revoked: "bad", expired: "quiet" } as const;

/** The devices that act for this person, and what this browser itself holds. */
export function Devices() {
  const t = words.value;
  const community = authority.value?.community ?? "";
  const person = me.value?.person ?? "";
  const { answer, error, reload } = useAnswer(getDevices, [keysChanged.value]);
  const here = useAnswer(() => findHere(community, person), [community, person, keysChanged.value]);
  const [adding, setAdding] = useState(false);
  const device = here.answer?.device ?? null;
  const dueOf = (certificate: Certificate) =>
    device?.chain[0].serial === certificate.serial
      ? renewAt(device)
      : renewalOf(certificate.not_after);
  const columns: Column<Certificate>[] = [
    {
      key: "device",
      title: t.device,
      cell: (certificate) => (
        <>
          <bdi class="code">
            {identityParts(certificate.identity)?.device || certificate.identity}
          </bdi>{" "}
          {device?.chain[0].serial === certificate.serial ? (
            <span class="badge badge-now">{t.thisDevice}</span>
          ) : null}
        </>
      ),
    },
    {
      key: "state",
      title: t.state,
      cell: (certificate) => (
        <Mark level={LEVELS[certificate.state]}>{t.states[certificate.state]}</Mark>
      ),
    },
    {
      key: "renewal",
      title: t.renewal,
      cell: (certificate) => <Renewal certificate={certificate} due={dueOf(certificate)} />,
    },
    {
      key: "ends",
      title: t.ends,
      cell: (certificate) => <When time={certificate.not_after} exact />,
    },
  ];
  return (
    <Section
      title={t.devices}
      lead={t.devicesLead}
      actions={<ActionButton onPress={() => setAdding(true)}>{t.addDevice}</ActionButton>}
    >
      {here.answer ? (
        <ThisDevice
          here={here.answer}
          onChange={async () => {
            await Promise.all([here.reload(), reload()]);
          }}
        />
      ) : here.error ? (
        <ErrorState error={here.error} onRetry={here.reload} />
      ) : null}
      {error && !answer ? <ErrorState error={error} onRetry={reload} /> : null}
      {!answer && !error ? <Loading /> : null}
      {answer?.length === 0 ? <EmptyState title={t.noDevices}>{t.noDevicesText}</EmptyState> : null}
      {answer && answer.length > 0 ? (
        <Table
          caption={t.devices}
          columns={columns}
          rows={answer}
          rowKey={(certificate) => certificate.serial}
        />
      ) : null}
      {adding ? (
        <AddDevice
          offerHere={device === null}
          taken={(answer ?? [])
            .filter((certificate) => certificate.state === "current")
            .map((certificate) => identityParts(certificate.identity)?.device ?? "")}
          onClose={() => {
            setAdding(false);
            void reload();
          }}
        />
      ) : null}
    </Section>
  );
}

function Renewal(props: { certificate: Certificate; due: number }) {
  const t = words.value;
  if (props.certificate.state !== "current") return <span class="faint">{t.noRenewal}</span>;
  if (props.due <= now.value) return <Mark level="notice">{t.renewalDue}</Mark>;
  return (
    <span>
      {t.renewalFrom} <When time={props.due} />
    </span>
  );
}

function ThisDevice(props: { here: Here; onChange: () => Promise<void> }) {
  const t = words.value;
  const { device, waiting } = props.here;
  const [forgetting, setForgetting] = useState(false);
  const profile = authority.value?.profile ?? "";
  if (!device) {
    return (
      <div class="notice">
        <p class="notice-title">{waiting ? t.waitingHere : t.noDeviceHere}</p>
        <p>{waiting ? t.waitingHereText : t.noDeviceHereText}</p>
        {waiting ? <AwaitedKey identity={waiting} /> : <AddThisBrowser />}
      </div>
    );
  }
  const due = renewAt(device) <= now.value;
  return (
    <>
      {due ? (
        <div class="notice">
          <p class="notice-title">{t.renewTitle}</p>
          <p>{t.renewText(distance(device.chain[0].notAfter, now.value))}</p>
          <div class="form-actions">
            <ActionButton
              tone="primary"
              onPress={async () => {
                if (!isProfile(profile)) return;
                await renew(device, profile);
                say(t.renewed);
                await props.onChange();
              }}
            >
              {t.renew}
            </ActionButton>
          </div>
        </div>
      ) : null}
      {device.readable ? <p class="soft">{t.readable}</p> : null}
      <div class="form-actions">
        <ActionButton tone="danger" onPress={() => setForgetting(true)}>
          {t.forget}
        </ActionButton>
      </div>
      {forgetting ? (
        <ConfirmDialog
          title={t.forgetTitle}
          consequences={t.forgetWhat}
          understood={t.forgetUnderstood}
          action={t.forget}
          onClose={() => setForgetting(false)}
          onConfirm={async () => {
            await forget(device.identity);
            say(t.forgotten);
            await props.onChange();
          }}
        />
      ) : null}
    </>
  );
}
