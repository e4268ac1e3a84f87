/** What the telephone's page shows, and what a person does on it. */

import { computed, effect, signal } from "@preact/signals";
import type { Precedence } from "../../api/authority";
import { attended, me } from "../../frame/authority";
import { store, stored } from "../../frame/stored";
import type { DeviceKey } from "../../trust/device";
import type { ConversationView, Letters } from "../mail/view";
import { openVault } from "../mls/deviceStore";
import type { Connection } from "../signalling/door";
import type { Present } from "../signalling/frames";
import type { Problem, Sound, TalkView } from "../talk/talkView";
import type { Telephone } from "../talk/telephone";
import { askContacts, readContacts, writeContacts } from "./contacts";
import {
  looked,
  missedPast,
  type PastCall,
  readHistory,
  remembered,
  writeHistory,
} from "./history";
import { Kept } from "./kept";
import { KeyWatch } from "./keyWatch";
import { keyToRing, type OwnDevices } from "./ownDevice";
import { type Callee, type Contacts, joinPeople, NO_CONTACTS, nameOf } from "./people";
import { PageSound } from "./sound";
import { inFront, isLive, pastOf, shownTalks } from "./talks";

/** A telephone as its page uses it. */
export type Handset = Pick<Telephone, keyof Telephone>;

/** What the page is opened with. */
export interface Exchange {
  devices(): Promise<OwnDevices>;
  open(device: DeviceKey, sound: Sound, changed: () => void): Promise<Handset>;
}

export type Stage =
  | { state: "opening" }
  | { state: "no key"; waiting: boolean }
  | { state: "choose"; keys: readonly DeviceKey[] }
  | { state: "failed"; error: unknown }
  | { state: "open"; device: DeviceKey; handset: Handset };

interface Shown {
  connection: Connection;
  /** When the connection was last told, milliseconds. */
  at: number;
  people: readonly Present[];
  talks: readonly TalkView[];
  problems: readonly Problem[];
  /** Written messages; null until they are opened. */
  letters: Letters | null;
  conversations: readonly ConversationView[];
}

const NOTHING: Shown = {
  connection: { state: "connecting" },
  at: 0,
  people: [],
  talks: [],
  problems: [],
  letters: null,
  conversations: [],
};
const CHOSEN = "calls.device";
const REFRESH_MS = 600_000;

export const stage = signal<Stage>({ state: "opening" });
export const shown = signal<Shown>(NOTHING);
/** Milliseconds, each second anew. */
export const clock = signal(Date.now());
export const contacts = signal<Contacts>(NO_CONTACTS);
export const history = signal<readonly PastCall[]>([]);
/** What could not be read of what is kept here. */
export const keptProblem = signal<unknown>(null);
/** What is known of the keys of past calls; null until it was read. */
export const keys = signal<KeyWatch | null>(null);
const dismissed = signal<ReadonlySet<string>>(new Set());

/** `anna.rossi`, whose telephone this is; empty while it is not open. */
export const self = computed(() =>
  stage.value.state === "open" ? stage.value.device.identity.name : "",
);
/** `office/rome`: the site at which this browser sits, as the edges know it. */
export const ownSite = computed(
  () => shown.value.people.find(({ person }) => nameOf(person) === self.value)?.site ?? "",
);
export const people = computed(() => {
  const reached = shown.value.connection.state === "attending";
  return joinPeople(contacts.value.people, shown.value.people, self.value, reached);
});
/** Somebody by their name; one whom nobody knows any more can be called all the same. */
export const calleeOf = (person: string): Callee =>
  people.value.find((each) => each.person === person) ?? {
    person,
    name: "",
    numbers: [],
    presence: "unknown",
    site: "",
  };
export const talks = computed(() => shownTalks(shown.value.talks, dismissed.value, clock.value));

let handset: Handset | null = null;
let kept: { history: Kept<readonly PastCall[]>; contacts: Kept<Contacts> } | null = null;
const noted = new Set<string>();
let takenMissed: Handset["missed"] = [];

setInterval(() => {
  clock.value = Date.now();
}, 1_000);

/** Finds this browser's device and opens its telephone. */
export async function openDesk(exchange: Exchange, chosen = stored(CHOSEN)): Promise<void> {
  try {
    const own = await exchange.devices();
    if (own.keys.length === 0) {
      stage.value = { state: "no key", waiting: own.waiting.length > 0 };
      return;
    }
    const device = keyToRing(own.keys, chosen, me.value?.person ?? null);
    if (device === null) {
      stage.value = { state: "choose", keys: own.keys };
      return;
    }
    stage.value = { state: "opening" };
    handset = await exchange.open(device, new PageSound(), look);
    stage.value = { state: "open", device, handset };
    look();
    await openKept(device);
  } catch (error) {
    stage.value = { state: "failed", error };
  }
}

/** Rings by this key from now on, on this browser. */
export async function chooseDevice(exchange: Exchange, device: DeviceKey): Promise<void> {
  store(CHOSEN, device.identity.uri);
  await openDesk(exchange, device.identity.uri);
}

async function openKept({ identity }: DeviceKey): Promise<void> {
  try {
    const vault = await openVault(identity);
    kept = {
      history: new Kept(vault, {
        kind: "history",
        name: "calls",
        write: writeHistory,
        read: readHistory,
      }),
      contacts: new Kept(vault, {
        kind: "contacts",
        name: "directory",
        write: writeContacts,
        read: readContacts,
      }),
    };
    keys.value = await KeyWatch.open(vault, (problem) => {
      keptProblem.value = problem;
    });
    contacts.value = (await kept.contacts.read()) ?? NO_CONTACTS;
    history.value = (await kept.history.read()) ?? [];
  } catch (problem) {
    keptProblem.value = problem;
  }
  look();
  await refreshContacts();
}

/** Takes what the telephone shows now, and remembers the calls that ended. */
function look(): void {
  if (handset === null) return;
  const { connection, people: present, talks: all, problems, letters } = handset;
  const at = connection === shown.value.connection ? shown.value.at : Date.now();
  clock.value = Date.now();
  const conversations = letters?.conversations ?? [];
  shown.value = { connection, at, people: present, talks: all, problems, letters, conversations };
  keys.peek()?.look(all);
  if (kept === null) return;
  const ended = all.filter((talk) => talk.endedAt !== null && !noted.has(talk.call));
  for (const { call } of ended) noted.add(call);
  if (ended.length > 0) changeHistory((before) => remembered(before, ended.map(pastOf)));
  takeMissed(handset);
}

/** Remembers what was missed while no device was connected; the edge keeps it until that is done. */
function takeMissed(of: Handset): void {
  const { missed } = of;
  if (missed.length === 0 || missed === takenMissed) return;
  takenMissed = missed;
  changeHistory(
    (before) => remembered(before, missed.map(missedPast)),
    () => of.noted(missed),
  );
}

function changeHistory(
  by: (history: readonly PastCall[]) => readonly PastCall[],
  done?: () => void,
): void {
  history.value = by(history.value);
  kept?.history
    .change((before) => by(before ?? []))
    .then(
      (after) => {
        history.value = after;
        done?.();
      },
      (problem) => {
        keptProblem.value = problem;
      },
    );
}

/** Marks what was missed as seen. */
export const lookAtMissed = (): void => changeHistory(looked);

/** Deletes the list of calls, and which keys their devices had. */
export async function forgetHistory(): Promise<void> {
  await kept?.history.forget();
  await keys.peek()?.forget();
  history.value = [];
  keptProblem.value = null;
}

/** The directory is asked for when its person is signed in, and every while as long as they look. */
async function refreshContacts(): Promise<void> {
  const person = me.value;
  if (person === null || person.person !== self.value) return;
  try {
    const found = await askContacts(person.ceiling, Date.now());
    contacts.value = found;
    await kept?.contacts.change(() => found);
  } catch {
    // The authority is away: what was kept goes on to be shown, with its age.
  }
}

effect(() => {
  if (me.value?.person && me.value.person === self.value) setTimeout(refreshContacts, 0);
});
setInterval(() => {
  if (attended()) void refreshContacts();
}, REFRESH_MS);

// What the person does

export function dial(person: string, precedence: Precedence, emergency: boolean): void {
  holdOthers("");
  for (const talk of shown.value.talks) {
    if (talk.person === person && talk.state === "over") dismiss(talk.call);
  }
  handset?.dial(person, precedence, emergency);
}

/** Answers a call; whoever is being talked to is put on hold. */
export function answer(call: string): void {
  holdOthers(call);
  handset?.answer(call);
}

/** Ends, refuses or cancels a call, as it stands. */
export function finish(talk: TalkView): void {
  const rings = talk.state === "incoming" || talk.state === "ringing here";
  if (rings) handset?.refuse(talk.call, "declined");
  else handset?.end(talk.call);
}

export function toggleHold(talk: TalkView): void {
  if (!talk.heldHere) {
    handset?.hold(talk.call);
    return;
  }
  holdOthers(talk.call);
  handset?.resume(talk.call);
}

export const toggleMute = (talk: TalkView): void => handset?.mute(talk.call, !talk.muted);

export function dismiss(call: string): void {
  dismissed.value = new Set([...dismissed.value, call]);
}

/** The call that keys without a place act on; null where there is none. */
export const frontTalk = (): TalkView | null => inFront(shown.value.talks.filter(isLive));

function holdOthers(call: string): void {
  for (const talk of shown.value.talks) {
    if (talk.call !== call && talk.state === "talking" && !talk.heldHere) handset?.hold(talk.call);
  }
}
