import { formatted, words } from "../frame/language";
import { theme } from "../frame/theme";
import { NARROW_PX } from "./globeView";
import { Layers } from "./Layers";
import { cssColour, type LegendEntry, type LegendFamily, MAP_COLOURS, SHADES } from "./palette";
import { colourBy, legend, satellitesVisible, sky } from "./state";

/** What the colours mean, and by what satellites are coloured. */
export function Legend() {
  const t = words.value;
  const known = sky.value;
  if (!known) return null;
  return (
    <details class="card legend" open={innerWidth > NARROW_PX}>
      <summary>
        <span class="legend-count" id="satellite-count">
          {formatted(known.catalogue.count)}
        </span>
        <span class="legend-word">{t.satellites.toLowerCase()}</span>
      </summary>
      <div class="legend-body">
        <fieldset class="segmented" aria-label={t.colourBy}>
          {(["shell", "generation"] as const).map((choice) => (
            <button
              key={choice}
              type="button"
              aria-pressed={colourBy.value === choice}
              onClick={() => {
                colourBy.value = choice;
              }}
            >
              {choice === "shell" ? t.byShell : t.byGeneration}
            </button>
          ))}
        </fieldset>
        <div class="legend-families">
          {legend.value.map((family) => (
            <Family
              key={`${colourBy.value} ${family.entries.map(({ values }) => values).join()}`}
              family={family}
            />
          ))}
        </div>
        <Signs />
        <label class="switch">
          <input
            type="checkbox"
            id="show-satellites"
            checked={satellitesVisible.value}
            onChange={(event) => {
              satellitesVisible.value = event.currentTarget.checked;
            }}
          />
          {t.showSatellites}
        </label>
        <Layers />
      </div>
    </details>
  );
}

/** Shells of one inclination in one line that opens; anything else one line each. */
function Family(props: { family: LegendFamily }) {
  const { inclination, entries } = props.family;
  if (inclination === null) return <Entries entries={entries} />;
  const count = entries.reduce((sum, entry) => sum + entry.count, 0);
  return (
    <details class="legend-family">
      <summary>
        <span class="swatches">
          {entries.slice(0, SHADES).map((entry) => (
            <Swatch key={entry.values.join()} entry={entry} />
          ))}
        </span>
        <span>{words.value.inclined(inclination)}</span>
        <span class="legend-number">{formatted(count)}</span>
      </summary>
      <Entries entries={entries} />
    </details>
  );
}

function Entries(props: { entries: readonly LegendEntry[] }) {
  return (
    <ul class="legend-entries">
      {props.entries.map((entry) => (
        <li key={entry.values.join()}>
          <Swatch entry={entry} />
          <span class="legend-label" dir="auto">
            {entry.label}
          </span>
          <span class="legend-number">{formatted(entry.count)}</span>
        </li>
      ))}
    </ul>
  );
}

function Swatch(props: { entry: LegendEntry }) {
  return <span class="swatch" style={{ backgroundColor: cssColour(props.entry.colour) }} />;
}

function Signs() {
  const t = words.value;
  const { hops, serving } = MAP_COLOURS[theme.value];
  return (
    <div class="signs">
      <span>
        <span class="sign sign-ring" /> {t.directToCell}
      </span>
      <span>
        <span class="sign sign-dim" /> {t.raising}
      </span>
      <span>
        <span class="sign sign-site" /> {t.sites}
      </span>
      <span>
        <span class="sign sign-gateway" /> {t.gateways}
      </span>
      <span>
        <span class="sign sign-pop" /> {t.pointsOfPresence}
      </span>
      {(["uplink", "laser", "downlink", "fibre"] as const).map((kind) => (
        <span key={kind}>
          <span class="sign sign-line" style={{ backgroundColor: cssColour(hops[kind]) }} />{" "}
          {t.hops[kind]}
        </span>
      ))}
      <span class="sign-wide">
        <span class="sign sign-line" style={{ backgroundColor: cssColour(serving) }} />{" "}
        {t.servingSatellite}
      </span>
    </div>
  );
}
