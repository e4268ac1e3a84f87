/** Devices for tests: chains, lists and a log as `tests/browser/call_community.py` has made them. */

import { readCertificate } from "../../trust/certificate";
import { openAnchors, type Trust } from "../../trust/chain";
import { TrustError } from "../../trust/errors";
import type { Evidence } from "../../trust/evidence";
import { identityOf } from "../../trust/identity";
import { MEMBER_ALGORITHM, type Profile, signerOfSeed } from "../../trust/mldsa";
import { readVerifierKey } from "../../trust/note";
import { hex, type Octets, ofBase64, utf8 } from "../../trust/octets";
import { Revocations } from "../../trust/revocation";
import type { Court, LogMemory } from "./authentication";
import { FRESH_KEY } from "./commits";
import file from "./community.testing.json";
import { Conversation } from "./group";
import { MemoryStore, memoryVault } from "./memoryStore";
import { makePackage } from "./packages";
import { type Party, partyOf } from "./party";

interface MemberFile {
  leaf: string;
  seed: number;
  index: number;
  record: string;
  proof: string[];
}

export interface CommunityFile {
  community: string;
  profile: string;
  now: number;
  root: string;
  issuer: string;
  lists: string[];
  log: string;
  witnesses: string[];
  checkpoint: string;
  members: Record<string, MemberFile>;
}

const FILES: Record<"eu" | "forged" | "cnsa", CommunityFile> = file;
export type Which = keyof typeof FILES;

/** When everything was made; the clock of tests stands an hour later. */
export const NOW = file.eu.now + 3_600;
export const ORDERER = identityOf("italia.example", "office/palazzo-chigi");
export const OTHER_ORDERER = identityOf("italia.example", "ship/bergamini");

const of = (text: string): Octets => ofBase64(text, 1 << 22);

/** What members of a community are judged by, at a time that tests may move. */
export function courtOf(which: Which, clock = { now: NOW }): Promise<Court> {
  return courtOfFile(FILES[which], () => clock.now, { newest: null });
}

/** The same for a community that was just made; without a memory the browser's own is used. */
export async function courtOfFile(
  made: CommunityFile,
  now: () => number,
  memory?: LogMemory,
): Promise<Court> {
  const profile = made.profile as Profile;
  const roots = [{ der: of(made.root), until: null }];
  const anchors = await openAnchors(made.community, profile, roots);
  const [root, issuer] = [
    await readCertificate(of(made.root)),
    await readCertificate(of(made.issuer)),
  ];
  const [ofRoot = "", ofIssuer = ""] = made.lists;
  let revocations = await new Revocations().apply(of(ofRoot), root);
  revocations = await revocations.apply(of(ofIssuer), issuer);
  const trust: Trust = { anchors, revocations, listGrace: 7 * 86_400 };
  const policy = {
    log: await readVerifierKey(made.log),
    witnesses: await Promise.all(made.witnesses.map(readVerifierKey)),
    quorum: 2,
  };
  const known = new Map<string, Evidence>();
  for (const { leaf, index, record, proof } of Object.values(made.members)) {
    const { serial } = await readCertificate(of(leaf));
    const checkpoint = utf8(made.checkpoint);
    known.set(serial, { record: of(record), index, proof: proof.map(of), checkpoint });
  }
  return {
    trust: () => trust,
    policy,
    proofs: { consistency: async () => [] },
    async evidence({ serial }) {
      const found = known.get(serial);
      if (found === undefined) throw new TrustError("proof", "Nobody has evidence of this leaf.");
      return found;
    },
    now,
    ...(memory === undefined ? {} : { memory }),
  };
}

/** A device's chain and its key, grown from the seed that the community's file names. */
export async function deviceOf(which: Which, name: string) {
  const made = FILES[which];
  const member = made.members[name];
  if (member === undefined) throw new Error(`no member ${name}`);
  const profile = made.profile as Profile;
  const seed = new Uint8Array(32).fill(member.seed);
  const signer = await signerOfSeed(MEMBER_ALGORITHM[profile], seed);
  return { profile, signer, chain: [of(member.leaf), of(made.issuer)] };
}

export interface Place {
  party: Party;
  store: MemoryStore;
}

/** A device that may be in groups, with its store. */
export async function placeOf(name: string, which: Which = "eu", court?: Court): Promise<Place> {
  const store = new MemoryStore();
  const device = await deviceOf(which, name);
  const vault = await memoryVault(store, hex(device.signer.spki).slice(-16));
  return { party: await partyOf(device, court ?? (await courtOf(which)), vault), store };
}

/** Milliseconds of each step by which two people come to talk; the two ends work one after the other. */
export async function setUpTimes(one: Party, other: Party): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  const timed = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const made = await act();
    times[what] = performance.now() - start;
    return made;
  };
  const octets = await timed("package", () => makePackage(other, false));
  const group = await timed("create", () =>
    Conversation.create(one, other.identity.holder, ORDERER),
  );
  const made = await timed("add", () => group.change({ ...FRESH_KEY, add: [octets] }));
  if (made.kind !== "settled") throw new Error("a group of one waits for nobody");
  const { conversation } = await timed("join", () => Conversation.join(other, made.welcome));
  await timed("message", async () => conversation.receive(await group.send(utf8("pronto"))));
  await timed("answer", async () => group.receive(await conversation.send(utf8("pronto"))));
  return times;
}

/** The code with which something is refused; empty if it is not, and what was said if it has none. */
export async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return "";
  } catch (problem) {
    return problem instanceof TrustError ? problem.code : `${problem}`;
  }
}
