import { useEffect, useState } from "preact/hooks";

/** What follows # in the page's address: a choice that can be bookmarked and gone back from. */
export function useChosen(): [string, (chosen: string) => void] {
  const read = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
  };
  const [chosen, setChosen] = useState(read);
  useEffect(() => {
    const changed = () => setChosen(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return [
    chosen,
    (next) => {
      location.hash = encodeURIComponent(next);
      setChosen(next);
    },
  ];
}
