/**
 * Colours of load and rain: few bands, each clearly lighter or darker than the one before, so that
 * they are told apart without hues too. Load goes from blue to yellow as cividis does (Nuñez,
 * Anderton and Renslow, 2018), made for every colour vision; refusal has stripes besides its colour.
 */

import type { Theme } from "../frame/theme";
import type { Rgb } from "./palette";

export interface Bands {
  /** Lower ends of all bands but the first. */
  readonly limits: readonly number[];
  /** One more than limits. */
  readonly colours: readonly Rgb[];
  /** 0 to 1, by band. */
  readonly opacities: readonly number[];
}

/** Per cent of a beam's time. */
export const LOAD_LIMITS = [20, 40, 60, 80] as const;
/** mm/h. Drizzle, light, moderate, heavy, violent; below the first there is nothing to see. */
export const RAIN_LIMITS = [0.1, 1, 4, 10, 30] as const;

export const LOAD_BANDS: Record<Theme, Bands> = {
  dark: {
    limits: LOAD_LIMITS,
    colours: [
      [38, 82, 166],
      [92, 106, 136],
      [142, 140, 132],
      [196, 176, 96],
      [254, 226, 66],
    ],
    opacities: [0.66, 0.68, 0.7, 0.74, 0.8],
  },
  light: {
    limits: LOAD_LIMITS,
    colours: [
      [247, 226, 130],
      [200, 180, 108],
      [140, 136, 122],
      [84, 96, 122],
      [10, 44, 104],
    ],
    opacities: [0.7, 0.7, 0.72, 0.76, 0.8],
  },
};

export const RAIN_BANDS: Record<Theme, Bands> = {
  dark: {
    limits: RAIN_LIMITS,
    colours: [
      [0, 0, 0],
      [44, 104, 170],
      [58, 150, 214],
      [110, 196, 240],
      [190, 232, 255],
      [255, 255, 255],
    ],
    opacities: [0, 0.55, 0.7, 0.8, 0.88, 0.95],
  },
  light: {
    limits: RAIN_LIMITS,
    colours: [
      [255, 255, 255],
      [150, 200, 236],
      [84, 158, 214],
      [30, 108, 178],
      [10, 62, 126],
      [4, 20, 58],
    ],
    opacities: [0, 0.65, 0.75, 0.82, 0.88, 0.95],
  },
};

/** Vermilion of Okabe and Ito; drawn in stripes. */
export const REFUSED_COLOUR: Record<Theme, Rgb> = { dark: [255, 116, 46], light: [196, 66, 0] };
