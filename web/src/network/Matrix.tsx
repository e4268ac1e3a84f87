import { EmptyState, Mark, Section } from "../authority/kit";
import { age, nameOfSite } from "./figures";
import { KeyBar } from "./KeyAge";
import { type Cell, type Condition, conditionOf, KEY_LIMIT_S, type Row, summaryOf } from "./pairs";
import { t } from "./words";

/** How serious each condition is. */
export const LEVELS: Record<Condition, "good" | "notice" | "bad" | "quiet"> = {
  open: "good",
  resting: "quiet",
  opening: "notice",
  shut: "bad",
};

/** Sites by sites: the first thing to look at. Rows lead to what a site says in full. */
export function Matrix(props: { rows: readonly Row[]; onOpen: (id: string) => void }) {
  const w = t.value;
  const { open, pairs, oldestS } = summaryOf(props.rows);
  return (
    <Section
      title={w.matrix}
      lead={
        props.rows.length === 0 ? null : (
          <span role="status">
            {pairs === 0 ? w.noTunnels : w.matrixSummary(open, pairs)}
            {oldestS === null ? null : <span aria-live="off"> {w.oldest(age(oldestS))}</span>}
          </span>
        )
      }
    >
      {props.rows.length === 0 ? (
        <EmptyState title={w.noSites}>{w.noSitesText}</EmptyState>
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys too */}
          <section class="matrix-scroll" aria-label={w.matrixScroll} tabIndex={0}>
            <Grid {...props} />
          </section>
          <p class="faint matrix-legend">{w.legend(age(KEY_LIMIT_S))}</p>
        </>
      )}
    </Section>
  );
}

function Grid(props: { rows: readonly Row[]; onOpen: (id: string) => void }) {
  const w = t.value;
  return (
    <table class="matrix">
      <caption class="unseen">{w.matrixCaption}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="unseen">{w.from}</span>
          </th>
          {props.rows.map(({ site }, at) => (
            <th key={site.id} scope="col">
              <span class="matrix-number" aria-hidden="true">
                {at + 1}
              </span>
              <bdi class="matrix-name">{nameOfSite(site)}</bdi>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map(({ site, cells }, at) => (
          <tr key={site.id}>
            <th scope="row">
              <a href={`#${anchorOf(site.id)}`} onClick={() => props.onOpen(site.id)}>
                <span class="matrix-number" aria-hidden="true">
                  {at + 1}
                </span>
                <bdi>{nameOfSite(site)}</bdi>
              </a>
            </th>
            {cells.map((cell, to) => (
              <td key={props.rows[to]?.site.id} class={`matrix-${cell.what}`}>
                <Between cell={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Between(props: { cell: Cell }) {
  const w = t.value;
  const { cell } = props;
  if (cell.what !== "tunnel") {
    return (
      <>
        <span class="unseen">{w.cells[cell.what]}</span>
        <span aria-hidden="true">{{ self: "", silent: "?", none: "–" }[cell.what]}</span>
      </>
    );
  }
  const { key_age_s: ageS } = cell.tunnel;
  const condition = conditionOf(cell.tunnel);
  return (
    <div class={`between between-${condition}`} title={w.meanings[condition]}>
      <Mark level={LEVELS[condition]}>{w.conditions[condition]}</Mark>
      {condition === "open" && ageS !== null ? (
        <>
          <span class="unseen">, {w.keyAgeLabel(age(ageS), age(KEY_LIMIT_S))}</span>
          <span class="matrix-age" aria-hidden="true">
            {age(ageS)}
          </span>
          <KeyBar ageS={ageS} />
        </>
      ) : null}
    </div>
  );
}

export const anchorOf = (id: string) => `site-${id}`;
