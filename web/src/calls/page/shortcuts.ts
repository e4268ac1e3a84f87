/** Single keys of the telephone: which act a key press asks for. Pure. */

export const SHORTCUTS = {
  a: "answer",
  e: "end",
  m: "mute",
  h: "hold",
  "/": "search",
  "?": "help",
} as const;
export type Act = (typeof SHORTCUTS)[keyof typeof SHORTCUTS];

/** What of a key press counts. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
  defaultPrevented: boolean;
}

/**
 * The act of a press; null for none.
 *
 * `writing`: the keyboard is in a field or a list that takes letters. `modal`: a dialog is open; it
 * keeps all keys to itself.
 */
export function actOf(press: Press, writing: boolean, modal: boolean): Act | null {
  const { key, ctrlKey, altKey, metaKey, repeat, defaultPrevented } = press;
  if (writing || modal || ctrlKey || altKey || metaKey || repeat || defaultPrevented) return null;
  const wanted = key.toLowerCase();
  return Object.hasOwn(SHORTCUTS, wanted) ? SHORTCUTS[wanted as keyof typeof SHORTCUTS] : null;
}

/** Whether an element takes letters. */
export function isWriting(element: Element | null): boolean {
  const kinds = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";
  return element?.closest(`${kinds}, [contenteditable]`) != null;
}
