import { useState } from "preact/hooks";
import type { Series } from "../api/paths";
import { formatted, words } from "../frame/language";
import { inUtc } from "../frame/time";
import {
  type Band,
  CHART,
  chartSummary,
  columnX,
  DELAY,
  largest,
  RATE,
  roundUp,
  stepPath,
} from "./chart";
import { calmTime, SLOT_SECONDS, slotStart } from "./pathsState";
import { indexOf, sky } from "./state";

const MBIT = 1e6;

/** Delay and rate of a site, five minutes back and five ahead; a picture and, on demand, a table. */
export function StripChart(props: { series: Series }) {
  const t = words.value;
  const { series } = props;
  const [table, setTable] = useState(false);
  const count = series.reason.length;
  const delayTop = roundUp(largest(series.delay_up_ms, series.delay_down_ms));
  const rateTop = roundUp(largest(series.rate_up_bps, series.rate_down_bps) / MBIT) * MBIT;
  return (
    <figure class="strip-chart" id="strip-chart">
      <figcaption>
        <h3>{t.chartTitle}</h3>
        <span class="chart-key">
          <svg viewBox="0 0 22 6" aria-hidden="true">
            <path class="chart-down" d="M0 3H22" />
          </svg>
          {t.down}
          <svg viewBox="0 0 22 6" aria-hidden="true">
            <path class="chart-up" d="M0 3H22" />
          </svg>
          {t.up}
          <svg viewBox="0 0 8 8" class="chart-key-mark" aria-hidden="true">
            <path class="chart-handover" d="M0 1H8L4 7Z" />
          </svg>
          {t.handover}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${CHART.width} ${CHART.height}`}
        role="img"
        aria-label={spoken(series)}
        preserveAspectRatio="none"
      >
        <Columns series={series} />
        <Scale band={DELAY} top={formatted(delayTop)} unit={t.chartDelay} />
        <Scale band={RATE} top={formatted(rateTop / MBIT)} unit={t.chartRate} />
        <path class="chart-up" d={stepPath(series.delay_up_ms, delayTop, DELAY)} />
        <path class="chart-down" d={stepPath(series.delay_down_ms, delayTop, DELAY)} />
        <path class="chart-up" d={stepPath(series.rate_up_bps, rateTop, RATE)} />
        <path class="chart-down" d={stepPath(series.rate_down_bps, rateTop, RATE)} />
        <Now first={series.first_slot} count={count} />
        {[0, count / 2, count].map((index) => (
          <text
            key={index}
            class="chart-text"
            x={columnX(index, count)}
            y={CHART.height - 6}
            text-anchor={index === 0 ? "start" : index === count ? "end" : "middle"}
          >
            {index === count / 2
              ? t.chartNow
              : t.minutes(((index - count / 2) * SLOT_SECONDS) / 60)}
          </text>
        ))}
      </svg>
      <details
        class="chart-table"
        onToggle={(event) => setTable((event.currentTarget as HTMLDetailsElement).open)}
      >
        <summary class="link">{t.chartAsTable}</summary>
        {table ? <Table series={series} /> : null}
      </details>
    </figure>
  );
}

function spoken(series: Series): string {
  const t = words.value;
  const { slots, handovers, out, roundTrip, rate } = chartSummary(series);
  const ends = (range: readonly [number, number] | null, scale: number) =>
    range ? ([formatted(range[0] / scale), formatted(range[1] / scale)] as const) : null;
  return t.chartSummary(slots, handovers, out, ends(roundTrip, 1), ends(rate, MBIT));
}

/** A column a slot: its edge, what is missing or out, the mark of a hand-over. */
function Columns(props: { series: Series }) {
  const { series } = props;
  const count = series.reason.length;
  const height = RATE.bottom - DELAY.top;
  return (
    <>
      <defs>
        <pattern id="chart-out" width="6" height="6" patternUnits="userSpaceOnUse">
          <path class="chart-hatch" d="M0 6L6 0M-1 1L1 -1M5 7L7 5" />
        </pattern>
      </defs>
      {series.reason.map((reason, index) => {
        const slot = series.first_slot + index;
        const x = columnX(index, count);
        const width = columnX(index + 1, count) - x;
        const state = reason === null ? "open" : reason === "served" ? "served" : "out";
        return (
          <g key={slot} data-slot={slot} data-state={state}>
            <rect
              class={`chart-${state}`}
              {...(state === "out" ? { fill: "url(#chart-out)" } : {})}
              x={x}
              y={DELAY.top}
              width={width}
              height={height}
            >
              <title>{title(series, index)}</title>
            </rect>
            <path class="chart-edge" d={`M${x} ${DELAY.top}V${RATE.bottom}`} />
            {series.handover[index] ? (
              <path class="chart-handover" d={`M${x - 3} 12H${x + 3}L${x} 18Z`} />
            ) : null}
          </g>
        );
      })}
    </>
  );
}

function title(series: Series, index: number): string {
  const t = words.value;
  const reason = series.reason[index] ?? null;
  const when = inUtc(slotStart(series.first_slot + index));
  if (reason === null) return `${when}: ${t.notYet}`;
  if (reason !== "served") return `${when}: ${t.reasons[reason]}`;
  const [up, down] = [series.delay_up_ms[index] ?? 0, series.delay_down_ms[index] ?? 0];
  const [rateUp, rateDown] = [series.rate_up_bps[index] ?? 0, series.rate_down_bps[index] ?? 0];
  return (
    `${when}: ${satelliteName(series.satellite[index] ?? null)}, ` +
    `${formatted(down, 1)} / ${formatted(up, 1)} ms, ` +
    `${formatted(rateDown / MBIT)} / ${formatted(rateUp / MBIT)} Mbit/s`
  );
}

/** A satellite's name by its number, as the catalogue in use has it. */
export function satelliteName(catalogueNumber: number | null): string {
  if (catalogueNumber === null) return "–";
  const index = indexOf.value.get(catalogueNumber) ?? -1;
  return sky.value?.satellites.names[index] ?? String(catalogueNumber);
}

function Scale(props: { band: Band; top: string; unit: string }) {
  const { band } = props;
  return (
    <>
      <path class="chart-axis" d={`M${CHART.left} ${band.bottom}H${CHART.right}`} />
      <text class="chart-text" x={CHART.left - 5} y={band.top + 9} text-anchor="end">
        {props.top}
      </text>
      <text class="chart-text" x={CHART.left - 5} y={band.bottom} text-anchor="end">
        0
      </text>
      <text
        class="chart-text"
        x={CHART.left - 5}
        y={(band.top + band.bottom) / 2 + 7}
        text-anchor="end"
      >
        {props.unit}
      </text>
    </>
  );
}

/** Where the picture stands; its own component, so that a second moves a line and no more. */
function Now(props: { first: number; count: number }) {
  const now = calmTime.value;
  if (now === null) return null;
  const index = (now - slotStart(props.first)) / SLOT_SECONDS;
  if (index < 0 || index > props.count) return null;
  const x = columnX(index, props.count);
  return <path class="chart-now" d={`M${x} ${DELAY.top - 4}V${RATE.bottom}`} />;
}

function Table(props: { series: Series }) {
  const t = words.value;
  const { series } = props;
  const cell = (value: number | null | undefined, scale: number, digits: number) =>
    typeof value === "number" ? formatted(value / scale, digits) : "–";
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">UTC</th>
          <th scope="col">{t.satellite}</th>
          <th scope="col">ms ↓/↑</th>
          <th scope="col">Mbit/s ↓/↑</th>
        </tr>
      </thead>
      <tbody>
        {series.reason.map((reason, index) => (
          <tr key={series.first_slot + index}>
            <th scope="row">{inUtc(slotStart(series.first_slot + index))}</th>
            {reason === "served" ? (
              <>
                <td>
                  {satelliteName(series.satellite[index] ?? null)}
                  {series.handover[index] ? <span class="faint"> ({t.handover})</span> : null}
                </td>
                <td>
                  {cell(series.delay_down_ms[index], 1, 1)}/{cell(series.delay_up_ms[index], 1, 1)}
                </td>
                <td>
                  {cell(series.rate_down_bps[index], MBIT, 0)}/
                  {cell(series.rate_up_bps[index], MBIT, 0)}
                </td>
              </>
            ) : (
              <td colSpan={3}>{reason === null ? t.notYet : t.reasons[reason]}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
