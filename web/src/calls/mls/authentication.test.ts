import { defaultAuthenticationService } from "ts-mls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TrustError } from "../../trust/errors";
import { type Octets, utf8 } from "../../trust/octets";
import { type Court, MemberAuthentication } from "./authentication";
import { Conversation } from "./group";
import { MemoryStore, memoryVault } from "./memoryStore";
import { makePackage } from "./packages";
import { configOf, type Party, partyOf } from "./party";
import { codeOf, courtOf, deviceOf, NOW, ORDERER, placeOf } from "./places.testing";
import { rawKeyOf, suiteOf } from "./suites";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A party whose own court lets it in whatever it shows: what a member does who cheats. */
async function cheating(name: string, which: "eu" | "forged" | "cnsa", as = name): Promise<Party> {
  const device = await deviceOf(which, name);
  const shown = await deviceOf(which, as);
  const vault = await memoryVault(new MemoryStore(), name);
  const honest = await placeOf("annaPhone");
  return {
    ...honest.party,
    credential: { credentialType: "x509", certificates: shown.chain },
    publicKey: rawKeyOf(device.signer.spki),
    suite: await suiteOf(device.profile, device.signer),
    vault,
  };
}

async function refusedIn(court: Court, octets: Octets): Promise<string> {
  const { party } = await placeOf("annaPhone", "eu", court);
  const group = await Conversation.create(
    party,
    "spiffe://italia.example/person/bruno.verdi",
    ORDERER,
  );
  const code = await codeOf(() => group.change({ add: [octets], remove: [], orderer: "" }));
  expect(group.epoch).toBe(0n);
  expect(group.members.length).toBe(1);
  return code;
}

describe("whoever is added is refused unless proven", () => {
  it.each([
    ["a device under another root of the same names", "brunoPhone", "forged", "not-genuine"],
    ["a revoked device", "brunoLost", "eu", "revoked"],
    ["a device that has expired", "brunoOld", "eu", "not-in-force"],
    ["a ship's edge", "ship", "eu", "identity"],
    ["a third person's device", "carlaPhone", "eu", "identity"],
  ] as const)("%s", async (_, name, which, code) => {
    const octets = await makePackage(await cheating(name, which), false);
    const clock = { now: name === "brunoOld" ? NOW + 86_400 : NOW };
    expect(await refusedIn(await courtOf("eu", clock), octets)).toBe(code);
  });

  it("a chain that is somebody else's", async () => {
    const octets = await makePackage(await cheating("brunoDesk", "eu", "brunoPhone"), false);
    expect(await refusedIn(await courtOf("eu"), octets)).toBe("key");
  });

  it("a device of which the log tells nothing", async () => {
    const octets = await makePackage(await cheating("brunoPhone", "eu"), false);
    const court = await courtOf("eu");
    const nothing = () => Promise.reject(new TrustError("proof", "There is no evidence."));
    expect(
      await refusedIn(
        {
          ...court,
          evidence: async (leaf) =>
            leaf.identity?.device === "phone" && leaf.identity.name !== "anna.rossi"
              ? nothing()
              : court.evidence(leaf),
        },
        octets,
      ),
    ).toBe("proof");
  });

  it("a device with the evidence of another one, or too few witnesses", async () => {
    const octets = await makePackage(await cheating("brunoPhone", "eu"), false);
    const court = await courtOf("eu");
    let first: Parameters<Court["evidence"]>[0] | null = null;
    const mixed: Court = {
      ...court,
      evidence(leaf) {
        first ??= leaf;
        return court.evidence(first);
      },
    };
    expect(await refusedIn(mixed, octets)).toBe("proof");
    const [witness] = court.policy.witnesses;
    if (witness === undefined) throw new Error("no witness");
    const { log } = (await courtOf("forged")).policy;
    const policy = { ...court.policy, witnesses: [witness, log], quorum: 2 };
    const { party } = await placeOf("annaPhone");
    const strict = new MemberAuthentication({ ...court, policy });
    expect(await codeOf(() => strict.peerOf(party.credential, party.publicKey))).not.toBe("");
  });

  it("a device of the other profile's suite", async () => {
    const { party } = await placeOf("brunoPhone", "cnsa");
    const octets = await makePackage(party, false);
    expect(await refusedIn(await courtOf("eu"), octets)).toBe("key");
  });
});

describe("nobody is let in by the default authentication service", () => {
  it("a group cannot be made with it, nor with any other than ours", async () => {
    const foreign = defaultAuthenticationService as unknown as MemberAuthentication;
    expect(() => configOf(foreign)).toThrow(TrustError);
    const { party } = await placeOf("annaPhone");
    expect(party.config.authService).toBeInstanceOf(MemberAuthentication);
  });

  it("the founder itself must pass", async () => {
    const device = await deviceOf("eu", "brunoLost");
    const vault = await memoryVault(new MemoryStore(), "lost");
    const court = await courtOf("eu");
    expect(await codeOf(() => partyOf(device, court, vault))).toBe("revoked");
  });

  it("no source of the pages names it", () => {
    const files = import.meta.glob<string>(["../../**/*.ts", "../../**/*.tsx", "!**/*.test.ts"], {
      query: "?raw",
      import: "default",
      eager: true,
    });
    expect(Object.keys(files)).toContain("./party.ts");
    for (const [name, text] of Object.entries(files)) {
      expect(text, name).not.toMatch(/default(?:AuthenticationService|ClientConfig)/);
      // Whoever calls these without a configuration would get the one with that service.
      if (/\b(?:createGroup|joinGroup)\(/.test(text))
        expect(text, name).toMatch(/party\.config(?:,\n|\))/);
    }
  });
});

it("a judgement ends when new lists come", async () => {
  const court = await courtOf("eu");
  let { revocations } = court.trust();
  let trust = court.trust();
  const service = new MemberAuthentication({ ...court, trust: () => trust });
  const { chain, signer } = await deviceOf("eu", "brunoPhone");
  const credential = { credentialType: "x509" as const, certificates: chain };
  await service.peerOf(credential, rawKeyOf(signer.spki));
  const { Revocations } = await import("../../trust/revocation");
  revocations = new Revocations();
  trust = { ...trust, revocations };
  expect(await codeOf(() => service.peerOf(credential, rawKeyOf(signer.spki)))).toBe("proof");
});

it("a message signed for another use is no message of a member", async () => {
  const { signer, profile } = await deviceOf("eu", "annaPhone");
  const suite = await suiteOf(profile, signer);
  const raw = rawKeyOf(signer.spki);
  const said = utf8("MLS 1.0 LeafNodeTBS");
  expect(await suite.signature.verify(raw, said, await signer.sign(said, "group"))).toBe(true);
  expect(await suite.signature.verify(raw, said, await signer.sign(said, "envelope"))).toBe(false);
  expect(await suite.signature.verify(raw, said, await signer.sign(said, "certificate"))).toBe(
    false,
  );
  await expect(suite.signature.sign(new Uint8Array(32), said)).rejects.toThrow(TrustError);
  expect(() => suite.signature.keygen()).toThrow(TrustError);
});
