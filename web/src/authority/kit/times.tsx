/** Moments and ages as people read them. Times are POSIX seconds, shown in Rome's time. */

import { signal } from "@preact/signals";
import { language } from "../../frame/language";
import { momentOf as momentIn } from "../../frame/time";
import { kitWords } from "./language";

/** Now, POSIX seconds; everything that shows an age follows it. */
export const now = signal(Date.now() / 1000);
setInterval(() => {
  if (!document.hidden) now.value = Date.now() / 1000;
}, 10_000);

/** 29 May 2025, 22:45 */
export const momentOf = (timeS: number) => momentIn(timeS, language.value);

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** A span of seconds in its largest whole unit: "3 days". */
export function span(seconds: number): string {
  const t = kitWords.value;
  const size = Math.abs(seconds);
  if (size < MINUTE) return t.seconds(Math.floor(size));
  if (size < HOUR) return t.minutes(Math.floor(size / MINUTE));
  if (size < 2 * DAY) return t.hours(Math.floor(size / HOUR));
  return t.days(Math.floor(size / DAY));
}

/** How far a moment is from now: "3 hours ago", "in 2 days". */
export function distance(timeS: number, nowS: number): string {
  const t = kitWords.value;
  if (Math.abs(timeS - nowS) < 10) return t.justNow;
  return timeS < nowS ? t.ago(span(nowS - timeS)) : t.in(span(timeS - nowS));
}

/** How long ago or until when, with the exact moment behind it; "never" for null. */
export function When(props: { time: number | null; exact?: boolean }) {
  const { time } = props;
  if (time === null) return <span class="faint">{kitWords.value.never}</span>;
  const exact = momentOf(time);
  return (
    <time dateTime={new Date(time * 1000).toISOString()} title={exact}>
      {props.exact ? exact : distance(time, now.value)}
    </time>
  );
}
