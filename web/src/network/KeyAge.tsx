import { age } from "./figures";
import { KEY_ALARM_S, KEY_LIMIT_S, stageOf } from "./pairs";
import { t } from "./words";

const WIDTH = KEY_LIMIT_S;
const HEIGHT = 6;

/** The age of a key as a bar, its whole width the limit. */
export function KeyBar(props: { ageS: number }) {
  const { ageS } = props;
  return (
    <svg
      class={`key-bar key-bar-${stageOf(ageS)}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect class="key-bar-limit" width={WIDTH} height={HEIGHT} />
      <rect class="key-bar-age" width={Math.min(ageS, KEY_LIMIT_S)} height={HEIGHT} />
      <rect class="key-bar-mark" x={KEY_ALARM_S - 1} width={2} height={HEIGHT} />
    </svg>
  );
}

/** The bar with its figure. */
export function KeyAge(props: { ageS: number | null }) {
  const w = t.value;
  const limit = age(KEY_LIMIT_S);
  if (props.ageS === null) return <span class="faint">{w.noKey}</span>;
  const over = props.ageS > KEY_LIMIT_S;
  return (
    <span class="key-age">
      <span class={over ? "faint" : ""}>{age(props.ageS)}</span>
      <KeyBar ageS={props.ageS} />
      {over ? <span class="faint key-over">{w.keyOver(limit)}</span> : null}
    </span>
  );
}
