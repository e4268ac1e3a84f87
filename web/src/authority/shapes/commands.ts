/** What takes two persons, the policy, and the sites. */

import {
  array,
  boolean,
  type Check,
  nullable,
  number,
  object,
  oneOf,
  string,
} from "../../api/validate";
import { type Certificate, certificate, type InvitationMade, invitationMade } from "./access";
import { type Json, json, record } from "./json";

export interface CommandAnswer {
  approver: string;
  decision: string;
  time: number;
  reason: string;
}
export interface Command {
  id: string;
  kind: string;
  body: Json;
  proposer: string;
  created: number;
  expires: number;
  state: "waiting" | "executed" | "refused" | "expired";
  needed: number;
  answers: CommandAnswer[];
  outcome: string;
  proposal: Json;
  may_answer: boolean;
}
export const command = object<Command>({
  id: string,
  kind: string,
  body: json,
  proposer: string,
  created: number,
  expires: number,
  state: oneOf("waiting", "executed", "refused", "expired"),
  needed: number,
  answers: array(
    object<CommandAnswer>({ approver: string, decision: string, time: number, reason: string }),
  ),
  outcome: string,
  proposal: json,
  may_answer: boolean,
});
/** A command after an answer; a recovery that took effect has made an invitation, shown this once. */
export type AnsweredCommand = Command & { invitation: InvitationMade | null };
export const answeredCommand: Check<AnsweredCommand> = (value, where) => ({
  ...command(value, where),
  ...object<{ invitation: InvitationMade | null }>({ invitation: nullable(invitationMade) })(
    value,
    where,
  ),
});
export const commands = object<{ commands: Command[]; next: string | null }>({
  commands: array(command),
  next: nullable(string),
});

export interface PolicySummary {
  number: number;
  executed_at: number;
  digest: string;
  proposer: string;
  approvers: string[];
}
export interface PolicyInForce extends PolicySummary {
  policy: Json;
}
const policyFields = {
  number,
  executed_at: number,
  digest: string,
  proposer: string,
  approvers: array(string),
};
export const policySummaries = array(object<PolicySummary>(policyFields));
export const policyInForce = object<PolicyInForce>({ ...policyFields, policy: json });

/** A site's tunnel card: how others reach it. */
export interface TunnelCard {
  number: number;
  /** When the site made it, and when it came. */
  made_at: number;
  heard: number;
  /** Its own network, which follows from its name. */
  network: string;
  /** Further networks that it announces. */
  networks: string[];
  /** Where its bearers are, in its order: ADDRESS:PORT. */
  endpoints: string[];
}
const tunnelCard = object<TunnelCard>({
  number,
  made_at: number,
  heard: number,
  network: string,
  networks: array(string),
  endpoints: array(string),
});

export interface EdgeSite {
  identity: string;
  display_name: string;
  connected: boolean;
  authority: string | null;
  address: string | null;
  /** Since when it is connected, or when it was last. */
  since: number | null;
  /** Number of the revocation list in force there, by key of its issuer (hex). */
  lists: Record<string, number>;
  policy: number | null;
  certificate: Certificate | null;
  /** null for a site without tunnels, or one that is revoked. */
  tunnel: TunnelCard | null;
  enrolled: number | null;
}
export const sites = array(
  object<EdgeSite>({
    identity: string,
    display_name: string,
    connected: boolean,
    authority: nullable(string),
    address: nullable(string),
    since: nullable(number),
    lists: record(number),
    policy: nullable(number),
    certificate: nullable(certificate),
    tunnel: nullable(tunnelCard),
    enrolled: nullable(number),
  }),
);
