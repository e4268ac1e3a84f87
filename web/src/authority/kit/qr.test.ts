import { describe, expect, it } from "vitest";
import { readQr } from "./qr";

const svg = (dark: string, size = "0 0 29 29") =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${size}" role="img" shape-rendering="crispEdges">` +
  `<title>For anna.rossi</title><path fill="#fff" d="M0 0h29v29H0z"/><path fill="#000" d="${dark}"/></svg>`;

describe("readQr", () => {
  it("reads the side and the dark squares", () => {
    expect(readQr(svg("M4 4h7v1h-7zM12 4h1v1h-1z"))).toEqual({
      side: 29,
      path: "M4 4h7v1h-7zM12 4h1v1h-1z",
    });
  });
  it.each([
    ["no squares", svg("")],
    ["another path", svg("M0 0L9 9z")],
    ["something behind the squares", svg('M4 4h7v1h-7z" onload="alert(1)')],
    ["another shape than a square", svg("M4 4h7v1h-7z", "0 0 29 30")],
    ["more squares than a code has", svg("M4 4h7v1h-7z", "0 0 999 999")],
    ["no picture", "<script>alert(1)</script>"],
    ["an endless text", svg("M4 4h7v1h-7z".repeat(40_000))],
  ])("refuses %s", (_, text) => {
    expect(readQr(text)).toBeNull();
  });
});
