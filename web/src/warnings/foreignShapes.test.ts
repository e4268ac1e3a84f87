import { expect, test } from "vitest";
import { ShapeError } from "../api/validate";
import { foreignAlerts, keyOf, namesOf } from "./foreignShapes";

const words = (language: string) => ({
  language,
  sender_name: "Servizio meteorologico",
  event: "Vento",
  headline: `Vento ${language}`,
  description: "",
  instruction: "",
  urgency: "Expected",
  severity: "Severe",
  certainty: "Likely",
  effective: null,
  onset: null,
  expires: 1_800_000_000,
});
const outline = {
  type: "MultiPolygon",
  coordinates: [
    [
      [
        [13, 42],
        [14, 42],
        [14, 43],
        [13, 42],
      ],
    ],
  ],
};
const alert = {
  feed: "meteo",
  sender: "cap@meteo.example",
  identifier: "A",
  sent: 1_790_000_000,
  status: "Actual",
  message_type: "Alert",
  scope: "Public",
  state: "in force",
  severity: "Severe",
  signer: null,
  texts: [words("it-IT"), words("en-GB")],
  areas: [
    { names: { "it-IT": "Norcia", "en-GB": "Nursia" }, outline, why_not: null, approximate: null },
    { names: { de: "Umbrien" }, outline: null, why_not: "No.", approximate: null },
  ],
};
const feed = {
  name: "meteo",
  host: "https://meteo.example",
  every_s: 30,
  signed: false,
  looked: null,
  reached: null,
  failure: null,
  left_out: [{ at: 1, text: "Left out." }],
};
const answer = { feeds: [feed], alerts: [alert], more: 0 };

test("an answer is taken as it is meant", () => {
  const told = foreignAlerts(answer, "it");
  const [found] = told.alerts;
  if (!found) throw new Error("no alert");
  expect(namesOf(found, "en")).toBe("Nursia; Umbrien");
  expect(namesOf(found, "it")).toBe("Norcia; Umbrien");
  expect(keyOf(found)).not.toBe(keyOf({ ...found, feed: "other" }));
});

test.each([
  ["a status nobody knows", { status: "Real" }],
  ["a severity nobody knows", { severity: "Huge" }],
  ["a state that does not hold", { state: "expired" }],
  ["an outline that is none", { areas: [{ ...alert.areas[0], outline: { type: "Point" } }] }],
])("%s is refused", (_what, change) => {
  const broken = { ...answer, alerts: [{ ...alert, ...change }] };
  expect(() => foreignAlerts(broken, "it")).toThrow(ShapeError);
});
