import { formatted } from "../../frame/language";
import type { Certificate } from "../api";
import { distance, Mark, now } from "../kit";
import { ageOf, type Stage } from "./age";
import { t } from "./words";

const LEVELS: Record<Stage, "good" | "notice" | "bad"> = {
  young: "good",
  renewing: "notice",
  grace: "bad",
  over: "bad",
};
const WIDTH = 240;
const HEIGHT = 8;

/** How far a certificate has lived: two thirds of life, renewal, grace, and where it is now. */
export function AgeBar(props: { identity: string; certificate: Certificate }) {
  const w = t.value;
  const age = ageOf(props.identity, props.certificate, now.value);
  if (!age) return null;
  const { stage } = age;
  const percent = formatted(age.now * 100);
  const x = (share: number) => share * WIDTH;
  const next =
    stage === "over" || age.next === null ? null : w.next[stage](distance(age.next, now.value));
  return (
    <div class={`age age-is-${stage}`}>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={w.barLabel(percent, w.stages[stage])}
      >
        <rect class="age-life" width={x(age.end)} height={HEIGHT} />
        {age.hasGrace ? (
          <rect class="age-grace" x={x(age.end)} width={WIDTH - x(age.end)} height={HEIGHT} />
        ) : null}
        <rect class="age-lived" width={x(age.now)} height={HEIGHT} />
        <rect class="age-mark" x={x(age.renewal) - 0.75} width={1.5} height={HEIGHT} />
        {age.hasGrace ? (
          <rect class="age-mark" x={x(age.end) - 0.75} width={1.5} height={HEIGHT} />
        ) : null}
      </svg>
      <span class="age-word">
        <Mark level={LEVELS[stage]}>{next ?? w.stages[stage]}</Mark>
      </span>
    </div>
  );
}
