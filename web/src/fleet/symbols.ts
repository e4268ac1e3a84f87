/** Symbols of APP-6 with name and landing state, drawn on a canvas: the map takes pictures only. */

import ms, { type Symbol as Drawn } from "milsymbol";
import type { Theme } from "../frame/theme";

export const STATE_COLOURS: Record<
  Theme,
  Record<"held" | "stopped" | "free" | "unknown", string>
> = {
  dark: { held: "#58d6a0", stopped: "#ff8373", free: "#ffb454", unknown: "#a9bcd3" },
  light: { held: "#0a7049", stopped: "#b42a1b", free: "#985200", unknown: "#40566f" },
};
const TEXT: Record<Theme, string> = { dark: "#f2f7fd", light: "#0f2238" };
const BEHIND: Record<Theme, string> = { dark: "#071426", light: "#ffffff" };

const SIZE_PX = 34;
const LINE_PX = 15;
const MARGIN_PX = 4;
const MOST_LETTERS = 26;

/** A code that no symbol stands for is drawn as nothing known, never as nothing. */
export const UNKNOWN = "10030000000000000000";

export function symbolOf(sidc: string): Drawn {
  const known = new ms.Symbol(sidc, { size: SIZE_PX });
  return known.isValid() ? known : new ms.Symbol(UNKNOWN, { size: SIZE_PX });
}

/** What stands at a platform's place; `ratio` pixels of the screen to one of the picture. */
export function picture(
  of: { sidc: string; name: string; state: string; colour: string; chosen: boolean },
  theme: Theme,
  ratio: number,
): ImageData | null {
  const symbol = symbolOf(of.sidc).asCanvas(ratio);
  const [wide, high] = [symbol.width / ratio, symbol.height / ratio];
  const name =
    [...of.name].length > MOST_LETTERS
      ? `${[...of.name].slice(0, MOST_LETTERS - 1).join("")}…`
      : of.name;
  const canvas = document.createElement("canvas");
  const measure = canvas.getContext("2d");
  if (!measure) return null;
  const fonts = ["600 12px Inter, system-ui, sans-serif", "600 11px Inter, system-ui, sans-serif"];
  const lines = [name, of.state];
  const widths = lines.map((line, index) => {
    measure.font = fonts[index] as string;
    return measure.measureText(line).width;
  });
  const width = Math.ceil(
    Math.max(wide, (widths[0] ?? 0) + 10, (widths[1] ?? 0) + 24) + 2 * MARGIN_PX,
  );
  // As much above as below: the picture's middle, which stands at the place, is the symbol's.
  const below = 2 * LINE_PX + 4;
  const height = Math.ceil(high + 2 * (below + MARGIN_PX));
  canvas.width = Math.ceil(width * ratio);
  canvas.height = Math.ceil(height * ratio);
  const draw = canvas.getContext("2d");
  if (!draw) return null;
  draw.scale(ratio, ratio);
  draw.drawImage(symbol, (width - wide) / 2, (height - high) / 2, wide, high);
  const top = (height + high) / 2 + 3;
  if (of.chosen) {
    draw.strokeStyle = of.colour;
    draw.lineWidth = 2;
    draw.strokeRect((width - wide) / 2 - 3, (height - high) / 2 - 3, wide + 6, high + 6);
  }
  draw.textBaseline = "middle";
  draw.lineJoin = "round";
  draw.lineWidth = 3.5;
  draw.strokeStyle = BEHIND[theme];
  lines.forEach((line, index) => {
    draw.font = fonts[index] as string;
    const dot = index === 1 ? 12 : 0;
    const x = (width - (widths[index] ?? 0) - dot) / 2 + dot;
    const y = top + LINE_PX * (index + 0.5);
    draw.strokeText(line, x, y);
    draw.fillStyle = index === 0 ? TEXT[theme] : of.colour;
    draw.fillText(line, x, y);
    if (dot) {
      draw.beginPath();
      draw.arc(x - 7, y, 3.6, 0, 2 * Math.PI);
      draw.stroke();
      draw.fill();
    }
  });
  return draw.getImageData(0, 0, canvas.width, canvas.height);
}
