import { describe, expect, it } from "vitest";
import DEVICES from "../../../tests/browser/data/plain_devices_answer.json?raw";
import { siteNetwork } from "./answers";
import { spanOf } from "./forecasts";

describe("a forecast", () => {
  it("speaks from its first slot until its last has passed, whatever is wrong with its file", () => {
    const { network, at } = JSON.parse(DEVICES);
    const [sky, fibre] = siteNetwork(network, "here").bearers.map((each) => each.forecast);
    if (!sky || !fibre || sky.start === null || sky.end === null) throw new Error("none");
    expect(fibre.problem).not.toBeNull();
    expect([spanOf(sky, at), spanOf(fibre, at)]).toEqual(["speaks", "speaks"]);
    const moments = [sky.start - 1, sky.start, sky.end - 1, sky.end];
    expect(moments.map((each) => spanOf(sky, each))).toEqual(["ahead", "speaks", "speaks", "over"]);
  });

  it("says nothing before a file was read", () => {
    expect(spanOf({ start: null, end: null, problem: null }, 7)).toBe("unread");
  });
});
