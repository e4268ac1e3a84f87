import { describe, expect, it } from "vitest";
import { array, nullable, number, object, oneOf, pair, ShapeError, string } from "./validate";

const check = object<{ name: string; size: number | null; kind: "a" | "b"; tags: string[] }>({
  name: string,
  size: nullable(number),
  kind: oneOf("a", "b"),
  tags: array(string),
});

describe("checks", () => {
  it("let the right shape through and drop what is not known", () => {
    const value = { name: "x", size: null, kind: "b", tags: ["t"], more: 1 };
    expect(check(value, "here")).toEqual({ name: "x", size: null, kind: "b", tags: ["t"] });
    expect(pair(number, string)([1, "a"], "here")).toEqual([1, "a"]);
  });

  it("name the place of what is wrong", () => {
    const wrong = { name: "x", size: 1, kind: "b", tags: ["t", 7] };
    expect(() => check(wrong, "/api")).toThrow(
      new ShapeError("/api.tags[1] is number, not a text"),
    );
    expect(() => check(null, "/api")).toThrow("/api is null, not an object");
    expect(() => check({ ...wrong, tags: [], kind: "c" }, "/api")).toThrow("not a or b");
    expect(() => pair(number, number)([1], "/api")).toThrow(ShapeError);
  });
});
