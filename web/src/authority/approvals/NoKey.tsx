import { AddThisBrowser, AwaitedKey } from "../enrol/AddThisBrowser";
import { LinkButton, me } from "../kit";
import type { Signing } from "./signing";
import { t } from "./words";

/** Says that this browser cannot sign and lets it learn to; nothing where it can. */
export function NoKey(props: { signing: Signing }) {
  const w = t.value;
  const { signing } = props;
  if (signing.state === "ready" || signing.state === "asking") return null;
  // Who is here by an emergency code signs nothing, whatever this browser holds.
  if (me.value?.break_glass) return null;
  const told = { none: w.keyNone, waiting: w.keyWaiting, expired: w.keyExpired };
  return (
    <section class="notice no-key" aria-label={w.keyTitle}>
      <p class="notice-title">{w.keyTitle}</p>
      <p>{told[signing.state]}</p>
      {signing.state === "none" ? <AddThisBrowser /> : null}
      {signing.state === "waiting" ? <AwaitedKey identity={signing.identity} /> : null}
      {signing.state === "expired" ? (
        <div>
          <LinkButton href="/me">{w.keyRenew}</LinkButton>
        </div>
      ) : null}
    </section>
  );
}
