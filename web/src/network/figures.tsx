/** Figures and names as people read them, and texts of others kept from turning their neighbours. */

import { formatted, inLanguage } from "../frame/language";
import type { Site } from "./answers";
import { t } from "./words";

const LONGEST = 400;
/** In place of what is not known. */
export const DASH = "–";

/** What somebody else wrote: short, on one line, nothing in it that hides or turns the rest. */
export function plain(text: string): string {
  const shown = [...text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\ufffd")];
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST).join("")}…` : shown.join("");
}

/** What a site is called; one without a name by what the scenario calls it. */
export const nameOfSite = (site: Site): string => plain(inLanguage(site.name)) || plain(site.id);

export function Told(props: { text: string; code?: boolean }) {
  return <bdi class={props.code ? "code" : ""}>{plain(props.text)}</bdi>;
}

const STEPS = [
  [1e9, "Gbit/s"],
  [1e6, "Mbit/s"],
  [1e3, "kbit/s"],
] as const;

/** 4.5 Mbit/s; a dash where it is not known. */
export function rate(bps: number | null | undefined): string {
  if (bps === null || bps === undefined) return DASH;
  for (const [size, unit] of STEPS) {
    // Before rounding would show 1,000 of the smaller unit.
    if (bps >= size * 0.999_5) return `${threeDigits(bps / size)} ${unit}`;
  }
  return bps === 0 ? "0 kbit/s" : `${formatted(bps / 1e3, 1)} kbit/s`;
}

const threeDigits = (value: number) => formatted(value, value < 9.95 ? 1 : 0);

export function milliseconds(ms: number | null): string {
  return ms === null ? DASH : `${formatted(ms, ms < 9.95 ? 1 : 0)} ms`;
}

const VOLUMES = [
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
] as const;

/** 4.5 kB, 23 MB: so many octets. */
export function volume(octets: number): string {
  for (const [size, unit] of VOLUMES) {
    if (octets >= size * 0.999_5) return `${threeDigits(octets / size)} ${unit}`;
  }
  return `${formatted(octets)} B`;
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** 42 s, 12 min, 5 h, 3 d: as short as a table wants it. */
export function age(seconds: number): string {
  // A key's limit is 180 s: up to there it is counted in seconds.
  if (seconds < 300) return `${formatted(Math.floor(seconds))} s`;
  if (seconds < 2 * HOUR) return `${formatted(Math.floor(seconds / MINUTE))} min`;
  if (seconds < 2 * DAY) return `${formatted(Math.floor(seconds / HOUR))} h`;
  return `${formatted(Math.floor(seconds / DAY))} d`;
}

/** Down and up, one under the other, each with a sign that is read out as a word. */
export function UpDown(props: { up: number | null | undefined; down: number | null | undefined }) {
  const w = t.value;
  return (
    <span class="flow">
      <Direction sign="↓" word={w.down} bps={props.down} />
      <Direction sign="↑" word={w.up} bps={props.up} />
    </span>
  );
}

function Direction(props: { sign: string; word: string; bps: number | null | undefined }) {
  return (
    <span class="flow-way">
      <span aria-hidden="true" class="faint">
        {props.sign}
      </span>
      <span class="unseen">{props.word} </span>
      <span>{rate(props.bps)}</span>
    </span>
  );
}
