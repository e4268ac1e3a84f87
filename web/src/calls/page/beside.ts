/** What stands beside the list: nobody, whom one is about to call, or to whom one writes. */

import { signal } from "@preact/signals";

export type Beside =
  | { show: "nobody" }
  /** `thread`: whether one came from their conversation, and goes back there. */
  | { show: "dial"; person: string; thread: boolean }
  /** `enter`: whether the keyboard goes to where one writes. */
  | { show: "thread"; person: string; enter: boolean };

export const beside = signal<Beside>({ show: "nobody" });

/** What was typed and not sent, by person, for as long as the page is open. */
export const drafts = signal<ReadonlyMap<string, string>>(new Map());

export function keepDraft(person: string, typed: string): void {
  const kept = new Map(drafts.peek());
  if (typed === "") kept.delete(person);
  else kept.set(person, typed);
  drafts.value = kept;
}

/** What was sent and could not be kept is typed again, before what was typed since. */
export function giveBack(person: string, typed: string): void {
  const since = drafts.peek().get(person) ?? "";
  keepDraft(person, since === "" ? typed : `${typed}\n${since}`);
}

export function dialBeside(person: string, thread = false): void {
  beside.value = { show: "dial", person, thread };
}

export function writeTo(person: string): void {
  beside.value = { show: "thread", person, enter: true };
}

/** Leaves the panel for calling; `called` when it was for a call, whose card takes the keyboard. */
export function leaveDial(called: boolean): void {
  const { value } = beside;
  beside.value =
    value.show === "dial" && value.thread
      ? { show: "thread", person: value.person, enter: !called }
      : { show: "nobody" };
}

/** Leaves a conversation; the keyboard goes to where it was opened, as far as that is there. */
export function leaveThread(): void {
  const { value } = beside;
  if (value.show !== "thread") return;
  beside.value = { show: "nobody" };
  setTimeout(() => {
    const row = document.querySelector<HTMLElement>(`[data-writes="${CSS.escape(value.person)}"]`);
    (row ?? document.getElementById("content"))?.focus();
  }, 0);
}
