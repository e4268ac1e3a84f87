/**
 * Colours of satellites, lines and land. Hues follow Okabe and Ito (2008), which people of every
 * colour vision tell apart; shades within a hue tell heights.
 */

import type { Satellites, Sky } from "../api/sky";
import type { Theme } from "../frame/theme";

export type Rgb = readonly [number, number, number];
export type ColourBy = "shell" | "generation";

/** `terms.Generation.V2_MINI_DIRECT_TO_CELL` of the server. */
export const DIRECT_TO_CELL = 3;

/** Hue, saturation, lightness of the first shade; dark theme, light theme. */
const HUES: Record<Theme, readonly Rgb[]> = {
  dark: [
    [203, 95, 68],
    [41, 100, 62],
    [164, 85, 50],
    [326, 85, 74],
    [56, 92, 68],
    [20, 95, 62],
    [260, 85, 78],
  ],
  light: [
    [205, 100, 36],
    [30, 100, 40],
    [166, 100, 26],
    [322, 70, 42],
    [50, 100, 30],
    [10, 90, 42],
    [262, 60, 50],
  ],
};
const GREY: Record<Theme, Rgb> = { dark: [150, 162, 178], light: [108, 118, 132] };

export interface LegendEntry {
  readonly label: string;
  readonly colour: Rgb;
  readonly count: number;
  /** Which satellites: values of the coloured property. */
  readonly values: readonly number[];
}
export interface LegendFamily {
  /** Inclination in degrees as written in the shells' names; null where there is none. */
  readonly inclination: string | null;
  readonly entries: readonly LegendEntry[];
}

export function cssColour([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

export function fromHsl([hue, saturation, lightness]: Rgb): Rgb {
  const s = saturation / 100;
  const l = lightness / 100;
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** Shades that can be told apart within a hue; further shells share the last. */
export const SHADES = 4;

function hue(theme: Theme, index: number, shade: number): Rgb {
  const list = HUES[theme];
  const [h, s, l] = list[index % list.length] as Rgb;
  const step = theme === "dark" ? -5 : 5;
  return fromHsl([h + shade * 5, s, l + shade * step]);
}

function countOf(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Shells of one inclination share a hue; the commonest inclination comes first. */
export function shellLegend(sky: Sky, theme: Theme, labels: { none: string }): LegendFamily[] {
  const counts = countOf(sky.satellites.shell);
  const families = new Map<string | null, { shell: number; name: string; count: number }[]>();
  sky.catalogue.shells.forEach((name, shell) => {
    const count = counts.get(shell) ?? 0;
    if (count === 0) return;
    const inclination = /^([\d.]+)\s*°/.exec(name)?.[1] ?? null;
    const key = inclination === null ? null : String(Math.round(Number(inclination)));
    families.set(key, [...(families.get(key) ?? []), { shell, name, count }]);
  });
  const total = (shells: { count: number }[]) => shells.reduce((sum, s) => sum + s.count, 0);
  const sorted = [...families].sort(([, a], [, b]) => total(b) - total(a));
  const legend: LegendFamily[] = sorted.map(([inclination, shells], index) => ({
    inclination,
    entries: shells
      .sort((a, b) => b.count - a.count)
      .map(({ shell, name, count }, shade) => ({
        label: name,
        colour: hue(theme, index, Math.min(shade, SHADES - 1)),
        count,
        values: [shell],
      })),
  }));
  const outside = counts.get(-1) ?? 0;
  if (outside > 0) {
    const entry = { label: labels.none, colour: GREY[theme], count: outside, values: [-1] };
    legend.push({ inclination: null, entries: [entry] });
  }
  return legend;
}

export function generationLegend(
  sky: Sky,
  theme: Theme,
  nameOf: (id: number, name: string) => string,
): LegendFamily[] {
  const counts = countOf(sky.satellites.generation);
  const entries = sky.generations
    .filter(({ id }) => (counts.get(id) ?? 0) > 0)
    .map(({ id, name }) => ({
      label: nameOf(id, name),
      colour: id === 0 ? GREY[theme] : hue(theme, [0, 0, 1, 3][id] ?? id, 0),
      count: counts.get(id) ?? 0,
      values: [id],
    }));
  return [{ inclination: null, entries }];
}

/** One colour a satellite, as the layer takes them: red, green, blue, direct-to-cell mark. */
export function satelliteColours(
  satellites: Satellites,
  by: ColourBy,
  legend: readonly LegendFamily[],
  theme: Theme,
): Uint8Array<ArrayBuffer> {
  const colours = new Map<number, Rgb>();
  for (const family of legend) {
    for (const entry of family.entries) {
      for (const value of entry.values) colours.set(value, entry.colour);
    }
  }
  const property = by === "shell" ? satellites.shell : satellites.generation;
  const bytes = new Uint8Array(property.length * 4);
  property.forEach((value, index) => {
    const [r, g, b] = colours.get(value) ?? GREY[theme];
    const mark = satellites.generation[index] === DIRECT_TO_CELL ? 255 : 0;
    bytes.set([r, g, b, mark], index * 4);
  });
  return bytes;
}

export interface MapColours {
  readonly ocean: string;
  readonly land: string;
  readonly coast: string;
  readonly border: string;
  readonly graticule: string;
  /** Glow of the air at the limb and how strongly it shines outside and inside of it. */
  readonly air: Rgb;
  readonly airOutside: number;
  readonly airInside: number;
  readonly night: Rgb;
  readonly nightDepth: number;
  readonly halo: number;
  readonly hops: Record<"uplink" | "laser" | "downlink" | "fibre", Rgb>;
  readonly sight: Rgb;
  /** From a site to the satellite that serves it. */
  readonly serving: Rgb;
  readonly picked: Rgb;
}

export const MAP_COLOURS: Record<Theme, MapColours> = {
  dark: {
    ocean: "#0c2038",
    land: "#2a4765",
    coast: "#7aa6cf",
    border: "#4d749b",
    graticule: "#ffffff",
    air: [86, 160, 255],
    airOutside: 0.75,
    airInside: 0.5,
    night: [2, 6, 16],
    nightDepth: 0.4,
    halo: 0.6,
    hops: {
      uplink: [255, 214, 92],
      laser: [255, 110, 168],
      downlink: [255, 158, 66],
      fibre: [126, 231, 135],
    },
    sight: [190, 220, 255],
    serving: [104, 244, 255],
    picked: [255, 255, 255],
  },
  light: {
    ocean: "#cbdff0",
    land: "#f7f5ef",
    coast: "#7f9db8",
    border: "#b9c3cc",
    graticule: "#35608a",
    air: [120, 170, 225],
    airOutside: 0.55,
    airInside: 0.38,
    night: [38, 62, 96],
    nightDepth: 0.09,
    halo: 0.15,
    hops: {
      uplink: [176, 116, 0],
      laser: [196, 22, 98],
      downlink: [204, 78, 0],
      fibre: [22, 128, 62],
    },
    sight: [40, 84, 130],
    serving: [0, 108, 132],
    picked: [16, 32, 52],
  },
};
