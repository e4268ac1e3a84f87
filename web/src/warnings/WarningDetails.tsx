import { useEffect, useState } from "preact/hooks";
import type { Signing } from "../authority/approvals/signing";
import {
  ActionButton,
  ErrorState,
  Loading,
  Mark,
  momentOf,
  Sentence,
  useAnswer,
  When,
} from "../authority/kit";
import { inLanguage, language } from "../frame/language";
import { getReach, getWarning } from "./api";
import { CancelDialog } from "./CancelDialog";
import { type CapAlert, readAlertOn } from "./capAlert";
import { type Draft, updateOf } from "./draft";
import { NOTHING, reachedCells } from "./mapShapes";
import { ReachShown } from "./ReachShown";
import { Infos } from "./ReleaseShown";
import type { Delivery, Desk, FullWarning, Warning } from "./shapes";
import { cells, reach } from "./state";
import { t } from "./words";

const REACH_MS = 3_000;
const REFRESH_MS = 5_000;
const MARKS = { waiting: "notice", sent: "good", refused: "bad", failed: "bad" } as const;

/** One warning: how far it has come, its words, what was sent by which way, and its story. */
export function WarningDetails(props: {
  warning: Warning;
  desk: Desk;
  signing: Signing;
  onChanged: () => Promise<void>;
  onUpdate: (draft: Draft) => void;
}) {
  const { id } = props.warning;
  const full = useAnswer(() => getWarning(id), [id, props.warning.state], REFRESH_MS);
  const now = useAnswer(async () => (await getReach(id)).reach, [id], REACH_MS);
  useEffect(() => {
    reach.value = now.answer;
    const outline = now.answer?.cells_outline ?? full.answer?.cells_outline ?? null;
    cells.value = outline ? reachedCells(outline, now.answer) : NOTHING;
  }, [now.answer, full.answer]);
  useEffect(
    () => () => {
      reach.value = null;
      cells.value = NOTHING;
    },
    [],
  );
  if (!full.answer) {
    return full.error ? <ErrorState error={full.error} onRetry={full.reload} /> : <Loading />;
  }
  const reload = async () => {
    await Promise.all([full.reload(), props.onChanged()]);
  };
  return (
    <div class="warning-details">
      <Acts {...props} full={full.answer} onChanged={reload} />
      {now.answer ? <ReachShown reach={now.answer} people={props.warning.people} /> : null}
      {!now.answer && props.desk.beams ? <p class="soft">{t.value.noReach}</p> : null}
      <Words full={full.answer} />
      <Deliveries deliveries={full.answer.deliveries} />
      <Story full={full.answer} />
    </div>
  );
}

function readAlert(full: FullWarning): CapAlert | null {
  try {
    return readAlertOn(full.alert, full.channel);
  } catch {
    return null;
  }
}

function Acts(props: {
  full: FullWarning;
  desk: Desk;
  signing: Signing;
  onChanged: () => Promise<void>;
  onUpdate: (draft: Draft) => void;
}) {
  const w = t.value;
  const { full, desk } = props;
  const [cancelling, setCancelling] = useState(false);
  if (full.state !== "released" || !desk.may_write) return null;
  const correct = () => {
    const alert = readAlert(full);
    if (!alert) throw new Sentence(w.unreadable);
    props.onUpdate(updateOf(full, alert, desk));
  };
  return (
    <div class="row-actions">
      <ActionButton onPress={correct}>{w.update}</ActionButton>
      <ActionButton
        tone="danger"
        disabled={props.signing.state !== "ready"}
        onPress={() => setCancelling(true)}
      >
        {w.cancelWarning}
      </ActionButton>
      {cancelling && props.signing.state === "ready" ? (
        <CancelDialog
          warning={full}
          device={props.signing.device}
          onClose={() => setCancelling(false)}
          onDone={props.onChanged}
        />
      ) : null}
    </div>
  );
}

function Words(props: { full: FullWarning }) {
  const w = t.value;
  const alert = readAlert(props.full);
  return (
    <details>
      <summary class="link">{w.texts}</summary>
      {alert ? <Infos alert={alert} /> : <p class="problem">{w.unreadable}</p>}
    </details>
  );
}

function Deliveries(props: { deliveries: readonly Delivery[] }) {
  const w = t.value;
  return (
    <section aria-label={w.deliveries}>
      <h4>{w.deliveries}</h4>
      {props.deliveries.length === 0 ? <p class="faint">{w.noDeliveries}</p> : null}
      <ul class="warning-log">
        {props.deliveries.map((each) => (
          <li key={each.way}>
            <bdi class="code">{each.way}</bdi>{" "}
            <Mark level={MARKS[each.state]}>{w.deliveryStates[each.state]}</Mark>{" "}
            {each.at === null ? null : <When time={each.at} exact />}
            {each.detail[language.value] ? (
              <p class="soft">
                <bdi>{each.detail[language.value]}</bdi>
              </p>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Story(props: { full: FullWarning }) {
  const w = t.value;
  return (
    <section aria-label={w.log}>
      <h4>{w.log}</h4>
      <ol class="warning-log">
        {props.full.log.map((each, index) => (
          <li key={index}>
            <span class="faint">{momentOf(each.at)}</span> <bdi>{inLanguage(each.text)}</bdi>{" "}
            {each.by ? <bdi class="soft">{each.by}</bdi> : null}
          </li>
        ))}
      </ol>
    </section>
  );
}
