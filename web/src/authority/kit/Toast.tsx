/** What was done, said once at the edge of the page and read out by screen readers. */

import { signal } from "@preact/signals";

interface Said {
  id: number;
  text: string;
  level: "done" | "problem";
}

const said = signal<readonly Said[]>([]);
const SHOWN_MS = { done: 6_000, problem: 14_000 };
let next = 0;

/** Say that something was done, or that it was not. */
export function say(text: string, level: Said["level"] = "done"): void {
  const id = next++;
  said.value = [...said.value, { id, text, level }].slice(-3);
  setTimeout(() => {
    said.value = said.value.filter((item) => item.id !== id);
  }, SHOWN_MS[level]);
}

/** The place where it is said: present from the start, else screen readers miss the first. */
export function Announcements() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {said.value.map((item) => (
        <p key={item.id} class={`toast toast-${item.level}`}>
          {item.text}
        </p>
      ))}
    </div>
  );
}
