import { describe, expect, it } from "vitest";
import { utf8 } from "./octets";
import { openDetails, readRecord } from "./record";

// RFC 9901 section 4.2.1 and 4.2.3: a disclosure and its digest.
const MOEBIUS = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
const MOEBIUS_DIGEST = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
const ACTOR = "spiffe://marina.example/authority/service";

/** An entry as the authority writes it; parts may be said otherwise. */
const entry = ({
  sd = `"_sd":["${MOEBIUS_DIGEST}"],`,
  actor = `"${ACTOR}"`,
  facts = '{"serial":"0a"}',
  kind = '"certificate.issued"',
  time = "1763765640.123",
}) => utf8(`{${sd}"actor":${actor},"facts":${facts},"kind":${kind},"time":${time}}`);

describe("entries of the log", () => {
  it("are read", () => {
    expect(readRecord(entry({}))).toEqual({
      time: 1763765640.123,
      kind: "certificate.issued",
      actor: ACTOR,
      facts: { serial: "0a" },
      digests: [MOEBIUS_DIGEST],
    });
    expect(readRecord(entry({ sd: "", time: "5.0" })).digests).toEqual([]);
    expect(readRecord(entry({ facts: '{"n":5.0,"o":5,"p":1e-05}' })).facts).toEqual({
      n: 5,
      o: 5,
      p: 1e-5,
    });
  });

  it.each<[string, Parameters<typeof entry>[0]]>([
    ["a time without its fraction", { time: "5" }],
    ["a time below the millisecond", { time: "5.0001" }],
    ["a time as text", { time: '"5.0"' }],
    ["a time like another field's end", { time: '5,"tima":5.0' }],
    ["no digests at all", { sd: '"_sd":[],' }],
    ["a digest twice", { sd: `"_sd":["${MOEBIUS_DIGEST}","${MOEBIUS_DIGEST}"],` }],
    ["a digest that is short", { sd: '"_sd":["AAAA"],' }],
    ["a digest that is a number", { sd: '"_sd":[5],' }],
    ["a digest with stray bits", { sd: `"_sd":["${MOEBIUS_DIGEST.slice(0, 42)}1"],` }],
    ["a field more", { sd: '"_a":1,' }],
    ["no kind", { kind: '""' }],
    ["a kind that is long", { kind: `"${"x".repeat(65)}"` }],
    ["a kind that cannot be seen", { kind: '"a\u202eb"' }],
    ["an actor that is no text", { actor: "1" }],
    ["facts that are a list", { facts: "[]" }],
    ["a space", { facts: '{"serial": "0a"}' }],
  ])("are refused with %s", (_, parts) => {
    expect(() => readRecord(entry(parts))).toThrow(expect.objectContaining({ code: "malformed" }));
  });

  it("are bounded", () => {
    const facts = `{"x":"${"x".repeat(65_500)}"}`;
    expect(() => readRecord(entry({ facts }))).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
  });

  it("are opened by what they committed to, and by nothing else", async () => {
    const record = readRecord(entry({}));
    expect(await openDetails(record, [MOEBIUS])).toEqual([
      { name: "family_name", value: "Möbius" },
    ]);
    expect(await openDetails(record, [])).toEqual([]);
    const opened = (text: string) => openDetails(record, [text]);
    const other = btoa('["salt","family_name","Gauss"]').replaceAll("=", "");
    await expect(opened(other)).rejects.toMatchObject({ code: "proof" });
    await expect(openDetails(record, [MOEBIUS, MOEBIUS])).rejects.toMatchObject({ code: "proof" });
    await expect(opened("x".repeat(40_000))).rejects.toMatchObject({ code: "too-large" });
    for (const text of ["", "WyJhIl0", `${MOEBIUS}=`, btoa('["s","_sd",1]'), btoa("[1,2,3]")]) {
      await expect(opened(text)).rejects.toMatchObject({ code: "malformed" });
    }
  });
});
