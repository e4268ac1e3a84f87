import "./changes.css";
import type { Change } from "./difference";
import { told } from "./told";
import { t } from "./words";

const MARKS = { added: "+", removed: "−", changed: "≠" } as const;

/** A difference between two policies, each change with a sign that is also said. */
export function Changes(props: { changes: readonly Change[] }) {
  const w = t.value;
  if (props.changes.length === 0) return <p class="faint">{w.noDifference}</p>;
  return (
    <ul class="changes">
      {props.changes.map((change) => {
        const { title, lines } = told(change);
        return (
          <li
            key={`${change.what} ${change.name}`}
            class={`change change-${change.what === "community" ? "removed" : change.sign}`}
          >
            <span class="change-sign" aria-hidden="true">
              {MARKS[change.sign]}
            </span>
            <div>
              <span class="unseen">{w.signs[change.sign]}: </span>
              {change.what === "person" ? (
                <bdi class="code change-title">{title}</bdi>
              ) : (
                <span class="change-title">{title}</span>
              )}
              {lines.length > 0 ? (
                <ul class="change-lines">
                  {lines.map((line) => (
                    <li key={line}>{line}</li>
                  ))}
                </ul>
              ) : null}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
