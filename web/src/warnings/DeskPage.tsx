import { useEffect, useRef, useState } from "preact/hooks";
import { NoKey } from "../authority/approvals/NoKey";
import { useSigning } from "../authority/approvals/signing";
import { AuthorityPage, ErrorState, Loading, me, say, Tabs, useAnswer } from "../authority/kit";
import { getDesk, getForeignAlerts, getStanding, getWarnings } from "./api";
import { ChannelFrame } from "./ChannelFrame";
import { Compose } from "./Compose";
import { emptyDraft } from "./draft";
import { ForeignAlerts } from "./ForeignAlerts";
import { Handsets } from "./Handsets";
import { MapPanel } from "./MapPanel";
import { NOTHING } from "./mapShapes";
import { headlineOf, newsOf } from "./news";
import { Situation } from "./Situation";
import { StandingWarnings } from "./StandingWarnings";
import type { Warning } from "./shapes";
import { askingOf } from "./standingShapes";
import { cells, chosen, deskState, draft, foreign, placing, warnings } from "./state";
import { t } from "./words";

const REFRESH_MS = 5_000;
const FEEDS_MS = 15_000;
type Tab = "situation" | "write" | "handsets" | "standing" | "foreign";

export function DeskPage() {
  const w = t.value;
  return (
    <AuthorityPage path="/warnings" title={w.title} lead={w.lead}>
      <Content />
    </AuthorityPage>
  );
}

function Content() {
  const w = t.value;
  const [tab, setTab] = useState<Tab>("situation");
  const signing = useSigning();
  const desk = useAnswer(getDesk, [me.value?.person]);
  const listed = useAnswer(async () => (await getWarnings()).warnings, [], REFRESH_MS);
  const standing = useAnswer(getStanding, [], REFRESH_MS);
  const others = useAnswer(getForeignAlerts, [], FEEDS_MS);
  useEffect(() => {
    deskState.value = desk.answer;
  }, [desk.answer]);
  useEffect(() => {
    warnings.value = listed.answer ?? [];
  }, [listed.answer]);
  const go = (to: Tab) => {
    // What a press on the map means, and whose cells are on it, belongs to the tab.
    placing.value = null;
    cells.value = NOTHING;
    if (to !== "situation") chosen.value = null;
    if (to !== "foreign") foreign.value = null;
    setTab(to);
  };
  const setting = deskState.value;
  if (!setting) {
    return desk.error ? <ErrorState error={desk.error} onRetry={desk.reload} /> : <Loading />;
  }
  const waiting = (listed.answer ?? []).filter(({ state }) => state === "waiting").length;
  const writing = tab === "write" ? (draft.value?.channel ?? null) : null;
  return (
    <>
      <News warnings={listed.answer} />
      {setting.may_write ? <NoKey signing={signing} /> : null}
      {listed.error ? <ErrorState error={listed.error} onRetry={listed.reload} /> : null}
      <div class="desk">
        <MapPanel />
        <div class="desk-side">
          <Tabs<Tab>
            label={w.title}
            tabs={[
              { key: "situation", title: w.tabs.situation, count: waiting },
              ...(setting.may_write
                ? [
                    { key: "write" as const, title: w.tabs.write },
                    { key: "handsets" as const, title: w.tabs.handsets },
                  ]
                : []),
              ...(standing.answer && (standing.answer.on || standing.answer.standing.length > 0)
                ? [
                    {
                      key: "standing" as const,
                      title: w.standing.tab,
                      count: askingOf(standing.answer.standing),
                    },
                  ]
                : []),
              ...(others.answer && others.answer.feeds.length > 0
                ? [{ key: "foreign" as const, title: w.foreign.tab }]
                : []),
            ]}
            chosen={tab}
            onChoose={go}
          >
            {tab === "situation" ? (
              <Situation
                desk={setting}
                warnings={listed.answer}
                signing={signing}
                onChanged={listed.reload}
                onUpdate={(next) => {
                  draft.value = next;
                  go("write");
                }}
              />
            ) : null}
            {tab === "write" ? (
              <Compose
                desk={setting}
                signing={signing}
                entrustable={standing.answer?.on ?? false}
                onEntrusted={async () => {
                  draft.value = emptyDraft(setting);
                  go("standing");
                  say(w.standing.proposed);
                  await standing.reload();
                }}
                onProposed={async () => {
                  draft.value = emptyDraft(setting);
                  go("situation");
                  say(w.proposed);
                  await listed.reload();
                }}
              />
            ) : null}
            {tab === "handsets" ? <Handsets /> : null}
            {tab === "standing" ? (
              <StandingWarnings
                told={standing.answer}
                error={standing.error}
                mayWrite={setting.may_write}
                onChanged={standing.reload}
              />
            ) : null}
            {tab === "foreign" ? (
              <ForeignAlerts told={others.answer} error={others.error} onRetry={others.reload} />
            ) : null}
          </Tabs>
        </div>
      </div>
      {writing ? <ChannelFrame channel={writing} /> : null}
    </>
  );
}

/** Reads out what is new: a release that waits, a warning that went out or ended. */
function News(props: { warnings: readonly Warning[] | null }) {
  const before = useRef<readonly Warning[] | null>(null);
  const [told, setTold] = useState("");
  const w = t.value;
  useEffect(() => {
    if (!props.warnings) return;
    const found = before.current ? newsOf(before.current, props.warnings) : [];
    before.current = props.warnings;
    const sentences = found.map((each) => w.news(w.states[each.state], headlineOf(each)));
    if (sentences.length > 0) setTold(sentences.join(" "));
  }, [props.warnings]);
  return (
    <p class="unseen" role="status" aria-live="assertive">
      {told}
    </p>
  );
}
