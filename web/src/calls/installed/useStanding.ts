import { useEffect, useState } from "preact/hooks";
import { pageStanding, STANDING_CHANGED, type Standing } from "./standing";

/** How the page stands; looked for at the start, and again when it changes by itself. */
export function useStanding(): [Standing | null, (standing: Standing) => void] {
  const [standing, setStanding] = useState<Standing | null>(null);
  useEffect(() => {
    const look = () => void pageStanding().then(setStanding);
    addEventListener(STANDING_CHANGED, look);
    look();
    return () => removeEventListener(STANDING_CHANGED, look);
  }, []);
  return [standing, setStanding];
}
