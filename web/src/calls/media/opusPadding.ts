/**
 * Opus packets of one size (RFC 6716 section 3): shorter ones are filled up by padding.
 *
 * Decoders pass over padding (section 3.2.5), so whoever receives needs to know nothing of it. The
 * frames in a packet stay what they are; only how they are counted is written anew, as code 3.
 */

import { joined, type Octets } from "../../trust/octets";

/** Milliseconds of speech in a packet: `ptime` of a call's descriptions. */
const PACKET_MS = 20;
/** Most octets of one frame, and most milliseconds of a packet (section 3.4, R2 and R5). */
const LONGEST_FRAME = 1275;
const LONGEST_PACKET_MS = 120;
/** Octets of padding that one octet of their number can tell of; 255 says that another follows. */
const PADDING_OF_ONE = 254;
const VARIABLE = 0x80;
const PADDED = 0x40;
const COUNT = 0x3f;

/** A packet in the parts that code 3 has. */
interface Parts {
  /** The octet that every packet begins with; its last two bits are the code. */
  toc: number;
  /** How many frames, and whether their lengths differ; null for code 0 to 2, which has none. */
  count: number | null;
  /** The lengths of frames that differ, and the frames. */
  frames: Octets;
  /** What is there of padding; null where none is announced. */
  padding: Octets | null;
}

/** Octets of Opus for 20 ms at a constant rate, in bits per second. */
export function packetOctets(bitRate: number): number {
  return Math.floor((bitRate * PACKET_MS) / 8000);
}

/**
 * The packet at the size of its call, in octets; null if it is no Opus packet.
 *
 * A packet of that size stays as it is. One that is longer goes to the next multiple of it, which
 * tells less than its own length and loses no speech.
 */
export function filledUp(packet: Octets, size: number): Octets | null {
  const target = size * Math.ceil(packet.length / size);
  if (packet.length === target) return packet;
  const parts = partsOf(packet);
  return parts && withPadding(parts, target);
}

/** The packet's parts; null unless it stands every rule of section 3.4. */
function partsOf(packet: Octets): Parts | null {
  const toc = packet[0];
  if (toc === undefined) return null;
  const code = toc & 3;
  if (code === 3) return partsOfCode3(toc, packet);
  const count = code === 0 ? 1 : code === 1 ? 2 : VARIABLE | 2;
  const frames = packet.subarray(1);
  return areFrames(toc, count, frames) ? { toc, count: null, frames, padding: null } : null;
}

function partsOfCode3(toc: number, packet: Octets): Parts | null {
  const count = packet[1];
  if (count === undefined) return null;
  let [at, octets] = [2, 0];
  for (let more = (count & PADDED) !== 0; more; at++) {
    const told = packet[at];
    if (told === undefined) return null;
    more = told === 255;
    octets += Math.min(told, PADDING_OF_ONE);
  }
  const end = packet.length - octets;
  if (end < at) return null;
  const frames = packet.subarray(at, end);
  if (!areFrames(toc, count, frames)) return null;
  return { toc, count, frames, padding: (count & PADDED) === 0 ? null : packet.subarray(end) };
}

/** Whether these are as many frames as the count says, none too long, and not too much speech. */
function areFrames(toc: number, count: number, octets: Octets): boolean {
  const many = count & COUNT;
  if (many === 0 || many * frameMs(toc) > LONGEST_PACKET_MS) return false;
  if ((count & VARIABLE) === 0) {
    return octets.length % many === 0 && octets.length / many <= LONGEST_FRAME;
  }
  let [at, told] = [0, 0];
  for (let frame = 1; frame < many; frame++) {
    const first = octets[at] ?? 0;
    // Section 3.2.1: from 252 on a second octet counts four each.
    const second = first < 252 ? 0 : (octets[at + 1] ?? 0);
    at += first < 252 ? 1 : 2;
    told += first + 4 * second;
    if (first + 4 * second > LONGEST_FRAME) return false;
  }
  const last = octets.length - at - told;
  return last >= 0 && last <= LONGEST_FRAME;
}

/** Milliseconds of each frame, by the configuration (section 3.1, table 2). */
function frameMs(toc: number): number {
  const configuration = toc >> 3;
  const ofSilk = [10, 20, 40, 60] as const;
  const ofCelt = [2.5, 5, 10, 20] as const;
  if (configuration < 12) return ofSilk[configuration % 4] ?? 60;
  if (configuration < 16) return configuration % 2 === 0 ? 10 : 20;
  return ofCelt[configuration % 4] ?? 20;
}

/** Writes the parts as code 3, with as much padding as the length asks: at least one octet more. */
function withPadding({ toc, count, frames, padding }: Parts, length: number): Octets {
  const code3 = toc | 3;
  const known = count ?? ((toc & 3) === 2 ? VARIABLE | 2 : (toc & 3) + 1);
  const rest = length - 2 - frames.length;
  // One octet more than code 0 to 2 needs is the count itself, without padding.
  if (rest === 0) return joined(Uint8Array.of(code3, known & ~PADDED), frames);
  const numbers = Math.ceil(rest / (PADDING_OF_ONE + 1));
  const filling = new Uint8Array(rest - numbers);
  // What an encoder has put there itself, as extensions of Opus do, stays where it was.
  if (padding) filling.set(padding);
  const told = new Uint8Array(numbers).fill(255);
  told[numbers - 1] = filling.length - PADDING_OF_ONE * (numbers - 1);
  return joined(Uint8Array.of(code3, known | PADDED), told, frames, filling);
}
