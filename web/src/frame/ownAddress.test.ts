import { beforeAll, describe, expect, it, vi } from "vitest";

let own: typeof import("./ownAddress");
beforeAll(async () => {
  vi.stubGlobal("navigator", { languages: ["en"] });
  own = await import("./ownAddress");
});

const state = {
  domain: "baluardo.localhost",
  pages: "http://authority.baluardo.localhost:8490",
};
const at = (hostname: string) => ({ hostname, pathname: "/audit", search: "?index=7&size=9" });

describe("a page's own address", () => {
  it.each([
    ["baluardo.localhost", true],
    ["authority.baluardo.localhost", true],
    ["rome.baluardo.localhost", true],
    ["localhost", false],
    ["127.0.0.1", false],
    ["notbaluardo.localhost", false],
    ["baluardo.localhost.elsewhere.example", false],
  ])("at %s passkeys serve: %s", (hostname, serve) => {
    expect(own.isWithin(state, hostname)).toBe(serve);
  });

  it("leads to the sign-in page of the same host and back with the query", () => {
    for (const known of [state, null, undefined]) {
      const address = own.signInAddress(at("rome.baluardo.localhost"), known);
      expect(address.startsWith("/sign-in?")).toBe(true);
      const { searchParams } = new URL(address, "https://a.example");
      expect(searchParams.get("next")).toBe("/audit?index=7&size=9");
    }
  });

  it("leads from outside the domain to the authority's own address", () => {
    const { origin, pathname } = new URL(own.signInAddress(at("127.0.0.1"), state));
    expect(origin).toBe(state.pages);
    expect(pathname).toBe("/sign-in");
  });

  it.each([null, "", "authority", "javascript:alert(1)", "https://elsewhere.example"])(
    "follows no address such as %s",
    (pages) => {
      expect(own.ownOrigin({ ...state, pages })).toBeNull();
      expect(own.signInAddress(at("127.0.0.1"), { ...state, pages })).toMatch(/^\/sign-in\?/);
    },
  );
});
