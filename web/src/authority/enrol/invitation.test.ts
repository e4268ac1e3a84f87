import { describe, expect, it } from "vitest";
import { base64url, utf8 } from "../../trust/octets";
import { contradictions, readInvitation, takeFromAddress } from "./invitation";

const ROOT = "ab".repeat(32);
const fields = {
  v: 1,
  addresses: ["https://roma.baluardo.localhost:8443"],
  community: "baluardo-italia",
  profile: "eu-hybrid",
  root: ROOT,
  identity: "person/anna.rossi/phone",
  expires: 1_800_000_000,
  secret: "AAAAAAAAAAAAAAAAAAAAAA",
};
const textOf = (value: object) => `baluardo-invitation:${base64url(utf8(JSON.stringify(value)))}`;

describe("readInvitation", () => {
  const token = textOf(fields);
  it.each([token, `  ${token}\n`, `https://roma.baluardo.localhost:8443/enrol#${token}`])(
    "reads the text, with spaces around it or as a link",
    (handed) => {
      const read = readInvitation(handed);
      expect(read?.token).toBe(token);
      expect(read?.identity.device).toBe("phone");
      expect(read?.root).toBe(ROOT);
    },
  );
  it.each([
    ["nothing", ""],
    ["another text", "hello"],
    ["a cut one", token.slice(0, -7)],
    ["a later form", textOf({ ...fields, v: 2 })],
    ["a fingerprint in capitals", textOf({ ...fields, root: ROOT.toUpperCase() })],
    ["an identity that is none", textOf({ ...fields, identity: "person/anna.rossi" })],
    ["an identity with a name that nobody has", textOf({ ...fields, identity: "ship/A B" })],
    ["an endless one", textOf({ ...fields, secret: "A".repeat(4_000) })],
  ])("takes %s for no invitation", (_, handed) => {
    expect(readInvitation(handed)).toBeNull();
  });
});

describe("contradictions", () => {
  const invitation = readInvitation(textOf(fields));
  const opened = {
    identity: fields.identity,
    display_name: "Anna Rossi",
    community: fields.community,
    profile: fields.profile,
    root: ROOT,
    expires: fields.expires,
    approval: true,
    purpose: "enrol",
    state: "open" as const,
    passkey: null,
  };
  it("finds none where the server says the same", () => {
    expect(invitation && contradictions(invitation, opened)).toEqual([]);
  });
  it("names a root and an identity that are not those of the invitation", () => {
    const other = { ...opened, root: "cd".repeat(32), identity: "person/mario.bianchi/phone" };
    expect(invitation && contradictions(invitation, other)).toEqual(["identity", "root"]);
  });
});

describe("takeFromAddress", () => {
  it("hands the text over and leaves none of it in the address", () => {
    const left: unknown[] = [];
    const history = {
      state: null,
      replaceState: (_state: unknown, _title: string, url: string) => left.push(url),
    } as unknown as History;
    const place = { hash: "#baluardo-invitation:abc", pathname: "/enrol", search: "" } as Location;
    expect(takeFromAddress(place, history)).toBe("baluardo-invitation:abc");
    expect(left).toEqual(["/enrol"]);
  });
});
