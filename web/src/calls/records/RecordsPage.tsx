import { type Column, IdentityName, momentOf, Section, Table } from "../../authority/kit";
import { inLanguage } from "../../frame/language";
import { useFeed } from "../../network/feed";
import { age, plain } from "../../network/figures";
import { Shell } from "../../network/Shell";
import { type Going, getRecords, type Over } from "./answers";
import { CallPrecedence, Who, Why } from "./cells";
import { DecisionsShown } from "./Decisions";
import { Quality } from "./Quality";
import { t } from "./words";

/** The calls of this site: those that go on, and the last that are over. */
export function RecordsPage() {
  const w = t.value;
  const feed = useFeed(getRecords);
  const told = feed.now?.value;
  return (
    <Shell page={{ path: "/calls", title: w.title }} lead={w.lead} feed={feed}>
      {told ? (
        <>
          <Section title={w.going} lead={<IdentityName path={plain(told.site)} />}>
            {told.going.length === 0 ? (
              <p class="faint">{w.noneGoing}</p>
            ) : (
              <Table
                caption={w.going}
                columns={goingColumns(told.at)}
                rows={told.going}
                rowKey={(each) => each.call}
              />
            )}
          </Section>
          <Section title={w.over}>
            {told.over.length === 0 ? (
              <p class="faint">{w.noneOver}</p>
            ) : (
              <Table
                caption={w.over}
                columns={overColumns()}
                rows={told.over}
                rowKey={(each) => `${each.call} ${each.began}`}
              />
            )}
            <p class="faint small call-note">{w.note}</p>
          </Section>
          <DecisionsShown />
        </>
      ) : null}
    </Shell>
  );
}

function goingColumns(at: number): Column<Going>[] {
  const w = t.value;
  return [
    ...commonColumns<Going>(),
    { key: "state", title: w.state, cell: (each) => w.states[each.state] },
    {
      key: "since",
      title: w.since,
      cell: (each) => age(Math.max(0, at - (each.connected_at ?? each.began))),
    },
    {
      key: "quality",
      title: w.quality,
      cell: (each) => (
        <Quality legs={each.legs} answered={each.connected_at !== null} over={false} />
      ),
    },
  ];
}

function overColumns(): Column<Over>[] {
  const w = t.value;
  return [
    ...commonColumns<Over>(),
    { key: "began", title: w.began, cell: (each) => momentOf(each.began) },
    {
      key: "talked",
      title: w.talked,
      cell: (each) =>
        each.connected_at === null ? "–" : age(Math.max(0, each.ended_at - each.connected_at)),
    },
    {
      key: "why",
      title: w.why,
      cell: (each) => <Why text={inLanguage(each.why)} reason={each.reason} />,
    },
    {
      key: "quality",
      title: w.sounded,
      cell: (each) => <Quality legs={each.legs} answered={each.connected_at !== null} over />,
    },
  ];
}

function commonColumns<T extends Going | Over>(): Column<T>[] {
  const w = t.value;
  return [
    {
      key: "people",
      title: w.people,
      cell: (each) => (
        <span class="lines">
          <Who path={each.caller} />
          <span>
            <span class="faint small">{w.to}</span> <Who path={each.device || each.callee} />
          </span>
        </span>
      ),
    },
    {
      key: "precedence",
      title: w.precedence,
      cell: (each) => <CallPrecedence of={each} />,
    },
  ];
}
