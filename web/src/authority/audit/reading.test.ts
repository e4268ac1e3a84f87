import { describe, expect, it } from "vitest";
import { base64, base64url, sha256, utf8 } from "../../trust/octets";
import type { LogEntry } from "../api";
import { entryOf, findBackwards } from "./reading";

const KINDS = ["certificate.issued", "list.published", "policy.set"];
function told(index: number): LogEntry {
  const kind = KINDS[index % 3];
  const text = `{"actor":"spiffe://italia.example/authority/service","facts":{"number":${index}},"kind":"${kind}","time":1780000000.5}`;
  return { index, octets: base64(utf8(text)), details: null };
}
function log(size: number) {
  const asked: [number, number][] = [];
  const ask = async (start: number, count: number) => {
    asked.push([start, count]);
    return Array.from({ length: Math.min(count, size - start) }, (_, at) => told(start + at));
  };
  return { ask, asked };
}

describe("looking backwards through the log", () => {
  it("gives the newest first, page after page, down to the very first", async () => {
    const { ask } = log(60);
    const first = await findBackwards(60, "", 25, ask);
    expect(first.entries.map((each) => each.index)).toEqual(
      Array.from({ length: 25 }, (_, at) => 59 - at),
    );
    const last = await findBackwards(first.before, "", 100, ask);
    expect(last.entries.at(-1)?.index).toBe(0);
    expect(last.before).toBe(0);
    expect(first.entries.length + last.entries.length).toBe(60);
    expect((await findBackwards(0, "", 25, ask)).entries).toEqual([]);
  });

  it("finds a kind further back, and goes on where it stopped", async () => {
    const { ask } = log(1000);
    const first = await findBackwards(1000, "policy.set", 10, ask);
    expect(first.entries.map((each) => each.record?.kind)).toEqual(Array(10).fill("policy.set"));
    const next = await findBackwards(first.before, "policy.set", 10, ask);
    expect(next.entries[0]?.index).toBe((first.entries.at(-1)?.index ?? 0) - 3);
  });

  it("does not read a whole log for a kind that is rare", async () => {
    const { ask, asked } = log(100_000);
    const found = await findBackwards(100_000, "break-glass.opened", 10, ask);
    expect(found.entries).toEqual([]);
    expect(asked).toHaveLength(10);
    expect(found.before).toBe(100_000 - 2000);
  });

  it("takes no entries that it has not asked for", async () => {
    const found = await findBackwards(10, "", 10, async () => [told(7), told(10), told(99)]);
    expect(found.entries.map((each) => each.index)).toEqual([7]);
  });
});

it("octets that are no entry are kept as they are, without a record", async () => {
  expect((await entryOf(told(5))).record?.facts).toEqual({ number: 5 });
  for (const octets of ["", "!", base64(utf8("{}")), base64(utf8("[1]"))]) {
    const entry = await entryOf({ index: 1, octets, details: null });
    expect(entry.record, octets).toBeNull();
    expect(entry.details).toBeNull();
  }
});

describe("details of persons", () => {
  const opening = (name: string, value: unknown) =>
    base64url(utf8(JSON.stringify(["_26bc4LT-ac6q2KI6cBW5es", name, value])));
  const BY = opening("by", "anna.rossi");
  const ABOUT = opening("about", { path: "person/bruno.verdi/desk", old: true });
  async function committing(...openings: string[]): Promise<string> {
    const digests = await Promise.all(
      openings.map(async (text) => base64url(await sha256(utf8(text)))),
    );
    const sd = JSON.stringify(digests.sort());
    return base64(
      utf8(
        `{"_sd":${sd},"actor":"spiffe://italia.example/authority/service","facts":{},"kind":"directory.changed","time":1780000000.5}`,
      ),
    );
  }
  const by = { name: "by", value: "anna.rossi", text: BY };
  const about = {
    name: "about",
    value: { old: true, path: "person/bruno.verdi/desk" },
    text: ABOUT,
  };

  it("are proven by what the entry committed to", async () => {
    const octets = await committing(BY, ABOUT);
    const { record, details } = await entryOf({ index: 3, octets, details: [by, about] });
    expect(record?.digests).toHaveLength(2);
    expect(details?.map((each) => [each.state, each.name])).toEqual([
      ["proven", "by"],
      ["proven", "about"],
    ]);
  });

  it.each([
    ["of another name", { ...by, name: "about" }],
    ["of another value", { ...by, value: "bruno.verdi" }],
    ["without its opening", { ...by, text: "" }],
    ["with another opening", { ...by, text: opening("by", "bruno.verdi") }],
    ["with an opening that is none", { ...by, text: "WyJhIl0" }],
    ["told twice", about],
  ])("one %s is a contradiction, and hides no other", async (_, wrong) => {
    const octets = await committing(BY, ABOUT);
    const { details } = await entryOf({ index: 3, octets, details: [about, wrong] });
    expect(details?.map((each) => each.state)).toEqual(["proven", "contradicted"]);
  });

  it("of what is no entry are all contradictions", async () => {
    const { details } = await entryOf({ index: 3, octets: "", details: [by] });
    expect(details?.map((each) => each.state)).toEqual(["contradicted"]);
  });
});
