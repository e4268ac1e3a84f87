import { useState } from "preact/hooks";
import {
  ActionButton,
  ConfirmDialog,
  EmptyState,
  ErrorState,
  IdentityName,
  LinkButton,
  Loading,
  Mark,
  momentOf,
  Section,
  say,
} from "../authority/kit";
import { formatted } from "../frame/language";
import { withdrawStanding } from "./api";
import { ChannelMark } from "./ChannelFrame";
import { headlineOf } from "./news";
import type { Standing, StandingState, StandingWarnings as Told } from "./standingShapes";
import { t } from "./words";

const LEVELS: Record<StandingState, "good" | "notice" | "bad" | "quiet"> = {
  waiting: "notice",
  standing: "notice",
  "set-off": "bad",
  withdrawn: "quiet",
  expired: "quiet",
};

/** What sensors may send without anybody's hand: loud, and taken back by one officer. */
export function StandingWarnings(props: {
  told: Told | null;
  error: unknown;
  mayWrite: boolean;
  onChanged: () => Promise<void>;
}) {
  const w = t.value;
  const { told } = props;
  if (!told) {
    return props.error ? <ErrorState error={props.error} onRetry={props.onChanged} /> : <Loading />;
  }
  return (
    <Section title={w.standing.title} lead={w.standing.lead}>
      {told.on ? null : <p class="notice">{w.standing.off}</p>}
      {told.standing.length === 0 ? <EmptyState title={w.standing.none} /> : null}
      {told.standing.map((each) => (
        <Card key={each.id} standing={each} {...props} />
      ))}
    </Section>
  );
}

function Card(props: { standing: Standing; mayWrite: boolean; onChanged: () => Promise<void> }) {
  const w = t.value;
  const { standing } = props;
  const [asking, setAsking] = useState(false);
  const stands = standing.state === "standing";
  return (
    <article class="waiting warning-card" aria-label={headlineOf(standing)}>
      <div class="waiting-head">
        <h3>
          <bdi>{headlineOf(standing)}</bdi>
        </h3>
        <Mark level={LEVELS[standing.state]}>{w.standing.states[standing.state]}</Mark>
      </div>
      <p class="warning-line">
        <ChannelMark channel={standing.channel} />
        <bdi>{standing.area}</bdi>
        {standing.people === null ? null : <span>{w.people(formatted(standing.people))}</span>}
      </p>
      {standing.problem ? (
        <p class="problem" lang="en">
          {w.standing.problem} {standing.problem}
        </p>
      ) : null}
      <p>
        {w.standing.rule(standing.needed, standing.sensors.length)}{" "}
        {w.standing.until(momentOf(standing.until))} {w.by(standing.by.join(", "))}.
      </p>
      <ul class="holders">
        {standing.sensors.map((sensor) => (
          <li key={sensor}>
            <IdentityName path={sensor} />{" "}
            {standing.missing.includes(sensor) ? (
              <Mark level="bad">{w.standing.missing}</Mark>
            ) : null}
          </li>
        ))}
      </ul>
      {standing.alarms.length > 0 ? (
        <details>
          <summary>{w.standing.said(standing.alarms.length)}</summary>
          <ul>
            {standing.alarms.map((each) => (
              <li key={`${each.sensor} ${each.at}`}>
                {momentOf(each.at)}: <bdi>{each.sensor}</bdi>, <bdi>{each.reading}</bdi>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {stands ? (
        <p class="soft">
          {w.standing.id} <code class="code">{standing.id}</code>
        </p>
      ) : null}
      {standing.command && props.mayWrite ? (
        <div class="row-actions">
          <LinkButton href="/approvals">{w.standing.approvals}</LinkButton>
        </div>
      ) : null}
      {stands && props.mayWrite ? (
        <div class="row-actions">
          <ActionButton tone="danger" onPress={() => setAsking(true)}>
            {w.standing.withdraw}
          </ActionButton>
        </div>
      ) : null}
      {asking ? (
        <ConfirmDialog
          title={w.standing.withdrawTitle}
          consequences={[w.standing.withdrawText]}
          action={w.standing.withdraw}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await withdrawStanding(standing.id);
            say(w.standing.withdrawn);
            await props.onChanged();
          }}
        >
          <p>
            <bdi>{headlineOf(standing)}</bdi>
          </p>
        </ConfirmDialog>
      ) : null}
    </article>
  );
}
