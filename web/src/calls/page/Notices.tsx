import { signal } from "@preact/signals";
import { ActionButton } from "../../authority/kit";
import { ringer } from "./attention";
import { shown } from "./desk";
import { ringBlocked } from "./ringer";
import { microphoneProblem } from "./sound";
import { t } from "./words";

/** Problems that somebody has read. */
const read = signal(0);

/** What stands in the way of calls at the moment, and what was refused last. */
export function Notices() {
  const w = t.value;
  // Of the microphone more is said above than anything here could.
  const problems = shown.value.problems.filter(({ what }) => what !== "microphone");
  const last = problems.length > read.value ? problems.at(-1) : undefined;
  return (
    <>
      {microphoneProblem.value ? (
        <p class="problem" role="alert">
          {w.microphoneProblem[microphoneProblem.value]}
        </p>
      ) : null}
      {ringBlocked.value ? (
        <div class="notice" role="status">
          <p>{w.ringBlocked}</p>
          <div>
            <ActionButton onPress={() => ringer.allow()}>{w.ringAllow}</ActionButton>
          </div>
        </div>
      ) : null}
      {last === undefined ? null : (
        <div class="notice" role="status">
          <p class="notice-title">{w.problems}</p>
          <p>{w.troubles[last.what]}</p>
          <p class="faint" lang="en">
            <bdi>{last.sentence}</bdi>
          </p>
          <div>
            <ActionButton
              tone="quiet"
              onPress={() => {
                read.value = problems.length;
              }}
            >
              {w.dismiss}
            </ActionButton>
          </div>
        </div>
      )}
    </>
  );
}
