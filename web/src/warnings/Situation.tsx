import { useState } from "preact/hooks";
import type { Signing } from "../authority/approvals/signing";
import {
  ActionButton,
  EmptyState,
  Loading,
  Mark,
  momentOf,
  now,
  Section,
  When,
} from "../authority/kit";
import { formatted } from "../frame/language";
import { ChannelMark } from "./ChannelFrame";
import { DecideDialog } from "./DecideDialog";
import type { Draft } from "./draft";
import { headlineOf } from "./news";
import type { Desk, Warning, WarningStateName } from "./shapes";
import { chosen } from "./state";
import { WarningDetails } from "./WarningDetails";
import { t } from "./words";

const LEVELS: Record<WarningStateName, "good" | "notice" | "bad" | "quiet"> = {
  waiting: "notice",
  released: "bad",
  cancelled: "quiet",
  updated: "quiet",
  expired: "quiet",
  refused: "quiet",
  cancel: "quiet",
};

/** Everything that waits, is in force or was: the same as on the map, in words. */
export function Situation(props: {
  desk: Desk;
  warnings: readonly Warning[] | null;
  signing: Signing;
  onChanged: () => Promise<void>;
  onUpdate: (draft: Draft) => void;
}) {
  const w = t.value;
  const { warnings } = props;
  if (!warnings) return <Loading />;
  const of = (...states: WarningStateName[]) => warnings.filter((e) => states.includes(e.state));
  const waiting = of("waiting");
  const inForce = of("released");
  const ended = warnings.filter(({ state }) => state !== "waiting" && state !== "released");
  return (
    <>
      {waiting.length > 0 ? (
        <Section title={w.waiting} lead={w.waitingLead}>
          {waiting.map((each) => (
            <WaitingCard key={each.id} warning={each} {...props} />
          ))}
        </Section>
      ) : null}
      <Section title={w.inForce}>
        {inForce.length === 0 ? <EmptyState title={w.noneInForce} /> : null}
        {inForce.map((each) => (
          <SentCard key={each.id} warning={each} {...props} />
        ))}
      </Section>
      {ended.length > 0 ? (
        <details class="card disclosure">
          <summary>{w.ended(ended.length)}</summary>
          <div class="disclosure-body">
            {ended.map((each) => (
              <SentCard key={each.id} warning={each} {...props} />
            ))}
          </div>
        </details>
      ) : null}
    </>
  );
}

function Head(props: { warning: Warning }) {
  const w = t.value;
  const { warning } = props;
  const title = headlineOf(warning);
  return (
    <>
      <div class="waiting-head">
        <h3>
          <bdi>{title}</bdi>
        </h3>
        <Mark level={LEVELS[warning.state]}>{w.states[warning.state]}</Mark>
      </div>
      <p class="warning-line">
        <ChannelMark channel={warning.channel} />
        <bdi>{warning.area.description}</bdi>
        <span>{w.people(formatted(warning.people))}</span>
        {warning.reached === null ? null : (
          <strong>{w.reachedShare(formatted(warning.reached * 100))}</strong>
        )}
      </p>
    </>
  );
}

function WaitingCard(props: {
  warning: Warning;
  signing: Signing;
  desk: Desk;
  onChanged: () => Promise<void>;
}) {
  const w = t.value;
  const { warning } = props;
  const [deciding, setDeciding] = useState(false);
  return (
    <article class="waiting warning-card" aria-label={headlineOf(warning)}>
      <Head warning={warning} />
      <p class="soft">
        {w.by(warning.by.join(", "))}, <When time={warning.sent} />.{" "}
        {w.waitsUntil(momentOf(warning.expires))}
      </p>
      <div class="row-actions">
        <ActionButton
          tone="primary"
          onPress={() => {
            chosen.value = warning.id;
            setDeciding(true);
          }}
        >
          {props.desk.may_approve ? w.decide : w.look}
        </ActionButton>
      </div>
      {deciding && warning.command ? (
        <DecideDialog
          command={warning.command}
          people={warning.people}
          signing={props.signing}
          mayApprove={props.desk.may_approve}
          onClose={() => setDeciding(false)}
          onDone={props.onChanged}
        />
      ) : null}
    </article>
  );
}

function SentCard(props: {
  warning: Warning;
  signing: Signing;
  desk: Desk;
  onChanged: () => Promise<void>;
  onUpdate: (draft: Draft) => void;
}) {
  const w = t.value;
  const { warning } = props;
  const open = chosen.value === warning.id;
  return (
    <article class="waiting warning-card" aria-label={headlineOf(warning)}>
      <Head warning={warning} />
      <p class="soft">
        {w.by(warning.by.join(", "))}, {momentOf(warning.sent)}.{" "}
        {warning.state === "released"
          ? w.endsIn(Math.max(0, Math.round((warning.expires - now.value) / 60)))
          : null}
      </p>
      <div class="row-actions">
        <button
          type="button"
          class="button"
          aria-expanded={open}
          onClick={() => {
            chosen.value = open ? null : warning.id;
          }}
        >
          {open ? w.hide : w.show}
        </button>
      </div>
      {open ? <WarningDetails key={warning.id} {...props} /> : null}
    </article>
  );
}
