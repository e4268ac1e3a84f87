import { afterEach, describe, expect, it } from "vitest";
import { readCertificate } from "../../trust/certificate";
import { TrustError } from "../../trust/errors";
import { hex, ofBase64, utf8 } from "../../trust/octets";
import type { Json, JsonObject } from "../../trust/strictJson";
import { type LogMemory, MemberAuthentication } from "../mls/authentication";
import file from "../mls/community.testing.json";
import { codeOf, deviceOf, NOW, type Which } from "../mls/places.testing";
import { rawKeyOf } from "../mls/suites";
import { MOST_PROOF_OCTETS, readEvidence, readHashes, readTrust } from "./answers";
import { type EdgeCourt, openCourt, type Place } from "./edgeCourt";
import { isSame, type Pin, type Pins } from "./pins";

/** Pins by the rules of the browser's store. */
class MemoryPins implements Pins {
  pin: Pin | null = null;

  async first(pin: Pin) {
    this.pin ??= pin;
    return this.pin;
  }

  async follow(held: Pin, roots: Pin["roots"]) {
    if (this.pin !== null && isSame(this.pin, held)) this.pin = { ...this.pin, roots };
  }
}

/** What an edge of one of the communities answers; a test may change it. */
class Edge {
  trust: JsonObject;
  status = 200;
  asked: string[] = [];
  readonly #evidence = new Map<string, JsonObject>();

  constructor(which: Which) {
    const { community, profile, root, issuer, lists, log, witnesses } = file[which];
    const [ofRoot = "", ofIssuer = ""] = lists;
    this.trust = {
      community,
      profile,
      roots: [{ der: root, until: null }],
      links: [],
      lists: [
        { issuer: root, ders: [ofRoot] },
        { issuer, ders: [ofIssuer] },
      ],
      list_grace: 7 * 86_400,
      log: { vkey: log, witnesses: witnesses.slice(0, 1), quorum: 1 },
      time: NOW,
    };
  }

  static async of(which: Which): Promise<Edge> {
    const edge = new Edge(which);
    for (const member of Object.values(file[which].members)) {
      const { leaf, index, record, proof } = member;
      const { fingerprint } = await readCertificate(ofBase64(leaf, 1 << 16));
      const { checkpoint } = file[which];
      edge.#evidence.set(hex(fingerprint), { record, index, proof, checkpoint });
    }
    return edge;
  }

  readonly fetcher = async (path: string): Promise<Response> => {
    this.asked.push(path);
    if (this.status !== 200) return answer({ detail: "Not now." }, this.status);
    if (path === "/api/calls/trust") return answer(this.trust);
    const found = this.#evidence.get(path.replace("/api/calls/evidence/", ""));
    return found ? answer(found) : answer({ detail: "Nobody knows." }, 404);
  };
}

function answer(body: Json, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

const courts: EdgeCourt[] = [];
afterEach(() => {
  for (const court of courts.splice(0)) court.close();
});

function placeOf(clock = { now: NOW }, memory: LogMemory = { newest: null }) {
  return { pins: new MemoryPins(), now: () => clock.now, memory } satisfies Place;
}

async function opened(edge: Edge, place: Place = placeOf()): Promise<EdgeCourt> {
  const court = await openCourt("eu-hybrid", edge.fetcher, place);
  courts.push(court);
  return court;
}

async function judged(court: EdgeCourt, name: string, which: Which = "eu"): Promise<string> {
  const { chain, signer } = await deviceOf(which, name);
  const credential = { credentialType: "x509" as const, certificates: chain };
  return codeOf(() => new MemberAuthentication(court).peerOf(credential, rawKeyOf(signer.spki)));
}

describe("others are judged by what the edge tells", () => {
  it.each([
    ["brunoPhone", "eu", ""],
    ["brunoLost", "eu", "revoked"],
    ["ship", "eu", "identity"],
    ["brunoPhone", "forged", "not-genuine"],
  ] as const)("%s of %s", async (name, which, code) => {
    expect(await judged(await opened(await Edge.of("eu")), name, which)).toBe(code);
  });

  it("whoever the edge has no evidence of is refused with the edge's sentence", async () => {
    const court = await opened(new Edge("eu"));
    expect(await judged(court, "brunoPhone")).toBe("proof");
    const { leaf } = file.eu.members.brunoPhone;
    const certificate = await readCertificate(ofBase64(leaf, 1 << 16));
    await expect(court.evidence(certificate)).rejects.toThrow("Nobody knows.");
  });

  it("trust is another object only when something has changed", async () => {
    const edge = await Edge.of("eu");
    const court = await opened(edge);
    const before = court.trust();
    await court.refresh();
    expect(court.trust()).toBe(before);
    edge.trust.list_grace = 86_400;
    await court.refresh();
    expect(court.trust()).not.toBe(before);
    expect(court.trust().listGrace).toBe(86_400);
    edge.trust.list_grace = 1e9;
    await court.refresh();
    expect(court.trust().listGrace).toBe(60 * 86_400);
  });

  it("a judgement that fails for want of a list is made again with newer ones", async () => {
    const edge = await Edge.of("eu");
    const { lists } = edge.trust;
    edge.trust.lists = [];
    const clock = { now: NOW };
    const court = await opened(edge, placeOf(clock));
    expect(await judged(court, "brunoPhone")).toBe("proof");
    edge.trust.lists = lists as Json;
    expect(await judged(court, "brunoPhone")).toBe("proof"); // not asked again at once
    clock.now += 11;
    expect(await judged(court, "brunoPhone")).toBe("");
    // What was revoked stays so, whatever the edge tells later.
    edge.trust.lists = [];
    await court.refresh();
    expect(await judged(court, "brunoLost")).toBe("revoked");
  });
});

describe("what was pinned at first sight counts", () => {
  it.each([
    [
      "another root under the same names",
      { roots: [{ der: file.forged.root, until: null }] },
      "not-genuine",
    ],
    [
      "another root beside",
      {
        roots: [
          { der: file.eu.root, until: null },
          { der: file.forged.root, until: null },
        ],
      },
      "not-genuine",
    ],
    [
      "another log",
      {
        log: {
          vkey: file.eu.witnesses[1] ?? "",
          witnesses: file.eu.witnesses.slice(0, 1),
          quorum: 1,
        },
      },
      "log-key",
    ],
    [
      "another witness",
      { log: { vkey: file.eu.log, witnesses: file.eu.witnesses.slice(1), quorum: 1 } },
      "log-key",
    ],
    ["another community", { community: "francia.example" }, "identity"],
  ] as const)("%s", async (_, change, code) => {
    const place = placeOf();
    const edge = await Edge.of("eu");
    const court = await opened(edge, place);
    const before = court.trust();
    const { trust } = edge;
    edge.trust = { ...trust, ...(structuredClone(change) as unknown as JsonObject) };
    expect(await codeOf(() => court.refresh())).toBe(code);
    expect(court.problem).not.toBe("");
    expect(court.trust()).toBe(before);
    expect(await codeOf(() => opened(edge, place))).toBe(code);
    expect(await judged(court, "brunoPhone")).toBe("");
    edge.trust = trust;
    await court.refresh();
    expect(court.problem).toBe("");
  });

  it("nothing is pinned of a site of another profile, clock, or form", async () => {
    const place = placeOf();
    const edge = await Edge.of("eu");
    expect(await codeOf(() => openCourt("cnsa", edge.fetcher, place))).toBe("identity");
    const whole = edge.trust;
    for (const [change, code] of [
      [{ time: NOW + 3_600 }, "not-in-force"],
      [{ roots: [] }, "malformed"],
      [{ roots: [{ der: file.eu.issuer, until: null }] }, "not-genuine"],
      [{ log: { vkey: file.eu.log, witnesses: [file.eu.log], quorum: 1 } }, "malformed"],
      [{ log: { vkey: file.eu.log, witnesses: [], quorum: 1 } }, "malformed"],
    ] as const) {
      edge.trust = { ...whole, ...(structuredClone(change) as unknown as JsonObject) };
      expect(await codeOf(() => openCourt("eu-hybrid", edge.fetcher, place))).toBe(code);
    }
    expect(place.pins.pin).toBeNull();
    edge.trust = { ...whole, time: null };
    await opened(edge, place);
    expect(place.pins.pin).not.toBeNull();
  });

  it("a list of an issuer that no root has certified changes nothing", async () => {
    const edge = await Edge.of("eu");
    const court = await opened(edge);
    const before = court.trust();
    edge.trust.lists = [{ issuer: file.forged.issuer, ders: [file.forged.lists[1] ?? ""] }];
    expect(await codeOf(() => court.refresh())).toBe("not-genuine");
    expect(court.trust()).toBe(before);
  });
});

describe("an edge that does not answer as it should", () => {
  it("is told with its own sentence, or that it does not answer", async () => {
    const edge = await Edge.of("eu");
    edge.status = 503;
    await expect(openCourt("eu-hybrid", edge.fetcher, placeOf())).rejects.toThrow("Not now.");
    const silent = () => Promise.reject(new TypeError("network"));
    await expect(openCourt("eu-hybrid", silent, placeOf())).rejects.toThrow("does not answer");
    const rubbish = async () => new Response("<html>", { status: 500 });
    await expect(openCourt("eu-hybrid", rubbish, placeOf())).rejects.toThrow("status 500");
  });

  it("may not send without end", async () => {
    const edge = await Edge.of("eu");
    const court = await opened(edge);
    const endless = async () => new Response("[".repeat(MOST_PROOF_OCTETS + 1));
    const other = await openCourt(
      "eu-hybrid",
      (path) => (path.includes("consistency") ? endless() : edge.fetcher(path)),
      placeOf(),
    );
    courts.push(other);
    expect(await codeOf(() => other.proofs.consistency(1, 2))).toBe("too-large");
    expect(await codeOf(() => court.proofs.consistency(1, 2))).toBe("proof");
  });

  it("is read strictly: whatever is altered is refused, or read as it stands", async () => {
    const edge = await Edge.of("eu");
    const { fingerprint } = await readCertificate(ofBase64(file.eu.members.ship.leaf, 1 << 16));
    const found = await edge.fetcher(`/api/calls/evidence/${hex(fingerprint)}`);
    const evidence = (await found.json()) as JsonObject;
    const texts = [edge.trust, evidence, { hashes: ["00".repeat(32)] }];
    const readers = [readTrust, readEvidence, readHashes];
    const odd: Json[] = [null, true, -1, 0.5, 2 ** 53 - 1, "", "A", "AA==", [], {}, [[]], ["x"]];
    let refused = 0;
    for (const [at, text] of texts.entries()) {
      const read = readers[at] as (octets: Uint8Array<ArrayBuffer>) => unknown;
      read(utf8(JSON.stringify(text)));
      for (const altered of alterations(text as Json, odd)) {
        try {
          read(utf8(JSON.stringify(altered)));
        } catch (problem) {
          expect(problem, JSON.stringify(altered).slice(0, 200)).toBeInstanceOf(TrustError);
          refused++;
        }
      }
      const octets = utf8(JSON.stringify(text));
      for (const cut of [0, 1, octets.length >> 1, octets.length - 1]) {
        expect(() => read(octets.slice(0, cut))).toThrow(TrustError);
      }
    }
    expect(refused).toBeGreaterThan(150);
  });
});

/** The value with each of its parts once replaced, taken out, or with a field more. */
function* alterations(value: Json, odd: readonly Json[]): Generator<Json> {
  yield* odd;
  if (Array.isArray(value)) {
    for (const [at, each] of value.entries()) {
      yield value.filter((_, other) => other !== at);
      for (const altered of alterations(each, odd)) yield value.with(at, altered);
    }
  } else if (typeof value === "object" && value !== null) {
    yield { ...value, more: 1 };
    for (const [name, each] of Object.entries(value)) {
      const { [name]: _, ...rest } = value;
      yield rest;
      for (const altered of alterations(each, odd)) yield { ...value, [name]: altered };
    }
  }
}
