import { describe, expect, it } from "vitest";
import RECORDED from "../../../tests/browser/data/network_answer.json?raw";
import { type Network, network, type Tunnel } from "./answers";
import { conditionOf, identitiesOf, rowsOf, stageOf, summaryOf } from "./pairs";

const recorded = (): Network => network(JSON.parse(RECORDED), "recorded");

function silenced(answer: Network, id: string): Network {
  const sites = answer.sites.map((site) => (site.id === id ? { ...site, network: null } : site));
  return { ...answer, sites };
}

describe("sites by sites", () => {
  it("has every pair that the sites told, by identity", () => {
    const answer = recorded();
    const identities = identitiesOf(answer);
    expect(identities.get("frigate")).toBe("ship/frigate");
    const rows = rowsOf(answer, identities);
    expect(rows.map(({ cells }) => cells.map((cell) => cell.what[0]).join(""))).toEqual([
      "stttt",
      "tsttt",
      "ttstt",
      "tttst",
      "tttts",
    ]);
    const cell = rows[0]?.cells[3];
    expect(cell?.what === "tunnel" && cell.tunnel.peer).toBe("ship/frigate");
    const { open, pairs, oldestS } = summaryOf(rows);
    // Between Milan and the frigate nothing had to be sent.
    expect([open, pairs]).toEqual([9, 10]);
    expect(oldestS).toBeGreaterThan(10);
    expect(oldestS).toBeLessThan(20);
  });

  it("knows a silent site by what others call it, or by what it said before", () => {
    const answer = silenced(recorded(), "frigate");
    const rows = rowsOf(answer, identitiesOf(answer));
    expect(rows[3]?.cells.map((cell) => cell.what)).toEqual([
      "silent",
      "silent",
      "silent",
      "self",
      "silent",
    ]);
    expect(rows[0]?.cells[3]?.what).toBe("tunnel");
    expect(summaryOf(rows)).toMatchObject({ open: 6, pairs: 10 });
    const renamed = {
      ...answer,
      sites: answer.sites.map((s) => (s.network ? s : { ...s, id: "x" })),
    };
    expect(identitiesOf(renamed).has("x")).toBe(false);
    expect(identitiesOf(renamed, new Map([["x", "ship/frigate"]])).get("x")).toBe("ship/frigate");
  });

  it("says nothing of an empty nation", () => {
    const empty: Network = { sites: [], wire: null };
    expect(summaryOf(rowsOf(empty, identitiesOf(empty)))).toEqual({
      open: 0,
      pairs: 0,
      oldestS: null,
    });
  });
});

describe("a tunnel", () => {
  const tunnel = (changed: Partial<Tunnel>): Tunnel => ({
    peer: "office/x",
    address: "",
    state: "confirmed",
    open: false,
    lanes: 1,
    layers: 1,
    inner: null,
    epoch: 1,
    key_age_s: null,
    full_age_s: null,
    round_age_s: null,
    problem: "",
    active: null,
    active_age_s: null,
    second: null,
    why: null,
    bearers: [],
    sent_octets: 0,
    received_octets: 0,
    ...changed,
  });

  it("rests where nobody needed a new key, and is shut where one could not be had", () => {
    expect(conditionOf(tunnel({ open: true, key_age_s: 5 }))).toBe("open");
    expect(conditionOf(tunnel({ key_age_s: 400 }))).toBe("resting");
    expect(conditionOf(tunnel({ key_age_s: 400, problem: "It was revoked." }))).toBe("shut");
    expect(conditionOf(tunnel({ state: "agreed" }))).toBe("opening");
  });

  it("has a key that is young, near its limit, or over it", () => {
    expect([0, 149, 150, 180, 181].map(stageOf)).toEqual(["young", "young", "old", "old", "over"]);
  });
});
