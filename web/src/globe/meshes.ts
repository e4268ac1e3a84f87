/** Cells and rain as triangles on the map's sphere. */

import type { Cells, Loads, Rain } from "../api/paths";
import { sphereOf } from "./geometry";

export interface Mesh {
  /** Three numbers a corner, in the map's space. */
  readonly places: Float32Array<ArrayBuffer>;
  /** Three corners a triangle. */
  readonly triangles: Uint32Array<ArrayBuffer>;
}

/** Every cell as a fan of triangles; the corners of cell `i` are `starts[i]` to `starts[i + 1]`. */
export function cellMesh(cells: Cells): Mesh & { readonly starts: Uint32Array } {
  const sizes = cells.boundaries.map((corners) => corners.length / 2);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const places = new Float32Array(total * 3);
  const triangles = new Uint32Array((total - 2 * sizes.length) * 3);
  const starts = new Uint32Array(sizes.length + 1);
  let corner = 0;
  let at = 0;
  cells.boundaries.forEach((steps, cell) => {
    const first = corner;
    let lon = 0;
    let lat = 0;
    for (let i = 0; i < steps.length; i += 2) {
      lon += steps[i] ?? 0;
      lat += steps[i + 1] ?? 0;
      places.set(sphereOf(lat / 100, lon / 100), corner * 3);
      if (corner > first + 1) {
        triangles.set([first, corner - 1, corner], at);
        at += 3;
      }
      corner += 1;
    }
    starts[cell + 1] = corner;
  });
  return { places, triangles, starts };
}

/** What a corner shows where it shows nothing. */
export const NOTHING = -1;
/** Added to a value: some of it was refused. */
export const REFUSED = 1000;

/** A value for each corner: the cell's load, per cent; marked where somebody is refused. */
export function cellValues(loads: Loads, starts: Uint32Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(starts.at(-1) ?? 0);
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    const load = loads.load_percent[cell] ?? NOTHING;
    const refused = (loads.reason[cell] ?? 0) !== 0;
    // A cell without any beam that refuses nobody cannot be: it has users.
    const value = refused ? REFUSED + Math.max(load, 0) : load;
    values.fill(value, starts[cell], starts[cell + 1]);
  }
  return values;
}

/** The grid as squares of two triangles; squares without rain are left out. */
export function rainMesh(rain: Rain): Mesh & { readonly values: Float32Array<ArrayBuffer> } {
  const { columns, tenths_mm_h: tenths } = rain;
  const rows = columns > 0 ? tenths.length / columns : 0;
  const places = new Float32Array(tenths.length * 3);
  const values = Float32Array.from(tenths, (tenth) => tenth / 10);
  const triangles: number[] = [];
  for (let row = 0; row < rows; row++) {
    const lat = rain.south_deg + row * rain.step_deg;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      places.set(sphereOf(lat, rain.west_deg + column * rain.step_deg), at * 3);
      if (row === 0 || column === 0) continue;
      const square = [at - columns - 1, at - columns, at, at - 1] as const;
      if (square.every((corner) => tenths[corner] === 0)) continue;
      triangles.push(square[0], square[1], square[2], square[0], square[2], square[3]);
    }
  }
  return { places, values, triangles: Uint32Array.from(triangles) };
}

/** What the layers say in words. */
export interface CellSummary {
  readonly cells: number;
  readonly refused: number;
  /** Mean load of the cells that are served, per cent. */
  readonly meanLoad: number;
  /** Cells in each band of load. */
  readonly inBand: readonly number[];
}

export function cellSummary(loads: Loads, limits: readonly number[]): CellSummary {
  const inBand = new Array<number>(limits.length + 1).fill(0);
  let [refused, sum, served] = [0, 0, 0];
  loads.load_percent.forEach((load, cell) => {
    if ((loads.reason[cell] ?? 0) !== 0) refused += 1;
    else if (load >= 0) {
      const band = bandOf(load, limits);
      inBand[band] = (inBand[band] ?? 0) + 1;
    }
    if (load < 0) return;
    sum += load;
    served += 1;
  });
  return {
    cells: loads.load_percent.length,
    refused,
    meanLoad: served > 0 ? sum / served : 0,
    inBand,
  };
}

/** Index of the band a value lies in: 0 below the first limit, and so on. */
export function bandOf(value: number, limits: readonly number[]): number {
  const found = limits.findIndex((limit) => value < limit);
  return found < 0 ? limits.length : found;
}

/** Share of the grid under rain and its heaviest, mm/h. */
export function rainSummary(rain: Rain): { share: number; heaviest: number } {
  let [wet, heaviest] = [0, 0];
  for (const tenths of rain.tenths_mm_h) {
    if (tenths > 0) wet += 1;
    if (tenths > heaviest) heaviest = tenths;
  }
  const count = rain.tenths_mm_h.length;
  return { share: count > 0 ? wet / count : 0, heaviest: heaviest / 10 };
}
