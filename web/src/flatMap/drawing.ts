/** What is drawn corner by corner: the values behind mouse, finger and keys. Degrees. */

/** Longitude, latitude. */
export type Corner = readonly [number, number];
export type Corners = readonly Corner[];
/** West, south, east, north. */
export type Bounds = [number, number, number, number];

/** As many as the authority simplifies to, and more than a hand sets. */
export const MOST_CORNERS = 100;
/** A metre in digits of degrees is enough for an area that beams are to light. */
const DIGITS = 5;

const tidy = ([lon, lat]: Corner): Corner => [
  Number((((((lon + 180) % 360) + 360) % 360) - 180).toFixed(DIGITS)),
  Number(lat.toFixed(DIGITS)),
];

export function withCorner(corners: Corners, corner: Corner): Corners {
  const set = tidy(corner);
  const last = corners.at(-1);
  const again = last && last[0] === set[0] && last[1] === set[1];
  return again || corners.length >= MOST_CORNERS ? corners : [...corners, set];
}

export function moved(corners: Corners, index: number, corner: Corner): Corners {
  return corners.map((each, at) => (at === index ? tidy(corner) : each));
}

export const withoutLast = (corners: Corners): Corners => corners.slice(0, -1);

/** Corners as lines of "latitude, longitude", as people write and read out places. */
export const written = (corners: Corners): string =>
  corners.map(([lon, lat]) => `${lat}, ${lon}`).join("\n");

/** Corners of such lines; null where a line is none. */
export function read(text: string): Corners | null {
  const found: Corner[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const numbers = /^\s*(-?\d+(?:\.\d+)?)\s*[,;\s]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(line);
    const [lat, lon] = [Number(numbers?.[1]), Number(numbers?.[2])];
    if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) return null;
    found.push([lon, lat]);
  }
  return found.length <= MOST_CORNERS ? found : null;
}
