/** What the console and a site's edge say of the encrypted network, and the checks at the door.

Times are seconds, rates bit/s; what is not known is null. */

import { type Precedence, precedence } from "../api/authority";
import { get } from "../api/client";
import { type Text, text } from "../api/console";
import {
  array,
  boolean,
  type Check,
  nullable,
  object,
  oneOf,
  ShapeError,
  string,
} from "../api/validate";
import { record } from "../authority/shapes/json";
import { amount, limited, moment, named } from "./bounds";
import { type Devices, devices } from "./devices";

export const ROLES = ["primary", "alternate", "contingency", "emergency"] as const;
/** A bearer's place in the PACE plan, the best first. */
export type Role = (typeof ROLES)[number];
export const KINDS = ["interface", "starlink", "wire"] as const;
export type Kind = (typeof KINDS)[number];
export const HEALTHS = ["usable", "degraded", "unknown", "dead"] as const;
export type Health = (typeof HEALTHS)[number];
export const STATES = ["absent", "offered", "agreed", "installed", "confirmed"] as const;
/** Where the keys of one peer stand. */
export type KeyState = (typeof STATES)[number];

/** From when until when a bearer's rates are foretold, POSIX seconds; null before the first file. */
export interface Forecast {
  start: number | null;
  end: number | null;
  /** What is wrong with its file as it is now; what was read before it counts until its end. */
  problem: Text | null;
}
/** Which low satellite serves a bearer, as somebody observes it: of one slot, and no longer. */
export interface ServingSatellite {
  /** false where nobody tells, as no operator does. */
  told: boolean;
  /** null where none serves, or where nothing is told of this moment. */
  name: string | null;
  /** When the slot began, POSIX seconds; null where nothing is told of this moment. */
  slot: number | null;
  /** What was left of the slot when this was told. */
  left_s: number | null;
}
export interface Bearer {
  name: string;
  kind: Kind;
  role: Role;
  device: string;
  active: boolean;
  /** What it is paced at. */
  rate_bps: number | null;
  round_trip_ms: number | null;
  /** The address under which others see it. */
  egress: string | null;
  /** The same by who saw it, under the identity of that peer. */
  egress_by_peer: Record<string, string>;
  /** Where its traffic is seen to land; null where a rule asks nothing or nothing shows it. */
  landing: string | null;
  /** What makes that landing known, or what is missing; null for what lands nowhere. */
  landing_why: Text | null;
  /** Whether the rule keeps traffic from it. */
  barred: boolean;
  /** null where none is asked for. */
  forecast: Forecast | null;
  /** null for what goes over no low satellite. */
  satellite: ServingSatellite | null;
  sent_octets: number;
  received_octets: number;
}
/** Where ESP within WireGuard stands with one peer. */
export interface InnerLayer {
  established: boolean;
  epoch: number | null;
  /** Of the keys in use. */
  age_s: number;
  rekeys: number;
  sent_octets: number;
  received_octets: number;
  /** Empty where nothing is wrong; in the edge's language. */
  problem: string;
}
export interface Tunnel {
  peer: string;
  address: string;
  state: KeyState | null;
  open: boolean;
  lanes: number;
  layers: number;
  /** The second layer; null where the policy asks for one. */
  inner: InnerLayer | null;
  epoch: number;
  key_age_s: number | null;
  full_age_s: number | null;
  round_age_s: number | null;
  /** Empty where nothing is wrong; in the edge's language. */
  problem: string;
  active: string | null;
  /** How long it has been on that bearer; null where that is not known. */
  active_age_s: number | null;
  second: string | null;
  why: Text | null;
  bearers: { name: string; health: Health; why: Text }[];
  sent_octets: number;
  received_octets: number;
}
export interface Queue {
  precedence: Precedence;
  sent_packets: number;
  sent_octets: number;
  received_packets: number;
  waiting_packets: number;
  mean_delay_ms: number;
  dropped: number;
}
/** What one site's edge tells of itself. */
export interface SiteNetwork {
  site: string;
  problem: string | null;
  addresses: string[];
  bearers: Bearer[];
  tunnels: Tunnel[];
  classes: Queue[];
  dropped: Record<string, number>;
  real_time: boolean;
  devices: Devices;
}
export interface Site {
  id: string;
  name: Text;
  running: boolean;
  restarts: number;
  /** Where its dish lands; the operator decides, we see it. */
  landing: string | null;
  /** Which measured trace, by the name of its file, a bearer replays; by the bearer's name. */
  traces: Record<string, string>;
  /** null: it does not answer; "misunderstood": not in a shape that this page knows. */
  network: SiteNetwork | "misunderstood" | null;
}
export interface WireLink {
  /** `FROM>TO`. */
  name: string;
  packets: number;
  octets: number;
  waiting: number;
  drops: Record<string, number>;
}
export interface Wire {
  privileged: boolean;
  links: WireLink[];
}
export interface Network {
  sites: Site[];
  wire: Wire | null;
}

const forecast = object<Forecast>({
  start: nullable(moment),
  end: nullable(moment),
  problem: nullable(text),
});
const satellite = object<ServingSatellite>({
  told: boolean,
  name: nullable(string),
  slot: nullable(moment),
  left_s: nullable(amount),
});
const bearer = object<Bearer>({
  name: string,
  kind: oneOf(...KINDS),
  role: oneOf(...ROLES),
  device: string,
  active: boolean,
  rate_bps: nullable(amount),
  round_trip_ms: nullable(amount),
  egress: nullable(string),
  egress_by_peer: limited(record(string)),
  landing: nullable(string),
  landing_why: nullable(text),
  barred: boolean,
  forecast: nullable(forecast),
  satellite: nullable(satellite),
  sent_octets: amount,
  received_octets: amount,
});
const innerLayer = object<InnerLayer>({
  established: boolean,
  epoch: nullable(amount),
  age_s: amount,
  rekeys: amount,
  sent_octets: amount,
  received_octets: amount,
  problem: string,
});
const tunnel = object<Tunnel>({
  peer: string,
  address: string,
  state: nullable(oneOf(...STATES)),
  open: boolean,
  lanes: amount,
  layers: amount,
  inner: nullable(innerLayer),
  epoch: amount,
  key_age_s: nullable(amount),
  full_age_s: nullable(amount),
  round_age_s: nullable(amount),
  problem: string,
  active: nullable(string),
  active_age_s: nullable(amount),
  second: nullable(string),
  why: nullable(text),
  bearers: named(
    object<Tunnel["bearers"][number]>({ name: string, health: oneOf(...HEALTHS), why: text }),
    (each) => each.name,
  ),
  sent_octets: amount,
  received_octets: amount,
});
const queue = object<Queue>({
  precedence,
  sent_packets: amount,
  sent_octets: amount,
  received_packets: amount,
  waiting_packets: amount,
  mean_delay_ms: amount,
  dropped: amount,
});
export const siteNetwork: Check<SiteNetwork> = object<SiteNetwork>({
  site: string,
  problem: nullable(string),
  addresses: array(string),
  bearers: named(bearer, (each) => each.name),
  tunnels: named(tunnel, (each) => each.peer),
  classes: named(queue, (each) => each.precedence),
  dropped: record(amount),
  real_time: boolean,
  devices,
});

/** One edge that talks nonsense hides itself alone, not the others. */
const orMisunderstood: Check<Site["network"]> = (value, where) => {
  try {
    return nullable(siteNetwork)(value, where);
  } catch (problem) {
    if (problem instanceof ShapeError) return "misunderstood";
    throw problem;
  }
};
export const network: Check<Network> = object<Network>({
  sites: named(
    object<Site>({
      id: string,
      name: text,
      running: boolean,
      restarts: amount,
      landing: nullable(string),
      traces: limited(record(string)),
      network: orMisunderstood,
    }),
    (each) => each.id,
  ),
  wire: nullable(
    object<Wire>({
      privileged: boolean,
      links: named(
        object<WireLink>({
          name: string,
          packets: amount,
          octets: amount,
          waiting: amount,
          drops: record(amount),
        }),
        (each) => each.name,
      ),
    }),
  ),
});

/** At the console: every site and the wire. */
export const getNetwork = () => get("/api/network", network);
/** At a site: its own edge. */
export const getSiteNetwork = () => get("/api/edge/network", siteNetwork);
