import { expect, it } from "vitest";
import { readBody } from "./bodies";

it("reads each kind of command, and nothing that it does not know", () => {
  expect(readBody("issuer.adopt", { name: "issuer-2" })).toEqual({
    kind: "issuer.adopt",
    name: "issuer-2",
  });
  expect(readBody("passkey.recover", { person: "anna.rossi" })).toMatchObject({
    person: "anna.rossi",
  });
  const revoke = { holders: ["ship/bergamini", "ship/doria"], reason: "keyCompromise" };
  expect(readBody("certificates.revoke", revoke)).toEqual({
    kind: "certificates.revoke",
    ...revoke,
  });
  const refused: [string, unknown][] = [
    ["issuer.adopt", { name: "issuer-2", also: "issuer-3" }],
    ["issuer.adopt", { name: 2 }],
    ["passkey.recover", null],
    ["certificates.revoke", { ...revoke, holders: ["ship/doria"] }],
    ["certificates.revoke", { ...revoke, quietly: true }],
    ["policy.set", { policy: { v: 1 } }],
    ["state.dissolve", {}],
    ["__proto__", {}],
  ];
  for (const [kind, body] of refused) expect(readBody(kind, body), kind).toBeNull();
});
