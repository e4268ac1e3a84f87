import { describe, expect, it } from "vitest";
import { joined, type Octets } from "../../trust/octets";
import { filledUp, packetOctets } from "./opusPadding";
import { type Chance, random } from "./seeded.testing";

/** What a decoder finds in a packet. */
interface Found {
  /** Configuration and channels: the first octet without the code. */
  kind: number;
  frames: Octets[];
}

/** Reads a packet frame by frame, as RFC 6716 section 3.2 tells decoders to; null if it is none. */
function framesOf(packet: Octets): Found | null {
  const at = { octet: 0, end: packet.length };
  const take = () => (at.octet < at.end ? (packet[at.octet++] as number) : Number.NaN);
  const length = () => {
    const first = take();
    return first < 252 ? first : first + 4 * take();
  };
  const toc = take();
  const lengths: number[] = [];
  const equal = (count: number) => {
    for (let frame = 0; frame < count; frame++) lengths.push((at.end - at.octet) / count);
  };
  const differing = (count: number) => {
    for (let frame = 1; frame < count; frame++) lengths.push(length());
    lengths.push(lengths.reduce((rest, each) => rest - each, at.end - at.octet));
  };
  if ((toc & 3) === 0) equal(1);
  else if ((toc & 3) === 1) equal(2);
  else if ((toc & 3) === 2) differing(2);
  else {
    const count = take();
    if (count & 0x40) {
      for (let told = 255; told === 255; ) {
        told = take();
        at.end -= told === 255 ? 254 : told;
      }
    }
    if (count & 0x80) differing(count & 0x3f);
    else equal(count & 0x3f);
  }
  const whole = (each: number) => Number.isInteger(each) && each >= 0 && each <= 1275;
  if (lengths.length === 0 || !lengths.every(whole)) return null;
  const frames = lengths.map((each) => {
    at.octet += each;
    return packet.slice(at.octet - each, at.octet);
  });
  return at.octet === at.end ? { kind: toc >> 2, frames } : null;
}

/** A length as section 3.2.1 writes it. */
function told(length: number): number[] {
  if (length < 252) return [length];
  const first = 252 + (length % 4);
  return [first, (length - first) / 4];
}

/** Any packet that the rules allow: of every code and configuration, padded by its encoder or not. */
function anyPacket(chance: Chance): Octets {
  const [configuration, code, mono] = [chance.below(32), chance.below(4), 4 * chance.below(2)];
  const toc = (configuration << 3) | mono | code;
  const most = chance.below(3) === 0 ? 700 : 70;
  const some = () => chance.octets(chance.below(most));
  if (code === 0) return joined(Uint8Array.of(toc), some());
  if (code === 1) return joined(Uint8Array.of(toc), chance.octets(2 * chance.below(most)));
  if (code === 2) {
    const [first, second] = [some(), some()];
    return joined(Uint8Array.of(toc, ...told(first.length)), first, second);
  }
  const variable = chance.below(2) === 1;
  const count = 1 + chance.below(2);
  const same = chance.below(most);
  const frames = Array.from({ length: count }, () => (variable ? some() : chance.octets(same)));
  const lengths = variable ? frames.slice(0, -1).flatMap((frame) => told(frame.length)) : [];
  const padding = chance.below(2) === 1 ? chance.octets(chance.below(600)) : null;
  const numbers: number[] = [];
  for (let rest = padding?.length ?? -1; rest >= 0; rest -= 254) {
    numbers.push(rest > 254 ? 255 : rest);
    if (rest <= 254) break;
  }
  const head = (variable ? 0x80 : 0) | (padding ? 0x40 : 0) | count;
  const start = Uint8Array.of(toc, head, ...numbers, ...lengths);
  return joined(start, ...frames, padding ?? new Uint8Array());
}

const SIZES = [30, 40, 60, 80, 256, 300, 1000];

describe("packets of a call", () => {
  it("have the size of their rate for 20 ms", () => {
    expect([12_000, 16_000, 24_000, 32_000].map(packetOctets)).toEqual([30, 40, 60, 80]);
  });

  it("of any code get exactly their size, with the same frames in them", () => {
    const chance = random(3);
    const codes = new Set<number>();
    for (let turn = 0; turn < 1500; turn++) {
      const packet = anyPacket(chance);
      const before = framesOf(packet);
      expect(before).not.toBeNull();
      const size = SIZES[chance.below(SIZES.length)] as number;
      const filled = filledUp(packet, size) as Octets;
      expect(filled.length % size).toBe(0);
      expect(filled.length - packet.length).toBeLessThan(size);
      expect(framesOf(filled)).toEqual(before);
      codes.add((packet[0] as number) & 3);
    }
    expect(codes.size).toBe(4);
  });

  it("reach every size, whatever is missing: one octet, two, and around each further number", () => {
    const chance = random(5);
    for (const code of [0, 1, 2, 3]) {
      for (let missing = 1; missing < 800; missing++) {
        const content = code === 2 ? [3, 1, 2, 3, 4] : [1, 2, 3, 4];
        const packet = Uint8Array.of(0x48 | code, ...(code === 3 ? [2] : []), ...content);
        const filled = filledUp(packet, packet.length + missing) as Octets;
        expect(filled.length).toBe(packet.length + missing);
        expect(framesOf(filled)).toEqual(framesOf(packet));
        // And once more, now that it is padded.
        const more = filledUp(filled, filled.length + 1 + chance.below(300)) as Octets;
        expect(framesOf(more)).toEqual(framesOf(packet));
      }
    }
  });

  it("that are one octet, or silence of three, are filled up too", () => {
    for (const silence of [[0x78], [0x78, 0xff, 0xfe]]) {
      const filled = filledUp(Uint8Array.from(silence), 80) as Octets;
      expect(filled.length).toBe(80);
      expect(framesOf(filled)?.frames).toEqual([Uint8Array.from(silence.slice(1))]);
    }
  });

  it("of the size already are the same, also where nobody can read them", () => {
    const chance = random(9);
    for (let turn = 0; turn < 200; turn++) {
      const packet = chance.octets(80);
      expect(filledUp(packet, 80)).toBe(packet);
    }
  });

  it("that are too long go to the next multiple, none is cut or lost", () => {
    const lengthOf = (length: number) =>
      filledUp(joined(Uint8Array.of(0x78), new Uint8Array(length - 1)), 80)?.length;
    expect([79, 80, 81, 160, 161, 1276].map(lengthOf)).toEqual([80, 80, 160, 160, 240, 1280]);
  });

  it("keep what an encoder has put into its padding, at its beginning", () => {
    const packet = Uint8Array.of(0x4b, 0x41, 3, 1, 2, 7, 8, 9);
    expect(filledUp(packet, 11)).toEqual(Uint8Array.of(0x4b, 0x41, 6, 1, 2, 7, 8, 9, 0, 0, 0));
  });

  it("are refused where they break a rule of section 3.4", () => {
    const broken = [
      [0x79, 1, 2, 3], // two equal frames in three octets
      [0x7a], // no length of the first frame
      [0x7a, 200, 1], // the first is longer than all
      [0x7a, 252], // half a length
      [0x7b], // no count
      [0x7b, 0], // no frame
      [0x7b, 7, 1, 2, 3, 4, 5, 6, 7], // 140 ms
      [0x1b, 3, 1, 2, 3], // 180 ms
      [0x7b, 2, 1, 2, 3], // two equal frames in three octets
      [0x7b, 0x41], // no number of padding
      [0x7b, 0x41, 255], // it goes on, and there is no more
      [0x7b, 0x41, 9, 1], // more padding than octets
      [0x7b, 0x82, 9, 1], // the first is longer than all
    ];
    for (const octets of broken) expect(filledUp(Uint8Array.from(octets), 80)).toBeNull();
    expect(filledUp(new Uint8Array(1277).fill(0x78), 80)).toBeNull();
    const inCode3 = Uint8Array.of(0x7b, 1, ...new Uint8Array(1276));
    expect(filledUp(inCode3, 80)).toBeNull();
  });

  it("are read or refused whatever they are, and what is read has its size and its frames", () => {
    const chance = random(13);
    let read = 0;
    for (let turn = 0; turn < 10_000; turn++) {
      const octets = chance.octets(1 + chance.below(79));
      const filled = filledUp(octets, 80);
      if (filled === null) continue;
      read += 1;
      expect(filled.length).toBe(80);
      expect(framesOf(filled)).toEqual(framesOf(octets));
      expect(framesOf(octets)).not.toBeNull();
    }
    expect(read).toBeGreaterThan(1000);
  });
});
