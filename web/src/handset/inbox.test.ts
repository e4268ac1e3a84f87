import { describe, expect, it } from "vitest";
import { ShapeError } from "../api/validate";
import { bursts, RHYTHM_S, ROUNDS, vibration } from "../frame/attentionTone";
import { hear, type Inbox, inboxOf, isOver, textIn } from "./inbox";
import { air, type Message } from "./shapes";

const NOW = 1_795_000_000;
/** Message code 3, update 0, PLMN-wide. */
const SERIAL = (1 << 14) | (3 << 4);
const message = (change: Partial<Message> = {}): Message => ({
  id: `4381-${SERIAL}`,
  channel: "exercise",
  message_id: 4381,
  serial: SERIAL,
  language: "it",
  text: "ESERCITAZIONE",
  cancelled: false,
  ...change,
});
const english = message({ id: "e", message_id: 4394, language: "en", text: "EXERCISE" });
const heard = (inbox: Inbox, ...messages: Message[]) => hear(inbox, messages, NOW);

describe("a phone in an exercise", () => {
  it("shows what is repeated once, with all its languages", () => {
    const first = heard([], message(), english);
    expect(first.fresh).toHaveLength(1);
    expect(first.inbox[0]?.texts.map(({ language }) => language)).toEqual(["it", "en"]);
    const again = heard(first.inbox, message(), english);
    expect(again.fresh).toEqual([]);
    expect(again.inbox).toEqual(first.inbox);
  });

  it("adds a language that comes later without sounding again", () => {
    const first = heard([], message());
    const later = heard(first.inbox, english);
    expect(later.fresh).toEqual([]);
    expect(later.inbox[0]?.texts).toHaveLength(2);
  });

  it("tells an update and a cancel as news, and what they replace as over", () => {
    const first = heard([], message());
    const update = heard(first.inbox, message({ serial: SERIAL + 1 }));
    expect(update.fresh).toHaveLength(1);
    const [now, before] = update.inbox;
    if (!now || !before) throw new Error("two are kept");
    expect(isOver(before, update.inbox)).toBe(true);
    expect(isOver(now, update.inbox)).toBe(false);
    const cancel = heard(update.inbox, message({ serial: SERIAL + 2, cancelled: true }));
    expect(cancel.fresh[0]?.cancelled).toBe(true);
    expect(isOver(now, cancel.inbox)).toBe(true);
  });

  it("does not take another channel's number for the same warning", () => {
    const first = heard([], message());
    const other = heard(first.inbox, message({ channel: "test", serial: SERIAL + 1 }));
    const [, exercise] = other.inbox;
    if (!exercise) throw new Error("two are kept");
    expect(isOver(exercise, other.inbox)).toBe(false);
  });

  it("keeps what it has received, and nothing else that lies there", () => {
    const { inbox } = heard([], message());
    expect(inboxOf(JSON.stringify(inbox))).toEqual(inbox);
    for (const other of [null, "", "{", "5", "[5]", '[{"key":"x"}]', '[{"texts":[null]}]']) {
      expect(inboxOf(other)).toEqual([]);
    }
  });

  it("shows the wanted language, or the first there is", () => {
    const [alert] = heard([], message(), english).inbox;
    if (!alert) throw new Error("one is kept");
    expect(textIn(alert, "en")?.text).toBe("EXERCISE");
    expect(textIn(alert, "de")?.language).toBe("it");
  });

  it("refuses what is for the population, and what is not whole", () => {
    const handset = { name: "Uno", lat_deg: 42, lon_deg: 13 };
    expect(air({ now: NOW, messages: [message()], handset }, "air").messages).toHaveLength(1);
    const real = { ...message(), channel: "public" };
    expect(() => air({ now: NOW, messages: [real], handset }, "air")).toThrow(ShapeError);
    expect(() => air({ now: NOW, messages: [], handset: null }, "air")).toThrow(ShapeError);
  });
});

describe("the attention tone", () => {
  it("has its rhythm, and the phone shakes to it", () => {
    const found = bursts();
    expect(found).toHaveLength(ROUNDS * RHYTHM_S.length);
    expect(found.slice(0, 3)).toEqual([
      { at: 0, lasts: 2 },
      { at: 2.5, lasts: 1 },
      { at: 4, lasts: 1 },
    ]);
    expect(vibration().slice(0, 4)).toEqual([2000, 500, 1000, 500]);
  });
});
