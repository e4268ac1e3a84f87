/** A command as its proposer signed it, and the server's words held against that. */

import {
  differences,
  type Proposal,
  readProposal,
  type SignedProposal,
} from "../../trust/commands";
import { envelopeOfJson } from "../../trust/envelope";
import type { JsonObject } from "../../trust/strictJson";
import type { Command } from "../api";

export type Field = "id" | "kind" | "body" | "proposer" | "created" | "expires";

export type Reading =
  | { readonly state: "read"; readonly signed: SignedProposal; readonly differs: readonly Field[] }
  /** The envelope is not genuine or not to be read: nothing is known of what was signed. */
  | { readonly state: "unreadable"; readonly error: unknown };

/** Read the signed octets of a command; never throws. */
export async function readCommand(command: Command): Promise<Reading> {
  try {
    const signed = await readProposal(envelopeOfJson(command.proposal));
    return { state: "read", signed, differs: contradictions(signed, command) };
  } catch (error) {
    return { state: "unreadable", error };
  }
}

/** Every field in which the server says otherwise than was signed; empty is as it must be. */
export function contradictions(
  signed: Pick<SignedProposal, "proposal" | "digest">,
  command: Command,
): Field[] {
  const { kind, body, created, expires } = command;
  const found: Field[] = differences(signed.proposal, {
    kind,
    body: body as JsonObject,
    proposer: pathOf(command.proposer, signed.proposal),
    created,
    expires,
  });
  // Whoever answers does it under this number: it has to be this very proposal's.
  return command.id === signed.digest ? found : ["id", ...found];
}

/** The server may name a proposer by the path or by the whole identity. */
function pathOf(told: string, proposal: Proposal): string {
  const own = `spiffe://${proposal.community}/`;
  return told.startsWith(own) ? told.slice(own.length) : told;
}

/** The name of the person behind `person/anna.rossi/laptop`, an identity or a name. */
export function personOf(identity: string): string {
  const parts = identity.replace(/^spiffe:\/\/[^/]*\//, "").split("/");
  return parts.length === 1 ? (parts[0] ?? "") : parts[0] === "person" ? (parts[1] ?? "") : "";
}
