import type { ComponentChildren } from "preact";
import { ApiError, NOT_YET } from "../api/client";
import type { Lever, SitePaths } from "../api/paths";
import { formatted, words } from "../frame/language";
import { LeverSign } from "./LeverSign";
import { Problem } from "./Problem";
import { calmTime, SLOT_SECONDS, sitePaths, sitePathsFailure } from "./pathsState";
import { StripChart, satelliteName } from "./StripChart";
import { select } from "./state";

const MBIT = 1e6;

/** What a site gets in this slot, whose hand is on each of it, and the minutes around. */
export function PathSection() {
  const t = words.value;
  const answer = sitePaths.value;
  const failure = sitePathsFailure.value;
  if (answer) return <Path answer={answer} />;
  if (failure instanceof ApiError && failure.status === NOT_YET) {
    return <p class="faint">{t.pathsPreparing}</p>;
  }
  return failure === null ? <p class="faint">{t.asking}</p> : <Problem error={failure} />;
}

function Path(props: { answer: SitePaths }) {
  const t = words.value;
  const { now, levers, asked, series, rain_seed: seed } = props.answer;
  const { satellite } = now;
  const served = now.reason === "served";
  return (
    <section class="path" id="path" data-slot={props.answer.slot} aria-label={t.path}>
      <div class="path-head">
        <h3>{t.path}</h3>
        <Countdown end={props.answer.slot_end} />
      </div>
      {served ? null : (
        <p class="problem" id="path-reason">
          {t.reasons[now.reason]}
        </p>
      )}
      <dl class="levers">
        <Row id="serving" name={t.servingSatellite} lever={levers.satellite}>
          {satellite ? (
            <button
              type="button"
              class="link"
              dir="auto"
              onClick={() => select({ kind: "satellite", number: satellite.number })}
            >
              {satellite.name}
            </button>
          ) : (
            "–"
          )}
        </Row>
        <Row id="elevation" name={t.elevation} lever={levers.satellite}>
          {satellite ? `${formatted(satellite.elevation_deg, 1)}°, ` : ""}
          {t.usable(now.in_view)}
        </Row>
        <Row id="delay" name={t.delayDownUp} lever={levers.delay}>
          {now.delay_down_ms === null || now.delay_up_ms === null
            ? "–"
            : `${formatted(now.delay_down_ms, 1)} / ${formatted(now.delay_up_ms, 1)} ms`}
        </Row>
        <Row id="rate" name={t.rateDownUp} lever={levers.rate}>
          {formatted(now.rate_down_bps / MBIT)} / {formatted(now.rate_up_bps / MBIT, 1)} Mbit/s
        </Row>
        <Row id="loss" name={t.lossDownUp} lever={levers.loss}>
          {formatted(now.loss_down * 100, 2)} / {formatted(now.loss_up * 100, 2)} %
        </Row>
        <Row id="beam-load" name={t.beamLoad} lever={levers.rate}>
          {formatted(now.load * 100)} %
        </Row>
        <Row id="next" name={t.handover} lever={levers.handover}>
          {nextOf(props.answer)}
        </Row>
        <Row id="landing" name={t.landing} lever={levers.landing}>
          {now.gateway ?? "–"}
          {now.point_of_presence ? ` → ${now.point_of_presence}` : ""}
        </Row>
        <Row id="rain" name={t.rain} lever={levers.rain}>
          {seed === null
            ? t.dry
            : `${formatted(now.rain_mm_h, 1)} mm/h, ${formatted(now.fade_down_db, 1)} dB`}
        </Row>
        <Row id="landing-rule" name={t.landingRule} lever={levers.landing_rule}>
          {ruleOf(asked)}
        </Row>
        <Row id="priority" name={t.priority} lever={levers.priority}>
          {asked.priority ? t.priorityBought : t.priorityNone}
        </Row>
        <Row id="asked" name={t.askedFor} lever={levers.asked}>
          {formatted(asked.down_bps / MBIT)} / {formatted(asked.up_bps / MBIT)} Mbit/s
        </Row>
      </dl>
      <StripChart series={series} />
      <p class="faint path-note">
        {t.pathNote}
        {seed === null ? "" : ` ${t.rainNote(seed)}`}
      </p>
    </section>
  );
}

/** What the twin expects of the next slot. */
function nextOf(answer: SitePaths): string {
  const t = words.value;
  const { series, slot } = answer;
  const index = slot + 1 - series.first_slot;
  const reason = series.reason[index] ?? null;
  if (reason === null) return t.notYet;
  if (reason !== "served") return t.reasons[reason];
  return series.handover[index]
    ? t.changesTo(satelliteName(series.satellite[index] ?? null))
    : t.stays;
}

function ruleOf(asked: SitePaths["asked"]): string {
  const t = words.value;
  const parts = [
    ...(asked.gateways ? [t.onlyAt(asked.gateways.join(", "))] : []),
    ...(asked.not_in_countries.length > 0 ? [t.notIn(asked.not_in_countries.join(", "))] : []),
  ];
  return parts.length > 0 ? parts.join("; ") : t.anywhere;
}

/** Seconds to the next slot; its own component, since it changes every second. */
function Countdown(props: { end: number }) {
  const t = words.value;
  const now = calmTime.value;
  if (now === null) return null;
  const left = Math.min(Math.max(Math.ceil(props.end - now), 0), SLOT_SECONDS);
  return (
    <p class="countdown" id="countdown">
      {t.nextSlotIn(left)}
    </p>
  );
}

function Row(props: { id: string; name: string; lever: Lever; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd id={`path-${props.id}`}>
        <span>{props.children}</span>
        <LeverSign lever={props.lever} />
      </dd>
    </div>
  );
}
