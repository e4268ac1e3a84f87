import { expect, it } from "vitest";
import { goodNumber, languagesOf, NAME } from "./form";

it("languages are read as people type them", () => {
  expect(languagesOf("IT, en;fr  it")).toEqual(["it", "en", "fr"]);
  expect(languagesOf("pt-br sr-latn")).toEqual(["pt-BR", "sr-Latn"]);
  expect(languagesOf("")).toEqual([]);
  for (const typed of ["italiano", "it, !", "x", "en-u-ca-buddhist"]) {
    expect(languagesOf(typed), typed).toBeNull();
  }
  expect(languagesOf("it en fr de es pt el sq sl")).toBeNull();
});

it("numbers can be dialled", () => {
  const good = (number: string, kind = "extension") => goodNumber({ kind, number, visible: "" });
  for (const number of ["1001", "+39 06 555 01", " 1001 ", "*21#", "06-555"]) {
    expect(good(number), number).toBe(true);
  }
  for (const number of ["", "abc", "1".repeat(40), "+", "12-", "1;2"]) {
    expect(good(number), number).toBe(false);
  }
  expect(good("1001", "No Kind")).toBe(false);
  expect(NAME.test("anna.rossi") && !NAME.test("Anna") && !NAME.test(".a")).toBe(true);
});
