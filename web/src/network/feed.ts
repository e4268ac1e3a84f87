/** What is asked again and again while somebody looks, and how old the last answer is. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Taken } from "./rates";

const EVERY_MS = 2_000;
/** An answer older than this is no picture of now. */
export const OLD_S = 7;

export interface Feed<T> {
  readonly now: Taken<T> | null;
  readonly before: Taken<T> | null;
  /** Why the last question failed; null once one succeeds again. */
  readonly error: unknown;
}

const clockS = () => performance.now() / 1000;

/** Ask at once and two seconds after each answer; nothing is asked while the page is hidden. */
export function useFeed<T>(ask: () => Promise<T>): Feed<T> {
  const [feed, setFeed] = useState<Feed<T>>({ now: null, before: null, error: null });
  useEffect(() => {
    let ended = false;
    let asking = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      clearTimeout(timer);
      if (ended || asking || document.hidden) return;
      asking = true;
      try {
        const value = await ask();
        const now = { value, atS: clockS() };
        if (!ended) setFeed((last) => ({ now, before: last.now, error: null }));
      } catch (error) {
        if (!ended) setFeed((last) => ({ ...last, error }));
      }
      asking = false;
      if (!ended) timer = setTimeout(turn, EVERY_MS);
    };
    const looked = () => void turn();
    document.addEventListener("visibilitychange", looked);
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [ask]);
  return feed;
}

/** Seconds since an answer came, counted each second; null before the first. */
export function useAge(taken: Taken<unknown> | null): number | null {
  const [ageS, setAge] = useState<number | null>(null);
  const latest = useRef(taken);
  latest.current = taken;
  useEffect(() => {
    const tell = () => setAge(latest.current ? clockS() - latest.current.atS : null);
    tell();
    const timer = setInterval(tell, 1_000);
    return () => clearInterval(timer);
  }, [taken]);
  return ageS;
}
