import type { ComponentChildren } from "preact";
import type { SatelliteAnswer } from "../api/sky";
import { formatted, language, words } from "../frame/language";
import { dateOf } from "../frame/time";
import type { Controller } from "./controller";
import { Asking, Panel } from "./Panel";
import { generationName, indexOf, satelliteAnswer, select, selection, sky } from "./state";

/** A satellite: what it is, where it is, and whom its lasers reach. */
export function SatellitePanel(props: { controller: Controller | null }) {
  const t = words.value;
  const selected = selection.value;
  const known = sky.value;
  if (selected?.kind !== "satellite" || !known) return null;
  const index = indexOf.value.get(selected.number) ?? -1;
  const answer = satelliteAnswer.value;
  return (
    <Panel
      id="satellite-panel"
      kind={t.satellite}
      name={known.satellites.names[index] ?? String(selected.number)}
    >
      {answer ? <Facts answer={answer} /> : <Asking />}
      <button
        type="button"
        class="button"
        onClick={() => props.controller?.lookAtSatellite(selected.number)}
      >
        {t.follow}
      </button>
      {answer ? <Lasers answer={answer} /> : null}
    </Panel>
  );
}

function Facts(props: { answer: SatelliteAnswer }) {
  const t = words.value;
  const { answer } = props;
  const known = sky.value;
  const name = known?.generations.find(({ id }) => id === answer.generation)?.name;
  const generation = generationName(answer.generation, name ?? String(answer.generation));
  return (
    <>
      {answer.height_km === null ? null : (
        <p class="height">
          <span id="height">{formatted(answer.height_km, 1)}</span> km
          <span class="faint">{t.height}</span>
        </p>
      )}
      <dl class="facts">
        <Fact name={t.catalogueNumber}>{answer.number}</Fact>
        <Fact name={t.generation}>{generation}</Fact>
        <Fact name={t.shell}>{answer.shell ?? t.noShell}</Fact>
        <Fact name={t.state}>{t.states[answer.status]}</Fact>
        {answer.lat_deg === null || answer.lon_deg === null ? null : (
          <Fact name={t.position}>{degrees(answer.lat_deg, answer.lon_deg)}</Fact>
        )}
        <Fact name={t.elementAge}>
          {answer.age_days === null || known?.catalogue.ageless
            ? t.agelessElements
            : `${t.days(formatted(answer.age_days, 1))} (${dateOf(answer.epoch, language.value)})`}
        </Fact>
      </dl>
    </>
  );
}

function degrees(latDeg: number, lonDeg: number): string {
  const lat = `${formatted(Math.abs(latDeg), 1)}° ${latDeg >= 0 ? "N" : "S"}`;
  const west = language.value === "it" ? "O" : "W";
  return `${lat}, ${formatted(Math.abs(lonDeg), 1)}° ${lonDeg >= 0 ? "E" : west}`;
}

function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Lasers(props: { answer: SatelliteAnswer }) {
  const t = words.value;
  const { lasers } = props.answer;
  return (
    <section class="in-view">
      <h3>{lasers.length === 0 ? t.noLasers : t.lasers(lasers.length)}</h3>
      <ul class="lasers">
        {lasers.map((laser) => (
          <li key={laser.number}>
            <button
              type="button"
              class="link"
              dir="auto"
              onClick={() => select({ kind: "satellite", number: laser.number })}
            >
              {laser.name}
            </button>
            <span>{formatted(laser.length_km)} km</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
