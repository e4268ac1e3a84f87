import { useEffect, useState } from "preact/hooks";
import { shown } from "./desk";
import { t } from "./words";

/** A connection that is only being made anew is no news. */
const AFTER_MS = 2_000;

/** That nothing leaves, and why; what is written meanwhile is kept. */
export function HeldNotice() {
  const w = t.value.texts;
  const problem = shown.value.letters?.problem ?? "";
  const held = problem !== "";
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!held) return;
    const timer = setTimeout(() => setLasting(true), AFTER_MS);
    return () => {
      clearTimeout(timer);
      setLasting(false);
    };
  }, [held]);
  return (
    <div class="held" role="status">
      {held && lasting ? (
        <div class="notice">
          <p class="notice-title">{w.held}</p>
          <p>
            <bdi lang="en">{problem}</bdi> {w.heldText}
          </p>
        </div>
      ) : null}
    </div>
  );
}
