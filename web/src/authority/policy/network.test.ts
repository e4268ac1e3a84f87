import { beforeAll, describe, expect, it, vi } from "vitest";
import { differences } from "./difference";
import { networkOf, type Policy, policyDocument } from "./document";
import { nextOf, problems, withNetwork } from "./draft";
import {
  DEFAULTS,
  landingOf,
  landingTyped,
  type Network,
  networkDocument,
  networksOf,
  networksTyped,
  noSites,
  sameNetwork,
  sitesOf,
} from "./network";

beforeAll(() => {
  // What frame/language.ts looks at.
  vi.stubGlobal("navigator", { languages: ["en"] });
  vi.stubGlobal("document", { documentElement: {} });
});

const officer = { roles: ["security-officer"], ceiling: "flash", territory: [] };
const silent: Policy = policyDocument(
  {
    v: 1,
    number: 4,
    community: "italia.example",
    people: { "anna.rossi": officer, "bruno.neri": officer },
    approval: { authority: true, office: true, ship: true, person: false, auditor: true },
    approvers: {},
    visibility: {},
  },
  "policy",
);
const network: Network = {
  topology: "hub",
  hubs: ["office/rome"],
  landing: { "ship/bergamini": { gateways: ["Marsala"], countries_forbidden: ["FR"] } },
  plain_export: ["ship/bergamini"],
  two_layers: true,
  full_round_hours: 12,
  networks: { "office/rome": ["10.1.0.0/16"] },
};

describe("what a policy says of tunnels", () => {
  it("is read with the policy, and is the defaults where nothing is said", () => {
    expect("network" in silent).toBe(false);
    expect(networkOf(silent)).toEqual(DEFAULTS);
    expect(networkOf(policyDocument({ ...silent, network }, "policy"))).toEqual(network);
  });

  it("is refused with anything that this page does not understand", () => {
    const refused: [unknown, string][] = [
      [{ ...network, more: 1 }, "network.more"],
      [{ ...network, topology: "star" }, "network.topology"],
      [{ ...network, full_round_hours: 1.5 }, "network.full_round_hours"],
      [{ ...network, landing: { "office/rome": { gateways: [] } } }, "countries_forbidden"],
      [{ ...network, two_layers: 1 }, "network.two_layers"],
      [null, "policy.network"],
      [[], "policy.network"],
    ];
    for (const [value, where] of refused) {
      expect(() => policyDocument({ ...silent, network: value }, "policy")).toThrow(where);
      expect(() => networkDocument(value, "policy.network")).toThrow(where);
    }
  });

  it("is not written where it says nothing but the defaults", () => {
    const draft = withNetwork(nextOf(silent), network);
    expect(draft.network).toEqual(network);
    expect(problems(draft, silent)).toEqual([]);
    const back = withNetwork(draft, { ...DEFAULTS });
    expect("network" in back).toBe(false);
    expect(problems(back, silent)).toEqual([{ kind: "unchanged" }]);
  });

  it("differs field by field, whatever the order of sites", () => {
    const after = withNetwork(nextOf(silent), network);
    const names = differences(silent, after).map((change) => change.name);
    expect(names).toEqual(Object.keys(network));
    const two = { a: ["10.1.0.0/16"], b: ["10.2.0.0/16"] };
    const other = { b: ["10.2.0.0/16"], a: ["10.1.0.0/16"] };
    expect(sameNetwork({ ...network, networks: two }, { ...network, networks: other })).toBe(true);
    expect(sameNetwork(network, { ...network, networks: two })).toBe(false);
  });

  it("is told in words, every field of it", async () => {
    const { fieldTold, told } = await import("./told");
    const after = withNetwork(nextOf(silent), network);
    const sentences = differences(silent, after).map((change) => told(change).title);
    expect(sentences).toHaveLength(7);
    expect(sentences.join("\n")).toContain("ship/bergamini: Marsala, -FR");
    expect(fieldTold(DEFAULTS, "hubs").length).toBeGreaterThan(0);
  });
});

describe("what people type", () => {
  it("is sites separated by anything", () => {
    expect(sitesOf("ship/doria, office/rome\noffice/rome;")).toEqual(["office/rome", "ship/doria"]);
    expect(noSites(["office/rome", "rome", "person/anna", "office/Rome"])).toHaveLength(3);
  });

  it("is landing rules, and comes back as it went", () => {
    const read = landingOf("ship/doria: Milano Large, Foggia, -HR,-FR\n\noffice/rome: -LY");
    expect(read).toEqual({
      value: {
        "ship/doria": {
          gateways: ["Foggia", "Milano Large"],
          countries_forbidden: ["FR", "HR"],
        },
        "office/rome": { gateways: [], countries_forbidden: ["LY"] },
      },
    });
    if ("wrong" in read) throw new Error(read.wrong);
    expect(landingOf(landingTyped(read.value))).toEqual(read);
    for (const odd of [
      "rome: X",
      "office/rome",
      "office/rome:",
      "office/rome: -fr",
      "office/rome: X\noffice/rome: Y",
    ])
      expect(landingOf(odd)).toHaveProperty("wrong");
  });

  it("is networks in the order that a policy has", () => {
    const read = networksOf("office/rome: 2001:db8:7::/48, 10.20.0.0/16, 9.0.0.0/8");
    expect(read).toEqual({
      value: { "office/rome": ["9.0.0.0/8", "10.20.0.0/16", "2001:db8:7::/48"] },
    });
    if ("wrong" in read) throw new Error(read.wrong);
    expect(networksOf(networksTyped(read.value))).toEqual(read);
    for (const odd of ["10.1.0.1/16", "10.1.0.0", "10.1.0.0/33", "256.0.0.0/8", "x::/200", "rome"])
      expect(networksOf(`office/rome: ${odd}`)).toHaveProperty("wrong");
  });
});
