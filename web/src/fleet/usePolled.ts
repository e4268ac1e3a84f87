import { useEffect, useState } from "preact/hooks";
import { ApiError, NOT_YET } from "../api/client";

const EVERY_MS = 15_000;
const SOON_MS = 2_500;

/** An answer asked for once a slot; sooner while the server is still at work on it. */
export function usePolled<A extends { complete: boolean }>(
  ask: () => Promise<A>,
  key: string,
): { answer: A | null; preparing: boolean; error: unknown } {
  const [told, setTold] = useState<{ answer: A | null; preparing: boolean; error: unknown }>({
    answer: null,
    preparing: false,
    error: null,
  });
  useEffect(() => {
    let ended = false;
    let asking = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async () => {
      clearTimeout(timer);
      if (ended || asking || document.hidden) return;
      asking = true;
      let wait = EVERY_MS;
      try {
        const answer = await ask();
        if (!ended) setTold({ answer, preparing: false, error: null });
        if (!answer.complete) wait = SOON_MS;
      } catch (error) {
        const preparing = error instanceof ApiError && error.status === NOT_YET;
        if (!ended)
          setTold(({ answer }) => ({ answer, preparing, error: preparing ? null : error }));
        wait = SOON_MS;
      }
      asking = false;
      if (!ended) timer = setTimeout(turn, wait);
    };
    const looked = () => void turn();
    document.addEventListener("visibilitychange", looked);
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [key]);
  return told;
}
