import { EmptyState, ErrorState, Loading, Mark, momentOf, Section, When } from "../authority/kit";
import { inLanguage, language } from "../frame/language";
import { spokenTo } from "../frame/spoken";
import {
  type Feed,
  type ForeignAlert,
  keyOf,
  namesOf,
  type Severity,
  type ForeignAlerts as Told,
} from "./foreignShapes";
import { foreign } from "./state";
import { t } from "./words";

const LEVELS: Record<Severity, "good" | "notice" | "bad" | "quiet"> = {
  Extreme: "bad",
  Severe: "bad",
  Moderate: "notice",
  Minor: "quiet",
  Unknown: "notice",
};

/** What others warn of, to be looked at: nothing here is sent on. */
export function ForeignAlerts(props: {
  told: Told | null;
  error: unknown;
  onRetry: () => Promise<void>;
}) {
  const w = t.value;
  const { told } = props;
  if (!told) {
    return props.error ? <ErrorState error={props.error} onRetry={props.onRetry} /> : <Loading />;
  }
  return (
    <>
      <Section title={w.foreign.title} lead={w.foreign.lead}>
        {told.alerts.length === 0 ? <EmptyState title={w.foreign.none} /> : null}
        {told.alerts.map((alert) => (
          <Card key={keyOf(alert)} alert={alert} />
        ))}
        {told.more > 0 ? <p class="soft">{w.foreign.more(told.more)}</p> : null}
      </Section>
      <Section title={w.foreign.feeds}>
        {told.feeds.map((feed) => (
          <FeedLine key={feed.name} feed={feed} />
        ))}
      </Section>
    </>
  );
}

function Card(props: { alert: ForeignAlert }) {
  const w = t.value;
  const { alert } = props;
  const text = spokenTo(alert.texts, language.value);
  const open = foreign.value !== null && keyOf(foreign.value) === keyOf(alert);
  const title = text?.headline || text?.event || alert.identifier;
  return (
    <article class="waiting warning-card" aria-label={title}>
      <div class="waiting-head">
        <h3>
          <bdi lang={text?.language}>{title}</bdi>
        </h3>
        <Mark level={alert.status === "Actual" ? LEVELS[alert.severity] : "quiet"}>
          {alert.status === "Actual"
            ? w.foreign.severities[alert.severity]
            : w.foreign.statuses[alert.status]}
        </Mark>
      </div>
      <p class="warning-line">
        <bdi>{text?.sender_name || alert.sender}</bdi>
        <bdi>{namesOf(alert, language.value)}</bdi>
        {text?.expires ? <span>{w.foreign.until(momentOf(text.expires))}</span> : null}
      </p>
      <div class="row-actions">
        <button
          type="button"
          class="button"
          aria-expanded={open}
          onClick={() => {
            foreign.value = open ? null : alert;
          }}
        >
          {open ? w.hide : w.show}
        </button>
      </div>
      {open ? <Details alert={alert} /> : null}
    </article>
  );
}

function Details(props: { alert: ForeignAlert }) {
  const w = t.value;
  const { alert } = props;
  const text = spokenTo(alert.texts, language.value);
  return (
    <>
      {text?.description ? (
        <p class="foreign-words" lang={text.language}>
          {text.description}
        </p>
      ) : null}
      {text?.instruction ? (
        <p class="foreign-words" lang={text.language}>
          <strong>{text.instruction}</strong>
        </p>
      ) : null}
      <p class="soft">
        {w.foreign.sent(momentOf(alert.sent))} <bdi>{alert.sender}</bdi>,{" "}
        <bdi>{alert.identifier}</bdi>. {w.foreign.from(alert.feed)}{" "}
        {alert.signer ? w.foreign.signed(alert.signer) : w.foreign.unsigned}
        {alert.state === "waiting" ? ` ${w.foreign.waiting}` : ""}
      </p>
      {alert.areas.map((area) => {
        const why = area.why_not ?? (area.approximate ? inLanguage(area.approximate) : null);
        return why ? (
          <p key={JSON.stringify(area.names)} class="soft">
            <bdi>{Object.values(area.names)[0]}</bdi>: {why}
          </p>
        ) : null;
      })}
    </>
  );
}

function FeedLine(props: { feed: Feed }) {
  const w = t.value;
  const { feed } = props;
  return (
    <div class="foreign-feed">
      <p class="warning-line">
        <strong>
          <bdi>{feed.name}</bdi>
        </strong>
        <bdi>{feed.host}</bdi>
        <Mark level={feed.failure ? "bad" : feed.reached ? "good" : "quiet"}>
          {feed.failure ? w.foreign.failed : feed.reached ? w.foreign.read : w.foreign.notYet}
        </Mark>
        {feed.signed ? <span>{w.foreign.signedOnly}</span> : null}
        {feed.reached ? <When time={feed.reached} /> : null}
      </p>
      {feed.failure ? (
        <p class="soft" lang="en">
          {feed.failure}
        </p>
      ) : null}
      {feed.left_out.length > 0 ? (
        <details>
          <summary>{w.foreign.leftOut(feed.left_out.length)}</summary>
          <ul lang="en">
            {feed.left_out.map(({ at, text }) => (
              <li key={text}>
                {momentOf(at)}: {text}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}
