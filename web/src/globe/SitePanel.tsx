import { useState } from "preact/hooks";
import type { InView, Route, SiteAnswer } from "../api/sky";
import { formatted, inLanguage, words } from "../frame/language";
import { theme } from "../frame/theme";
import { inUtc } from "../frame/time";
import type { Controller } from "./controller";
import { Asking, Panel } from "./Panel";
import { PathSection } from "./PathSection";
import { cssColour, MAP_COLOURS } from "./palette";
import { select, selectedSite, siteAnswer } from "./state";

/** A site: what it gets, the fastest way to the ground, the alternative, what it sees. */
export function SitePanel(props: { controller: Controller | null }) {
  const t = words.value;
  const site = selectedSite.value;
  if (!site) return null;
  const answer = siteAnswer.value;
  return (
    <Panel id="site-panel" kind={t.siteKinds[site.kind] ?? t.site} name={inLanguage(site.name)}>
      <PathSection />
      {answer ? <Answer answer={answer} controller={props.controller} /> : <Asking />}
    </Panel>
  );
}

function Answer(props: { answer: SiteAnswer; controller: Controller | null }) {
  const t = words.value;
  const { route, alternative, reason, satellites, time } = props.answer;
  return (
    <>
      {route ? (
        <>
          <RouteCard route={route} title={t.route} time={time} id="route" />
          {alternative ? (
            <details class="alternative">
              <summary>
                <span>
                  {t.alternative} <span class="faint">{t.alternativeNote}</span>
                </span>
                <span class="delay">{formatted(alternative.delay_ms, 1)} ms</span>
              </summary>
              <Hops route={alternative} />
            </details>
          ) : (
            <p class="faint">{t.noAlternative}</p>
          )}
        </>
      ) : (
        <p class="problem">{reason ? inLanguage(reason) : t.noRoute}</p>
      )}
      <InViewTable satellites={satellites} controller={props.controller} />
    </>
  );
}

function RouteCard(props: { route: Route; title: string; time: number; id: string }) {
  const t = words.value;
  const { route } = props;
  return (
    <section class="route" id={props.id}>
      <div class="route-head">
        <div>
          <h3>{props.title}</h3>
          <p class="route-ends">
            {route.gateway}
            {route.point_of_presence ? ` → ${route.point_of_presence}` : ""}
          </p>
        </div>
        <p class="route-total">
          <span class="route-delay" data-total={route.delay_ms}>
            {formatted(route.delay_ms, 1)}
          </span>{" "}
          ms
          <span class="faint">{t.oneWay}</span>
        </p>
      </div>
      <Hops route={route} />
      <p class="faint route-time">{t.atSkyTime(inUtc(props.time))}</p>
    </section>
  );
}

function Hops(props: { route: Route }) {
  const t = words.value;
  const { hops } = MAP_COLOURS[theme.value];
  return (
    <ol class="hops">
      {props.route.hops.map((hop) => (
        <li key={`${hop.kind} ${hop.from} ${hop.to}`} data-kind={hop.kind}>
          <span class="hop-line" style={{ backgroundColor: cssColour(hops[hop.kind]) }} />
          <span class="hop-what">
            <span class="hop-kind">{t.hops[hop.kind]}</span>
            <span class="hop-to" dir="auto" title={hop.to}>
              {hop.to}
            </span>
          </span>
          <span class="hop-length">{formatted(hop.length_km)} km</span>
          <span class="hop-delay" data-delay={hop.delay_ms}>
            {formatted(hop.delay_ms, 2)} ms
          </span>
        </li>
      ))}
      <li class="hops-total">
        <span />
        <span class="hop-what">{t.total}</span>
        <span class="hop-length">
          {formatted(props.route.hops.reduce((sum, hop) => sum + hop.length_km, 0))} km
        </span>
        <span class="hop-delay">{formatted(props.route.delay_ms, 2)} ms</span>
      </li>
    </ol>
  );
}

const FEW = 8;

function InViewTable(props: { satellites: InView[]; controller: Controller | null }) {
  const t = words.value;
  const [all, setAll] = useState(false);
  const sorted = [...props.satellites].sort((a, b) => b.elevation_deg - a.elevation_deg);
  const rows = all ? sorted : sorted.slice(0, FEW);
  return (
    <section class="in-view">
      <h3>{t.inView(sorted.length)}</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.columnName}</th>
            <th scope="col">{t.azimuth}</th>
            <th scope="col">{t.elevation}</th>
            <th scope="col">{t.range}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.number}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  dir="auto"
                  onClick={() => select({ kind: "satellite", number: row.number })}
                >
                  {row.name}
                </button>
              </th>
              <td>{formatted(Math.round(row.azimuth_deg) % 360)}°</td>
              <td>{formatted(row.elevation_deg, 1)}°</td>
              <td>{formatted(row.range_km)} km</td>
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > FEW ? (
        <button type="button" class="link more" onClick={() => setAll(!all)}>
          {all ? t.showFewer : t.showAll(sorted.length)}
        </button>
      ) : null}
    </section>
  );
}
