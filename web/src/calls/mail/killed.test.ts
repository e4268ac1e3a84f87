/** A page may go at any moment: whatever was shown once is neither lost nor said twice. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ANNA, BRUNO, type Browser, browsers, fakeClock, until } from "./places.testing";
import type { PostOffice } from "./postOffice.testing";

// Who signs what is for others to see: here the same is done again and again.
vi.mock(import("../../trust/implementations"), async (real) =>
  (await import("./cheapSignatures.testing")).cheapened(await real()),
);
vi.setConfig({ testTimeout: 600_000 });
beforeEach(() => fakeClock());
afterEach(() => {
  vi.useRealTimers();
});

interface Prepared {
  office: PostOffice;
  anna: Browser;
  bruno: Browser;
}

let first: Promise<Prepared> | undefined;

/** Two people as they come: once for all tests, each of which begins with copies. */
function prepared(): Promise<Prepared> {
  first ??= prepare();
  return first;
}

async function prepare(): Promise<Prepared> {
  const { office, all } = await browsers(["annaPhone", "brunoPhone"]);
  const [anna, bruno] = all as [Browser, Browser];
  for (const each of all) await each.letters.settled();
  for (const each of all) each.close();
  return { office, anna, bruno };
}

/** Both people with all that they have, at an office of their own. */
async function begun(from: Prepared): Promise<Prepared> {
  const office = from.office.copied();
  const anna = await from.anna.copied(office);
  const bruno = await from.bruno.copied(office);
  return { office, anna, bruno };
}

/** A conversation of three texts, whatever happens to either page in between. */
async function converse({ anna, bruno }: Prepared, mend: () => Promise<Browser[]>): Promise<void> {
  const said: [Browser, string, string][] = [
    [anna, BRUNO, "uno"],
    [bruno, ANNA, "due"],
    [anna, BRUNO, "tre"],
  ];
  const whole: string[] = [];
  for (const [by, to, text] of said) {
    whole.push(text);
    by.letters.send(to, text);
    const there = () => [anna.said(BRUNO), bruno.said(ANNA)].every((all) => all.includes(text));
    for (let tries = 0; !there(); tries++) {
      if (tries > 20) throw new Error(`${text} did not come: ${anna.problems} ${bruno.problems}`);
      await until(() => there() || anna.store.dead || bruno.store.dead);
      if (!anna.store.dead && !bruno.store.dead) continue;
      const gone = await mend();
      // What was not kept was never shown: its person writes it again.
      if (gone.includes(by) && !by.said(to).includes(text)) by.letters.send(to, text);
    }
  }
  const done = () =>
    anna.state(BRUNO, "tre") === "delivered" && bruno.state(ANNA, "due") === "delivered";
  for (let tries = 0; !done() && tries < 20; tries++) {
    await until(() => done() || anna.store.dead || bruno.store.dead);
    await mend();
  }
  expect([anna.said(BRUNO), bruno.said(ANNA)]).toEqual([whole, whole]);
}

async function mended(...all: Browser[]): Promise<Browser[]> {
  const gone = all.filter(({ store }) => store.dead);
  for (const each of gone) await each.reopen();
  return gone;
}

/** Kills one side at each of its writings; tells how many there were. */
async function killEach(side: "anna" | "bruno", after: boolean): Promise<number> {
  const from = await prepared();
  for (let at = 1; ; at++) {
    const world = await begun(from);
    const { anna, bruno } = world;
    world[side].store.failAt = at;
    world[side].store.after = after;
    for (const each of [anna, bruno]) await each.open().catch(() => each.reopen());
    let killed = false;
    await converse(world, async () => {
      killed ||= world[side].store.dead;
      return mended(anna, bruno);
    });
    killed ||= world[side].store.dead;
    const strange = [...anna.problems, ...bruno.problems].filter(
      (each) => !/store fails|not kept/.test(each),
    );
    expect(strange).toEqual([]);
    for (const each of [anna, bruno]) each.close();
    if (!killed) return at - 1;
  }
}

describe("a page that goes at any of its writings", () => {
  for (const side of ["anna", "bruno"] as const) {
    for (const after of [false, true]) {
      it(`of ${side}, ${after ? "just after" : "just before"} it is kept`, async () => {
        const points = await killEach(side, after);
        // biome-ignore lint/suspicious/noConsole: how much was tried is for people to see
        console.info(`${side} was killed at ${points} writings`);
        expect(points).toBeGreaterThan(8);
      });
    }
  }
});

describe("a page that goes while it lets another device in", () => {
  it("goes on where it was", async () => {
    const { office, all } = await browsers(["annaPhone", "brunoPhone", "brunoDesk"]);
    const [anna, bruno, desk] = all as [Browser, Browser, Browser];
    desk.close();
    const supply = office.supplies.get(desk.path);
    office.supplies.delete(desk.path);
    await desk.letters.settled();
    let killed = true;
    for (let at = 1; killed; at++) {
      const made = office.copied();
      const [own, other, third] = [
        await anna.copied(made),
        await bruno.copied(made),
        await desk.copied(made),
      ];
      for (const each of [own, other]) await each.open();
      own.letters.send(BRUNO, "prima");
      await until(() => other.said(ANNA).length === 1 && own.state(BRUNO, "prima") === "delivered");
      if (supply !== undefined) {
        made.supplies.set(desk.path, { ...supply, packages: [...supply.packages] });
      }
      await third.open();
      await own.reopen();
      await own.letters.settled();
      own.store.failAt = own.store.writes + at;
      own.store.after = at % 2 === 0;
      own.letters.send(BRUNO, "dopo");
      const there = () => other.said(ANNA).length === 2 && third.said(ANNA).length === 1;
      await until(() => own.store.dead || (there() && own.state(BRUNO, "dopo") === "delivered"));
      killed = own.store.dead;
      if (killed) await own.reopen();
      if (!own.said(BRUNO).includes("dopo")) own.letters.send(BRUNO, "dopo");
      await until(there);
      expect([other.said(ANNA), third.said(ANNA)]).toEqual([["prima", "dopo"], ["dopo"]]);
      await until(() => own.changes(BRUNO).length === 1 && other.changes(ANNA).length === 1);
      expect(own.changes(BRUNO)).toEqual(["bruno.verdi/desk added"]);
      for (const each of [own, other, third]) each.close();
    }
    for (const each of all) each.close();
  });
});

describe("answers that are lost with their connection", () => {
  it("are asked for again, and nothing is done twice", async () => {
    const from = await prepared();
    for (let lost = 1; lost <= 12; lost++) {
      const world = await begun(from);
      const { office, anna, bruno } = world;
      let asked = 0;
      office.rule = (device) => {
        asked += 1;
        if (asked % 12 === lost - 1) {
          const { door } = device === anna.path ? anna : bruno;
          door.loseAnswers = 1;
          setTimeout(() => door.isOpen || door.open(), 500);
        }
        return null;
      };
      for (const each of [anna, bruno]) await each.open();
      await converse(world, () => mended(anna, bruno));
      expect([anna.problems, bruno.problems]).toEqual([[], []]);
      for (const each of [anna, bruno]) each.close();
    }
  });
});
