/** What a browser calls itself, in two words; the whole text where none is known. */

const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"],
  [/\b(?:OPR|Opera)\//, "Opera"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Chrome|Chromium|CriOS)\//, "Chrome"],
  [/\bVersion\/[\d.]+.*\bSafari\//, "Safari"],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

const named = (known: readonly [RegExp, string][], agent: string) =>
  known.find(([pattern]) => pattern.test(agent))?.[1];

export function agentName(agent: string): string {
  const words = [named(BROWSERS, agent), named(SYSTEMS, agent)].filter(Boolean);
  return words.length > 0 ? words.join(", ") : agent.slice(0, 60);
}

const LONGEST_NAME = 40;

/** A name for this browser that no device of the person has: "firefox-linux", "firefox-linux-2". */
export function deviceName(agent: string, taken: readonly string[]): string {
  const plain = agentName(agent)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, LONGEST_NAME)
    .replace(/^-|-$/g, "");
  const name = plain || "browser";
  for (let number = 1; ; number++) {
    const wanted = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(wanted)) return wanted;
  }
}
