/**
 * What a phone makes of what it hears: repetitions are one message, the languages of one warning
 * belong together, and a cancel is told as such. Pure: messages and a time in, alerts out.
 */

import type { HeardChannel, Message } from "./shapes";

/** A warning as the phone shows it: its languages, and when they were first heard (POSIX s). */
export interface Alert {
  /** Of the 16-bit serial number, without its update number; and the channel. */
  readonly key: string;
  readonly serial: number;
  readonly channel: HeardChannel;
  readonly heard: number;
  readonly cancelled: boolean;
  readonly texts: readonly { readonly language: string; readonly text: string }[];
}

/** The newest first. */
export type Inbox = readonly Alert[];

const MOST_KEPT = 50;
/** Bits of the update number at the serial's end (3GPP TS 23.041, 9.4.1.2.1). */
const UPDATES = 16;

/** Which warning a serial number belongs to, whatever its update. */
const familyOf = (serial: number): number => Math.floor(serial / UPDATES);

export interface Heard {
  readonly inbox: Inbox;
  /** What has to be shown with tone and vibration: new, an update, or a cancel. */
  readonly fresh: readonly Alert[];
}

/** Take what is on the air now. */
export function hear(inbox: Inbox, messages: readonly Message[], now: number): Heard {
  const heard = new Map<string, Message[]>();
  for (const message of messages) {
    const key = keyOf(message);
    heard.set(key, [...(heard.get(key) ?? []), message]);
  }
  const fresh: Alert[] = [];
  let kept = [...inbox];
  for (const [key, parts] of heard) {
    const [first] = parts;
    if (!first) continue;
    const known = inbox.find((each) => each.key === key);
    const texts = textsOf(known, parts);
    if (known) {
      // A further language of what is shown already: nothing to sound about.
      kept = kept.map((each) => (each.key === key ? { ...each, texts } : each));
      continue;
    }
    const { serial, channel, cancelled } = first;
    fresh.push({ key, serial, channel, cancelled, heard: now, texts });
  }
  return { inbox: [...fresh, ...kept].slice(0, MOST_KEPT), fresh };
}

/** Whether an alert was taken back or replaced by one that came later. */
export function isOver(alert: Alert, inbox: Inbox): boolean {
  const at = inbox.findIndex(({ key }) => key === alert.key);
  return inbox
    .slice(0, Math.max(at, 0))
    .some(
      (each) => each.channel === alert.channel && familyOf(each.serial) === familyOf(alert.serial),
    );
}

/** The text in the wanted language, or the first there is. */
export function textIn(alert: Alert, language: string): { language: string; text: string } | null {
  return alert.texts.find((each) => each.language === language) ?? alert.texts[0] ?? null;
}

function keyOf(message: Message): string {
  return `${message.channel} ${message.serial} ${message.cancelled ? "cancel" : "alert"}`;
}

function textsOf(known: Alert | undefined, parts: readonly Message[]) {
  const texts = new Map((known?.texts ?? []).map(({ language, text }) => [language, text]));
  for (const { language, text } of parts) texts.set(language, text);
  return [...texts].map(([language, text]) => ({ language, text }));
}

/** An inbox that was kept in the browser; empty for what is none. */
export function inboxOf(text: string | null): Inbox {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) && found.every(isAlert) ? found : [];
  } catch {
    return [];
  }
}

function isAlert(value: unknown): value is Alert {
  const { key, serial, channel, heard, cancelled, texts } = (value ?? {}) as Record<
    string,
    unknown
  >;
  const texted = (each: unknown) => {
    const { language, text } = (each ?? {}) as Record<string, unknown>;
    return typeof language === "string" && typeof text === "string";
  };
  return (
    typeof key === "string" &&
    typeof serial === "number" &&
    (channel === "exercise" || channel === "test") &&
    typeof heard === "number" &&
    typeof cancelled === "boolean" &&
    Array.isArray(texts) &&
    texts.every(texted)
  );
}
