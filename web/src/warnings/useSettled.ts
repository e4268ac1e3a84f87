import { useEffect, useRef, useState } from "preact/hooks";

/** An answer about what somebody writes, asked for once they have paused.

`fresh` tells whether the answer is about what stands there now. The last answer stays meanwhile. */
export function useSettled<Q, A>(
  wanted: Q | null,
  ask: (wanted: Q) => Promise<A>,
  delayMs: number,
): { answer: A | null; error: unknown; fresh: boolean; again: () => void } {
  const key = JSON.stringify(wanted);
  const [answered, setAnswered] = useState<{ key: string; answer: A } | null>(null);
  const [failed, setFailed] = useState<{ key: string; error: unknown } | null>(null);
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (wanted === null) {
      setAnswered(null);
      setFailed(null);
      return;
    }
    let current = true;
    const timer = setTimeout(() => {
      latest.current(wanted).then(
        (answer) => {
          if (!current) return;
          setAnswered({ key, answer });
          setFailed(null);
        },
        (error: unknown) => {
          if (current) setFailed({ key, error });
        },
      );
    }, delayMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, turn]);
  return {
    answer: answered?.answer ?? null,
    error: failed?.key === key ? failed.error : null,
    fresh: answered?.key === key,
    again: () => setTurn((count) => count + 1),
  };
}
