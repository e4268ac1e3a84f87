import { signal } from "@preact/signals";
import { setClock } from "../api/sky";
import { words } from "../frame/language";
import { clock } from "../frame/state";
import { Problem } from "./Problem";

const problem = signal<unknown>(null);

async function change(wish: Parameters<typeof setClock>[0]): Promise<void> {
  try {
    clock.value = await setClock(wish);
    problem.value = null;
  } catch (error) {
    problem.value = error;
  }
}

/** Now or replay, pause, pace. The sky is the twin's: every screen on it sees the same time. */
export function TimeControl() {
  const t = words.value;
  const now = clock.value;
  if (!now) return null;
  const isNow = now.mode === "now";
  return (
    <section class="card time" aria-label={t.time}>
      <fieldset class="segmented" aria-label={t.time}>
        <button
          type="button"
          id="mode-now"
          aria-pressed={isNow}
          disabled={!now.can_now}
          title={now.can_now ? t.nowMeaning : t.cannotNow}
          onClick={() => change({ mode: "now" })}
        >
          {t.modeNow}
        </button>
        <button
          type="button"
          id="mode-replay"
          aria-pressed={!isNow}
          title={t.replayMeaning}
          onClick={() => (isNow ? change({ mode: "replay" }) : undefined)}
        >
          {t.modeReplay}
        </button>
      </fieldset>
      <button
        type="button"
        id="pause"
        class="play"
        aria-label={t.pause}
        title={now.paused ? t.resume : t.pause}
        aria-pressed={now.paused}
        onClick={() => change({ paused: !now.paused })}
      >
        <svg viewBox="0 0 24 24" class="icon icon-solid" aria-hidden="true">
          {now.paused ? (
            <path d="M8 5.5v13l11-6.5Z" />
          ) : (
            <path d="M7 5.5h3.5v13H7zM13.5 5.5H17v13h-3.5z" />
          )}
        </svg>
      </button>
      <fieldset class="segmented" aria-label={t.pace}>
        {now.rates.map((rate) => (
          <button
            key={rate}
            type="button"
            data-rate={rate}
            aria-pressed={now.rate === rate}
            aria-label={t.rateLabel(rate)}
            title={t.rateLabel(rate)}
            onClick={() => change({ rate })}
          >
            {t.rate(rate)}
          </button>
        ))}
      </fieldset>
      {problem.value === null ? null : <Problem error={problem.value} class="time-problem" />}
    </section>
  );
}
