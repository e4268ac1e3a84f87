/**
 * What one side of a call tells the other of its media: a description (RFC 8866) with nothing to
 * choose in it. Reading rebuilds it: a text that is not, octet for octet, what we would write of the
 * fields in it is refused, so no line can be added, moved or changed in its meaning.
 */

import { TrustError } from "../../trust/errors";
import { joined, type Octets, ofHex, utf8 } from "../../trust/octets";

export type Kind = "offer" | "answer";
export type Setup = "actpass" | "active" | "passive";

/** Bits per second of Opus that a call may ask for; without headers and seal. */
export const BIT_RATES = [12_000, 16_000, 24_000, 32_000] as const;
export type BitRate = (typeof BIT_RATES)[number];

/** The end of a call's media that one browser made. */
export interface MediaEnd {
  kind: Kind;
  /** Of the browser's certificate for DTLS: SHA-256, in capital hexadecimal digits with colons. */
  fingerprint: string;
  setup: Setup;
  ufrag: string;
  password: string;
  /** RTP payload type of Opus; the answer's is the offer's. */
  payloadType: number;
  /** The one RTP source. */
  ssrc: number;
  bitRate: BitRate;
}

export const LONGEST_DESCRIPTION = 2048;
/** The one medium's name (RFC 9143). */
export const MID = "0";
const BOUND_LABEL = "baluardo/call-media/v1";
const FINGERPRINT = /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/;
/** RFC 8839 section 5.4 asks for 4 and 22 characters at least. */
const UFRAG = /^[A-Za-z0-9+/]{4,32}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,64}$/;
const NUMBER = /^(0|[1-9][0-9]{0,9})$/;

/** The lines of a description but for candidates: what is told, and nothing else. */
export function linesOf(end: MediaEnd): string[] {
  checkEnd(end);
  const opus = end.payloadType;
  return [
    "v=0",
    "o=- 1 1 IN IP4 0.0.0.0",
    "s=-",
    "t=0 0",
    `a=group:BUNDLE ${MID}`,
    `m=audio 9 UDP/TLS/RTP/SAVPF ${opus}`,
    "c=IN IP4 0.0.0.0",
    `a=mid:${MID}`,
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    `a=ice-ufrag:${end.ufrag}`,
    `a=ice-pwd:${end.password}`,
    `a=fingerprint:sha-256 ${end.fingerprint}`,
    `a=setup:${end.setup}`,
    `a=rtpmap:${opus} opus/48000/2`,
    `a=fmtp:${opus} minptime=20;stereo=0;sprop-stereo=0;useinbandfec=1;usedtx=0;cbr=1;maxaveragebitrate=${end.bitRate}`,
    "a=ptime:20",
    "a=maxptime:20",
    `a=ssrc:${end.ssrc} cname:-`,
  ];
}

/** The description that goes to the other side. No address is in it: each side knows its relay. */
export function writeDescription(end: MediaEnd): string {
  return `${linesOf(end).join("\r\n")}\r\n`;
}

/** Reads the other side's description; refused unless it is one that `writeDescription` writes. */
export function readDescription(text: string, kind: Kind): MediaEnd {
  if (text.length > LONGEST_DESCRIPTION) {
    throw new TrustError("too-large", "A call's description is longer than any of ours.");
  }
  const lines = text.split("\r\n");
  if (lines.some((line) => line.startsWith("a=candidate"))) {
    throw refused("names an address, though each side uses its own relay");
  }
  if (lines.filter((line) => line.startsWith("m=")).length !== 1) {
    throw refused("has another number of media than one");
  }
  const field = (start: string) => {
    const found = lines.filter((line) => line.startsWith(start));
    if (found.length !== 1) throw refused(`has not exactly one line ${start}`);
    return (found[0] ?? "").slice(start.length);
  };
  const end: MediaEnd = {
    kind,
    fingerprint: field("a=fingerprint:sha-256 "),
    setup: field("a=setup:") as Setup,
    ufrag: field("a=ice-ufrag:"),
    password: field("a=ice-pwd:"),
    payloadType: numberOf(field("m=audio 9 UDP/TLS/RTP/SAVPF ")),
    ssrc: numberOf(field("a=ssrc:").split(" ")[0]),
    bitRate: numberOf(field("a=fmtp:").split("maxaveragebitrate=")[1]) as BitRate,
  };
  const line = linesOf(end).find((wanted, at) => lines[at] !== wanted);
  if (line !== undefined) throw refused(`has something else where "${line}" belongs`);
  if (writeDescription(end) !== text) throw refused("has more lines than it may have");
  return end;
}

/**
 * The octets that both sides have to agree on: fingerprint, role and name for the connectivity
 * checks, source, payload type and rate. The password is left out, so that they can be shown.
 */
export function boundOctets(end: MediaEnd): Octets {
  checkEnd(end);
  const rest = new DataView(new ArrayBuffer(9));
  rest.setUint8(0, end.payloadType);
  rest.setUint32(1, end.ssrc);
  rest.setUint32(5, end.bitRate);
  const print = ofHex(end.fingerprint.replaceAll(":", "").toLowerCase(), 32);
  const parts = [utf8(BOUND_LABEL), utf8(end.kind), print, utf8(end.setup), utf8(end.ufrag)];
  return joined(...parts.flatMap((part) => [Uint8Array.of(part.length), part]), view(rest));
}

function checkEnd(end: MediaEnd): void {
  const roles: Setup[] = end.kind === "offer" ? ["actpass"] : ["active", "passive"];
  if (!FINGERPRINT.test(end.fingerprint)) throw refused("has no fingerprint by SHA-256");
  if (!roles.includes(end.setup)) throw refused(`has a role for DTLS that no ${end.kind} has`);
  if (!UFRAG.test(end.ufrag) || !PASSWORD.test(end.password)) {
    throw refused("has no name and password for the connectivity checks");
  }
  // Dynamic types (RFC 3551 section 6); those below 96 collide with RTCP or with old codecs.
  if (!inRange(end.payloadType, 96, 127)) throw refused("has no payload type for Opus");
  if (!inRange(end.ssrc, 1, 2 ** 32 - 1)) throw refused("names no source");
  if (!BIT_RATES.includes(end.bitRate)) throw refused("asks for a bit rate that no call has");
}

function inRange(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function numberOf(text: string | undefined): number {
  return text !== undefined && NUMBER.test(text) ? Number(text) : Number.NaN;
}

function view({ buffer }: DataView<ArrayBuffer>): Octets {
  return new Uint8Array(buffer);
}

function refused(what: string): TrustError {
  return new TrustError("malformed", `The other side's description was refused: it ${what}.`);
}
