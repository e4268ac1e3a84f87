/** Alerts of others, as feeds tell them (authority/doors/foreign_alerts.py). Times are POSIX seconds. */

import type { MultiPolygon } from "geojson";
import { type Text, text } from "../api/console";
import { array, boolean, nullable, number, object, oneOf, string } from "../api/validate";
import { record } from "../authority/shapes/json";
import { multiPolygon } from "./shapes";

export const SEVERITIES = ["Extreme", "Severe", "Moderate", "Minor", "Unknown"] as const;
export type Severity = (typeof SEVERITIES)[number];
export const STATUSES = ["Actual", "Exercise", "System", "Test", "Draft"] as const;
export type Status = (typeof STATUSES)[number];

export interface Feed {
  name: string;
  host: string;
  every_s: number;
  /** Whether only alerts with a signature that is believed are shown. */
  signed: boolean;
  looked: number | null;
  reached: number | null;
  failure: string | null;
  left_out: { at: number; text: string }[];
}
export interface ForeignText {
  language: string;
  sender_name: string;
  event: string;
  headline: string;
  description: string;
  instruction: string;
  urgency: string;
  severity: string;
  certainty: string;
  effective: number | null;
  onset: number | null;
  expires: number | null;
}
export interface ForeignArea {
  names: Record<string, string>;
  outline: MultiPolygon | null;
  why_not: string | null;
  approximate: Text | null;
}
export interface ForeignAlert {
  feed: string;
  sender: string;
  identifier: string;
  sent: number;
  status: Status;
  message_type: string;
  scope: string;
  state: "in force" | "waiting";
  severity: Severity;
  signer: string | null;
  texts: ForeignText[];
  areas: ForeignArea[];
}
export interface ForeignAlerts {
  feeds: Feed[];
  alerts: ForeignAlert[];
  /** Alerts that hold and are not in this answer. */
  more: number;
}

const moment = nullable(number);

export const foreignAlerts = object<ForeignAlerts>({
  feeds: array(
    object<Feed>({
      name: string,
      host: string,
      every_s: number,
      signed: boolean,
      looked: moment,
      reached: moment,
      failure: nullable(string),
      left_out: array(object<Feed["left_out"][number]>({ at: number, text: string })),
    }),
  ),
  alerts: array(
    object<ForeignAlert>({
      feed: string,
      sender: string,
      identifier: string,
      sent: number,
      status: oneOf(...STATUSES),
      message_type: string,
      scope: string,
      state: oneOf("in force", "waiting"),
      severity: oneOf(...SEVERITIES),
      signer: nullable(string),
      texts: array(
        object<ForeignText>({
          language: string,
          sender_name: string,
          event: string,
          headline: string,
          description: string,
          instruction: string,
          urgency: string,
          severity: string,
          certainty: string,
          effective: moment,
          onset: moment,
          expires: moment,
        }),
      ),
      areas: array(
        object<ForeignArea>({
          names: record(string),
          outline: nullable(multiPolygon),
          why_not: nullable(string),
          approximate: nullable(text),
        }),
      ),
    }),
  ),
  more: number,
});

/** By what an alert is told apart: two feeds may tell the same one. */
export const keyOf = (alert: ForeignAlert) =>
  `${alert.feed} ${alert.sender} ${alert.identifier} ${alert.sent}`;

/** What the areas of an alert are called, in a reader's language where they have a name in it. */
export function namesOf(alert: ForeignAlert, language: string): string {
  const named = alert.areas.map(({ names }) => {
    const found = Object.entries(names).find(([key]) => key.toLowerCase().startsWith(language));
    return found?.[1] ?? Object.values(names)[0] ?? "";
  });
  return named.filter((name) => name !== "").join("; ");
}
