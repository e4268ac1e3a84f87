import { getPlan, type Platform, type Rule } from "../api/fleet";
import { Problem } from "../authority/kit";
import { formatted, inLanguage } from "../frame/language";
import { LeverSign } from "../globe/LeverSign";
import { plain } from "../network/figures";
import { worthOf } from "./bars";
import { AxisLabels, ContactBar, PlanTable } from "./ContactBar";
import { PlatformSymbol } from "./PlatformSymbol";
import { chosen, map } from "./state";
import { usePolled } from "./usePolled";
import { causeOf, lengthOf, t } from "./words";

const M_S_PER_KNOT = 1852 / 3600;

/** A platform: what serves it, where its traffic lands and by which rule, and its hours ahead. */
export function PlatformRow(props: { platform: Platform; now: number; hours: number }) {
  const w = t.value;
  const { platform, now, hours } = props;
  const { answer, preparing, error } = usePolled(() => getPlan(platform.id), platform.id);
  const name = plain(inLanguage(platform.name));
  const { landing } = platform;
  const start = answer?.start ?? now;
  const end = start + hours * 3600;
  return (
    <article
      class={`platform card${chosen.value === platform.id ? " platform-chosen" : ""}`}
      id={`platform-${platform.id}`}
      aria-label={name}
    >
      <div class="platform-head">
        <PlatformSymbol sidc={platform.sidc} />
        <div class="platform-name">
          <h3>
            <button
              type="button"
              class="link"
              title={w.show(name)}
              onClick={() => {
                chosen.value = platform.id;
                map.value?.look([[platform.lon_deg, platform.lat_deg]]);
              }}
            >
              {name}
            </button>
          </h3>
          <p class="small soft">
            {w.kinds[platform.kind]},{" "}
            {w.speedNow(
              formatted(platform.speed_m_s / M_S_PER_KNOT),
              formatted(platform.heading_deg),
            )}{" "}
            <LeverSign lever={platform.ellipse ? "observed" : "ours"} />
          </p>
          {platform.ellipse ? (
            <p class="small soft">
              {w.reported(lengthOf(platform.ellipse.age_s), formatted(platform.ellipse.major_m))}
            </p>
          ) : null}
          {platform.doubt ? <p class="small platform-doubt">{inLanguage(platform.doubt)}</p> : null}
        </div>
        <div class="platform-fact">
          <p>
            {platform.serving === null
              ? w.unknownYet
              : platform.serving.reason === "served"
                ? w.servedBy(plain(platform.serving.satellite ?? "–"))
                : causeOf(platform.serving.reason)}{" "}
            <LeverSign lever="observed" />
          </p>
          {platform.serving?.round_trip_ms ? (
            <p class="small soft">
              {formatted(platform.serving.round_trip_ms)} ms,{" "}
              {formatted((platform.serving.rate_down_bps ?? 0) / 1e6)} /{" "}
              {formatted((platform.serving.rate_up_bps ?? 0) / 1e6, 1)} Mbit/s
            </p>
          ) : null}
        </div>
        <div class="platform-fact">
          <p>
            <span
              class={`landing landing-${landing.state ?? "unknown"}`}
              title={landing.state ? w.states[landing.state].meaning : undefined}
            >
              {w.landing}: {landing.state ? w.states[landing.state].name : w.unknownYet}
            </span>{" "}
            <LeverSign lever="observed" />
          </p>
          <p class="small soft">
            {landing.gateway && landing.gateway_country && landing.point
              ? w.landsAt(plain(landing.gateway), landing.gateway_country, plain(landing.point))
              : landing.state === "stopped"
                ? w.states.stopped.meaning
                : landing.state
                  ? w.landsNowhere
                  : ""}
          </p>
          <p class="small soft">
            {w.rule}: {ruleOf(landing.rule)} <LeverSign lever="contract" />
          </p>
        </div>
      </div>
      {answer ? (
        <>
          <ContactBar
            id={`bar-${platform.id}`}
            plan={answer}
            name={name}
            start={start}
            end={end}
            now={now}
          />
          <AxisLabels start={start} end={end} />
          <div class="platform-foot">
            <p class="small soft">
              {worth(answer)} <LeverSign lever="observed" />
            </p>
            <PlanTable plan={answer} start={start} end={end} name={name} />
          </div>
        </>
      ) : error ? (
        <Problem error={error} />
      ) : (
        <p class="platform-waiting soft" role="status">
          <span class="spinner" aria-hidden="true" />
          {preparing ? w.preparing : w.unknownYet}
        </p>
      )}
    </article>
  );
}

function worth(plan: Parameters<typeof worthOf>[0]): string {
  const { availability, handovers, gaps } = worthOf(plan);
  return `${t.value.hours(Math.round((plan.end - plan.start) / 3600))}: ${t.value.worth(formatted(availability * 100, 2), handovers, gaps)}`;
}

export function ruleOf(rule: Rule): string {
  const w = t.value;
  const parts = [
    ...(rule.gateways ? [w.ruleOnly(rule.gateways.map(plain).join(", "))] : []),
    ...(rule.not_in_countries.length > 0
      ? [w.ruleNot(rule.not_in_countries.map(plain).join(", "))]
      : []),
    ...(rule.lasers === "any" ? [] : [w.lasers[rule.lasers]]),
  ];
  return parts.length > 0 ? parts.join("; ") : w.ruleAny;
}
