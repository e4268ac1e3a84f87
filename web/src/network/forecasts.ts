/** Whether a bearer's forecast speaks of now. */

import type { Forecast } from "./answers";

/** `unread`: no file could be read yet; `ahead`: it begins later; `over`: it has ended. */
export type Span = "unread" | "ahead" | "speaks" | "over";

/** Which part of its span a moment is in, POSIX seconds. */
export function spanOf(forecast: Forecast, nowS: number): Span {
  const { start, end } = forecast;
  if (start === null || end === null) return "unread";
  if (nowS < start) return "ahead";
  return nowS < end ? "speaks" : "over";
}
