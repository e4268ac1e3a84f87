/** An edge, an authority or a person who does what none of ours does. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { identityOfUri } from "../../trust/identity";
import { base64, hex, ofBase64, sha256, utf8 } from "../../trust/octets";
import { type JsonObject, writeJson } from "../../trust/strictJson";
import { FRESH_KEY } from "../mls/commits";
import { Conversation } from "../mls/group";
import { makePackage } from "../mls/packages";
import { MOST_EARLY } from "./early";
import {
  ANNA,
  another,
  BRUNO,
  type Browser,
  browsers,
  FILES,
  fakeClock,
  jump,
  until,
} from "./places.testing";
import { PostOffice } from "./postOffice.testing";

vi.setConfig({ testTimeout: 180_000 });
const TEN_MINUTES = 600_000;
const opened: Browser[] = [];
beforeEach(() => fakeClock());
afterEach(() => {
  for (const browser of opened.splice(0)) browser.close();
  vi.useRealTimers();
});

/** Two people who have written to each other. */
async function pair() {
  const { office, all } = await browsers(["annaPhone", "brunoPhone"]);
  opened.push(...all);
  const [anna, bruno] = all as [Browser, Browser];
  anna.letters.send(BRUNO, "uno");
  await until(() => bruno.said(ANNA).length === 1 && anna.state(BRUNO, "uno") === "delivered");
  const [standing] = [...office.standings.values()];
  return { office, anna, bruno, group: standing?.group ?? "" };
}

/** What a member can seal with its own keys, whatever the page would let it say. */
async function sealedBy(browser: Browser, group: string, contents: readonly Uint8Array[]) {
  const was = browser.store;
  browser.close();
  was.dead = false;
  const conversation = await Conversation.load(browser.party, group);
  const sealed: string[] = [];
  for (const content of contents) {
    sealed.push(base64((await conversation?.send(content.slice())) ?? new Uint8Array()));
  }
  return sealed;
}

/** Lets commits leave a mailbox that nobody has taken, as after thirty days; returns them. */
function lose(office: PostOffice, of: Browser): JsonObject[] {
  const box = office.boxOf(of.path);
  const lost = box.items.filter(({ kind }) => kind === "commit");
  box.items = box.items.filter(({ kind }) => kind !== "commit");
  return lost;
}

function post(office: PostOffice, to: Browser, items: readonly JsonObject[]): void {
  for (const item of items) office.put(to.path, item);
  office.deliver();
}

describe("a mailbox", () => {
  it("with junk in it is emptied, and goes on", async () => {
    const { office, anna, bruno, group } = await pair();
    const from = bruno.path;
    const common = { from, kind: "message", group, at: 1, notice: null };
    const octets = base64(utf8("this is no message of MLS"));
    const junk: JsonObject[] = [
      { ...common, octets },
      { ...common, octets: "?" },
      { ...common, octets, group: "00".repeat(32) },
      { ...common, octets, group: "no group" },
      { ...common, octets, kind: "welcome" },
      { ...common, octets, kind: "commit" },
      { ...common, octets, kind: "commit", notice: { payload: "", payloadType: "x" } },
      { ...common, octets, from: "office/rome" },
      { ...common, octets, more: 1 },
    ];
    post(office, anna, junk);
    bruno.letters.send(ANNA, "due");
    await until(() => anna.said(BRUNO).includes("due"));
    await until(() => office.boxOf(anna.path).items.length === 0);
    const told = anna.problems.length;
    expect(told).toBeGreaterThan(3);
    // The same again is told no more.
    post(office, anna, junk);
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.problems.length).toBe(told);
    expect(anna.with(BRUNO)?.entries.length).toBe(2);
  });

  it("that is replayed, or in another order, changes nothing", async () => {
    const { office, anna, bruno } = await pair();
    for (const text of ["due", "tre", "quattro"]) bruno.letters.send(ANNA, text);
    await until(() => anna.said(BRUNO).length === 4);
    await until(() => bruno.state(ANNA, "quattro") === "delivered");
    anna.door.meddle = (items) => [...items].reverse();
    const takings = office.asked.filter((kind) => kind === "taken").length;
    for (const browser of [anna, bruno]) {
      const past = office.past.filter(({ device }) => device === browser.path);
      post(
        office,
        browser,
        [...past, ...past].map(({ item }) => item),
      );
    }
    // A device's own words come back to it as well.
    const own = office.past.filter(({ device }) => device === bruno.path);
    post(
      office,
      anna,
      own.map(({ item }) => item),
    );
    await until(() => office.boxOf(bruno.path).items.length === 0);
    // She has kept it all, and has said so of something else than what lies there.
    await until(() => office.asked.filter((kind) => kind === "taken").length > takings + 3);
    expect(office.boxOf(anna.path).items.length).toBeGreaterThan(0);
    anna.door.meddle = (items) => items;
    await until(() => office.boxOf(anna.path).items.length === 0);
    bruno.letters.send(ANNA, "cinque");
    await until(() => anna.said(BRUNO).includes("cinque"));
    expect(anna.said(BRUNO)).toEqual(["uno", "due", "tre", "quattro", "cinque"]);
    expect(bruno.said(ANNA)).toEqual(anna.said(BRUNO));
    expect([anna.problems, bruno.problems]).toEqual([[], []]);
  });

  it("in another order is read all the same", async () => {
    const { anna, bruno } = await pair();
    anna.door.close();
    for (const text of ["due", "tre", "quattro"]) bruno.letters.send(ANNA, text);
    await until(() => bruno.state(ANNA, "quattro") === "sent");
    anna.door.meddle = (items) => [...items].reverse();
    anna.door.open();
    await until(() => anna.said(BRUNO).length === 4);
    expect([...anna.said(BRUNO)].sort()).toEqual(["due", "quattro", "tre", "uno"]);
    expect(anna.problems).toEqual([]);
  });
});

describe("a member who says what the page never says", () => {
  it("is not shown, and nothing is held up", async () => {
    const { office, anna, bruno, group } = await pair();
    const [mine] = anna.texts(BRUNO);
    const id = "ab".repeat(16);
    const text = { type: "text", id, at: 1, text: "x" };
    const contents = [
      writeJson({ ...text, text: "bell\u0007" }),
      writeJson({ ...text, text: "x".repeat(4_001) }),
      writeJson({ ...text, text: "" }),
      writeJson({ ...text, more: 1 }),
      writeJson({ ...text, id: "AB" }),
      utf8('{"type":"text", "at":1,"id":"00","text":"x"}'),
      utf8("nothing"),
      writeJson({ type: "read", ids: [] }),
      writeJson({ type: "delivered", ids: [id, id] }),
      writeJson({ type: "typing" }),
      // Receipts for what does not exist, and for one's own.
      writeJson({ type: "read", ids: [id] }),
      // An id of a text that is there already.
      writeJson({ ...text, id: mine?.id ?? "", text: "another" }),
      writeJson({ ...text, text: "buono" }),
      writeJson({ ...text, text: "the same id again" }),
    ];
    const sealed = await sealedBy(bruno, group, contents);
    const common = { from: bruno.path, kind: "message", group, at: 1, notice: null };
    post(
      office,
      anna,
      sealed.map((octets) => ({ ...common, octets })),
    );
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.said(BRUNO)).toEqual(["uno", "buono"]);
    expect(anna.texts(BRUNO)[0]?.text).toBe("uno");
    expect(anna.problems.length).toBeGreaterThan(3);
  });
});

describe("a stranger", () => {
  it("gets a conversation of their own, and no place in that of others", async () => {
    const { office, anna, bruno, group } = await pair();
    const carla = await another(office, "carlaPhone");
    opened.push(carla);
    const add = [await makePackage(anna.party, false)];
    const orderer = identityOfUri(office.orderer);
    // A group of Carla's, with Anna in it, under the name of Anna's and Bruno's.
    const theirs = await Conversation.create(carla.party, anna.party.identity.holder, orderer);
    const made = await theirs.change({ ...FRESH_KEY, add });
    if (made.kind !== "settled") throw new Error(made.kind);
    const item = { from: bruno.path, kind: "welcome", at: 1, notice: null };
    const octets = base64(made.welcome);
    post(office, anna, [{ ...item, group: "11".repeat(32), octets }]);
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.with("carla.neri")).toBeNull();
    // One of Bruno's name that Carla has made: she is none of its people.
    const forged = await Conversation.create(carla.party, bruno.party.identity.holder, orderer);
    await expect(
      forged.change({ ...FRESH_KEY, add: [await makePackage(anna.party, false)] }),
    ).rejects.toThrow("people");
    const [sealed = ""] = await sealedBy(carla, theirs.id, [utf8("{}")]);
    const message = { ...item, kind: "message", group, octets: sealed };
    post(office, anna, [message]);
    bruno.letters.send(ANNA, "due");
    await until(() => anna.said(BRUNO).length === 2);
    expect(anna.said(BRUNO)).toEqual(["uno", "due"]);
    expect(anna.with(BRUNO)?.keys?.members.length).toBe(2);
  });
});

describe("the orderer's word", () => {
  it("is followed only as the authority has signed it, for the commit that came with it", async () => {
    const { office, anna, bruno, group } = await pair();
    const other = await PostOffice.open(FILES.eu, "otherAuthority");
    const conversation = await Conversation.load(bruno.party, group);
    const made = await conversation?.change(FRESH_KEY);
    if (made?.kind !== "waits") throw new Error("waits");
    const octets = base64(made.commit);
    const epoch = Number(made.epoch);
    const good = await office.notice(group, epoch, made.name, Date.now());
    const common = { from: bruno.path, kind: "commit", group, at: 1, octets };
    const altered = structuredClone(good) as { payload: string };
    altered.payload = base64(
      utf8(new TextDecoder().decode(ofBase64(altered.payload, 4_096)).replace(`"${epoch}"`, '"9"')),
    );
    const forged = [
      { ...common, notice: await other.notice(group, epoch, made.name, Date.now()) },
      { ...common, notice: altered },
      { ...common, notice: await office.notice("22".repeat(32), epoch, made.name, Date.now()) },
      { ...common, notice: await office.notice(group, epoch, "33".repeat(32), Date.now()) },
      { ...common, notice: { ...good, payloadType: "application/json" } },
    ];
    post(office, anna, forged as unknown as JsonObject[]);
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.with(BRUNO)?.keys?.epoch).toBe(1);
    expect(anna.problems.length).toBe(5);
    post(office, anna, [{ ...common, notice: good }]);
    await until(() => anna.with(BRUNO)?.keys?.epoch === 2);
    // A second word for the same epoch: both are kept.
    expect(anna.letters.problem).toBe("");
    const second = await office.notice(group, epoch, "44".repeat(32), Date.now());
    post(office, anna, [{ ...common, notice: second }]);
    await until(() => anna.letters.problem !== "");
    expect(anna.letters.problem).toContain("evidence");
    const kept = await anna.party.vault.readAll("dispute");
    expect(kept.map(({ name }) => name)).toEqual([`${group}/${epoch}`]);
    await anna.reopen();
    expect(anna.letters.problem).toContain("evidence");
  });

  it("stays in the mailbox where an edge leaves it out, and comes by another", async () => {
    const { office, anna, bruno } = await pair();
    const desk = await another(office, "annaDesk");
    opened.push(desk);
    bruno.door.meddle = (items) => items.filter(({ kind }) => kind !== "commit");
    bruno.door.close(); // else it might let the desk in itself
    await jump(TEN_MINUTES);
    anna.letters.send(BRUNO, "due");
    await until(() => anna.state(BRUNO, "due") === "sent");
    const waits = () => office.boxOf(bruno.path).items.length;
    const [before, takings] = [waits(), () => office.asked.filter((each) => each === "taken")];
    const count = takings().length;
    bruno.door.open();
    await until(() => takings().length > count);
    expect([bruno.said(ANNA), waits()]).toEqual([["uno"], before]);
    bruno.door.meddle = (items) => items;
    await until(() => bruno.said(ANNA).includes("due"));
    await until(() => waits() === 0);
  });

  it("that has left the mailbox is missed, and the conversation is begun anew", async () => {
    const { office, anna, bruno } = await pair();
    const desk = await another(office, "annaDesk");
    opened.push(desk);
    bruno.door.close(); // else it might let the desk in itself
    await jump(TEN_MINUTES);
    anna.letters.send(BRUNO, "due");
    await until(() => anna.state(BRUNO, "due") === "sent");
    lose(office, bruno);
    bruno.door.open();
    await until(() => office.boxOf(bruno.path).items.length === 0);
    // Sealed in an epoch that Bruno's phone does not know: it waits.
    expect(bruno.said(ANNA)).toEqual(["uno"]);
    bruno.letters.send(ANNA, "tre");
    await until(() => anna.said(BRUNO).includes("tre"), 120_000);
    expect(bruno.problems.join()).toContain("did not come");
    expect(anna.changes(BRUNO)).toContain("bruno.verdi/phone began anew");
    anna.letters.send(BRUNO, "quattro");
    await until(() => bruno.said(ANNA).includes("quattro"));
  });

  it("that comes late lets what waited for it be read, also after a new start", async () => {
    const { office, anna, bruno } = await pair();
    const desk = await another(office, "annaDesk");
    opened.push(desk);
    bruno.door.close();
    await jump(TEN_MINUTES);
    anna.letters.send(BRUNO, "due");
    await until(() => anna.state(BRUNO, "due") === "sent");
    const held = lose(office, bruno);
    expect(held.length).toBeGreaterThan(0);
    bruno.door.open();
    await until(() => office.boxOf(bruno.path).items.length === 0);
    await bruno.reopen();
    expect(bruno.said(ANNA)).toEqual(["uno"]);
    post(office, bruno, held);
    await until(() => bruno.said(ANNA).includes("due"));
    // The page that went may have been about to write.
    expect(bruno.problems.filter((each) => !each.includes("store fails"))).toEqual([]);
  });

  it("that never comes does not let what waits for it fill the memory", async () => {
    const { office, anna, group, bruno } = await pair();
    const [real] = office.past.filter(
      ({ device, item }) => device === bruno.path && item.kind === "message",
    );
    const octets = ofBase64(`${real?.item.octets}`, 1 << 20);
    // The epoch stands in the open, behind the group's name: RFC 9420 section 6.3.1.
    const at = octets.findIndex((_, index) => hex(octets.slice(index, index + 32)) === group) + 39;
    const items = Array.from({ length: MOST_EARLY + 20 }, (_, index) => {
      const early = octets.slice();
      early[at] = 9;
      early[early.length - 1] = index;
      return {
        from: bruno.path,
        kind: "message",
        group,
        at: 1,
        octets: base64(early),
        notice: null,
      };
    });
    post(office, anna, items);
    await until(() => office.boxOf(anna.path).items.length === 0);
    expect(anna.problems.join()).toContain("oldest was dropped");
    bruno.letters.send(ANNA, "due");
    await until(() => anna.said(BRUNO).includes("due"));
    expect((await sha256(octets)).length).toBe(32);
  });
});
