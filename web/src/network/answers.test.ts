import { describe, expect, it } from "vitest";
import RECORDED from "../../../tests/browser/data/network_answer.json?raw";
import DEVICES from "../../../tests/browser/data/plain_devices_answer.json?raw";
import TWO_LAYERS from "../../../tests/browser/data/two_layers_answer.json?raw";
import { ShapeError } from "../api/validate";
import { network, siteNetwork } from "./answers";
import { concerns, devices, letIn } from "./devices";

/** What a nation of five sites answered under traffic; also what the browser tests serve. */
const recorded = () => JSON.parse(RECORDED);

/** What a site answered that has two layers and a landing rule. */
const layered = () => JSON.parse(TWO_LAYERS);

/** What a site answered that has plain devices and forecasts, and what it said of devices later. */
const plain = () => JSON.parse(DEVICES);

type Json = Record<string, unknown>;
const first = (answer: { sites: Json[] }) => answer.sites[0] as { network: Json };

describe("what the console says of the network", () => {
  it("is taken as it was recorded, and nothing of it is lost", () => {
    expect(network(recorded(), "here")).toEqual(recorded());
  });

  it("is taken of an empty nation, and where no wire is up", () => {
    expect(network({ sites: [], wire: null }, "here")).toEqual({ sites: [], wire: null });
  });

  it("is taken of a site with two layers and a landing rule", () => {
    expect(siteNetwork(layered(), "here")).toEqual(layered());
  });

  it("has a second layer and landings of their shape, or is refused", () => {
    const { tunnels, bearers } = layered();
    const broken: [string, unknown[]][] = [
      ["tunnels", [{ ...tunnels[0], inner: { ...tunnels[0].inner, established: "yes" } }]],
      ["tunnels", [{ ...tunnels[0], inner: { ...tunnels[0].inner, age_s: -1 } }]],
      ["tunnels", [{ ...tunnels[0], inner: true }]],
      ["tunnels", [{ ...tunnels[0], layers: "two" }]],
      ["bearers", [{ ...bearers[0], landing_why: "because" }]],
      ["bearers", [{ ...bearers[0], barred: null }]],
      ["bearers", [{ ...bearers[0], satellite: "STARLINK-1007" }]],
      ["bearers", [{ ...bearers[0], satellite: { told: true, name: null, slot: -1, left_s: 0 } }]],
      ["bearers", [{ ...bearers[0], egress_by_peer: { "office/x": 7 } }]],
      ["bearers", [{ ...bearers[0], egress_by_peer: Array(5_001).fill("10.0.0.1") }]],
    ];
    for (const [field, value] of broken) {
      expect(() => siteNetwork({ ...layered(), [field]: value }, "here")).toThrow(ShapeError);
    }
  });

  it("is taken of a site with plain devices and forecasts", () => {
    const { network: own, cut_off, damaged } = plain();
    expect(siteNetwork(own, "here")).toEqual(own);
    for (const later of [cut_off, damaged]) expect(devices(later, "here")).toEqual(later);
  });

  it("has devices and forecasts of their shape, or is refused", () => {
    const { network: own } = plain();
    const [device] = own.devices.devices;
    const [bearer] = own.bearers;
    const [tunnel] = own.tunnels;
    const withDevices = (changed: Json) => ({ devices: { ...own.devices, ...changed } });
    const withForecast = (forecast: unknown) => ({ bearers: [{ ...bearer, forecast }] });
    const broken: Json[] = [
      { devices: null },
      { devices: undefined },
      // Nobody may say that WireGuard alone is what it is not.
      withDevices({ post_quantum: true }),
      withDevices({ permitted: "yes" }),
      withDevices({ devices: [device, device] }),
      withDevices({ devices: Array(5_001).fill(device) }),
      withDevices({ devices: [{ ...device, let_in: null }] }),
      withDevices({ devices: [{ ...device, sent_octets: -1 }] }),
      // What no calendar can write would end the page.
      withDevices({ devices: [{ ...device, handshake_at: 1e15 }] }),
      withDevices({ devices: [{ ...device, exported_at: null }] }),
      withForecast("soon"),
      withForecast({ ...bearer.forecast, end: 253_402_300_800 }),
      withForecast({ ...bearer.forecast, problem: "broken" }),
      { tunnels: [{ ...tunnel, active_age_s: -1 }] },
    ];
    for (const changed of broken) {
      expect(() => siteNetwork({ ...own, ...changed }, "here"), JSON.stringify(changed)).toThrow(
        ShapeError,
      );
    }
  });

  it("counts the devices that are let in, and is silent where there is nothing to say", () => {
    const { network: own, cut_off, damaged } = plain();
    const none = { ...damaged, problem: "" };
    expect([own.devices, cut_off, damaged, none].map(letIn)).toEqual([2, 0, 0, 0]);
    expect([own.devices, cut_off, damaged, none].map(concerns)).toEqual([true, true, true, false]);
    expect(concerns({ ...none, permitted: true })).toBe(true);
  });

  it("hides one edge that talks nonsense, not the others", () => {
    const broken: [string, unknown][] = [
      ["tunnels", null],
      ["tunnels", [...(first(recorded()).network.tunnels as unknown[]), { peer: "office/x" }]],
      ["bearers", [{ ...(first(recorded()).network.bearers as Json[])[0], role: "king" }]],
      ["bearers", [{ ...(first(recorded()).network.bearers as Json[])[0], rate_bps: -1 }]],
      ["bearers", Array(2).fill((first(recorded()).network.bearers as Json[])[0])],
      ["dropped", { "no-key": "many" }],
      ["classes", Array(5_001).fill({})],
      ["site", 7],
    ];
    for (const [field, value] of broken) {
      const answer = recorded();
      first(answer).network[field] = value;
      const read = network(answer, "here");
      expect(read.sites[0]?.network, field).toBe("misunderstood");
      expect(read.sites[1]?.network, field).toEqual(recorded().sites[1].network);
    }
  });

  it("is refused by a sentence where the whole is wrong", () => {
    const wrong: unknown[] = [
      null,
      [],
      { sites: 5, wire: null },
      { ...recorded(), sites: [recorded().sites[0], recorded().sites[0]] },
      { ...recorded(), sites: [{ ...recorded().sites[0], traces: undefined }] },
      { ...recorded(), sites: [{ ...recorded().sites[0], traces: { fibre: 7 } }] },
      { ...recorded(), wire: { privileged: true, links: [{ name: "a>b" }] } },
      { ...recorded(), wire: { privileged: 1, links: [] } },
    ];
    for (const value of wrong) expect(() => network(value, "here")).toThrow(ShapeError);
  });

  it("knows no amount without end", () => {
    const { network: own } = first(recorded());
    const endless = JSON.parse(
      JSON.stringify(own).replace('"sent_octets":0', '"sent_octets":1e999'),
    );
    expect(JSON.stringify(own)).toContain('"sent_octets":0');
    expect(() => siteNetwork(endless, "here")).toThrow(ShapeError);
  });
});
