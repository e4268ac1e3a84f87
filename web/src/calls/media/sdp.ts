/**
 * Between a browser's own descriptions and those of a call: what ours made is cut down to the fields
 * that a call tells, and what the other side told is given to our browser with one address in it,
 * that of our own relay.
 *
 * The browser's own description is set as it wrote it: an offer's codecs and header extensions count
 * only as far as the answer repeats them (RFC 3264), and ours repeat none but Opus and no extension.
 * No audio level (RFC 6464: it tells loudness), no transport-wide sequence numbers (nothing adapts to
 * them at a constant rate, and they cost 8 octets a packet), no names of media (there is one).
 * In-band FEC stays: under a constant rate it changes no packet's size, and repairs single losses.
 */

import { TrustError } from "../../trust/errors";
import { type BitRate, type Kind, linesOf, type MediaEnd, MID, type Setup } from "./description";

/** Where the browser's own relay listens. */
export interface Relay {
  /** IPv4 or IPv6, as a literal. */
  address: string;
  port: number;
}

/** Largest description that a browser of ours writes, with every codec it has. */
const LONGEST_LOCAL = 65_536;
const ADDRESS = /^([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f:]{2,39})$/;

/** The end of the call that our own browser has made, out of the description that it set. */
export function localEnd(kind: Kind, sdp: string, bitRate: BitRate): MediaEnd {
  if (sdp.length > LONGEST_LOCAL) throw unusable("it is too long");
  const lines = sdp.split(/\r?\n/);
  const media = lines.filter((line) => line.startsWith("m="));
  const [, protocol, types] = /^m=audio [0-9]+ ([A-Z/]+) ([0-9 ]+)$/.exec(media[0] ?? "") ?? [];
  if (media.length !== 1 || protocol !== "UDP/TLS/RTP/SAVPF" || types === undefined) {
    throw unusable("it has other media than one for speech");
  }
  const first = (pattern: RegExp) => {
    const found = lines.map((line) => pattern.exec(line)?.[1]).find((value) => value !== undefined);
    if (found === undefined) throw unusable(`it lacks ${pattern.source}`);
    return found;
  };
  if (first(/^a=mid:(.*)$/) !== MID) throw unusable("its medium has another name");
  const payloadType = first(/^a=rtpmap:([0-9]+) opus\/48000\/2$/i);
  if (!types.split(" ").includes(payloadType)) throw unusable("it does not offer Opus");
  const end: MediaEnd = {
    kind,
    fingerprint: first(/^a=fingerprint:sha-256 (.*)$/i).toUpperCase(),
    setup: first(/^a=setup:(.*)$/) as Setup,
    ufrag: first(/^a=ice-ufrag:(.*)$/),
    password: first(/^a=ice-pwd:(.*)$/),
    payloadType: Number(payloadType),
    ssrc: Number(first(/^a=ssrc:([0-9]+) /)),
    bitRate,
  };
  linesOf(end);
  return end;
}

/** The other side's description for our browser: one host candidate, our relay, and no more. */
export function remoteDescription(end: MediaEnd, relay: Relay): RTCSessionDescriptionInit {
  const { address, port } = relay;
  if (!ADDRESS.test(address) || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TrustError("malformed", "A relay has an IP address and a port.");
  }
  const candidates = [
    // RFC 8839 section 5.1; the priority of a host candidate of one component (RFC 8445, 5.1.2.1).
    `a=candidate:1 1 udp 2130706431 ${address} ${port} typ host`,
    "a=end-of-candidates",
  ];
  return { type: end.kind, sdp: `${[...linesOf(end), ...candidates].join("\r\n")}\r\n` };
}

/** Refuses an answer that does not fit the offer it is for. */
export function checkAnswer(offer: MediaEnd, answer: MediaEnd): void {
  const fits =
    offer.kind === "offer" &&
    answer.kind === "answer" &&
    answer.payloadType === offer.payloadType &&
    answer.fingerprint !== offer.fingerprint &&
    answer.ufrag !== offer.ufrag;
  if (!fits) {
    throw new TrustError("malformed", "The other side's answer is not one to this call's offer.");
  }
}

function unusable(why: string): TrustError {
  return new TrustError("unsupported", `This browser's description is of no use: ${why}.`);
}
