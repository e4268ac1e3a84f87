import { describe, expect, it } from "vitest";
import { TrustError } from "../../trust/errors";
import { utf8 } from "../../trust/octets";
import { isObject, type JsonObject, parseJson, writeJson } from "../../trust/strictJson";
import { random } from "../media/seeded.testing";
import { readOffered } from "./judgement";
import { fileAt, GUARD, MISSING, pageListOf } from "./pageList";

const DIGEST = "0a".repeat(48);
const FILE = { path: "/phone", type: "text/html; charset=utf-8", size: 9, sha384: DIGEST };

function body(change: JsonObject = {}): JsonObject {
  const files = [MISSING, "/assets/a-1_b.js", "/phone", GUARD].map((path) => ({ ...FILE, path }));
  return {
    v: 1,
    number: 7,
    version: "0.2.0",
    signers: ["anna.rossi", "bruno.verdi"],
    approvals: 1,
    headers: { "content-security-policy": "default-src 'none'" },
    files,
    ...change,
  };
}

function code(value: unknown): string {
  try {
    pageListOf(value as JsonObject);
    return "";
  } catch (problem) {
    if (problem instanceof TrustError) return problem.code;
    throw problem;
  }
}

describe("a list of pages", () => {
  it("is read, and tells a file by its path", () => {
    const list = pageListOf(body());
    expect(list.number).toBe(7);
    expect(fileAt(list, "/phone")?.sha384).toBe(DIGEST);
    expect(fileAt(list, "/phone?x")).toBeNull();
    expect(fileAt(list, "/toString")).toBeNull();
  });

  it.each<[string, JsonObject]>([
    ["another form", { v: 2 }],
    ["a number of nothing", { number: 0 }],
    ["half a number", { number: 1.5 }],
    ["a number beyond what is exact", { number: 2 ** 53 }],
    ["a signer twice", { signers: ["anna.rossi", "anna.rossi"] }],
    ["signers out of order", { signers: ["bruno.verdi", "anna.rossi"] }],
    ["too few signers for its approvals", { approvals: 2 }],
    ["no approval", { approvals: 0 }],
    ["a header that breaks a line", { headers: { "x-a": "a\r\nset-cookie: b" } }],
    ["headers that are none", { headers: [] }],
    ["no files", { files: [] }],
    ["no guard", { files: [FILE] }],
    ["something unknown", { more: 1 }],
    ["files out of order", { files: [FILE, { ...FILE, path: MISSING }] }],
    ...["/api/x", "/..", "/a/../b", "//a", "/a?b", "phone", "/a/b/c/d/e", "/é", ""].map(
      (path): [string, JsonObject] => [`a file at ${path}`, { files: [{ ...FILE, path }] }],
    ),
    ["a file of too many octets", { files: [{ ...FILE, size: 5 << 20 }] }],
    ["a digest in large digits", { files: [{ ...FILE, sha384: DIGEST.toUpperCase() }] }],
    ["a type that breaks a line", { files: [{ ...FILE, type: "text/html\n" }] }],
  ])("with %s is refused", (_, change) => {
    expect(code(body(change))).toBe("malformed");
  });

  it("of any form is taken or refused, and what is taken stays the same", () => {
    const sample = writeJson(body());
    const chance = random(7);
    let taken = 0;
    for (let turn = 0; turn < 3_000; turn++) {
      const octets = sample.slice();
      for (let injury = 0; injury <= chance.below(3); injury++) {
        octets[chance.below(octets.length)] = chance.below(256);
      }
      try {
        const value = parseJson(octets, octets.length);
        if (!isObject(value)) continue;
        const list = pageListOf(value);
        expect(pageListOf({ v: 1, ...structuredClone(list) } as unknown as JsonObject)).toEqual(
          list,
        );
        taken += 1;
      } catch (problem) {
        expect(problem).toBeInstanceOf(TrustError);
      }
    }
    expect(taken).toBeGreaterThan(10);
  });
});

describe("a signed list", () => {
  it.each(["", "{}", "[]", '{"proposal":{},"approvals":[]}', '{"proposal":1,"approvals":1}'])(
    "is not %j",
    async (text) => {
      await expect(readOffered(utf8(text))).rejects.toBeInstanceOf(TrustError);
    },
  );
});
