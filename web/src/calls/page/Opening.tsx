import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ActionButton, LinkButton, Loading, Problem, SelectField } from "../../authority/kit";
import { me } from "../../frame/authority";
import { signInAddress } from "../../frame/ownAddress";
import type { DeviceKey } from "../../trust/device";
import { TrustError } from "../../trust/errors";
import { chooseDevice, type Exchange, type Stage } from "./desk";
import { t } from "./words";

/** What stands in the place of the telephone while it is not open, and what leads to it. */
export function Opening(props: { stage: Exclude<Stage, { state: "open" }>; exchange: Exchange }) {
  const w = t.value;
  const { stage } = props;
  switch (stage.state) {
    case "opening":
      return <Loading />;
    case "no key":
      return (
        <Card title={w.noKeyTitle} text={stage.waiting ? w.noKeyWaiting : w.noKeyText}>
          {me.value === null ? (
            <LinkButton href={signInAddress(location)} tone="primary">
              {w.signIn}
            </LinkButton>
          ) : (
            <LinkButton href="/me" tone="primary">
              {w.addBrowser}
            </LinkButton>
          )}
        </Card>
      );
    case "choose":
      return <Choose keys={stage.keys} exchange={props.exchange} />;
    case "failed":
      return <Failed error={stage.error} />;
  }
}

/** An edge that has only just started knows nothing yet: who waits here need not press anything. */
const AGAIN_MS = 30_000;

function Failed(props: { error: unknown }) {
  const w = t.value;
  const { error } = props;
  const unsupported = error instanceof TrustError && error.code === "unsupported";
  useEffect(() => {
    if (unsupported) return;
    const timer = setTimeout(() => location.reload(), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [unsupported]);
  if (unsupported) {
    return <Card title={w.unsupportedTitle} text={w.unsupportedText} />;
  }
  return (
    <Card title={w.openFailed} text="">
      <Problem error={error} />
      {error instanceof TrustError ? (
        <p class="faint" lang="en">
          <bdi>{error.message}</bdi>
        </p>
      ) : null}
      {/* The page anew: the one policy for its worker can be made once a page. */}
      <ActionButton onPress={() => location.reload()}>{w.tryAgain}</ActionButton>
    </Card>
  );
}

function Choose(props: { keys: readonly DeviceKey[]; exchange: Exchange }) {
  const w = t.value;
  const [chosen, choose] = useState(props.keys[0]?.identity.uri ?? "");
  const device = props.keys.find(({ identity }) => identity.uri === chosen);
  return (
    <Card title={w.whichTitle} text={w.whichText}>
      <SelectField
        label={w.whichDevice}
        value={chosen}
        choices={props.keys.map(({ identity }) => ({
          value: identity.uri,
          label: `${identity.name} / ${identity.device}`,
        }))}
        onChange={choose}
      />
      <ActionButton
        tone="primary"
        onPress={async () => {
          if (device) await chooseDevice(props.exchange, device);
        }}
      >
        {w.takeOver}
      </ActionButton>
    </Card>
  );
}

/** Another page of this device rings; this one can take it back. */
export function Replaced() {
  const w = t.value;
  return (
    <Card title={w.replacedTitle} text={w.replacedText}>
      <ActionButton tone="primary" onPress={() => location.reload()}>
        {w.takeOver}
      </ActionButton>
    </Card>
  );
}

function Card(props: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <section class="card refusal">
      <h2>{props.title}</h2>
      {props.text ? <p class="soft">{props.text}</p> : null}
      {props.children}
    </section>
  );
}
