import { type Column, Mark, momentOf, Section, Table } from "../../authority/kit";
import { inLanguage } from "../../frame/language";
import { useFeed } from "../../network/feed";
import { type Decision, getDecisions, type Verdict } from "./answers";
import { CallPrecedence, Who, Why } from "./cells";
import { t } from "./words";

const LEVELS = { admitted: "good", refused: "bad", yields: "notice" } as const satisfies Record<
  Verdict,
  string
>;

/** Why calls were let in, refused or had to yield, the newest first. */
export function DecisionsShown() {
  const w = t.value;
  const feed = useFeed(getDecisions);
  const told = feed.now?.value.decisions;
  return (
    <Section title={w.decisions} lead={w.decisionsLead}>
      {told === undefined ? (
        <p class="faint">{feed.error ? w.decisionsUnknown : ""}</p>
      ) : told.length === 0 ? (
        <p class="faint">{w.noneDecided}</p>
      ) : (
        <Table
          caption={w.decisions}
          columns={columns()}
          rows={told}
          rowKey={(each) => `${each.call} ${each.at} ${each.verdict}`}
        />
      )}
    </Section>
  );
}

function columns(): Column<Decision>[] {
  const w = t.value;
  return [
    { key: "at", title: w.decided, cell: (each) => momentOf(each.at) },
    {
      key: "people",
      title: w.people,
      cell: (each) => (
        <span class="lines">
          <Who path={each.caller} />
          {each.callee === "" ? null : (
            <span>
              <span class="faint small">{w.to}</span> <Who path={each.callee} />
            </span>
          )}
        </span>
      ),
    },
    { key: "precedence", title: w.precedence, cell: (each) => <CallPrecedence of={each} /> },
    {
      key: "verdict",
      title: w.verdict,
      cell: (each) => <Mark level={LEVELS[each.verdict]}>{w.verdicts[each.verdict]}</Mark>,
    },
    {
      key: "why",
      title: w.reason,
      cell: (each) => <Why text={inLanguage(each.why)} reason={each.reason} />,
    },
  ];
}
