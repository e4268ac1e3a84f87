import { useState } from "preact/hooks";
import { getPolicies, getPolicyNumber } from "../api";
import { ErrorState, Loading, Section, useAnswer } from "../kit";
import { Changes } from "./Changes";
import { differences } from "./difference";
import { type Policy, policyDocument } from "./document";
import { Origin } from "./PolicyView";
import { t } from "./words";

/** Every policy there was, the newest first, each with what it changed. */
export function History() {
  const w = t.value;
  const { answer, error, reload } = useAnswer(getPolicies);
  const newest = answer ? [...answer].sort((one, other) => other.number - one.number) : null;
  return (
    <Section title={w.historyTitle}>
      {error ? <ErrorState error={error} onRetry={reload} /> : null}
      {!newest && !error ? <Loading /> : null}
      <ol class="history">
        {newest?.map((each) => (
          <li key={each.number} class="history-entry">
            <h3>{w.number(each.number)}</h3>
            <Origin told={each} />
            {each.number === 1 ? (
              <p class="soft">{w.first}</p>
            ) : (
              <Difference number={each.number} />
            )}
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Difference(props: { number: number }) {
  const w = t.value;
  const [open, setOpen] = useState(false);
  return (
    <details class="octets" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{w.toBefore(props.number - 1)}</summary>
      {open ? <Shown number={props.number} /> : null}
    </details>
  );
}

async function numbered(number: number): Promise<Policy | null> {
  const answer = await getPolicyNumber(number);
  try {
    return policyDocument(answer.policy, "policy");
  } catch {
    return null;
  }
}

function Shown(props: { number: number }) {
  const { answer, error, reload } = useAnswer(() =>
    Promise.all([numbered(props.number - 1), numbered(props.number)]),
  );
  if (error) return <ErrorState error={error} onRetry={reload} />;
  if (!answer) return <Loading />;
  const [before, after] = answer;
  if (!before || !after) return <p class="problem">{t.value.notUnderstood}</p>;
  return <Changes changes={differences(before, after)} />;
}
