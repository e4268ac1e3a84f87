import { LinkButton } from "../kit";
import type { Signing } from "./signing";
import { t } from "./words";

/** Says that this browser cannot sign and how it learns to; nothing where it can. */
export function NoKey(props: { signing: Signing }) {
  const w = t.value;
  const { state } = props.signing;
  if (state === "ready" || state === "asking") return null;
  return (
    <section class="notice no-key" aria-label={w.keyTitle}>
      <p class="notice-title">{w.keyTitle}</p>
      <p>{state === "none" ? w.keyNone : state === "waiting" ? w.keyWaiting : w.keyExpired}</p>
      <div>
        <LinkButton href="/me">{w.keyHow}</LinkButton>
      </div>
    </section>
  );
}
