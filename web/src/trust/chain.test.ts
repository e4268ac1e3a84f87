import { describe, expect, it } from "vitest";
import type { Profile } from "./algorithms";
import { readCertificate } from "./certificate";
import { openAnchors, type Trust, verifyChain } from "./chain";
import { type Octets, ofBase64 } from "./octets";
import { Revocations } from "./revocation";
import vectors from "./vectors.json";

const DAY = 86_400;
const { now: NOW, communities } = vectors;
const NAMES = Object.keys(communities) as Profile[];
const of = (text: string) => ofBase64(text, 1 << 20);
const chainOf = (name: Profile) => [of(communities[name].leaf), of(communities[name].issuer)];

/** What judges this community's chains, with these of its lists. */
async function trustOf(name: Profile, lists = ["rootList", "issuerList"]): Promise<Trust> {
  const { community, root, ...told } = communities[name];
  const anchors = await openAnchors(community, name, [{ der: of(root), until: null }]);
  let revocations = new Revocations();
  for (const list of lists) {
    const signer = await readCertificate(of(list === "rootList" ? root : told.issuer));
    revocations = await revocations.apply(of(told[list as keyof typeof told]), signer);
  }
  return { anchors, revocations, listGrace: 7 * DAY };
}

describe.each(NAMES)("chains of %s", (name) => {
  it("tell who it is", async () => {
    const peer = await verifyChain(chainOf(name), await trustOf(name), NOW);
    expect(peer.identity.uri).toBe(communities[name].identity);
    expect(peer.standing).toBe("current");
    expect(peer.path.map(({ der }) => der)).toEqual([...chainOf(name), of(communities[name].root)]);
  });

  it("are refused whichever bit is wrong", async () => {
    const trust = await trustOf(name);
    const chain = chainOf(name);
    let random = 20_260_528;
    for (let round = 0; round < 60; round++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0; // the same for every run
      const which = round % 2;
      const der = chain[which] as Octets;
      const at = (random >>> 3) % der.length;
      const altered = der.with(at, (der[at] ?? 0) ^ (1 << (random & 7))) as Octets;
      const offered = chain.with(which, altered);
      await expect(verifyChain(offered, trust, NOW)).rejects.toHaveProperty("name", "TrustError");
    }
  });

  it.each<[string, (chain: Octets[]) => Octets[], string]>([
    ["empty", () => [], "malformed"],
    ["alone", ([leaf]) => [leaf as Octets], "not-genuine"],
    ["the other way round", (chain) => chain.toReversed(), "malformed"],
    ["with its issuer twice", (chain) => [...chain, chain[1] as Octets], "malformed"],
    ["longer than any", (chain) => [...chain, ...chain, ...chain], "too-large"],
    [
      "with a certificate too large",
      ([leaf]) => [leaf as Octets, new Uint8Array(40_000)],
      "too-large",
    ],
  ])("are refused %s", async (_, alter, code) => {
    const offered = alter(chainOf(name));
    await expect(verifyChain(offered, await trustOf(name), NOW)).rejects.toMatchObject({ code });
  });

  it("are refused out of their time, under another's roots, and without lists", async () => {
    const trust = await trustOf(name);
    const judged = (changed: Partial<Trust>, now = NOW) =>
      verifyChain(chainOf(name), { ...trust, ...changed }, now);
    const late = { code: "not-in-force" };
    await expect(judged({}, NOW + 30 * DAY + 601)).rejects.toMatchObject(late);
    await expect(judged({}, NOW - 601)).rejects.toMatchObject(late);
    await expect(judged({}, Number.NaN)).rejects.toMatchObject(late);
    await expect(judged({}, NOW + 15 * DAY)).rejects.toMatchObject(late); // the list is too old
    const anchors = { ...trust.anchors, community: "francia.example" };
    await expect(judged({ anchors })).rejects.toMatchObject({ code: "identity" });
    const other = NAMES.find((each) => each !== name) as Profile;
    const theirs = (await trustOf(other)).anchors;
    await expect(judged({ anchors: { ...theirs, profile: name } })).rejects.toMatchObject({
      code: "not-genuine",
    });
    await expect(judged({ revocations: new Revocations() })).rejects.toMatchObject({
      code: "proof",
    });
  });

  it("are refused once taken back, also when a later list leaves that out", async () => {
    for (const more of [["revoking"], ["revoking", "forgetful"]]) {
      const trust = await trustOf(name, ["rootList", "issuerList", ...more]);
      await expect(verifyChain(chainOf(name), trust, NOW + DAY)).rejects.toMatchObject({
        code: "revoked",
      });
    }
    const trust = await trustOf(name, ["rootList", "issuerList", "forgetful"]);
    await verifyChain(chainOf(name), trust, NOW + DAY);
    const issuer = await readCertificate(of(communities[name].issuer));
    const older = of(communities[name].issuerList);
    await expect(trust.revocations.apply(older, issuer)).rejects.toMatchObject({ code: "proof" });
    const delta = of(communities[name].revoking);
    await expect(new Revocations().apply(delta, issuer)).rejects.toMatchObject({ code: "proof" });
  });

  it("start from roots of the profile and nothing else", async () => {
    const { community, root, issuer, leaf } = communities[name];
    const opened = (...texts: string[]) =>
      openAnchors(
        community,
        name,
        texts.map((text) => ({ der: of(text), until: null })),
      );
    for (const texts of [[], [leaf], [issuer], [root, root], Array(9).fill(root)]) {
      await expect(opened(...texts)).rejects.toHaveProperty("name", "TrustError");
    }
    await opened(root);
  });
});
