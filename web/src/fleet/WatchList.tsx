import { getWatch, type Platform } from "../api/fleet";
import { Problem } from "../authority/kit";
import { inLanguage } from "../frame/language";
import { inUtc } from "../frame/time";
import { LeverSign } from "../globe/LeverSign";
import { plain } from "../network/figures";
import { chosen, map } from "./state";
import { usePolled } from "./usePolled";
import { causeOf, lengthOf, t } from "./words";

const MOST_SHOWN = 12;

/** Gaps of all platforms with notice ahead: in how long, how long, and why. */
export function WatchList(props: { platforms: readonly Platform[]; now: number }) {
  const w = t.value;
  const { now } = props;
  const { answer, preparing, error } = usePolled(getWatch, "watch");
  const known = new Map(props.platforms.map((each) => [each.id, each]));
  const gaps = answer?.gaps.filter((gap) => gap.end > now) ?? [];
  return (
    <section class="card section watch" aria-labelledby="watch-title">
      <div>
        <h2 id="watch-title">
          {w.watch} <LeverSign lever="observed" />
        </h2>
        <p class="soft small">{w.watchLead}</p>
      </div>
      {answer && !answer.complete ? <p class="small soft">{w.incomplete}</p> : null}
      {answer === null && error ? <Problem error={error} /> : null}
      {answer === null && !error ? (
        <p class="platform-waiting soft" role="status">
          <span class="spinner" aria-hidden="true" />
          {preparing ? w.preparing : w.unknownYet}
        </p>
      ) : null}
      {answer && gaps.length === 0 ? (
        <div class="watch-none">
          <p class="state-title">{w.watchNone}</p>
          <p class="small soft">{w.watchNoneText}</p>
        </div>
      ) : null}
      {gaps.length > 0 ? (
        <ol class="watch-list">
          {gaps.slice(0, MOST_SHOWN).map((gap) => {
            const platform = known.get(gap.platform);
            const name = platform ? plain(inLanguage(platform.name)) : gap.platform;
            const notice = gap.start - now;
            return (
              <li key={`${gap.platform}${gap.start}`} data-soon={notice < 900}>
                <span class="watch-when">
                  {notice > 0 ? w.watchIn(lengthOf(notice)) : w.watchNow}
                  <time class="small faint" dateTime={new Date(gap.start * 1000).toISOString()}>
                    {inUtc(gap.start)} UTC
                  </time>
                </span>
                <span>
                  <button
                    type="button"
                    class="link"
                    onClick={() => {
                      chosen.value = gap.platform;
                      if (platform) map.value?.look([[platform.lon_deg, platform.lat_deg]]);
                      document
                        .getElementById(`platform-${gap.platform}`)
                        ?.scrollIntoView({ block: "nearest" });
                    }}
                  >
                    {name}
                  </button>
                  : {w.without(lengthOf(gap.end - gap.start))}: {causeOf(gap.reason)}
                </span>
              </li>
            );
          })}
        </ol>
      ) : null}
      {gaps.length > MOST_SHOWN ? (
        <p class="small soft">{w.more(gaps.length - MOST_SHOWN)}</p>
      ) : null}
    </section>
  );
}
