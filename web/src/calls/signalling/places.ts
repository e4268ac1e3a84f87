/** Who takes part in calls, and where media goes: names and places, checked as the edges do. */

import { TrustError } from "../../trust/errors";
import { identityOf, isName } from "../../trust/identity";
import type { Relay } from "../media/sdp";

/** Characters of an identity within its community. */
export const LONGEST_PATH = 200;
/** RFC 8445 section 5.3. */
export const LONGEST_FRAGMENT = 256;
const FRAGMENT = /^(?:[A-Za-z0-9+/]{4,256})?$/;
const PERSON = /^person\/([^/]*)$/;
const IPV4 = /^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/;
const IPV6 = /^[0-9a-f:]{2,39}$/;
/** Addresses of nobody, of many, and of IPv4 in the clothes of IPv6. */
const OF_NO_RELAY =
  /^(?:0\.0\.0\.0|(?:22[4-9]|23[0-9])\..*|::|ff[0-9a-f]{2}:.*|::ffff:[^:]+:[^:]+)$/;

/** Returns if this is the path of a person's device: `person/NAME/DEVICE`. */
export function checkDevice(path: string): void {
  if (kindOf(path) !== "person") throw refused("names no device of a person");
}

/** Returns if this is the path of who speaks in calls: a device, or the edge of a site. */
export function checkLeg(path: string): void {
  if (!["person", "office", "ship"].includes(kindOf(path))) {
    throw refused("names neither a device nor the edge of a site");
  }
}

/** Returns if this is the path of the edge of a site: `office/rome`. */
export function checkSite(path: string): void {
  if (!["office", "ship"].includes(kindOf(path))) throw refused("names no edge of a site");
}

/** Returns if this is a person, without a device: `person/NAME`. */
export function checkPerson(path: string): void {
  if (!isName(PERSON.exec(path)?.[1] ?? "")) throw refused("names no person");
}

/** The person whose device it is: `person/NAME`. */
export function personOf(device: string): string {
  return device.slice(0, Math.max(0, device.lastIndexOf("/")));
}

/** Returns if this is an ICE user fragment (RFC 8445 section 5.3), or nothing. */
export function checkFragment(fragment: string): void {
  if (!FRAGMENT.test(fragment)) throw refused("has a fragment that ICE does not have");
}

/** Returns if a relay can be at this place, written in the one shortest way (RFC 5952). */
export function checkRelay({ address, port }: Relay): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refused("has a port of no relay");
  if (!(isIpv4(address) || isIpv6(address)) || OF_NO_RELAY.test(address)) {
    throw refused("has an address of no relay");
  }
}

/** A refusal of what was heard of a call. */
export function refused(what: string): TrustError {
  return new TrustError("malformed", `A message of a call ${what}. It was dropped; calls go on.`);
}

function isIpv4(address: string): boolean {
  return IPV4.test(address) && address.split(".").every((part) => Number(part) <= 255);
}

function isIpv6(address: string): boolean {
  if (!IPV6.test(address)) return false;
  try {
    return new URL(`http://[${address}]/`).hostname === `[${address}]`;
  } catch {
    return false;
  }
}

function kindOf(path: string): string {
  if (path.length > LONGEST_PATH) throw refused("has too long a name");
  return identityOf("community", path).kind;
}
