import type { WarningInForce } from "../api/warnings";
import { language, words } from "./language";
import { inForce, readHere, setRead } from "./publicWarnings";
import { spokenTo } from "./spoken";
import { momentOf } from "./time";

/** Public warnings that hold, above everything else of every page. */
export function WarningBanners() {
  return (
    <div class="public-warnings" aria-live="assertive">
      {inForce.value.map((warning) => (
        <Banner key={warning.identifier} warning={warning} />
      ))}
    </div>
  );
}

function Banner(props: { warning: WarningInForce }) {
  const { warning } = props;
  const t = words.value;
  const text = spokenTo(warning.texts, language.value);
  const folded = readHere.value.has(warning.identifier);
  const kind = `public-warning-${warning.channel}`;
  return (
    <section
      class={`public-warning ${kind} ${warning.cancel ? "public-warning-over" : ""}`}
      data-identifier={warning.identifier}
      aria-label={t.publicWarning}
    >
      <p class="public-warning-head">
        <strong class="public-warning-kind">{kindOf(warning)}</strong>
        <span class="public-warning-headline" lang={text?.language}>
          {text?.headline}
        </span>
        <button
          type="button"
          class="public-warning-button"
          aria-expanded={!folded}
          onClick={() => setRead(warning.identifier, !folded)}
        >
          {folded ? t.publicWarningShow : t.publicWarningRead}
        </button>
      </p>
      {folded ? null : (
        <div class="public-warning-body">
          {text?.description ? <p lang={text.language}>{text.description}</p> : null}
          {text?.instruction ? (
            <p class="public-warning-instruction" lang={text.language}>
              {text.instruction}
            </p>
          ) : null}
          <p class="public-warning-where">
            <bdi>{warning.area}</bdi>
            {" · "}
            {warning.cancel ? t.publicWarningSince : t.publicWarningUntil}{" "}
            <time dateTime={new Date(shownTime(warning) * 1000).toISOString()}>
              {momentOf(shownTime(warning), language.value)}
            </time>
          </p>
        </div>
      )}
    </section>
  );
}

const shownTime = (warning: WarningInForce) => (warning.cancel ? warning.sent : warning.until);

function kindOf(warning: WarningInForce): string {
  const t = words.value;
  const kind = {
    public: t.publicWarning,
    exercise: t.publicWarningExercise,
    test: t.publicWarningTest,
  }[warning.channel];
  return warning.cancel ? `${kind}: ${t.publicWarningCancelled}` : kind;
}
