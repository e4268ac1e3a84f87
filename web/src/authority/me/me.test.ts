import { describe, expect, it } from "vitest";
import { isName } from "../../trust/identity";
import { agentName, deviceName } from "./agent";
import { renewalOf } from "./life";

// As the browsers' makers publish them.
const CHROME_ANDROID =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";
const EDGE_WINDOWS =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
const SAFARI_IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
const FIREFOX_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0";

describe("agentName", () => {
  it.each([
    [CHROME_ANDROID, "Chrome, Android"],
    [EDGE_WINDOWS, "Edge, Windows"],
    [SAFARI_IPHONE, "Safari, iPhone"],
    [FIREFOX_LINUX, "Firefox, Linux"],
    ["curl/8.5.0", "curl/8.5.0"],
  ])("names %s", (agent, name) => {
    expect(agentName(agent)).toBe(name);
  });
  it("cuts what is endless", () => {
    expect(agentName("x".repeat(5_000))).toHaveLength(60);
  });
});

describe("deviceName", () => {
  it("says what the browser is, and is never one that is taken", () => {
    expect(deviceName(FIREFOX_LINUX, [])).toBe("firefox-linux");
    const taken = ["firefox-linux", "firefox-linux-2"];
    expect(deviceName(FIREFOX_LINUX, taken)).toBe("firefox-linux-3");
  });
  it("can name a device whatever the browser calls itself", () => {
    for (const agent of ["", "-", "!?%", "\u{1f480}", "Ünïcode/1", "x".repeat(9_000), "-a-b-"]) {
      expect(isName(deviceName(agent, [])), agent.slice(0, 20)).toBe(true);
    }
  });
});

describe("renewalOf", () => {
  it("is due ten days before the end of thirty", () => {
    const issued = 1_750_000_000;
    expect(renewalOf(issued + 30 * 86_400)).toBe(issued + 20 * 86_400);
  });
});
