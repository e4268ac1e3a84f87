import { useEffect, useState } from "preact/hooks";
import {
  ActionButton,
  ConfirmDialog,
  EmptyState,
  Mark,
  Problem,
  say,
  When,
} from "../../authority/kit";
import { language } from "../../frame/language";
import { causeWords } from "../signalling/words";
import { calledName } from "./attention";
import { forgetHistory, history, keptProblem, lookAtMissed } from "./desk";
import { isMissed, type PastCall } from "./history";
import { Icon } from "./Icon";
import { PrecedenceMark } from "./Precedence";
import { duration } from "./talks";
import { t } from "./words";

/** The calls that this device remembers; who looks at them has seen what was missed. */
export function Recent(props: { onChoose: (person: string) => void }) {
  const w = t.value;
  const [forgetting, setForgetting] = useState(false);
  useEffect(() => lookAtMissed, []);
  const calls = history.value;
  return (
    <div class="phone-recent">
      <p class="faint">{w.historyHelp}</p>
      {keptProblem.value ? <Problem error={keptProblem.value} /> : null}
      {calls.length === 0 ? <EmptyState title={w.noHistory}>{w.noHistoryText}</EmptyState> : null}
      <ul class="directory-people" aria-label={w.history}>
        {calls.map((past) => (
          <li key={past.call}>
            <Row past={past} onChoose={props.onChoose} />
          </li>
        ))}
      </ul>
      {calls.length > 0 || keptProblem.value ? (
        <div>
          <ActionButton tone="quiet" onPress={() => setForgetting(true)}>
            {w.forgetAll}
          </ActionButton>
        </div>
      ) : null}
      {forgetting ? (
        <ConfirmDialog
          title={w.forgetTitle}
          consequences={w.forgetWhat}
          action={w.forgetAll}
          onClose={() => setForgetting(false)}
          onConfirm={async () => {
            await forgetHistory();
            say(w.forgotten);
          }}
        />
      ) : null}
    </div>
  );
}

function Row(props: { past: PastCall; onChoose: (person: string) => void }) {
  const { past } = props;
  const missed = isMissed(past);
  const sign = past.refused
    ? "refused"
    : missed
      ? "missed"
      : past.side === "caller"
        ? "made"
        : "taken";
  return (
    <button
      type="button"
      class={missed && !past.seen ? "directory-row past past-new" : "directory-row past"}
      onClick={() => props.onChoose(past.person)}
    >
      <span class={`past-sign past-${sign}`}>
        <Icon name={sign === "refused" ? "failed" : sign} />
      </span>
      <span class="directory-name">
        <bdi class="person-display">{calledName(past.person)}</bdi>
        <span class="past-how">
          <How past={past} missed={missed} />
        </span>
      </span>
      <span class="past-when">
        <span class="faint">
          <When time={past.beganAt / 1000} />
        </span>
        {past.precedence === "routine" && !past.emergency ? null : (
          <PrecedenceMark precedence={past.precedence} emergency={past.emergency} />
        )}
      </span>
    </button>
  );
}

function How(props: { past: PastCall; missed: boolean }) {
  const w = t.value;
  const { past } = props;
  if (past.refused) {
    const { why, device } = past.refused;
    return (
      <span class="past-refusal">
        <Mark level="bad">{w.refusedMark}</Mark>
        {device ? <bdi class="code">{`${past.person} / ${device}`}</bdi> : null}
        <span>{w.troubles[why]}</span>
      </span>
    );
  }
  if (props.missed) return <Mark level={past.seen ? "quiet" : "bad"}>{w.missed}</Mark>;
  if (past.answeredAt === null) {
    const why = past.cause ? ` ${causeWords[language.value][past.cause]}` : "";
    return <span class="faint">{`${w.notMade}.${why}`}</span>;
  }
  const word = past.side === "caller" ? w.made : w.taken;
  return (
    <span class="faint">{`${word}, ${w.lasted(duration(past.endedAt - past.answeredAt))}`}</span>
  );
}
