/** What is waited for is done as soon as its cause is gone, and not when a timer ends. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ANNA,
  another,
  BRUNO,
  Browser,
  browsers,
  FILES,
  fakeClock,
  jump,
  until,
} from "./places.testing";
import { PostOffice } from "./postOffice.testing";
import { PATIENCE_MS } from "./sending";

vi.setConfig({ testTimeout: 180_000 });
const opened: Browser[] = [];
beforeEach(() => fakeClock());
afterEach(() => {
  for (const browser of opened.splice(0)) browser.close();
  vi.useRealTimers();
});

async function two() {
  const { office, all } = await browsers(["annaPhone", "brunoPhone"]);
  opened.push(...all);
  const [anna, bruno] = all as [Browser, Browser];
  return { office, anna, bruno };
}

describe("after an outage of the authority", () => {
  it("a text goes when the edge tells that it is over", async () => {
    const { office, anna, bruno } = await two();
    let refused = 0;
    office.rule = (_, { kind }) => {
      refused += kind === "conversation" ? 1 : 0;
      return "unavailable";
    };
    anna.letters.send(BRUNO, "uno");
    // Asked again after 1, 2, 4, 8 and 16 s: the next time would come after 32.
    await until(() => refused === 6);
    expect(anna.letters.problem).toContain("unavailable");
    office.rule = () => null;
    const over = Date.now();
    anna.door.onPost([], false);
    await until(() => anna.state(BRUNO, "uno") === "sent", 20_000);
    expect(Date.now() - over).toBeLessThan(20_000);
    await until(() => bruno.said(ANNA).includes("uno"));
    expect(anna.letters.problem).toBe("");
  });

  it("being told again and again asks no more often", async () => {
    const { office, anna } = await two();
    let refused = 0;
    office.rule = (_, { kind }) => {
      refused += kind === "conversation" ? 1 : 0;
      return "unavailable";
    };
    anna.letters.send(BRUNO, "uno");
    await until(() => refused === 5);
    for (let told = 0; told < 100; told++) anna.door.onPost([], false);
    await jump(1_000);
    expect(refused).toBeLessThanOrEqual(7);
  });

  it("packages are published by themselves, and at once when the edge tells", async () => {
    for (const told of [false, true]) {
      const office = await PostOffice.open(FILES.eu);
      let refused = 0;
      office.rule = (_, { kind }) => {
        refused += kind === "publish" ? 1 : 0;
        return kind === "publish" ? "unavailable" : null;
      };
      const anna = await new Browser(office, "annaPhone", "eu").open();
      opened.push(anna);
      await until(() => refused === (told ? 6 : 3));
      office.rule = () => null;
      const over = Date.now();
      if (told) anna.door.onPost([], false);
      await until(() => office.supplies.has(anna.path), 25_000);
      expect(Date.now() - over).toBeLessThan(25_000);
    }
  });

  it("who had no device yet is written to soon after there is one", async () => {
    const { office, anna, bruno } = await two();
    const supply = office.supplies.get(bruno.path);
    if (supply === undefined) throw new Error("no supply");
    office.supplies.delete(bruno.path);
    anna.letters.send(BRUNO, "uno");
    await until(() => anna.letters.problem.includes("no device"));
    office.supplies.set(bruno.path, supply);
    const there = Date.now();
    await until(() => bruno.said(ANNA).includes("uno"), 30_000);
    expect(Date.now() - there).toBeLessThan(30_000);
  });
});

describe("a first text", () => {
  it("takes no more requests than it must: each is a way to the authority and back", async () => {
    const { office, anna, bruno } = await two();
    const asked: string[] = [];
    office.rule = (device, { kind }) => {
      if (device === anna.path) asked.push(`${kind}`);
      return null;
    };
    anna.letters.send(BRUNO, "uno");
    await until(() => bruno.said(ANNA).includes("uno"));
    expect(asked.slice(0, 6)).toEqual([
      "conversation",
      "devices",
      "begin",
      "packages",
      "commit",
      "send",
    ]);
  });
});

describe("a change of devices in a group that was replaced meanwhile", () => {
  it("is let go of at once, and the text goes in the new group", async () => {
    const { office, anna, bruno } = await two();
    anna.letters.send(BRUNO, "uno");
    await until(() => anna.state(BRUNO, "uno") === "delivered");
    const [before] = [...office.standings.values()];
    // Anna's page makes a change that does not come through, and goes.
    opened.push(await another(office, "annaDesk"));
    office.rule = (device, { kind }) =>
      device === anna.path && kind === "commit" ? "unavailable" : null;
    bruno.door.close(); // else it lets the desk in itself
    await jump(600_000);
    anna.letters.send(BRUNO, "due");
    await until(() => anna.letters.problem.includes("unavailable"));
    await anna.letters.settled();
    anna.close();
    office.rule = () => null;
    await bruno.wiped();
    bruno.letters.send(ANNA, "da capo");
    await until(() => bruno.state(ANNA, "da capo") === "sent", 120_000);
    const [after] = [...office.standings.values()];
    expect(after?.group).not.toBe(before?.group);
    let stale = 0;
    office.rule = (_, { kind, group }) => {
      if (kind === "commit" && group === before?.group) stale ||= Date.now();
      return null;
    };
    await anna.reopen();
    await until(() => stale > 0);
    await until(() => bruno.said(ANNA).includes("due"));
    expect(Date.now() - stale).toBeLessThan(PATIENCE_MS - 5_000);
    expect(anna.said(BRUNO)).toContain("da capo");
    expect(anna.problems).toEqual([]);
  });
});
