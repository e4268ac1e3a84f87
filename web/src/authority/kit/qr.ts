/** A QR code out of the SVG text that the authority sends: only its one path and its size are read.

Nothing of the text becomes markup. The path is drawn anew by our own elements, so whoever sent the
text decides about black and white squares and about nothing else. */

export interface QrDrawing {
  /** Side in squares, the quiet zone included. */
  side: number;
  /** Each run of dark squares as a closed rectangle. */
  path: string;
}

/** A QR code of version 40 with a quiet zone of 4 has 185 squares a side (ISO/IEC 18004). */
const MOST_SQUARES = 185;
const LONGEST_TEXT = 400_000;
const SIZE = /^<svg [^<>]*?viewBox="0 0 (\d{2,3}) \1"/;
const DARK = /<path fill="#000" d="((?:M\d{1,3} \d{1,3}h\d{1,3}v1h-\d{1,3}z)+)"\/>/;

/** Read what `qr_svg` of protocol/invitation.py writes; null where the text is anything else. */
export function readQr(svg: string): QrDrawing | null {
  if (svg.length > LONGEST_TEXT) return null;
  const side = Number(SIZE.exec(svg)?.[1] ?? 0);
  const path = DARK.exec(svg)?.[1];
  if (side === 0 || side > MOST_SQUARES || path === undefined) return null;
  return { side, path };
}
