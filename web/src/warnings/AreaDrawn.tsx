import { useEffect, useRef, useState } from "preact/hooks";
import { ActionButton, TextAreaField } from "../authority/kit";
import { MOST_CORNERS, read, withoutLast, written } from "../flatMap/drawing";
import { askedOf, flawOf } from "./askedArea";
import type { AskedArea } from "./shapes";
import { corners, map } from "./state";
import { t } from "./words";

/** An area drawn on the map, by mouse, finger or keys, or written as places. */
export function AreaDrawn(props: { onTake: (area: AskedArea | null) => void }) {
  const w = t.value;
  const set = corners.value;
  const flaw = flawOf(set);
  const [typed, setTyped] = useState<string | null>(null);
  const before = useRef(set);
  useEffect(() => {
    if (before.current === set) return;
    before.current = set;
    // While it is no area the one that was taken before stays as it was.
    if (set.length > 0 && flaw === null) props.onTake(askedOf(set));
  }, [set]);
  const wrong = typed !== null && read(typed) === null;
  return (
    <>
      <p class="soft">{w.drawHelp}</p>
      <p role="status">
        {flaw ? w.flaws[flaw] : w.cornersSet(set.length)}
        {set.length >= MOST_CORNERS ? ` ${w.mostCorners(MOST_CORNERS)}` : ""}
      </p>
      <div class="row-actions">
        <ActionButton
          onPress={() => {
            const at = map.value?.centre();
            if (at) corners.value = [...set, at].slice(0, MOST_CORNERS);
          }}
        >
          {w.cornerHere}
        </ActionButton>
        <ActionButton
          disabled={set.length === 0}
          onPress={() => {
            corners.value = withoutLast(set);
          }}
        >
          {w.undoCorner}
        </ActionButton>
        <ActionButton
          disabled={set.length === 0}
          onPress={() => {
            corners.value = [];
            props.onTake(null);
          }}
        >
          {w.clearCorners}
        </ActionButton>
      </div>
      <TextAreaField
        label={w.cornersWritten}
        help={w.cornersWrittenHelp}
        error={wrong ? w.cornersWrong(MOST_CORNERS) : null}
        value={typed ?? written(set)}
        code
        onChange={(text) => {
          const found = read(text);
          // What cannot be read yet stays as it is typed.
          setTyped(found ? null : text);
          if (found) corners.value = found;
        }}
      />
    </>
  );
}
