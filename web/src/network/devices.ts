/** What an edge says of plain WireGuard devices, which run nothing of ours and are not post-quantum. */

import { array, boolean, type Check, expected, nullable, object, string } from "../api/validate";
import { amount, moment, named } from "./bounds";

/** One device that a configuration was handed to. */
export interface Device {
  name: string;
  addresses: string[];
  /** POSIX seconds, as `handshake_at`. */
  exported_at: number;
  /** Whether the edge's WireGuard lets it call now. */
  let_in: boolean;
  /** The latest since it was let in; null before the first. */
  handshake_at: number | null;
  /** What went to it. */
  sent_octets: number;
  /** What came from it. */
  received_octets: number;
}
export interface Devices {
  /** No edge may say otherwise of WireGuard alone. */
  post_quantum: false;
  /** Whether the policy lets the site have any. */
  permitted: boolean;
  /** UDP port at which they call. */
  port: number;
  /** Why they are not let in, or not everywhere; empty if they are. In the edge's language. */
  problem: string;
  devices: Device[];
}

const never: Check<false> = (value, where) =>
  value === false ? value : expected("false")(value, where);

export const devices: Check<Devices> = object<Devices>({
  post_quantum: never,
  permitted: boolean,
  port: amount,
  problem: string,
  devices: named(
    object<Device>({
      name: string,
      addresses: array(string),
      exported_at: moment,
      let_in: boolean,
      handshake_at: nullable(moment),
      sent_octets: amount,
      received_octets: amount,
    }),
    (each) => each.name,
  ),
});

/** How many of them can reach the site now. */
export const letIn = (told: Devices): number => told.devices.filter((each) => each.let_in).length;

/** Whether there is anything to say: most sites neither may have devices nor have any. */
export const concerns = (told: Devices): boolean =>
  told.permitted || told.devices.length > 0 || told.problem !== "";
