import { useRef, useState } from "preact/hooks";
import type { Plan } from "../api/fleet";
import { formatted } from "../frame/language";
import { inUtc } from "../frame/time";
import { plain } from "../network/figures";
import { marksOf, type Piece, pieceAt, piecesOf, steppedTo } from "./bars";
import { causeOf, lengthOf, t } from "./words";

const WIDTH = 1000;
const HEIGHT = 34;
const MBIT = 1e6;
const minute = (time: number) => inUtc(time).slice(0, 5);

/** A plan as a bar: a field a satellite, hatched where there is none; keys and pointer walk it. */
export function ContactBar(props: {
  plan: Plan;
  name: string;
  start: number;
  end: number;
  now: number | null;
  id: string;
}) {
  const w = t.value;
  const { plan, start, end, now } = props;
  const pieces = piecesOf(plan, start, end);
  // Held by its moment: a plan made anew has other pieces in other places.
  const [looked, setLooked] = useState<number | null>(null);
  const bar = useRef<HTMLDivElement>(null);
  const first = Math.max(now === null ? 0 : pieceAt(pieces, (now - start) / (end - start)), 0);
  const found = looked === null ? first : pieceAt(pieces, (looked - start) / (end - start));
  const index = found < 0 ? first : found;
  const piece = pieces[index];
  const look = (at: number) => {
    const to = pieces[at];
    if (to) setLooked((Math.max(to.of.start, start) + Math.min(to.of.end, end)) / 2);
  };
  const point = (event: PointerEvent) => {
    const box = bar.current?.getBoundingClientRect();
    if (!box || box.width === 0) return;
    const at = pieceAt(pieces, (event.clientX - box.left) / box.width);
    if (at >= 0) look(at);
  };
  const told = piece ? toldOf(piece) : { title: w.noPiece, lines: [] };
  return (
    <div class="contact-bar" id={props.id}>
      <div
        ref={bar}
        class="contact-bar-line"
        role="slider"
        tabIndex={0}
        aria-label={w.bar(props.name)}
        aria-valuemin={0}
        aria-valuemax={Math.max(pieces.length - 1, 0)}
        aria-valuenow={index}
        aria-valuetext={[told.title, ...told.lines].join(". ")}
        onPointerMove={point}
        onPointerDown={point}
        onKeyDown={(event) => {
          const to = steppedTo(pieces, index, event.key);
          if (to === null) return;
          event.preventDefault();
          look(to);
        }}
      >
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <rect class="bar-unknown" width={WIDTH} height={HEIGHT} />
          {pieces.map((each, at) => (
            <Field
              key={`${each.kind}${each.of.start}`}
              piece={each}
              odd={at % 2 === 1}
              looked={at === index && looked !== null}
            />
          ))}
          {now !== null && now >= start && now <= end ? (
            <path
              class="bar-now"
              vector-effect="non-scaling-stroke"
              d={`M${((now - start) / (end - start)) * WIDTH} 0V${HEIGHT}`}
            />
          ) : null}
        </svg>
      </div>
      <Axis start={start} end={end} />
      <p class="bar-told" data-kind={piece?.kind}>
        <strong>{told.title}</strong>
        {told.lines.map((line) => (
          <span key={line}>{line}</span>
        ))}
      </p>
    </div>
  );
}

function Field(props: { piece: Piece; odd: boolean; looked: boolean }) {
  const { piece } = props;
  const x = piece.from * WIDTH;
  const width = (piece.to - piece.from) * WIDTH;
  if (piece.kind === "gap") {
    return (
      <g data-piece="gap">
        <rect class="bar-gap" x={x} y="0" width={Math.max(width, 2)} height={HEIGHT} />
        <rect
          fill="url(#bar-hatch)"
          class={props.looked ? "bar-looked" : ""}
          vector-effect="non-scaling-stroke"
          x={x}
          y="0"
          width={Math.max(width, 2)}
          height={HEIGHT}
        />
      </g>
    );
  }
  return (
    <g data-piece="contact">
      <rect
        class={`bar-contact${props.odd ? " bar-odd" : ""}${props.looked ? " bar-looked" : ""}`}
        vector-effect="non-scaling-stroke"
        x={x}
        y="5"
        width={width}
        height={HEIGHT - 5}
      />
      <path class="bar-tick" vector-effect="non-scaling-stroke" d={`M${x} 0V${HEIGHT}`} />
    </g>
  );
}

/** The hatching of gaps, once a page. */
export function Hatching() {
  return (
    <svg class="bar-defs" aria-hidden="true">
      <defs>
        <pattern id="bar-hatch" width="7" height="7" patternUnits="userSpaceOnUse">
          <path class="bar-hatch" d="M0 7L7 0M-1 1L1 -1M6 8L8 6" />
        </pattern>
      </defs>
    </svg>
  );
}

function Axis(props: { start: number; end: number }) {
  const { start, end } = props;
  return (
    <svg class="bar-axis" viewBox={`0 0 ${WIDTH} 16`} preserveAspectRatio="none" aria-hidden="true">
      {marksOf(start, end).map((time) => (
        <path
          key={time}
          class="bar-mark"
          vector-effect="non-scaling-stroke"
          d={`M${((time - start) / (end - start)) * WIDTH} 0V5`}
        />
      ))}
    </svg>
  );
}

/** Moments below bars, in letters that no stretching changes. */
export function AxisLabels(props: { start: number; end: number }) {
  const { start, end } = props;
  return (
    <div class="bar-labels" aria-hidden="true">
      {marksOf(start, end)
        .filter((time) => time - start < (end - start) * 0.97)
        .map((time) => (
          <span key={time} style={{ left: `${((time - start) / (end - start)) * 100}%` }}>
            {minute(time)}
          </span>
        ))}
    </div>
  );
}

/** A contact or gap in words: who, when, how much, what stands by; or why there is nothing. */
function toldOf(piece: Piece): { title: string; lines: string[] } {
  const w = t.value;
  if (piece.kind === "gap") {
    const { start, end, reason } = piece.of;
    const cause = causeOf(reason);
    return {
      title: w.gap(inUtc(start), inUtc(end), lengthOf(end - start)),
      lines: [cause.charAt(0).toUpperCase() + cause.slice(1)],
    };
  }
  const each = piece.of;
  const [least, most] = each.round_trip_ms;
  const trip =
    Math.round(least) === Math.round(most)
      ? formatted(least)
      : `${formatted(least)}–${formatted(most)}`;
  const sigma = each.sigma_s ? ` ${w.sigma(formatted(each.sigma_s, 1))}` : "";
  return {
    title: w.contact(plain(each.satellite), inUtc(each.start), inUtc(each.end)) + sigma,
    lines: [
      w.facts(
        trip,
        formatted(each.rate_down_bps / MBIT),
        formatted(each.rate_up_bps / MBIT, 1),
        formatted(each.highest_deg),
      ),
      `${w.landing} ${w.landsAt(plain(each.gateway), each.gateway_country, plain(each.point))}, ${w.hops(each.lasers)}`,
      each.alternatives.length > 0
        ? w.alternatives(each.alternatives.map(plain).join(", "))
        : w.noAlternatives,
    ],
  };
}

/** The same as a table, for whoever reads it so. */
export function PlanTable(props: { plan: Plan; start: number; end: number; name: string }) {
  const w = t.value;
  const [open, setOpen] = useState(false);
  return (
    <details
      class="plan-table"
      onToggle={(event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}
    >
      <summary class="link">
        {w.asTable}
        <span class="unseen">: {props.name}</span>
      </summary>
      {open ? (
        <div class="plan-table-scroll">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{w.tableFrom}</th>
                <th scope="col">{w.tableTo}</th>
                <th scope="col">{w.tableWhat}</th>
                <th scope="col">{w.tableLanding}</th>
                <th scope="col">{w.tableTrip}</th>
                <th scope="col">{w.tableRate}</th>
              </tr>
            </thead>
            <tbody>
              {piecesOf(props.plan, props.start, props.end).map((piece) => (
                <tr key={`${piece.kind}${piece.of.start}`}>
                  <th scope="row">{inUtc(piece.of.start)}</th>
                  <td>{inUtc(piece.of.end)}</td>
                  {piece.kind === "gap" ? (
                    <td colSpan={4} class="bar-cause">
                      {causeOf(piece.of.reason)}
                    </td>
                  ) : (
                    <>
                      <td>{plain(piece.of.satellite)}</td>
                      <td>
                        {plain(piece.of.gateway)} ({piece.of.gateway_country})
                      </td>
                      <td>{formatted(piece.of.round_trip_ms[1])}</td>
                      <td>
                        {formatted(piece.of.rate_down_bps / MBIT)}/
                        {formatted(piece.of.rate_up_bps / MBIT, 1)}
                      </td>
                    </>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}
