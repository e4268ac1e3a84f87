import type { Precedence } from "../../api/authority";
import { kitWords } from "../../authority/kit";
import { t } from "./words";

/** Strokes that differ in shape: one can tell them apart without their colour. */
const SIGNS: Record<Precedence | "emergency", string> = {
  routine: "M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
  priority: "m6 14.5 6-6 6 6",
  immediate: "m6 12 6-6 6 6M6 18l6-6 6 6",
  flash: "M13.5 3 5.5 13.5h6L10.5 21l8-10.5h-6Z",
  "flash-override": "M12 3l2.6 5.8 6.2.6-4.7 4.2 1.4 6.2L12 16.6l-5.5 3.2 1.4-6.2-4.7-4.2 6.2-.6Z",
  emergency: "M12 4v16M4 12h16M6.3 6.3l11.4 11.4M17.7 6.3 6.3 17.7",
};

export function PrecedenceSign(props: { of: Precedence | "emergency" }) {
  return (
    <svg viewBox="0 0 24 24" class={`icon sign-${props.of}`} aria-hidden="true">
      <path d={SIGNS[props.of]} />
    </svg>
  );
}

/** A call's precedence: colour, sign and word. */
export function PrecedenceMark(props: { precedence: Precedence; emergency?: boolean }) {
  return (
    <span class="precedence-marks">
      {props.emergency ? (
        <span class="precedence precedence-emergency">
          <PrecedenceSign of="emergency" />
          {t.value.emergency}
        </span>
      ) : null}
      <span class={`precedence precedence-${props.precedence}`}>
        <PrecedenceSign of={props.precedence} />
        {kitWords.value.precedences[props.precedence]}
      </span>
    </span>
  );
}
