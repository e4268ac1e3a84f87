import { span as spanTold } from "../authority/kit";
import { formatted } from "../frame/language";
import { CHART, curvePath, spanOf, xOf, yOf } from "./reachChart";
import type { Curve, Reach } from "./shapes";
import { t } from "./words";

/** How far a warning has come: the curve, and the beams that shine for it now. */
export function ReachShown(props: { reach: Reach; people: number }) {
  const w = t.value;
  const { reach } = props;
  return (
    <section aria-label={w.reach}>
      <h4>{w.reach}</h4>
      <p>
        <strong>{w.reachedShare(formatted(reach.share * 100))}</strong>{" "}
        {w.reachedPeople(formatted(reach.share * props.people))}{" "}
        {reach.time_to_95_s === null ? w.never95 : w.to95(spanTold(reach.time_to_95_s))}
      </p>
      <ReachCurve curve={reach.curve} forecast={reach.forecast} />
      <p>{w.load(reach.load.busy, reach.load.of)}</p>
      <meter
        class="load"
        min={0}
        max={Math.max(reach.load.of, 1)}
        value={reach.load.busy}
        aria-label={w.loadLabel}
      />
      {reach.beams.length > 0 ? (
        <details>
          <summary class="link">{w.beams(reach.beams.length)}</summary>
          <ul class="beams">
            {reach.beams.map((each) => (
              <li key={`${each.satellite} ${each.cell}`}>
                <bdi>{each.satellite}</bdi> → <bdi class="code">{each.cell}</bdi>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}

/** The share of people reached over time; the forecast is dashed. */
export function ReachCurve(props: { curve: Curve; forecast: Curve }) {
  const w = t.value;
  const span = spanOf(props.curve, props.forecast);
  const last = props.curve.at(-1) ?? props.forecast.at(-1);
  if (!last || span === 0) return null;
  return (
    <svg
      class="reach-chart"
      viewBox={`0 0 ${CHART.width} ${CHART.height}`}
      role="img"
      aria-label={w.curveTold(spanTold(last[0]), formatted(last[1] * 100))}
    >
      <path class="reach-axis" d={`M${CHART.left} ${CHART.top}V${CHART.bottom}H${CHART.right}`} />
      {[0.5, 0.95, 1].map((share) => (
        <g key={share}>
          <path class="reach-grid" d={`M${CHART.left} ${yOf(share)}H${CHART.right}`} />
          <text
            class="reach-text"
            x={CHART.left - 5}
            y={yOf(share) + (share === 0.95 ? 9 : 3)}
            text-anchor="end"
          >
            {`${formatted(share * 100)} %`}
          </text>
        </g>
      ))}
      {[0, 0.5, 1].map((part) => (
        <text
          key={part}
          class="reach-text"
          x={xOf(span * part, span)}
          y={CHART.bottom + 16}
          text-anchor={part === 0 ? "start" : part === 1 ? "end" : "middle"}
        >
          {part === 0 ? "0" : spanTold(span * part)}
        </text>
      ))}
      <path class="reach-forecast" d={curvePath(props.forecast, span)} />
      <path class="reach-curve" d={curvePath(props.curve, span)} />
    </svg>
  );
}
