import { authority } from "./authority";
import { language, words } from "./language";
import { momentOf } from "./time";

/** What nobody may overlook: break-glass in use, and a state that is only a demonstration. */
export function StateBanners() {
  const t = words.value;
  const state = authority.value;
  if (!state) return null;
  const broken = state.break_glass;
  return (
    <>
      {broken ? (
        <p class="banner banner-break-glass" role="alert">
          <strong>{t.breakGlass}</strong>{" "}
          <span>
            {/* Who it is, only the signed-in are told. */}
            {broken.by ? (
              <>
                {t.breakGlassBy} <bdi>{broken.by}</bdi>.{" "}
              </>
            ) : null}
            {t.breakGlassUntil}{" "}
            <time dateTime={new Date(broken.until * 1000).toISOString()}>
              {momentOf(broken.until, language.value)}
            </time>
            . {t.breakGlassMeaning}
          </span>
        </p>
      ) : null}
      {state.demonstration ? (
        <p class="banner banner-demonstration">
          <strong>{t.demonstration}</strong> <span>{t.demonstrationMeaning}</span>
        </p>
      ) : null}
    </>
  );
}
