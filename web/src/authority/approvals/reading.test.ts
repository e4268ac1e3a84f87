import { describe, expect, it } from "vitest";
import type { Proposal } from "../../trust/commands";
import { identityOfUri } from "../../trust/identity";
import type { Command } from "../api";
import { contradictions, personOf, readCommand } from "./reading";

const DIGEST = "ab".repeat(48);
const proposal: Proposal = {
  kind: "certificates.revoke",
  body: { holders: ["person/anna.rossi", "ship/bergamini"], reason: "superseded" },
  id: "00".repeat(16),
  community: "italia.example",
  proposer: identityOfUri("spiffe://italia.example/person/bruno.neri/laptop"),
  rule: "certificates.revoke",
  created: 1_780_000_000.25,
  expires: 1_780_086_400.25,
  executor: "authority",
};
const told: Command = {
  id: DIGEST,
  kind: proposal.kind,
  body: proposal.body,
  proposer: "person/bruno.neri/laptop",
  created: proposal.created,
  expires: proposal.expires,
  state: "waiting",
  needed: 1,
  answers: [],
  outcome: "",
  proposal: {},
  may_answer: true,
};
const found = (lie: Partial<Command>) =>
  contradictions({ proposal, digest: DIGEST }, { ...told, ...lie });

describe("the server's words beside the signed ones", () => {
  it("agree where they say the same in another form", () => {
    expect(found({})).toEqual([]);
    expect(found({ proposer: proposal.proposer.uri })).toEqual([]);
    expect(found({ body: { reason: "superseded", holders: proposal.body.holders } })).toEqual([]);
  });

  it("are caught in every field", () => {
    const lies: [string, Partial<Command>][] = [
      ["id", { id: "cd".repeat(48) }],
      ["kind", { kind: "policy.set" }],
      ["body", { body: { ...proposal.body, holders: ["person/anna.rossi"] } }],
      ["body", { body: { ...proposal.body, more: 1 } }],
      ["proposer", { proposer: "person/carla.verdi/laptop" }],
      ["proposer", { proposer: "spiffe://other.example/person/bruno.neri/laptop" }],
      ["proposer", { proposer: "" }],
      ["created", { created: proposal.created - 1 }],
      ["expires", { expires: proposal.expires + 60 }],
    ];
    for (const [field, lie] of lies) expect(found(lie), JSON.stringify(lie)).toEqual([field]);
  });

  it("count for nothing where the envelope cannot be read", async () => {
    for (const envelope of [{}, { payload: "", payloadType: "x", signatures: [] }]) {
      expect(await readCommand({ ...told, proposal: envelope })).toMatchObject({
        state: "unreadable",
      });
    }
  });
});

it("the person behind an identity is found", () => {
  expect(personOf(proposal.proposer.uri)).toBe("bruno.neri");
  expect(personOf("person/bruno.neri/laptop")).toBe("bruno.neri");
  expect(personOf("anna.rossi")).toBe("anna.rossi");
  expect(personOf("ship/bergamini")).toBe("");
});
