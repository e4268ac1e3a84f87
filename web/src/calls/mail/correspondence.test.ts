import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ANNA,
  another,
  BRUNO,
  type Browser,
  browsers,
  fakeClock,
  jump,
  until,
} from "./places.testing";

// Only against hanging: signatures take long where others use the machine too.
vi.setConfig({ testTimeout: 180_000 });
const TEN_MINUTES = 600_000;
const opened: Browser[] = [];
beforeEach(() => fakeClock());
afterEach(() => {
  for (const browser of opened.splice(0)) browser.close();
  vi.useRealTimers();
});

async function open<T extends readonly string[]>(...names: T) {
  const made = await browsers(names);
  opened.push(...made.all);
  return { office: made.office, all: made.all as { [K in keyof T]: Browser } };
}

async function later(...made: Parameters<typeof another>): Promise<Browser> {
  const browser = await another(...made);
  opened.push(browser);
  return browser;
}

describe("two people", () => {
  it("write to each other, and see how far their texts have come", async () => {
    const { all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "Pronto?");
    await until(() => bruno.said(ANNA).includes("Pronto?"));
    await until(() => anna.state(BRUNO, "Pronto?") === "delivered");
    expect(bruno.with(ANNA)?.unread).toBe(1);
    bruno.letters.read(ANNA);
    await until(() => anna.state(BRUNO, "Pronto?") === "read");
    expect(bruno.with(ANNA)?.unread).toBe(0);
    bruno.letters.send(ANNA, "Sono qui.\nDimmi.");
    await until(() => anna.said(BRUNO).length === 2);
    expect(anna.said(BRUNO)).toEqual(["Pronto?", "Sono qui.\nDimmi."]);
    await until(() => anna.with(BRUNO)?.keys?.safetyNumber !== "");
    await until(() => bruno.with(ANNA)?.keys?.safetyNumber !== "");
    expect(anna.with(BRUNO)?.keys).toEqual(bruno.with(ANNA)?.keys);
    expect(anna.with(BRUNO)?.keys?.members).toEqual(["anna.rossi/phone", "bruno.verdi/phone"]);
    expect([anna.problems, bruno.problems]).toEqual([[], []]);
    expect([anna.changes(BRUNO), bruno.changes(ANNA)]).toEqual([[], []]);
    expect(anna.letters.problem).toBe("");
  });

  it("who write to each other for the first time at one moment have one group, and both texts", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "da Anna");
    bruno.letters.send(ANNA, "da Bruno");
    await until(() => anna.said(BRUNO).length === 2 && bruno.said(ANNA).length === 2);
    expect(office.standings.size).toBe(1);
    await until(() => anna.with(BRUNO)?.keys !== null && bruno.with(ANNA)?.keys !== null);
    expect([...anna.said(BRUNO)].sort()).toEqual(["da Anna", "da Bruno"]);
    expect([...bruno.said(ANNA)].sort()).toEqual(["da Anna", "da Bruno"]);
    expect([anna.problems, bruno.problems]).toEqual([[], []]);
    expect([anna.changes(BRUNO), bruno.changes(ANNA)]).toEqual([[], []]);
  });

  it("write while they are away; it goes in order once they are back", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.door.close();
    const texts = ["uno", "due", "tre"];
    for (const text of texts) anna.letters.send(BRUNO, text);
    await until(() => anna.said(BRUNO).length === 3);
    expect(anna.letters.problem).not.toBe("");
    expect(anna.texts(BRUNO).map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting"]);
    await anna.reopen();
    await until(() => bruno.said(ANNA).length === 3);
    expect(bruno.said(ANNA)).toEqual(texts);
    bruno.door.close();
    anna.letters.send(BRUNO, "quattro");
    await until(() => anna.state(BRUNO, "quattro") === "sent");
    bruno.door.open();
    await until(() => anna.state(BRUNO, "quattro") === "delivered");
    office.rule = () => "unavailable";
    anna.letters.send(BRUNO, "cinque");
    await until(() => anna.letters.problem !== "");
    expect(anna.state(BRUNO, "cinque")).toBe("waiting");
    office.rule = () => null;
    await until(() => bruno.said(ANNA).includes("cinque"));
    await until(() => anna.letters.problem === "");
  });

  it("are told why a text cannot go, and try it again", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    expect(() => anna.letters.send(BRUNO, " \n ")).toThrow("text");
    expect(() => anna.letters.send(BRUNO, "x".repeat(4_001))).toThrow("4000");
    expect(() => anna.letters.send(ANNA, "a me")).toThrow("another");
    office.rule = (_, { kind }) => (kind === "send" ? "denied" : null);
    const id = anna.letters.send(BRUNO, "a\tb\r\n🙂");
    await until(() => anna.texts(BRUNO)[0]?.state === "failed");
    expect(anna.texts(BRUNO)[0]?.problem).toContain("denied");
    office.rule = () => null;
    anna.letters.again(BRUNO, id);
    await until(() => bruno.said(ANNA).length === 1);
    expect(bruno.said(ANNA)).toEqual(["a b\n🙂"]);
    anna.letters.erase(BRUNO);
    await until(() => anna.letters.conversations.length === 0);
    bruno.letters.send(ANNA, "ancora");
    await until(() => anna.said(BRUNO).includes("ancora"));
  });
});

describe("a text that could not be kept", () => {
  it("is told of, so that its writer has it again, and is nowhere else", async () => {
    const { all } = await open("annaPhone", "brunoPhone");
    const [anna] = all;
    await anna.letters.settled();
    anna.store.failAt = anna.store.writes + 1;
    let lost = 0;
    anna.letters.send(BRUNO, "uno", () => {
      lost += 1;
    });
    await until(() => lost === 1);
    expect(anna.said(BRUNO)).toEqual([]);
    expect(anna.problems.join()).toContain("It was not kept");
  });
});

describe("two pages of one device", () => {
  it("keep what either was told, and only the newer one sends", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "uno");
    await until(() => bruno.said(ANNA).length === 1);
    await until(() => anna.state(BRUNO, "uno") === "delivered");
    const older = anna.letters;
    await anna.open();
    await until(() => anna.said(BRUNO).length === 1);
    older.send(BRUNO, "dalla prima pagina");
    await until(() => older.of(BRUNO)?.entries.length === 2);
    expect(older.problem).toContain("no connection");
    bruno.letters.send(ANNA, "due");
    await until(() => anna.said(BRUNO).length === 3);
    anna.letters.send(BRUNO, "tre");
    await until(() => bruno.said(ANNA).length === 4);
    expect(bruno.said(ANNA)).toEqual(["uno", "due", "dalla prima pagina", "tre"]);
    expect(office.standings.size).toBe(1);
    expect([anna.problems, bruno.problems]).toEqual([[], []]);
    older.close();
  });
});

describe("several devices of each", () => {
  it("have all texts, and know of each other's reading", async () => {
    const { all } = await open("annaPhone", "annaDesk", "brunoPhone", "brunoDesk");
    const [anna, desk, bruno, tablet] = all;
    anna.letters.send(BRUNO, "a tutti");
    await until(() => [desk.said(BRUNO), bruno.said(ANNA), tablet.said(ANNA)].flat().length === 3);
    expect(desk.texts(BRUNO)[0]).toMatchObject({ mine: true, device: "phone" });
    tablet.letters.read(ANNA);
    await until(() => bruno.with(ANNA)?.unread === 0);
    await until(() => desk.state(BRUNO, "a tutti") === "read");
    await until(() => anna.state(BRUNO, "a tutti") === "read");
    await until(() => anna.with(BRUNO)?.keys?.safetyNumber !== "");
    await until(() => tablet.with(ANNA)?.keys?.safetyNumber !== "");
    expect(anna.with(BRUNO)?.keys).toEqual(tablet.with(ANNA)?.keys);
    for (const browser of all) expect(browser.problems).toEqual([]);
  });

  it("a new one is let in by who writes, and is told of; it has what comes from then on", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "prima");
    await until(() => bruno.said(ANNA).length === 1);
    const desk = await later(office, "brunoDesk");
    await jump(TEN_MINUTES);
    anna.letters.send(BRUNO, "dopo");
    await until(() => desk.said(ANNA).length === 1 && bruno.said(ANNA).length === 2);
    expect(desk.said(ANNA)).toEqual(["dopo"]);
    const told = ["bruno.verdi/desk added"];
    expect([anna.changes(BRUNO), bruno.changes(ANNA)]).toEqual([told, told]);
    desk.letters.send(ANNA, "dal tavolo");
    await until(() => anna.said(BRUNO).length === 3 && bruno.said(ANNA).length === 3);
    for (const browser of [...all, desk]) expect(browser.problems).toEqual([]);
  });

  it("a new one that nobody lets in begins anew when its person writes", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "prima");
    // Nobody has anything to send any more, not even a receipt, before which devices are looked at.
    await until(() => anna.state(BRUNO, "prima") === "delivered");
    const desk = await later(office, "brunoDesk");
    desk.letters.send(ANNA, "dal tavolo");
    await until(() => anna.said(BRUNO).includes("dal tavolo"));
    const told = ["bruno.verdi/desk began anew", "bruno.verdi/desk added"];
    expect(anna.changes(BRUNO)).toEqual(told);
    await until(() => bruno.said(ANNA).length === 2);
    expect(bruno.changes(ANNA)).toEqual(told);
    anna.letters.send(BRUNO, "visto");
    await until(() => desk.said(ANNA).includes("visto") && bruno.said(ANNA).includes("visto"));
    for (const browser of [...all, desk]) expect(browser.problems).toEqual([]);
  });

  it("one that has lost its keys begins anew; one whose key was renewed too, and that is shown", async () => {
    const { all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "prima");
    await until(() => bruno.said(ANNA).length === 1);
    await anna.wiped();
    anna.letters.send(BRUNO, "di nuovo qui");
    await until(() => bruno.said(ANNA).includes("di nuovo qui"));
    expect(bruno.changes(ANNA)).toEqual(["anna.rossi/phone began anew"]);
    await anna.reopen("annaPhoneRenewed");
    bruno.letters.send(ANNA, "mi leggi?");
    await until(() => anna.said(BRUNO).includes("mi leggi?"));
    anna.letters.send(BRUNO, "con chiave nuova");
    await until(() => bruno.said(ANNA).includes("con chiave nuova"));
    expect(bruno.changes(ANNA).slice(1)).toEqual([
      "anna.rossi/phone began anew",
      "anna.rossi/phone new keys",
    ]);
  });

  it("one whose certificate was taken back is put out, and not let in", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    for (const each of all) each.informed = false;
    const lost = await later(office, "annaLost", false);
    anna.letters.send(BRUNO, "prima");
    await until(() => lost.said(BRUNO).length === 1);
    for (const each of all) each.informed = true;
    await until(() => anna.state(BRUNO, "prima") === "delivered");
    lost.close();
    const before = office.boxes.get(lost.path)?.items.length;
    await jump(TEN_MINUTES);
    anna.letters.send(BRUNO, "dopo");
    await until(() => bruno.said(ANNA).includes("dopo"));
    expect(bruno.with(ANNA)?.keys?.members).toEqual(["anna.rossi/phone", "bruno.verdi/phone"]);
    await until(() => bruno.changes(ANNA).length === 1);
    expect(bruno.changes(ANNA)).toEqual(["anna.rossi/lost removed"]);
    expect(office.boxes.get(lost.path)?.items.length).toBe(before);
  });

  it("one whose certificate was taken back is not told who reads either", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    for (const each of all) each.informed = false;
    const lost = await later(office, "annaLost", false);
    anna.letters.send(BRUNO, "prima");
    await until(() => lost.said(BRUNO).length === 1 && anna.state(BRUNO, "prima") === "delivered");
    await until(() => lost.state(BRUNO, "prima") === "delivered");
    lost.close();
    for (const each of all) each.informed = true;
    const before = office.past.filter(({ device }) => device === lost.path).length;
    bruno.letters.read(ANNA);
    await until(() => anna.state(BRUNO, "prima") === "read");
    expect(office.past.filter(({ device }) => device === lost.path).length).toBe(before);
    expect(anna.with(BRUNO)?.keys?.members).toEqual(["anna.rossi/phone", "bruno.verdi/phone"]);
    expect(bruno.changes(ANNA)).toEqual(["anna.rossi/lost removed"]);
  });

  it("two that change the devices at once: one comes first, and nothing is lost", async () => {
    const { office, all } = await open("annaPhone", "brunoPhone");
    const [anna, bruno] = all;
    anna.letters.send(BRUNO, "prima");
    await until(() => bruno.said(ANNA).length === 1);
    const desks = [await later(office, "annaDesk"), await later(office, "brunoDesk")];
    await jump(TEN_MINUTES);
    anna.letters.send(BRUNO, "da Anna");
    bruno.letters.send(ANNA, "da Bruno");
    const everybody = [...all, ...desks];
    const said = (each: Browser) => each.said(each.name.startsWith("anna") ? BRUNO : ANNA);
    await until(() =>
      everybody.every((each) => said(each).includes("da Anna") && said(each).includes("da Bruno")),
    );
    for (const each of all)
      expect([...said(each)].sort()).toEqual(["da Anna", "da Bruno", "prima"]);
    const keys = everybody.map(
      (each) => each.with(each.name.startsWith("anna") ? BRUNO : ANNA)?.keys,
    );
    for (const each of keys) expect(each?.members.length).toBe(4);
    for (const browser of everybody) expect(browser.problems).toEqual([]);
  });
});
