import { useState } from "preact/hooks";
import { utf8 } from "../../trust/octets";
import { dismissEvidence, exportEvidence, type ForkEvidence } from "../../trust/witness";
import { explaining } from "../approvals/trustSentence";
import { ActionButton, ConfirmDialog, momentOf } from "../kit";
import { download } from "./download";
import { t } from "./words";

const TEXT = "text/plain;charset=utf-8";

/** The alarm for a log with two histories: it stays, and hands out what convicts the log. */
export function Fork(props: { evidence: ForkEvidence; onChanged: () => Promise<void> }) {
  const w = t.value;
  const { evidence } = props;
  const [leaving, setLeaving] = useState(false);
  const save = () =>
    explaining(async () => {
      const octets = await exportEvidence(evidence.origin);
      download("fork-evidence.json", "application/json", octets);
      await props.onChanged();
    });
  return (
    <section class="alarm alarm-fork" role="alert" aria-labelledby="fork-title">
      <h2 class="alarm-title" id="fork-title">
        {w.forkTitle}
      </h2>
      <p>{evidence.proven ? w.forkProven : w.forkUnproven}</p>
      <p>{w.forkDo}</p>
      <p class="soft">
        {w.forkFound}: {momentOf(evidence.found)}
      </p>
      <div class="notes">
        <Note title={w.forkHeld} note={evidence.held} />
        <Note title={w.forkOffered} note={evidence.offered} />
      </div>
      <div class="row-actions">
        <ActionButton tone="primary" onPress={save}>
          {w.downloadEvidence}
        </ActionButton>
        <ActionButton onPress={() => download("checkpoint-held.txt", TEXT, utf8(evidence.held))}>
          {w.downloadHeld}
        </ActionButton>
        <ActionButton
          onPress={() => download("checkpoint-shown.txt", TEXT, utf8(evidence.offered))}
        >
          {w.downloadOffered}
        </ActionButton>
        <ActionButton
          tone="danger"
          disabled={!evidence.exported}
          describedBy="fork-dismiss"
          onPress={() => setLeaving(true)}
        >
          {w.dismiss}
        </ActionButton>
      </div>
      {evidence.exported ? null : (
        <p class="faint" id="fork-dismiss">
          {w.dismissFirst}
        </p>
      )}
      {leaving ? (
        <ConfirmDialog
          title={w.dismissTitle}
          consequences={w.dismissTexts}
          action={w.dismiss}
          understood={w.handed}
          onClose={() => setLeaving(false)}
          onConfirm={async () => {
            await explaining(() => dismissEvidence(evidence.origin));
            await props.onChanged();
          }}
        />
      ) : null}
    </section>
  );
}

/** The first lines of a signed note: log, entries, root; its signature is in the file. */
function Note(props: { title: string; note: string }) {
  const w = t.value;
  const [origin = "", size = "", root = ""] = props.note.split("\n");
  return (
    <article class="note">
      <h3>{props.title}</h3>
      <dl class="facts">
        <dt>{w.origin}</dt>
        <dd>
          <bdi class="code">{origin}</bdi>
        </dd>
        <dt>{w.size}</dt>
        <dd>{size}</dd>
        <dt>{w.root}</dt>
        <dd>
          <bdi class="code">{root}</bdi>
        </dd>
      </dl>
    </article>
  );
}
