/** What tells of a call beyond the page itself: its title, its icon, the browser, the tone. */

import { computed, effect, untracked } from "@preact/signals";
import { kitWords } from "../../authority/kit";
import { words } from "../../frame/language";
import type { TalkView } from "../talk/talkView";
import { unreadIn } from "./arrivals";
import { notify, silent, volume } from "./choices";
import { contacts, history, shown } from "./desk";
import { missedIn } from "./history";
import { shownName } from "./people";
import { Ringer } from "./ringer";
import ringingIcon from "./ringing.svg?url";
import { inFront, isLive, rings } from "./talks";
import { toneFor } from "./tones";
import { t } from "./words";

type Badged = Navigator & {
  setAppBadge?: (count: number) => Promise<void>;
  clearAppBadge?: () => Promise<void>;
};

export const ringer = new Ringer();

/** The name by which this device knows a person. */
export function calledName(person: string): string {
  const known = contacts.value.people.find((each) => each.person === person);
  return shownName(known ?? { person, name: "" });
}

/** How urgent a call is, in words: "Flash", "EMERGENCY, Flash override". */
export function urgencyWords({ precedence, emergency }: TalkView): string {
  const word = kitWords.value.precedences[precedence];
  if (!emergency) return word;
  return precedence === "routine" ? t.value.emergencyMark : `${t.value.emergencyMark}, ${word}`;
}

/** Who calls, the urgency first: where a title is cut off it is still there. */
const ringsTitle = (talk: TalkView): string =>
  t.value.ringsTitle(calledName(talk.person), urgencyWords(talk));

const front = computed(() => inFront(shown.value.talks.filter(isLive)));
/** What waits to be looked at: calls that were missed, texts that were not read. */
const waiting = computed(() => missedIn(history.value) + unreadIn(shown.value.conversations));

/** The title of the page's tab: who calls, with whom one speaks, how much waits. */
const title = computed(() => {
  const plain = `${t.value.title} · ${words.value.name}`;
  const talk = front.value;
  if (talk !== null && rings(talk)) return ringsTitle(talk);
  if (talk !== null) return `${t.value.inCallTitle(calledName(talk.person))} · ${plain}`;
  return waiting.value > 0 ? `(${waiting.value}) ${plain}` : plain;
});

/** Whether the browser lets this page tell of calls. */
export const notificationsAllowed = (): NotificationPermission | "none" =>
  "Notification" in globalThis ? Notification.permission : "none";

/** Asks the person by the browser's own question; whether it may be done from now on. */
export async function askNotifications(): Promise<boolean> {
  if (notificationsAllowed() === "none") return false;
  return (await Notification.requestPermission()) === "granted";
}

const told = new Map<string, Notification>();

function tellOutside(): void {
  const ringing = shown.value.talks.filter((talk) => talk.state === "ringing here");
  for (const [call, notification] of told) {
    if (ringing.some((talk) => talk.call === call)) continue;
    notification.close();
    told.delete(call);
  }
  if (!notify.peek() || !document.hidden || notificationsAllowed() !== "granted") return;
  for (const talk of ringing.filter(({ call }) => !told.has(call))) {
    try {
      const notification = new Notification(
        untracked(() => ringsTitle(talk)),
        {
          tag: talk.call,
          requireInteraction: true,
          silent: true,
        },
      );
      notification.onclick = () => window.focus();
      told.set(talk.call, notification);
    } catch {
      // Some browsers permit it to service workers only: title, icon and tone remain.
      return;
    }
  }
}

/** Begins to tell; once a page. */
export function callAttention(): void {
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const quietIcon = icon?.href ?? "";
  effect(() => {
    document.title = title.value;
  });
  effect(() => {
    const talk = front.value;
    if (icon) icon.href = talk !== null && rings(talk) ? ringingIcon : quietIcon;
  });
  effect(() => {
    const { setAppBadge, clearAppBadge } = navigator as Badged;
    const done =
      waiting.value > 0
        ? setAppBadge?.call(navigator, waiting.value)
        : clearAppBadge?.call(navigator);
    done?.catch(() => {});
  });
  effect(() => ringer.play(toneFor(shown.value.talks), volume.value, silent.value));
  effect(tellOutside);
  addEventListener("beforeunload", (event) => {
    // Who leaves the page leaves the call: the browser asks first.
    if (shown.peek().talks.some(({ state }) => state === "talking")) event.preventDefault();
  });
}
