import {
  createCommit,
  createProposal,
  encodeMlsMessage,
  type MLSMessage,
  type Proposal,
} from "ts-mls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TrustError } from "../../trust/errors";
import { hex, joined, type Octets, utf8 } from "../../trust/octets";
import { FRESH_KEY, wishOctets, wishOfOctets } from "./commits";
import { framed, unframed } from "./frames";
import { Conversation } from "./group";
import { nameOf } from "./ordering";
import { makePackage, readPackage } from "./packages";
import { codeOf, NOW, ORDERER, OTHER_ORDERER, type Place, placeOf } from "./places.testing";
import { keptOfOctets } from "./state";
import { suiteName } from "./suites";
import { extensionsOf } from "./terms";
import { MOST_OCTETS, messageOf } from "./wire";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** xorshift32 (Marsaglia, 2003): the same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A message with one thing wrong: a bit, a stretch, the end, or octets of its own. */
function spoilt(octets: Octets, draw: (below: number) => number): Octets {
  const at = draw(octets.length);
  const kind = draw(5);
  if (kind === 0) return octets.slice(0, at);
  if (kind === 1) return joined(octets, Uint8Array.of(draw(256)));
  if (kind === 2) return joined(octets.slice(0, at), octets.slice(at + 1 + draw(16)));
  const copy = octets.slice();
  const width = kind === 3 ? 1 : Math.min(octets.length - at, 1 + draw(8));
  for (let each = 0; each < width; each++) {
    copy[at + each] = (copy[at + each] ?? 0) ^ (kind === 3 ? 1 << draw(8) : 1 + draw(255));
  }
  return copy;
}

interface Setting {
  anna: Conversation;
  bruno: Conversation;
  place: Place;
  carried: Octets;
  welcome: Octets;
  package: Octets;
}

async function setting(): Promise<Setting> {
  const [first, place] = [await placeOf("annaPhone"), await placeOf("brunoPhone")];
  const anna = await Conversation.create(first.party, place.party.identity.holder, ORDERER);
  const octets = await makePackage(place.party, true);
  const made = await anna.change({ ...FRESH_KEY, add: [octets] });
  if (made.kind !== "settled") throw new Error("waits");
  const { conversation: bruno } = await Conversation.join(place.party, made.welcome);
  const carried = await anna.send(utf8("intatto"));
  return { anna, bruno, place, carried, welcome: made.welcome, package: octets };
}

const ROUNDS = 60;
/** What hostile octets may be called. Anything else would be a fault of ours. */
const CODES = ["malformed", "too-large", "not-genuine", "identity", "key", "not-in-force", "proof"];

describe("hostile octets are refused in a sentence, and change nothing", () => {
  it("messages", async () => {
    const { bruno, place, carried } = await setting();
    const draw = numbers(0x5eed);
    const before = hex(await bruno.mediaKey(32));
    const kept = JSON.stringify([...place.store.records.keys()]);
    for (let round = 0; round < ROUNDS; round++) {
      const octets = spoilt(carried, draw);
      if (hex(octets) === hex(carried)) continue;
      const code = await codeOf(async () => {
        const got = await bruno.receive(octets);
        // Whether it is of the future, or a commit, nobody can say before it is opened.
        if (got.kind === "message") throw new Error("a spoilt message was read");
        throw new TrustError("malformed", "kept aside");
      });
      expect(CODES).toContain(code);
    }
    expect(hex(await bruno.mediaKey(32))).toBe(before);
    expect(JSON.stringify([...place.store.records.keys()])).toBe(kept);
    expect((await bruno.receive(carried)).kind).toBe("message");
  });

  it("commits, even when the orderer names them", async () => {
    const { anna, bruno } = await setting();
    const made = await anna.change();
    if (made.kind !== "waits") throw new Error("waits");
    const draw = numbers(0xc0de);
    const before = hex(await bruno.mediaKey(32));
    for (let round = 0; round < ROUNDS; round++) {
      const octets = spoilt(made.commit, draw);
      if (hex(octets) === hex(made.commit)) continue;
      const commit = await nameOf(octets);
      const notice = { orderer: ORDERER, group: anna.id, epoch: made.epoch, commit };
      expect(CODES).toContain(await codeOf(() => bruno.settle(notice, octets)));
      expect(bruno.epoch).toBe(1n);
    }
    expect(hex(await bruno.mediaKey(32))).toBe(before);
    const notice = { orderer: ORDERER, group: anna.id, epoch: made.epoch, commit: made.name };
    expect((await bruno.settle(notice, made.commit)).kind).toBe("settled");
  });

  it("welcomes", async () => {
    const { place, welcome } = await setting();
    const draw = numbers(0xfade);
    const kept = place.store.records.size;
    for (let round = 0; round < ROUNDS; round++) {
      const octets = spoilt(welcome, draw);
      if (hex(octets) === hex(welcome)) continue;
      expect(CODES).toContain(await codeOf(() => Conversation.join(place.party, octets)));
    }
    expect(place.store.records.size).toBe(kept);
  });

  it("key packages", async () => {
    const { anna, package: octets } = await setting();
    const { party } = await placeOf("annaDesk");
    const draw = numbers(0xbead);
    for (let round = 0; round < ROUNDS; round++) {
      const bad = spoilt(octets, draw);
      if (hex(bad) === hex(octets)) continue;
      expect(CODES).toContain(await codeOf(() => readPackage(party, bad)));
    }
    expect(await codeOf(() => readPackage(party, octets))).toBe("");
    expect(anna.epoch).toBe(1n);
  });

  it("octets of chance, of nothing, and too many", async () => {
    const { bruno, place } = await setting();
    const draw = numbers(0x0dd);
    for (let round = 0; round < ROUNDS; round++) {
      const octets = Uint8Array.from({ length: draw(400) }, () => draw(256));
      expect(await codeOf(() => bruno.receive(octets))).toBe("malformed");
      expect(await codeOf(() => Conversation.join(place.party, octets))).toBe("malformed");
      expect(await codeOf(() => readPackage(place.party, octets))).toBe("malformed");
    }
    for (const [kind, most] of Object.entries(MOST_OCTETS)) {
      const long = new Uint8Array(most + 1);
      expect(() => messageOf(long, kind as keyof typeof MOST_OCTETS)).toThrow(/at most/);
    }
  });

  it("messages that anybody could send, member or not, have no place", async () => {
    const { bruno, welcome, package: octets } = await setting();
    expect(await codeOf(() => bruno.receive(welcome))).toBe("malformed");
    expect(await codeOf(() => bruno.receive(octets))).toBe("malformed");
    const { welcome: read } = messageOf(welcome, "mls_welcome");
    const written = encodeMlsMessage({
      version: "mls10",
      wireformat: "mls_welcome",
      welcome: read,
    } as MLSMessage);
    expect(hex(written)).toBe(hex(welcome));
  });
});

/** What a member can do with ts-mls and its own keys, as nobody's page of ours would. */
async function insider(place: Place, id: string, proposals: Proposal[], publicly = false) {
  const record = await place.party.vault.read("conversation", id);
  if (record === null) throw new Error("not kept");
  const { state } = keptOfOctets(record.octets, place.party.config);
  const context = { state, cipherSuite: place.party.suite };
  const made = await createCommit(context, {
    extraProposals: proposals,
    wireAsPublicMessage: publicly,
  });
  return { commit: joined(encodeMlsMessage(made.commit)), state };
}

describe("a member who cheats", () => {
  const terms = { orderer: OTHER_ORDERER, people: [] as string[] };

  async function refused(proposals: (setting: Setting) => Promise<Proposal[]>, publicly = false) {
    const made = await setting();
    const { anna, bruno, place } = made;
    const { commit } = await insider(place, bruno.id, await proposals(made), publicly);
    const name = await nameOf(commit);
    const notice = { orderer: ORDERER, group: anna.id, epoch: anna.epoch, commit: name };
    const code = await codeOf(() => anna.settle(notice, commit));
    expect(anna.epoch).toBe(1n);
    expect(anna.members.map(({ identity }) => identity.device)).toEqual(["phone", "phone"]);
    expect((await anna.receive(await bruno.send(utf8("ancora qui")))).kind).toBe("message");
    return code;
  }

  it("cannot change who talks", async () => {
    const people = [
      "spiffe://italia.example/person/anna.rossi",
      "spiffe://italia.example/person/carla.neri",
    ];
    const extensions = extensionsOf({ ...terms, people });
    const change = {
      proposalType: "group_context_extensions" as const,
      groupContextExtensions: { extensions },
    };
    expect(await refused(async () => [change])).toBe("identity");
  });

  it("cannot take the terms away, or add others to them", async () => {
    const people = [
      "spiffe://italia.example/person/anna.rossi",
      "spiffe://italia.example/person/bruno.verdi",
    ];
    const whole = extensionsOf({ ...terms, people });
    for (const extensions of [whole.slice(0, 1), [...whole].reverse(), [...whole, ...whole]]) {
      const change = {
        proposalType: "group_context_extensions" as const,
        groupContextExtensions: { extensions },
      };
      expect(await refused(async () => [change])).toBe("malformed");
    }
  });

  it("cannot add a third person's device", async () => {
    const add = async () => {
      const { party } = await placeOf("carlaPhone");
      const { keyPackage } = messageOf(await makePackage(party, false), "mls_key_package");
      return [{ proposalType: "add" as const, add: { keyPackage } }];
    };
    expect(await refused(add)).toBe("identity");
  });

  it("cannot add a device twice", async () => {
    const add = async () => {
      const { party } = await placeOf("annaDesk");
      const packages = [await makePackage(party, false), await makePackage(party, false)];
      const { party: renewed } = await placeOf("brunoPhoneRenewed");
      packages[1] = await makePackage(renewed, false);
      return packages.map((octets) => ({
        proposalType: "add" as const,
        add: { keyPackage: messageOf(octets, "mls_key_package").keyPackage },
      }));
    };
    expect(await refused(add)).toBe("identity");
  });

  it("cannot propose what no commit here does", async () => {
    const custom = { proposalType: 0xf0ff, proposalData: new Uint8Array(4) };
    expect(await refused(async () => [custom])).toBe("malformed");
    const reinit = {
      groupId: new Uint8Array(32),
      version: "mls10" as const,
      cipherSuite: suiteName("eu-hybrid"),
      extensions: [],
    };
    expect(await refused(async () => [{ proposalType: "reinit" as const, reinit }])).toBe(
      "malformed",
    );
  });

  it("cannot commit in public, or propose outside of a commit", async () => {
    expect(await refused(async () => [], true)).toBe("malformed");
    const { anna, bruno, place } = await setting();
    const { state } = await insider(place, bruno.id, []);
    const remove = { proposalType: "remove" as const, remove: { removed: 0 } };
    for (const publicly of [true, false]) {
      const made = await createProposal(state, publicly, remove, place.party.suite);
      const octets = joined(encodeMlsMessage(made.message));
      expect(await codeOf(() => anna.receive(octets))).toBe("malformed");
    }
  });
});

describe("frames", () => {
  it("come back as they were, and nothing else is one", () => {
    const draw = numbers(7);
    for (let round = 0; round < 200; round++) {
      const parts = Array.from({ length: draw(5) }, () => new Uint8Array(draw(90)).fill(draw(256)));
      const whole = framed(...parts);
      expect(unframed(whole).map(hex)).toEqual(parts.map(hex));
      if (parts.length > 0) expect(() => unframed(whole.slice(0, -1), parts.length)).toThrow();
      const noise = Uint8Array.from({ length: 1 + draw(40) }, () => draw(256));
      try {
        expect(hex(framed(...unframed(noise)))).toBe(hex(noise));
      } catch (problem) {
        expect(problem).toBeInstanceOf(TrustError);
      }
    }
    const wish = { add: [Uint8Array.of(1)], remove: ["a", "b"], orderer: "" };
    expect(wishOfOctets(wishOctets(wish))).toEqual(wish);
  });
});
