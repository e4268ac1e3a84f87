import { Mark } from "../../authority/kit";
import { formatted } from "../../frame/language";
import { milliseconds, plain } from "../../network/figures";
import type { Leg } from "./answers";
import { levelOf } from "./levels";
import { t } from "./words";

/** How each device of this site hears, or heard; what was never told is said so. */
export function Quality(props: { legs: readonly Leg[]; answered: boolean; over: boolean }) {
  const w = t.value;
  if (props.legs.length === 0) {
    return <span class="faint">{props.answered ? (props.over ? w.never : w.unheard) : "–"}</span>;
  }
  return (
    <ul class="call-legs">
      {props.legs.map((leg) => (
        <li key={leg.device} class="lines">
          <LegShown leg={leg} over={props.over} />
        </li>
      ))}
    </ul>
  );
}

/** Of a call that goes on the last figure leads, of one that is over the mean. */
function LegShown(props: { leg: Leg; over: boolean }) {
  const w = t.value;
  const { leg, over } = props;
  const { r, mos } = over ? leg.mean : leg.last;
  const beside = over ? [] : [w.mean(formatted(leg.mean.mos, 1))];
  const level = levelOf(r);
  return (
    <>
      <span class="call-leg">
        <Mark level={level}>{w.levels[level]}</Mark>
        <bdi class="code small">{plain(leg.device.replace(/^person\//, ""))}</bdi>
      </span>
      <span class="small">{w.figures(formatted(mos, 1), formatted(r))}</span>
      <span class="faint small">
        {[...beside, w.worst(formatted(leg.worst.mos, 1))].join(", ")}
      </span>
      {over ? null : (
        <span class="faint small">
          {w.line(`${formatted(100 * leg.loss, 1)} %`, milliseconds(leg.round_trip_ms))}
        </span>
      )}
    </>
  );
}
