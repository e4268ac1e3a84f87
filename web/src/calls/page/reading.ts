/** When what stands in a conversation counts as read: its end is on a screen that somebody sees. */

import { useEffect, useRef } from "preact/hooks";
import { shown } from "./desk";

/** Tells of reading for as long as it is used; returns the end of the conversation, to be marked. */
export function useReading(person: string, unread: number, last: string) {
  const end = useRef<HTMLDivElement>(null);
  const onScreen = useRef(false);
  const look = useRef(() => {
    const seen = onScreen.current && document.visibilityState === "visible" && document.hasFocus();
    const { letters } = shown.peek();
    if (seen && (letters?.of(person)?.unread ?? 0) > 0) letters?.read(person);
  });
  useEffect(() => {
    const { current: mark } = end;
    if (!mark) return;
    const observer = new IntersectionObserver((changes) => {
      onScreen.current = changes.at(-1)?.isIntersecting ?? false;
      look.current();
    });
    observer.observe(mark);
    const again = () => look.current();
    document.addEventListener("visibilitychange", again);
    addEventListener("focus", again);
    return () => {
      observer.disconnect();
      document.removeEventListener("visibilitychange", again);
      removeEventListener("focus", again);
    };
  }, []);
  useEffect(() => look.current(), [unread, last]);
  return end;
}
