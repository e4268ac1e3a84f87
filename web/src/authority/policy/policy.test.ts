import { describe, expect, it } from "vitest";
import { differences, grantChange } from "./difference";
import { approvalsFor, grantOf, type Policy, peopleWith, policyDocument } from "./document";
import {
  cautions,
  nextOf,
  noPlaces,
  places,
  problems,
  withApproval,
  withApprovers,
  withGrant,
  withVisibility,
} from "./draft";

const inForce: Policy = policyDocument(
  {
    v: 1,
    number: 4,
    community: "italia.example",
    people: {
      "anna.rossi": {
        roles: ["custodian", "security-officer"],
        ceiling: "flash",
        territory: [],
      },
      "bruno.neri": {
        roles: ["custodian", "security-officer"],
        ceiling: "flash",
        territory: ["IT"],
      },
      "carla.verdi": { roles: ["operator"], ceiling: "priority", territory: ["IT-RM"] },
    },
    approval: { authority: true, office: true, ship: true, person: false, auditor: true },
    approvers: {},
    visibility: { satellite: ["operator"] },
  },
  "policy",
);
const officer = { roles: ["security-officer"], ceiling: "flash", territory: [] } as const;

describe("the document", () => {
  it("is refused with anything that this page does not understand", () => {
    const refused: [unknown, string][] = [
      [{ ...inForce, more: 1 }, "policy.more"],
      [{ ...inForce, v: 2 }, "policy.v"],
      [{ ...inForce, number: 4.5 }, "policy.number"],
      [{ ...inForce, people: [] }, "policy.people"],
      [{ ...inForce, approval: { ...inForce.approval, robot: true } }, "policy.approval.robot"],
      [{ ...inForce, people: { x: { ...officer, roles: ["king"] } } }, "policy.people.x.roles[0]"],
    ];
    for (const [value, where] of refused)
      expect(() => policyDocument(value, "policy")).toThrow(where);
  });

  it("knows names that a JavaScript object has by itself", () => {
    const odd = JSON.parse(
      `{"__proto__": {"roles": ["auditor"], "ceiling": "flash", "territory": []}}`,
    );
    const read = policyDocument({ ...inForce, people: odd }, "policy");
    expect(Object.keys(read.people)).toEqual(["__proto__"]);
    expect(grantOf(inForce, "constructor").roles).toEqual([]);
    expect(approvalsFor(inForce, "toString")).toBe(1);
    expect(differences(inForce, read).map((change) => change.name)).toContain("__proto__");
  });
});

describe("the difference of two policies", () => {
  it("is empty between equal ones, whatever the number", () => {
    expect(differences(inForce, nextOf(inForce))).toEqual([]);
    // One is what is meant where nothing is said.
    // Everybody is a member, named as one or not.
    const { roles, ceiling, territory } = grantOf(inForce, "carla.verdi");
    const member = { roles: [...roles, "member" as const], ceiling, territory };
    const people = { ...inForce.people, "carla.verdi": member };
    expect(differences(inForce, { ...inForce, people })).toEqual([]);
    expect(grantChange(member, { ...member, roles: ["operator", "auditor"] })).toMatchObject({
      gained: ["auditor"],
      lost: [],
    });
    expect(differences(inForce, withApprovers(inForce, "policy.set", 1))).toEqual([]);
  });

  it("tells people added, removed and changed", () => {
    let draft = withGrant(nextOf(inForce), "dario.blu", { ...officer });
    draft = withGrant(draft, "carla.verdi", null);
    draft = withGrant(draft, "bruno.neri", { ...officer, ceiling: "immediate" });
    const found = differences(inForce, draft);
    expect(found.map((change) => [change.sign, change.name])).toEqual([
      ["changed", "bruno.neri"],
      ["removed", "carla.verdi"],
      ["added", "dario.blu"],
    ]);
    const [bruno] = found;
    if (bruno?.what !== "person" || !bruno.before || !bruno.after) throw new Error("no person");
    expect(grantChange(bruno.before, bruno.after)).toEqual({
      gained: [],
      lost: ["custodian"],
      ceiling: { before: "flash", after: "immediate" },
      territory: { before: ["IT"], after: [] },
    });
  });

  it("tells every rule that changes", () => {
    let draft = withApproval(nextOf(inForce), "person", true);
    draft = withApprovers(draft, "certificates.revoke", 2);
    draft = withVisibility(draft, "mobile", ["operator", "communications-officer"]);
    draft = withVisibility(draft, "satellite", []);
    expect(differences(inForce, { ...draft, community: "other.example" })).toEqual([
      { what: "community", sign: "changed", name: "other.example", before: "italia.example" },
      { what: "approval", sign: "changed", name: "person", after: true },
      { what: "approvers", sign: "changed", name: "certificates.revoke", before: 1, after: 2 },
      {
        what: "visibility",
        sign: "changed",
        name: "mobile",
        before: [],
        after: ["communications-officer", "operator"],
      },
      { what: "visibility", sign: "changed", name: "satellite", before: ["operator"], after: [] },
    ]);
  });
});

describe("a draft", () => {
  it("may be proposed when it changes something and leaves enough officers", () => {
    const draft = withGrant(nextOf(inForce), "dario.blu", { ...officer });
    expect(problems(draft, inForce)).toEqual([]);
    expect(peopleWith(draft, "security-officer")).toHaveLength(3);
  });

  it("is refused unchanged, overtaken, or with fewer than two security officers", () => {
    expect(problems(nextOf(inForce), inForce)).toEqual([{ kind: "unchanged" }]);
    const alone = withGrant(nextOf(inForce), "bruno.neri", null);
    expect(problems(alone, inForce)).toEqual([{ kind: "officers", officers: 1, needed: 2 }]);
    expect(problems(alone, { ...inForce, number: 5 })).toContainEqual({
      kind: "overtaken",
      number: 5,
    });
  });

  it("is refused where more must approve a policy than there are officers", () => {
    const draft = withApprovers(nextOf(inForce), "policy.set", 2);
    expect(problems(draft, inForce)).toEqual([{ kind: "officers", officers: 2, needed: 3 }]);
    expect(problems(withGrant(draft, "dario.blu", { ...officer }), inForce)).toEqual([]);
  });

  it("is refused with names, places and counts that no policy takes", () => {
    let draft = withGrant(nextOf(inForce), "Dario Blu", { ...officer, territory: ["Roma"] });
    draft = withApprovers(draft, "passkey.recover", 17);
    expect(problems(draft, inForce)).toEqual([
      { kind: "name", name: "Dario Blu" },
      { kind: "place", name: "Dario Blu", place: "Roma" },
      { kind: "count", command: "passkey.recover" },
    ]);
    expect(places("it-rm, it;FR it")).toEqual(["FR", "IT", "IT-RM"]);
    expect(noPlaces(["IT", "ITALIA", "IT-RM", "IT-ROMA"])).toEqual(["ITALIA", "IT-ROMA"]);
  });

  it("writes a grant in one form", () => {
    const draft = withGrant(nextOf(inForce), "anna.rossi", {
      roles: ["security-officer", "member", "auditor", "auditor"],
      ceiling: "flash",
      territory: ["IT-RM", "FR", "FR"],
    });
    expect(draft.people["anna.rossi"]).toEqual({
      roles: ["auditor", "security-officer"],
      ceiling: "flash",
      territory: ["FR", "IT-RM"],
    });
    expect(inForce.people["anna.rossi"]?.roles).toContain("custodian");
  });

  it("tells its author what they lose and what nobody could do any more", () => {
    const draft = withGrant(nextOf(inForce), "anna.rossi", { ...officer });
    expect(cautions(draft, inForce, "anna.rossi")).toContainEqual({
      kind: "self",
      lost: ["custodian"],
    });
    expect(cautions(draft, inForce, "carla.verdi")).not.toContainEqual(
      expect.objectContaining({ kind: "self" }),
    );
    const none = withGrant(draft, "bruno.neri", { ...officer });
    expect(cautions(none, inForce, "x")).toContainEqual({
      kind: "dead",
      command: "issuer.adopt",
      able: 0,
      needed: 1,
    });
    const strict = withApprovers(nextOf(inForce), "certificates.revoke", 2);
    expect(cautions(strict, inForce, "x")).toContainEqual({
      kind: "dead",
      command: "certificates.revoke",
      able: 1,
      needed: 2,
    });
  });
});
