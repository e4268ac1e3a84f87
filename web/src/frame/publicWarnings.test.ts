import { expect, test } from "vitest";
import type { WarningInForce } from "../api/warnings";
import { sounding, standing } from "./publicWarnings";
import { spokenTo } from "./spoken";

const text = (language: string) => ({
  language,
  event: "e",
  headline: `h ${language}`,
  description: "",
  instruction: "",
});

const warning = (identifier: string, changes: Partial<WarningInForce> = {}): WarningInForce => ({
  identifier,
  channel: "exercise",
  cancel: false,
  sent: 100,
  until: 200,
  area: "Norcia",
  texts: [text("it-IT"), text("en"), text("de")],
  ...changes,
});

test("a reader gets the own language, else the first", () => {
  const { texts } = warning("a");
  expect(spokenTo(texts, "en")?.headline).toBe("h en");
  expect(spokenTo(texts, "it")?.headline).toBe("h it-IT");
  expect(spokenTo(texts, "fr")?.headline).toBe("h it-IT");
  expect(spokenTo([], "it")).toBeUndefined();
});

test("without an answer a warning stands until it ends", () => {
  const told = [warning("a"), warning("b", { until: 300 })];
  expect(standing(told, 199)).toBe(told);
  expect(standing(told, 200).map((each) => each.identifier)).toEqual(["b"]);
});

test("what is new sounds once, a cancel and a test never", () => {
  const told = [
    warning("a"),
    warning("b", { cancel: true }),
    warning("c", { channel: "test" }),
    warning("d", { channel: "public" }),
  ];
  expect(sounding(told, new Set()).map((each) => each.identifier)).toEqual(["a", "d"]);
  expect(sounding(told, new Set(["a", "d"]))).toEqual([]);
});
