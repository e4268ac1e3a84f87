/** Sky time as people read it. Times are POSIX seconds UTC. */

const utcParts = { timeZone: "UTC", hourCycle: "h23" } as const;

function formatter(locale: string, options: Intl.DateTimeFormatOptions) {
  const made = new Intl.DateTimeFormat(locale, options);
  return (timeS: number) => made.format(timeS * 1000);
}

const utcTime = formatter("en-GB", { ...utcParts, timeStyle: "medium" });
const romeTime = formatter("en-GB", {
  timeZone: "Europe/Rome",
  hourCycle: "h23",
  timeStyle: "medium",
});
const dates = {
  it: formatter("it-IT", { ...utcParts, day: "numeric", month: "short", year: "numeric" }),
  en: formatter("en-GB", { ...utcParts, day: "numeric", month: "short", year: "numeric" }),
};

/** 20:45:07 */
export const inUtc = utcTime;
/** 21:45:07, with Italy's summer time */
export const inRome = romeTime;
/** 29 May 2025 */
export function dateOf(timeS: number, language: "it" | "en"): string {
  return dates[language](timeS);
}

const moments = {
  it: formatter("it-IT", { timeZone: "Europe/Rome", dateStyle: "medium", timeStyle: "short" }),
  en: formatter("en-GB", { timeZone: "Europe/Rome", dateStyle: "medium", timeStyle: "short" }),
};
/** 29 May 2025, 22:45, in Rome: what people do is dated so, the sky is not. */
export function momentOf(timeS: number, language: "it" | "en"): string {
  return moments[language](timeS);
}
