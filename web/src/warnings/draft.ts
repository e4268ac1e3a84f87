/** A warning while it is written: pure values, as emergency/writing/draft.py takes them. */

import { array, type Check, nullable, number, object, string } from "../api/validate";
import type { Json } from "../authority/shapes/json";
import { type CapAlert, outlineOf } from "./capAlert";
import type { AskedArea, Channel, Desk, FullWarning, Level } from "./shapes";

export const CATEGORIES = [
  ...["Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport"],
  ...["Infra", "CBRNE", "Other"],
] as const;
export const RESPONSES = [
  ...["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear"],
  "None",
] as const;
export const URGENCIES = ["Immediate", "Expected", "Future", "Past", "Unknown"] as const;
export const SEVERITIES = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"] as const;
export const CERTAINTIES = ["Observed", "Likely", "Possible", "Unlikely", "Unknown"] as const;

export const TEXTS = ["event", "headline", "description", "instruction", "broadcast"] as const;
export type TextName = (typeof TEXTS)[number];
export interface DraftInfo extends Record<TextName, string> {
  language: string;
}

export interface Draft {
  channel: Channel;
  level: string;
  message_type: "Alert" | "Update";
  references: string[];
  template: string | null;
  area: AskedArea | null;
  area_name: string;
  category: string;
  response: string;
  urgency: string;
  severity: string;
  certainty: string;
  onset: number | null;
  expires_minutes: number;
  web: string | null;
  contact: string | null;
  infos: DraftInfo[];
  /** What stands for the {PLACEHOLDERS} of its texts; it never leaves the page. */
  values: Record<string, string>;
}

const emptyInfo = (language: string): DraftInfo => ({
  language,
  event: "",
  headline: "",
  description: "",
  instruction: "",
  broadcast: "",
});

/** Levels that may go out on a channel. */
export const levelsOn = (desk: Desk, channel: Channel): Level[] =>
  desk.levels.filter(({ permitted }) => permitted.includes(channel));

/** A draft about nothing yet. It begins as an exercise: what is real has to be chosen. */
export function emptyDraft(desk: Desk): Draft {
  return {
    channel: "exercise",
    level: levelsOn(desk, "exercise")[0]?.id ?? "",
    message_type: "Alert",
    references: [],
    template: null,
    area: null,
    area_name: "",
    category: "Safety",
    response: "Prepare",
    urgency: "Immediate",
    severity: "Severe",
    certainty: "Observed",
    onset: null,
    expires_minutes: 60,
    web: null,
    contact: null,
    infos: desk.languages.slice(0, 2).map(emptyInfo),
    values: {},
  };
}

/** The draft on another channel, with a level that may go out there. */
export function onChannel(draft: Draft, channel: Channel, desk: Desk, preferred = ""): Draft {
  const levels = levelsOn(desk, channel);
  const kept = [preferred, draft.level].find((id) => levels.some((each) => each.id === id));
  return { ...draft, channel, level: kept ?? levels[0]?.id ?? "" };
}

const info = object<DraftInfo>({
  language: string,
  event: string,
  headline: string,
  description: string,
  instruction: string,
  broadcast: string,
});
const templateDraft = object({
  level: string,
  template: nullable(string),
  category: string,
  response: string,
  urgency: string,
  severity: string,
  certainty: string,
  expires_minutes: number,
  infos: array(info) as Check<DraftInfo[]>,
});

/** The draft with a template's words; channel, area and what it updates stay as they are. */
export function withTemplate(draft: Draft, template: Json, desk: Desk): Draft {
  const told = templateDraft(template, "template");
  const { level, ...rest } = told;
  // What most templates ask for is already known where an area was chosen.
  const values: Record<string, string> = draft.area_name ? { PLACE: draft.area_name } : {};
  return onChannel({ ...draft, ...rest, values }, draft.channel, desk, level);
}

/** A language more or less; those of the country come in its order. */
export function withLanguage(draft: Draft, language: string, wanted: boolean, desk: Desk): Draft {
  const kept = draft.infos.filter((each) => each.language !== language);
  if (!wanted) return kept.length === 0 ? draft : { ...draft, infos: kept };
  const old = draft.infos.find((each) => each.language === language);
  const infos = [...kept, old ?? emptyInfo(language)];
  const order = (each: DraftInfo) => desk.languages.indexOf(each.language);
  return { ...draft, infos: infos.sort((one, other) => order(one) - order(other)) };
}

/** A text changed by hand. */
export function withText(draft: Draft, language: string, name: TextName, text: string): Draft {
  const infos = draft.infos.map((each) =>
    each.language === language ? { ...each, [name]: text } : each,
  );
  return { ...draft, infos };
}

const PLACEHOLDER = /\{([A-Z_]{2,20})\}/g;

/** A text with what was said for its placeholders; those without an answer stay. */
export function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? values[name]?.trim() || whole : whole,
  );
}

/** Names of placeholders that still stand in the texts. */
export function gaps(draft: Draft): string[] {
  const texts = draft.infos.flatMap((each) =>
    TEXTS.map((name) => filled(each[name], draft.values)),
  );
  return [
    ...new Set(texts.flatMap((text) => [...text.matchAll(PLACEHOLDER)].map((m) => m[1] ?? ""))),
  ];
}

/** The draft for the authority; null while it has no area, without which nothing can be said of it. */
export function toJson(draft: Draft): Json | null {
  if (!draft.area) return null;
  const { values, infos, ...rest } = draft;
  return {
    ...rest,
    infos: infos.map((each) => ({
      language: each.language,
      ...Object.fromEntries(TEXTS.map((name) => [name, filled(each[name], values)])),
    })),
  };
}

/** The words for phones where none were written for them (DraftInfo.broadcast_words). */
export function broadcastWords(each: DraftInfo): string {
  return each.broadcast || [each.headline, each.instruction].filter(Boolean).join("\n");
}

/** A text written with the offered characters in the place of those that phones' alphabet lacks. */
export function transliterated(
  text: string,
  offenders: readonly { character: string; offer: string | null }[],
): string {
  return offenders.reduce(
    (written, { character, offer }) =>
      offer === null ? written : written.replaceAll(character, offer),
    text,
  );
}

/** A text without the words that mark an exercise: they are put there again when it goes out. */
export function unmarked(text: string, word: string | undefined): string {
  if (!word || !text.startsWith(`${word} ${word} `)) return text;
  const begun = text.slice(2 * word.length + 2);
  return begun.endsWith(` ${word}`) ? begun.slice(0, -word.length - 1) : begun;
}

/** A draft that takes the place of a warning, with its words and its area. */
export function updateOf(warning: FullWarning, alert: CapAlert, desk: Desk): Draft {
  const look = desk.channels.find(({ id }) => id === warning.channel);
  const first = alert.infos[0];
  const plain = (text: string, language: string) => unmarked(text, look?.prefix[language]);
  const left = Math.round((warning.expires - warning.sent) / 60);
  return {
    channel: warning.channel,
    level: warning.level,
    message_type: "Update",
    references: [warning.id],
    template: null,
    area: areaOf(alert),
    area_name: warning.area.description,
    category: first?.category.split(", ")[0] ?? "Safety",
    response: first?.response.split(", ")[0] || "None",
    urgency: first?.urgency ?? "Unknown",
    severity: first?.severity ?? "Unknown",
    certainty: first?.certainty ?? "Unknown",
    onset: null,
    expires_minutes: Math.min(Math.max(left, 1), 1440),
    web: first?.web || null,
    contact: first?.contact || null,
    infos: alert.infos.map((each) => ({
      language: each.language,
      event: each.event,
      headline: plain(each.headline, each.language),
      description: plain(each.description, each.language),
      instruction: each.instruction,
      broadcast: plain(each.broadcast, each.language),
    })),
    values: {},
  };
}

/** The same area asked for again. Several outlines are one contour of the value 1. */
function areaOf(alert: CapAlert): AskedArea {
  const outline = outlineOf(alert);
  const [only, ...others] = outline.coordinates;
  if (only && others.length === 0) return { kind: "polygon", rings: only };
  const feature = { type: "Feature", properties: { value: 1 }, geometry: outline };
  return {
    kind: "contours",
    geojson: { type: "FeatureCollection", features: [feature] },
    least: 1,
  };
}
