import { useEffect, useRef, useState } from "preact/hooks";
import { getDirectory, type Person } from "../api";

const TYPING_MS = 250;

/** What was typed, once the typing has paused. */
export function useSettled(typed: string): string {
  const [settled, setSettled] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return settled;
}

export interface Found {
  people: Person[] | null;
  next: string | null;
  error: unknown;
  more: () => Promise<void>;
  reload: () => Promise<void>;
}

/** The people whom a search finds, page after page; while it looks again the last ones stay. */
export function usePeople(wanted: string): Found {
  const [people, setPeople] = useState<Person[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  const ask = async (after: string | null, before: Person[]) => {
    turn.current += 1;
    const mine = turn.current;
    try {
      const page = await getDirectory(wanted, after);
      // An answer that a later question has overtaken says nothing any more.
      if (mine !== turn.current) return;
      setPeople([...before, ...page.people]);
      setNext(page.next);
      setError(null);
    } catch (problem) {
      if (mine === turn.current) setError(problem);
    }
  };
  const reload = () => ask(null, []);
  useEffect(() => {
    void reload();
    return () => {
      turn.current += 1;
    };
  }, [wanted]);
  return { people, next, error, reload, more: () => ask(next, people ?? []) };
}
