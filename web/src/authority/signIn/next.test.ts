import { expect, it } from "vitest";
import { nextPlace } from "./next";

const HERE = "https://roma.baluardo.localhost:8443";
const next = (wanted: string) => nextPlace(`?next=${encodeURIComponent(wanted)}`, HERE);

it("leads back to the page that asked, with its query", () => {
  expect(next("/audit?index=7#proof")).toBe("/audit?index=7#proof");
});

it.each([
  "https://elsewhere.example/",
  "//elsewhere.example/",
  "/\\elsewhere.example/",
  "/\t/elsewhere.example",
  "javascript:alert(1)",
  "audit",
  "/sign-in?next=/sign-in",
  "",
])("goes nowhere else: %s", (wanted) => {
  expect(next(wanted)).toBeNull();
});

it("has nothing to say where nothing was asked", () => {
  expect(nextPlace("", HERE)).toBeNull();
});
