import { span } from "../authority/kit";
import { formatted, inLanguage } from "../frame/language";
import { ReachCurve } from "./ReachShown";
import type { Preview } from "./shapes";
import { t } from "./words";

const SHOWN_SATELLITES = 6;

/** Whom an area holds, whom its beams reach beside it, and how fast. */
export function PreviewShown(props: { preview: Preview; beams: boolean }) {
  const w = t.value;
  const { preview } = props;
  const { beams } = preview;
  return (
    <section class="preview" aria-label={w.previewTitle}>
      <h3>{w.previewTitle}</h3>
      <dl class="facts">
        <dt>{w.peopleInside}</dt>
        <dd>
          <strong>{formatted(preview.people)}</strong>
        </dd>
        <dt>{w.size}</dt>
        <dd>{formatted(preview.area_km2)} km²</dd>
        <dt>{w.cellsTitle}</dt>
        <dd>{formatted(preview.cells_outline.features.length)}</dd>
        <dt>{w.overshoot}</dt>
        <dd>{w.beside(formatted(preview.people_beside), formatted(preview.beside_km2))}</dd>
      </dl>
      {preview.approximate ? <p class="notice">{inLanguage(preview.approximate)}</p> : null}
      {beams ? (
        <>
          <h3>{w.forecast}</h3>
          <p>
            {beams.first_s === null ? w.noBeam : w.firstBeam(span(beams.first_s))}{" "}
            {beams.time_to_95_s === null ? w.never95 : w.to95(span(beams.time_to_95_s))}{" "}
            {w.atOnce(beams.beams_at_once)}
          </p>
          <ReachCurve curve={[]} forecast={beams.curve} />
          {beams.satellites.length > 0 ? (
            <p class="faint">
              {w.satellites}: <bdi>{beams.satellites.slice(0, SHOWN_SATELLITES).join(", ")}</bdi>
              {beams.satellites.length > SHOWN_SATELLITES
                ? ` ${w.andMore(beams.satellites.length - SHOWN_SATELLITES)}`
                : ""}
            </p>
          ) : null}
        </>
      ) : props.beams ? null : (
        <p class="soft">{w.noSky}</p>
      )}
    </section>
  );
}
