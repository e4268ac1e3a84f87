import { reasonTold } from "../approvals/reasons";
import { explained } from "../approvals/trustSentence";
import { count, IdentityName, identityParts, Mark, momentOf, Problem } from "../kit";
import { kindTold } from "./kinds";
import type { Entry, ReadDetail } from "./reading";
import type { Proof } from "./verification";
import { t } from "./words";

/** Facts that are moments, POSIX seconds. */
const MOMENTS: readonly string[] = ["not_after", "not_before", "expires", "until"];
const LEVELS = { checking: "quiet", proven: "good", failed: "bad" } as const;

/** One entry: kind in words, time, facts, and whether it was proven to be in the log. */
export function EntryCard(props: { entry: Entry; proof: Proof }) {
  const w = t.value;
  const { entry, proof } = props;
  const { record } = entry;
  const title = record ? kindTold(record.kind) : w.unreadable;
  const contradicted = entry.details?.some((each) => each.state === "contradicted") ?? false;
  return (
    <details
      class={`entry entry-${contradicted ? "failed" : proof.state}`}
      aria-label={w.entry(count(entry.index))}
      open={contradicted}
    >
      <summary>
        <span class="entry-index">{count(entry.index)}</span>
        <span class="entry-kind">{title}</span>
        <span class="entry-gist faint">
          <Gist entry={entry} />
        </span>
        <span class="entry-time">
          {record ? (
            <time dateTime={new Date(record.time * 1000).toISOString()}>
              {momentOf(record.time)}
            </time>
          ) : null}
        </span>
        <span class="entry-proof">
          {contradicted ? (
            <Mark level="bad">{w.contradicted}</Mark>
          ) : (
            <Mark level={LEVELS[proof.state]}>{w.proofStates[proof.state]}</Mark>
          )}
        </span>
      </summary>
      <div class="entry-body">
        {proof.state === "failed" ? <Problem error={explained(proof.error)} /> : null}
        {record ? (
          <Facts entry={entry} />
        ) : (
          <>
            <p class="soft">{w.unreadableText}</p>
            {entry.details?.map((detail, place) => (
              <Detail key={place} detail={detail} />
            ))}
          </>
        )}
      </div>
    </details>
  );
}

/** The one word of an entry that tells most, for its line. */
function Gist(props: { entry: Entry }) {
  const { record, details } = props.entry;
  const facts = record?.facts ?? {};
  for (const name of ["identity", "about", "holder", "name", "number", "person", "by"]) {
    const told = details?.find((detail) => detail.state === "proven" && detail.name === name);
    const value = facts[name] ?? told?.value;
    if (typeof value === "string" || typeof value === "number")
      return <Value name={name} value={value} />;
  }
  return null;
}

function Facts(props: { entry: Entry }) {
  const w = t.value;
  const { record, details } = props.entry;
  if (!record) return null;
  const names = Object.keys(record.facts);
  const proven = details?.filter((detail) => detail.state === "proven").length ?? 0;
  const missing = record.digests.length - proven;
  return (
    <dl class="facts">
      <dt>{w.kind}</dt>
      <dd>
        <bdi class="code">{record.kind}</bdi>
      </dd>
      <dt>{w.by}</dt>
      <dd>
        <bdi class="code">{record.actor}</bdi>
      </dd>
      {names.map((name) => [
        <dt key={`${name} name`}>{w.factNames[name] ?? name}</dt>,
        <dd key={name}>
          <Value name={name} value={record.facts[name]} />
        </dd>,
      ])}
      {record.digests.length > 0 || details?.length ? (
        <>
          <dt>{w.details}</dt>
          <dd>
            {details === null ? w.hidden(record.digests.length) : null}
            {details?.map((detail, place) => (
              <Detail key={place} detail={detail} />
            ))}
            {details !== null && missing > 0 && proven === details.length ? (
              <p class="faint">{w.erased(missing)}</p>
            ) : null}
          </dd>
        </>
      ) : null}
    </dl>
  );
}

/** A detail that the entry committed to, or the alarm that it did not. */
function Detail(props: { detail: ReadDetail }) {
  const w = t.value;
  const { detail } = props;
  const told = (
    <>
      {w.factNames[detail.name] ?? detail.name}: <Value name={detail.name} value={detail.value} />
    </>
  );
  if (detail.state === "proven") {
    return (
      <p class="detail">
        <span>{told}</span> <Mark level="good">{w.detailProven}</Mark>
      </p>
    );
  }
  return (
    <div class="alarm" role="alert">
      <p class="alarm-title">{w.detailFalseTitle}</p>
      <p>{w.detailFalse}</p>
      <p>
        {w.detailTold} <s>{told}</s>
      </p>
    </div>
  );
}

function Value(props: { name: string; value: unknown }) {
  const { name, value } = props;
  if (value === null) return <span class="faint">{t.value.nothing}</span>;
  if (typeof value === "string") {
    if (identityParts(value)) return <IdentityName path={value} />;
    if (name === "reason") return <bdi>{reasonTold(value)}</bdi>;
    return <bdi class="code">{value}</bdi>;
  }
  if (typeof value === "number") return <>{MOMENTS.includes(name) ? momentOf(value) : value}</>;
  return <bdi class="code">{JSON.stringify(value)}</bdi>;
}
