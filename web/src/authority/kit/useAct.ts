import { useEffect, useRef, useState } from "preact/hooks";
import { attended } from "../../frame/authority";

/** One act at a time: whether it runs, and why the last one failed.

`act` answers true once it is done, false where it failed or one was already under way. */
export function useAct(): {
  busy: boolean;
  error: unknown;
  act: (what: () => Promise<void>) => Promise<boolean>;
  forget: () => void;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const running = useRef(false);
  const act = async (what: () => Promise<void>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await what();
      return true;
    } catch (problem) {
      setError(problem);
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, act, forget: () => setError(null) };
}

/** An answer of the server that a place shows: loaded at once, and again when asked.

While it loads again the last answer stays. `everyMs` asks again by itself while somebody is at
the page: what nobody looks at must not keep a session open. */
export function useAnswer<T>(
  ask: () => Promise<T>,
  by: readonly unknown[] = [],
  everyMs = 0,
): { answer: T | null; error: unknown; reload: () => Promise<void> } {
  const [answer, setAnswer] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;
  const reload = async () => {
    turn.current += 1;
    const mine = turn.current;
    try {
      const next = await latest.current();
      if (mine !== turn.current) return;
      setAnswer(() => next);
      setError(null);
    } catch (problem) {
      if (mine === turn.current) setError(problem);
    }
  };
  useEffect(() => {
    void reload();
    const timer = everyMs
      ? setInterval(() => {
          if (attended()) void reload();
        }, everyMs)
      : undefined;
    return () => {
      turn.current += 1;
      clearInterval(timer);
    };
  }, by);
  return { answer, error, reload };
}
