import { describe, expect, it } from "vitest";
import { joined, type Octets, utf8 } from "../../trust/octets";
import { CallEpochs, type Epoch, GRACE_MS, LONGEST_OVERLAP_MS } from "./epochs";
import { type EncodedFrame, newTally, opening, sealing } from "./frameStreams";
import { readHeader } from "./header";
import { filledUp } from "./opusPadding";
import { type CallKeys, Opener, Sealer } from "./sealer";
import { type Chance, random } from "./seeded.testing";
import { importBaseKey, SUITES, type Suite, TAG_OCTETS } from "./sframe";

const SUITE: Suite = "AES_256_GCM_SHA512_128";
const CALL = utf8("one call");
const WORDS = utf8("sixty octets of Opus, or as good as that");
/** Of a call at 32 kbit/s. */
const SIZE = 80;
/** What Opus makes of silence at a rate that varies. */
const SILENCE = Uint8Array.of(0x78, 0xff, 0xfe);
/** Two equal frames in three octets (RFC 6716 section 3.4, R3). */
const UNREADABLE = Uint8Array.of(0x79, 1, 2, 3);

/** One frame of 20 ms, wideband, of so many octets. */
function anySilk(octets: number, chance: Chance): Octets {
  return joined(Uint8Array.of(0x48), chance.octets(octets));
}

const baseKey = (fill: number) =>
  importBaseKey(SUITE, new Uint8Array(SUITES[SUITE].keyOctets).fill(fill));

/** One end of a call between leaf 0 and leaf 2 of a group of four. */
class End {
  readonly keys: CallKeys;
  readonly sealer: Sealer;
  readonly opener: Opener;

  constructor(
    readonly own: number,
    call = CALL,
  ) {
    this.keys = { suite: SUITE, call, epochs: new CallEpochs() };
    this.sealer = new Sealer(this.keys);
    this.opener = new Opener(this.keys);
  }

  epoch(number: bigint): Epoch {
    return { number, leaves: 4, own: this.own, peer: 2 - this.own };
  }

  async install(number: bigint, now = 0, fill = Number(number)): Promise<this> {
    this.keys.epochs.install(this.epoch(number), await baseKey(fill), now);
    return this;
  }

  async sealed(now = 0): Promise<Octets> {
    const made = await this.sealer.seal(WORDS, now);
    if (typeof made === "string") throw new Error(made);
    return made;
  }
}

async function pair(): Promise<[End, End]> {
  const ends: [End, End] = [await new End(0).install(1n), await new End(2).install(1n)];
  for (const end of ends) end.keys.epochs.sealUnder(1n);
  return ends;
}

describe("frames of a call", () => {
  it("come out as they went in, both ways, each once", async () => {
    const [anna, bruno] = await pair();
    for (const [one, other] of [
      [anna, bruno],
      [bruno, anna],
    ] as const) {
      const frames = [await one.sealed(), await one.sealed(), await one.sealed()];
      for (const frame of frames.reverse()) {
        expect(await other.opener.open(frame, 0)).toEqual(WORDS);
        expect(await other.opener.open(frame, 0)).toBe("replayed");
      }
      const second = new Opener(other.keys);
      expect(await second.open(frames[0] as Octets, 0)).toBe("replayed");
    }
  });

  it("are dropped where there is no key, no payload, too much of it or no seal", async () => {
    const [anna, bruno] = await pair();
    const early = new End(0);
    expect(await early.sealer.seal(WORDS, 0)).toBe("no-key");
    await early.install(1n);
    expect(await early.sealer.seal(WORDS, 0)).toBe("no-key");
    expect(await anna.sealer.seal(new Uint8Array(), 0)).toBe("empty");
    expect(await anna.sealer.seal(new Uint8Array(9000), 0)).toBe("too-large");
    expect(await bruno.opener.open(new Uint8Array(), 0)).toBe("empty");
    expect(await bruno.opener.open(new Uint8Array(9000), 0)).toBe("too-large");
    expect(await bruno.opener.open(Uint8Array.of(0x88, 0), 0)).toBe("malformed");
    expect(await new End(2).opener.open(await anna.sealed(), 0)).toBe("unknown-key");
  });

  it("are opened for nobody but the one they are from and for", async () => {
    const [anna, bruno] = await pair();
    const frame = await anna.sealed();
    expect(await anna.opener.open(frame, 0)).toBe("own");
    const third = new End(1);
    third.keys.epochs.install({ number: 1n, leaves: 4, own: 1, peer: 2 }, await baseKey(1), 0);
    expect(await third.opener.open(frame, 0)).toBe("foreign");
    const wrongKey = await new End(2).install(1n, 0, 99);
    expect(await wrongKey.opener.open(frame, 0)).toBe("not-genuine");
    const otherCall = await new End(2, utf8("other call")).install(1n);
    expect(await otherCall.opener.open(frame, 0)).toBe("not-genuine");
    expect(await bruno.opener.open(frame, 0)).toEqual(WORDS);
  });

  it("have no counter twice under one key, and another key after every start", async () => {
    const [anna, bruno] = await pair();
    const keyIds = new Set<bigint>();
    for (let start = 0; start < 9; start++) {
      const sealer = new Sealer(anna.keys);
      const counters = new Set<bigint>();
      for (let frame = 0; frame < 5; frame++) {
        const made = (await sealer.seal(WORDS, 0)) as Octets;
        const header = readHeader(made);
        counters.add(header.counter);
        keyIds.add(header.keyId);
        // As many starts as are believed; the ninth is nobody's page loaded anew.
        expect(await bruno.opener.open(made, 0)).toEqual(start < 8 ? WORDS : "unknown-key");
      }
      expect([...counters]).toEqual([0n, 1n, 2n, 3n, 4n]);
    }
    expect(keyIds.size).toBe(9);
  });

  it("go on through a change of keys, and old ones end after the grace", async () => {
    const [anna, bruno] = await pair();
    const late = [await anna.sealed(), await anna.sealed(), await anna.sealed()] as const;
    await anna.install(2n, 1000);
    expect(await bruno.opener.open(await anna.sealed(1000), 1000)).toEqual(WORDS);
    await bruno.install(2n, 1100);
    expect(await anna.opener.open(await bruno.sealed(1100), 1100)).toEqual(WORDS);
    bruno.keys.epochs.sealUnder(2n);
    expect(await anna.opener.open(await bruno.sealed(1200), 1200)).toEqual(WORDS);
    // Anna has heard that Bruno has the new key, so she seals under it without being told.
    const next = await anna.sealed(1200);
    expect(Number(readHeader(next).keyId & 15n)).toBe(2);
    expect(await bruno.opener.open(late[0], 1290)).toEqual(WORDS);
    expect(await bruno.opener.open(next, 1300)).toEqual(WORDS);
    expect(await bruno.opener.open(late[1], 1300 + GRACE_MS - 1)).toEqual(WORDS);
    expect(await bruno.opener.open(late[2], 1300 + GRACE_MS)).toBe("old-epoch");
  });

  it("fall silent where one side never takes the new key", async () => {
    const [anna, bruno] = await pair();
    await anna.install(2n, 1000);
    const end = 1000 + LONGEST_OVERLAP_MS;
    expect(await anna.opener.open(await bruno.sealed(), end - 1)).toEqual(WORDS);
    expect(await anna.opener.open(await bruno.sealed(), end)).toBe("old-epoch");
    expect(await anna.sealer.seal(WORDS, end)).toBe("no-key");
  });

  it("of somebody who was removed end at once", async () => {
    const [anna, bruno] = await pair();
    const frame = await bruno.sealed();
    await anna.install(2n);
    anna.keys.epochs.forgetBefore(2n);
    expect(await anna.opener.open(frame, 0)).toBe("old-epoch");
    expect(await anna.sealer.seal(WORDS, 0)).toBe("no-key");
  });

  it("that wait to be opened are not opened by a key that is forgotten meanwhile", async () => {
    const [anna, bruno] = await pair();
    const [frame, next] = [await bruno.sealed(), await baseKey(2)];
    const opened = anna.opener.open(frame, 0);
    anna.keys.epochs.install(anna.epoch(2n), next, 0);
    anna.keys.epochs.forgetBefore(2n);
    expect(await opened).toBe("old-epoch");
  });

  it("sealed all at once through a change of keys repeat no counter", async () => {
    const [anna] = await pair();
    const next = await baseKey(2);
    const made = Array.from({ length: 40 }, (_, at) => {
      if (at === 20) {
        anna.keys.epochs.install(anna.epoch(2n), next, 0);
        anna.keys.epochs.sealUnder(2n);
      }
      return anna.sealed();
    });
    const headers = (await Promise.all(made)).map(readHeader);
    expect(new Set(headers.map(({ keyId }) => keyId)).size).toBe(2);
    expect(new Set(headers.map(({ keyId, counter }) => `${keyId}/${counter}`)).size).toBe(40);
  });

  it("of an epoch sixteen before are of no epoch", async () => {
    const [anna, bruno] = await pair();
    const frame = await anna.sealed();
    for (let number = 2n; number <= 17n; number++) await bruno.install(number);
    expect(await bruno.opener.open(frame, 0)).toBe("not-genuine");
  });
});

describe("epochs", () => {
  it("come in order, each once, and between two leaves", async () => {
    const [anna] = await pair();
    const key = await baseKey(1);
    const { epochs } = anna.keys;
    for (const number of [1n, 0n]) {
      expect(() => epochs.install(anna.epoch(number), key, 0)).toThrow("not newer");
    }
    for (const peer of [0, 4, -1, 0.5]) {
      const wrong = { ...anna.epoch(5n), peer };
      expect(() => epochs.install(wrong, key, 0)).toThrow("two leaves");
    }
    expect(() => epochs.sealUnder(2n)).toThrow("not one to seal under");
    await anna.install(2n);
    epochs.sealUnder(2n);
    expect(() => epochs.sealUnder(1n)).toThrow("not one to seal under");
  });
});

async function run(
  stream: TransformStream<EncodedFrame, EncodedFrame>,
  payloads: readonly Octets[],
): Promise<Octets[]> {
  const out: Octets[] = [];
  const frames = payloads.map((payload) => ({ data: payload.slice().buffer }));
  const into = new WritableStream<EncodedFrame>({
    write({ data }) {
      out.push(new Uint8Array(data));
    },
  });
  const from = new ReadableStream<EncodedFrame>({
    start(controller) {
      for (const frame of frames) controller.enqueue(frame);
      controller.close();
    },
  });
  await from.pipeThrough(stream).pipeTo(into);
  return out;
}

describe("transforms", () => {
  it("keep the order of frames whatever their size", async () => {
    const [anna, bruno] = await pair();
    const chance = random(7);
    const payloads = Array.from({ length: 300 }, () => anySilk(chance.below(1276), chance));
    const [sealedTally, openedTally] = [newTally(), newTally()];
    const sealed = await run(
      sealing(anna.keys, SIZE, sealedTally, () => 0),
      payloads,
    );
    expect(sealed.map((frame) => readHeader(frame).counter)).toEqual(
      payloads.map((_, at) => BigInt(at)),
    );
    const opened = await run(
      opening(bruno.keys, openedTally, () => 0),
      sealed,
    );
    expect(opened).toEqual(payloads.map((payload) => filledUp(payload, SIZE)));
    expect([sealedTally.passed, openedTally.passed]).toEqual([300, 300]);
  });

  it("seal speech and silence as frames of one size, and nothing that is no Opus", async () => {
    const [anna, bruno] = await pair();
    const chance = random(17);
    const spoken = Array.from({ length: 100 }, () => anySilk(chance.below(SIZE), chance));
    const tally = newTally();
    const payloads = [...spoken, SILENCE, UNREADABLE, new Uint8Array(), SILENCE];
    const sealed = await run(
      sealing(anna.keys, SIZE, tally, () => 0),
      payloads,
    );
    const sizes = sealed.map((frame) => frame.length - readHeader(frame).length - TAG_OCTETS);
    expect([sizes.length, ...new Set(sizes)]).toEqual([102, SIZE]);
    expect([tally.passed, tally.dropped.malformed, tally.dropped.empty]).toEqual([102, 1, 1]);
    const opened = await run(
      opening(bruno.keys, newTally(), () => 0),
      sealed,
    );
    expect(opened).toHaveLength(102);
  });

  it("live through everything that is thrown at them, and pass none of it", async () => {
    const [anna, bruno] = await pair();
    const chance = random(11);
    const genuine = await anna.sealed();
    const noise = Array.from({ length: 1500 }, (_, at) => {
      if (at % 3 === 0) return chance.octets(chance.below(80));
      const spoilt = genuine.slice(0, chance.below(genuine.length + 1));
      if (spoilt.length > 0) spoilt[chance.below(spoilt.length)] = chance.below(256);
      return spoilt.length === genuine.length ? spoilt.slice(1) : spoilt;
    });
    const tally = newTally();
    expect(
      await run(
        opening(bruno.keys, tally, () => 0),
        [...noise, genuine],
      ),
    ).toEqual([WORDS]);
    const dropped = Object.values(tally.dropped).reduce((sum, count) => sum + count, 0);
    expect([tally.passed, dropped, tally.dropped.failure]).toEqual([1, 1500, 0]);
  });

  it("count what failed, and go on", async () => {
    const [anna] = await pair();
    const tally = newTally();
    let calls = 0;
    const clock = () => {
      calls += 1;
      if (calls === 2) throw new Error("the clock is broken");
      return 0;
    };
    const payloads = [SILENCE, SILENCE, SILENCE];
    expect(await run(sealing(anna.keys, SIZE, tally, clock), payloads)).toHaveLength(2);
    expect([tally.passed, tally.dropped.failure]).toEqual([2, 1]);
  });
});
