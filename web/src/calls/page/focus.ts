/** Where the keyboard goes when what it was on is gone with the state of a call. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { TalkView } from "../talk/talkView";

/** The call in whose card the keyboard was last; empty if it was elsewhere. */
let last = "";
let listening = false;

function listen(): void {
  if (listening) return;
  listening = true;
  document.addEventListener("focusin", (event) => {
    const card = (event.target as Element).closest<HTMLElement>("[data-call]");
    last = card?.dataset.call ?? "";
  });
}

const isLost = (): boolean => document.activeElement === document.body;

/**
 * The heading that takes the keyboard over: when a button of the call goes with its state, and when
 * a call begins by a button that is gone. A call that comes in takes nothing from anybody.
 */
export function useCallFocus({ call, side, state }: TalkView) {
  const heading = useRef<HTMLHeadingElement>(null);
  const seen = useRef<TalkView["state"] | null>(null);
  useLayoutEffect(() => {
    listen();
    const begun = seen.current === null && side === "caller" && state === "dialling";
    const changed = seen.current !== null && seen.current !== state && last === call;
    seen.current = state;
    if (!begun && !changed) return;
    // Once everything else of this picture is in its place.
    const timer = setTimeout(() => {
      if (isLost()) heading.current?.focus();
    }, 0);
    return () => clearTimeout(timer);
  }, [state]);
  return heading;
}
