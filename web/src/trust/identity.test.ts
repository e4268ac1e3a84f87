import { describe, expect, it } from "vitest";
import { identityOf, identityOfUri } from "./identity";

describe("identities", () => {
  it("are read from their URI", () => {
    expect(identityOfUri("spiffe://italia.example/person/anna.rossi/phone")).toEqual({
      uri: "spiffe://italia.example/person/anna.rossi/phone",
      community: "italia.example",
      path: "person/anna.rossi/phone",
      kind: "person",
      name: "anna.rossi",
      device: "phone",
      holder: "spiffe://italia.example/person/anna.rossi",
    });
    const ship = identityOf("italia.example", "ship/bergamini");
    expect([ship.device, ship.holder]).toEqual(["", ship.uri]);
    expect(identityOfUri(ship.uri)).toEqual(ship);
  });

  it.each([
    "",
    "https://italia.example/ship/a",
    "spiffe://italia.example",
    "spiffe://italia.example/",
    "spiffe://italia.example/ship",
    "spiffe://italia.example/ship/",
    "spiffe://italia.example/ship//",
    "spiffe://italia.example/ship/a/",
    "spiffe://italia.example/ship/a/b",
    "spiffe://italia.example/person/anna",
    "spiffe://italia.example/person/anna/",
    "spiffe://italia.example/person/anna/phone/x",
    "spiffe://italia.example/king/a",
    "spiffe://italia.example/toString/a",
    "spiffe://Italia.example/ship/a",
    "spiffe://italia.example:1/ship/a",
    "spiffe://italia.example/ship/A",
    "spiffe://italia.example/ship/-a",
    "spiffe://italia.example/ship/a?b",
    "spiffe://italia.example/ship/a\n",
    `spiffe://italia.example/ship/${"a".repeat(64)}`,
    `spiffe://${"a".repeat(63)}/person/${"b".repeat(63)}/${"c".repeat(999)}`,
  ])("are not read from %j", (uri) => {
    expect(() => identityOfUri(uri)).toThrow(expect.objectContaining({ code: "identity" }));
  });
});
