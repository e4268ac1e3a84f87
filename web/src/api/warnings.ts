import { get } from "./client";
import { array, boolean, number, object, oneOf, string } from "./validate";

export type WarningChannel = "public" | "exercise" | "test";

export interface WarningText {
  language: string;
  event: string;
  headline: string;
  description: string;
  instruction: string;
}

/** A warning that holds, or the cancel of one. Times are POSIX seconds. */
export interface WarningInForce {
  identifier: string;
  channel: WarningChannel;
  cancel: boolean;
  sent: number;
  until: number;
  area: string;
  texts: WarningText[];
}

const inForce = object<{ warnings: WarningInForce[] }>({
  warnings: array(
    object<WarningInForce>({
      identifier: string,
      channel: oneOf("public", "exercise", "test"),
      cancel: boolean,
      sent: number,
      until: number,
      area: string,
      texts: array(
        object<WarningText>({
          language: string,
          event: string,
          headline: string,
          description: string,
          instruction: string,
        }),
      ),
    }),
  ),
});

/** What holds now, the newest first: the same at an authority and at every site. */
export const getWarningsInForce = async () =>
  (await get("/api/warnings/in-force", inForce)).warnings;
