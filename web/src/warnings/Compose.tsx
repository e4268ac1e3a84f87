import { useEffect, useState } from "preact/hooks";
import type { Signing } from "../authority/approvals/signing";
import { ActionButton, ConfirmDialog, Problem, Section } from "../authority/kit";
import { AreaPicker } from "./AreaPicker";
import { checkDraft, previewArea } from "./api";
import { ChannelPicker } from "./ChannelPicker";
import { Circumstances } from "./Circumstances";
import { type Draft, emptyDraft, gaps, toJson } from "./draft";
import { EntrustDialog } from "./EntrustDialog";
import { askedCells, boundsOf, NOTHING } from "./mapShapes";
import { PreviewShown } from "./PreviewShown";
import { Problems, unseen } from "./Problems";
import { ProposeDialog } from "./ProposeDialog";
import type { Desk } from "./shapes";
import { cells, corners, draft, map } from "./state";
import { TemplatePicker } from "./TemplatePicker";
import { Texts } from "./Texts";
import { useSettled } from "./useSettled";
import { t } from "./words";

/** Pauses after which the authority is asked, ms. */
const CHECK_MS = 700;
const PREVIEW_MS = 500;

/** Writing a warning: whom it is for, where, and in which words; and what is wrong with it. */
export function Compose(props: {
  desk: Desk;
  signing: Signing;
  /** Whether sensors may be entrusted with a warning here. */
  entrustable: boolean;
  onProposed: () => Promise<void>;
  onEntrusted: () => Promise<void>;
}) {
  const w = t.value;
  const { desk } = props;
  useEffect(() => {
    draft.value ??= emptyDraft(desk);
  }, []);
  const written = draft.value;
  const json = written ? toJson(written) : null;
  const checked = useSettled(json, checkDraft, CHECK_MS);
  const preview = useSettled(written?.area ?? null, previewArea, PREVIEW_MS);
  const [seen, setSeen] = useState<readonly string[]>([]);
  const [asking, setAsking] = useState<"propose" | "entrust" | "discard" | null>(null);
  useEffect(() => {
    const found = written?.area ? preview.answer : null;
    cells.value = found ? askedCells(found.cells_outline) : NOTHING;
    const bounds = found ? boundsOf([found.outline]) : null;
    if (bounds) map.value?.look(bounds);
  }, [preview.answer]);
  if (!written) return null;
  const change = (next: Draft) => {
    draft.value = next;
  };
  const missing = gaps(written);
  const problems = [...(checked.answer?.problems ?? []), ...(preview.answer?.problems ?? [])];
  const open = unseen(problems, seen);
  const ready =
    checked.fresh && checked.answer?.body != null && open.length === 0 && missing.length === 0;
  const parts = { draft: written, desk, onChange: change };
  return (
    <div class="compose">
      {written.message_type === "Update" ? <p class="notice">{w.isUpdate}</p> : null}
      <ChannelPicker {...parts} />
      <TemplatePicker {...parts} />
      <Section title={w.area}>
        <AreaPicker {...parts} />
        {preview.error ? <Problem error={preview.error} /> : null}
        {written.area && preview.answer ? (
          <PreviewShown preview={preview.answer} beams={desk.beams} />
        ) : null}
      </Section>
      <Texts {...parts} states={checked.answer?.texts ?? {}} problems={problems} />
      <Circumstances {...parts} />
      <Section title={w.problems}>
        {json === null ? <p class="soft">{w.needsArea}</p> : null}
        {missing.length > 0 ? <p class="problem">{w.missing(missing.join(", "))}</p> : null}
        {checked.error ? <Problem error={checked.error} /> : null}
        <Problems
          problems={problems}
          fresh={checked.fresh || json === null}
          seen={seen}
          onSeen={setSeen}
        />
        <div class="form-actions">
          <ActionButton
            tone="primary"
            disabled={!ready || props.signing.state !== "ready"}
            onPress={() => setAsking("propose")}
          >
            {w.propose[written.channel]}
          </ActionButton>
          {props.entrustable && written.message_type === "Alert" ? (
            <ActionButton
              disabled={!ready || props.signing.state !== "ready"}
              onPress={() => setAsking("entrust")}
            >
              {w.standing.entrust}
            </ActionButton>
          ) : null}
          <ActionButton onPress={() => setAsking("discard")}>{w.discard}</ActionButton>
        </div>
        {props.signing.state !== "ready" ? <p class="soft">{w.needsKey}</p> : null}
      </Section>
      {asking === "propose" && json && props.signing.state === "ready" ? (
        <ProposeDialog
          draft={json}
          channel={written.channel}
          people={preview.answer?.people}
          device={props.signing.device}
          onClose={() => setAsking(null)}
          onProposed={async () => {
            corners.value = [];
            await props.onProposed();
          }}
        />
      ) : null}
      {asking === "entrust" && json && props.signing.state === "ready" ? (
        <EntrustDialog
          draft={json}
          channel={written.channel}
          level={written.level}
          device={props.signing.device}
          onClose={() => setAsking(null)}
          onProposed={async () => {
            corners.value = [];
            await props.onEntrusted();
          }}
        />
      ) : null}
      {asking === "discard" ? (
        <ConfirmDialog
          title={w.discardTitle}
          consequences={[w.discardText]}
          action={w.discard}
          onClose={() => setAsking(null)}
          onConfirm={async () => {
            corners.value = [];
            setSeen([]);
            change(emptyDraft(desk));
          }}
        />
      ) : null}
    </div>
  );
}
