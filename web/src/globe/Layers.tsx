import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { formatted, words } from "../frame/language";
import { theme } from "../frame/theme";
import { type Bands, LOAD_BANDS, LOAD_LIMITS, RAIN_BANDS, REFUSED_COLOUR } from "./bands";
import { LeverSign } from "./LeverSign";
import { cellSummary, rainSummary } from "./meshes";
import { Problem } from "./Problem";
import type { Rgb } from "./palette";
import { cellsFailure, cellsShown, loads, rain, rainFailure, rainShown } from "./pathsState";

/** Cells by load and rain: a switch each; where it is on, its colours and what it shows in words. */
export function Layers() {
  const t = words.value;
  return (
    <div class="layers">
      <Layer id="cells" shown={cellsShown} name={t.showCells} failure={cellsFailure}>
        <CellsLegend />
      </Layer>
      <Layer id="rain" shown={rainShown} name={t.showRain} failure={rainFailure}>
        <RainLegend />
      </Layer>
    </div>
  );
}

function Layer(props: {
  id: string;
  shown: Signal<boolean>;
  name: string;
  failure: Signal<unknown>;
  children: ComponentChildren;
}) {
  const { id, shown, failure } = props;
  return (
    <div class="layer">
      <label class="switch">
        <input
          type="checkbox"
          id={`show-${id}`}
          checked={shown.value}
          {...(shown.value ? { "aria-describedby": `${id}-legend` } : {})}
          onChange={(event) => {
            shown.value = event.currentTarget.checked;
          }}
        />
        {props.name}
      </label>
      {shown.value ? (
        <div class="layer-legend" id={`${id}-legend`}>
          {failure.value === null ? props.children : <Problem error={failure.value} />}
        </div>
      ) : null}
    </div>
  );
}

function CellsLegend() {
  const t = words.value;
  const answer = loads.value;
  const { cells, refused, meanLoad, inBand } = cellSummary(
    answer ?? { slot: 0, cells: "", load_percent: [], reason: [] },
    LOAD_LIMITS,
  );
  const ends = [0, ...LOAD_LIMITS, 100];
  const labels = inBand.map((_, band) => `${ends[band]}–${ends[band + 1]} %`);
  return (
    <>
      <p>
        {t.cellsMeaning} <LeverSign lever="observed" />
      </p>
      <ul class="legend-entries">
        {labels.map((label, band) => (
          <Entry
            key={label}
            colour={bandColour(LOAD_BANDS[theme.value], band)}
            label={label}
            number={answer ? formatted(inBand[band] ?? 0) : ""}
          />
        ))}
        <Entry
          colour={`repeating-linear-gradient(135deg, ${css(REFUSED_COLOUR[theme.value], 1)} 0 3px, transparent 3px 6px)`}
          label={t.refusedCells}
          number={answer ? formatted(refused) : ""}
        />
      </ul>
      <p id="cells-summary" data-slot={answer?.slot}>
        {answer ? t.cellsSummary(formatted(cells), formatted(meanLoad)) : t.asking}
      </p>
    </>
  );
}

function RainLegend() {
  const t = words.value;
  const answer = rain.value;
  if (!answer) return <p id="rain-summary">{t.asking}</p>;
  if (answer.seed === null) return <p id="rain-summary">{t.dry}</p>;
  const bands = RAIN_BANDS[theme.value];
  const { share, heaviest } = rainSummary(answer);
  return (
    <>
      <ul class="legend-entries">
        {bands.limits.map((limit, index) => {
          const next = bands.limits[index + 1];
          const from = formatted(limit, limit < 1 ? 1 : 0);
          const label = next === undefined ? `> ${from} mm/h` : `${from}–${formatted(next)} mm/h`;
          return (
            <Entry key={limit} colour={bandColour(bands, index + 1)} label={label} number="" />
          );
        })}
      </ul>
      <p id="rain-summary" data-slot={answer.slot}>
        {t.rainSummary(formatted(share * 100, 1), formatted(heaviest, 1))} {t.rainNote(answer.seed)}
      </p>
    </>
  );
}

function Entry(props: { colour: string; label: string; number: string }) {
  return (
    <li>
      <span class="swatch swatch-square" style={{ background: props.colour }} />
      <span class="legend-label">{props.label}</span>
      <span class="legend-number">{props.number}</span>
    </li>
  );
}

function bandColour(bands: Bands, band: number): string {
  return css(bands.colours[band] ?? [0, 0, 0], bands.opacities[band] ?? 1);
}

function css([r, g, b]: Rgb, opacity: number): string {
  return `rgb(${r} ${g} ${b} / ${opacity})`;
}
