import { CheckField, Loading } from "../authority/kit";
import { inLanguage } from "../frame/language";
import type { Problem } from "./shapes";
import { t } from "./words";

/** Tells a problem from all others; a warning that says something else is to be seen anew. */
const keyOf = (each: Problem) => JSON.stringify([each.code, each.field, each.language, each.text]);

/** Each problem once, errors first. */
export function sorted(problems: readonly Problem[]): Problem[] {
  const once = [...new Map(problems.map((each) => [keyOf(each), each])).values()];
  return [
    ...once.filter(({ gravity }) => gravity === "error"),
    ...once.filter(({ gravity }) => gravity === "warning"),
  ];
}

/** What still stops a proposal: errors, and warnings that nobody has ticked. */
export const unseen = (problems: readonly Problem[], seen: readonly string[]): Problem[] =>
  sorted(problems).filter((each) => each.gravity === "error" || !seen.includes(keyOf(each)));

/** What is wrong: errors stop, warnings have to be ticked. */
export function Problems(props: {
  problems: readonly Problem[];
  fresh: boolean;
  seen: readonly string[];
  onSeen: (seen: readonly string[]) => void;
}) {
  const w = t.value;
  const listed = sorted(props.problems);
  const errors = listed.filter(({ gravity }) => gravity === "error");
  const warnings = listed.filter(({ gravity }) => gravity === "warning");
  const tick = (key: string) => (ticked: boolean) =>
    props.onSeen(ticked ? [...props.seen, key] : props.seen.filter((each) => each !== key));
  const where = (each: Problem) => (each.language ? ` (${w.languageName(each.language)})` : "");
  return (
    <div class="problems" aria-busy={!props.fresh}>
      <p class="unseen" role="status">
        {props.fresh ? w.problemCount(errors.length, warnings.length) : ""}
      </p>
      {props.fresh ? null : <Loading />}
      {props.fresh && listed.length === 0 ? <p class="soft">{w.noProblems}</p> : null}
      {errors.length > 0 ? (
        <>
          <h3>{w.errors}</h3>
          <ul class="problem-list problem-list-error">
            {errors.map((each) => (
              <li key={keyOf(each)}>
                {inLanguage(each.text)}
                {where(each)}
              </li>
            ))}
          </ul>
        </>
      ) : null}
      {warnings.length > 0 ? (
        <>
          <h3>{w.warnings}</h3>
          {warnings.map((each) => (
            <CheckField
              key={keyOf(each)}
              label={`${inLanguage(each.text)}${where(each)}`}
              checked={props.seen.includes(keyOf(each))}
              onChange={tick(keyOf(each))}
            />
          ))}
        </>
      ) : null}
    </div>
  );
}
