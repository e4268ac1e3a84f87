import { useState } from "preact/hooks";
import { addPasskey, askPasskey, getPasskeys, type Passkey, removePasskey } from "../api";
import {
  ActionButton,
  type Column,
  ConfirmDialog,
  Dialog,
  EmptyState,
  ErrorState,
  Form,
  kitWords,
  Loading,
  makePasskey,
  Problem,
  Section,
  SubmitButton,
  say,
  Table,
  TextField,
  useAct,
  useAnswer,
  When,
  withPasskey,
} from "../kit";
import { words } from "./MePage";

/** What this person signs in with. */
export function Passkeys() {
  const t = words.value;
  const { answer, error, reload } = useAnswer(getPasskeys);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const labelOf = (passkey: Passkey) => passkey.label || t.unnamed;
  const only = answer?.length === 1;
  const columns: Column<Passkey>[] = [
    { key: "label", title: t.passkey, cell: (passkey) => <bdi>{labelOf(passkey)}</bdi> },
    { key: "made", title: t.made, cell: (passkey) => <When time={passkey.made} exact /> },
    { key: "used", title: t.used, cell: (passkey) => <When time={passkey.used} /> },
    {
      key: "actions",
      title: t.actions,
      end: true,
      untitled: true,
      cell: (passkey) => (
        <div class="row-actions">
          <ActionButton
            disabled={only}
            label={t.removeOf(labelOf(passkey))}
            onPress={() => setRemoving(passkey)}
          >
            {t.remove}
          </ActionButton>
        </div>
      ),
    },
  ];
  return (
    <Section
      title={t.passkeys}
      lead={t.passkeysLead}
      actions={<ActionButton onPress={() => setAdding(true)}>{t.add}</ActionButton>}
    >
      {error && !answer ? <ErrorState error={error} onRetry={reload} /> : null}
      {!answer && !error ? <Loading /> : null}
      {answer?.length === 0 ? (
        <EmptyState title={t.noPasskeys}>{t.noPasskeysText}</EmptyState>
      ) : null}
      {answer && answer.length > 0 ? (
        <Table
          caption={t.passkeys}
          columns={columns}
          rows={answer}
          rowKey={(passkey) => passkey.id}
        />
      ) : null}
      {only ? <p class="faint">{t.onlyOne}</p> : null}
      {adding ? <AddPasskey onClose={() => setAdding(false)} onAdded={reload} /> : null}
      {removing ? (
        <ConfirmDialog
          title={t.removeTitle(labelOf(removing))}
          consequences={t.removeWhat}
          action={t.remove}
          onClose={() => setRemoving(null)}
          onConfirm={async () => {
            await withPasskey(() => removePasskey(removing.id));
            say(t.removed);
            await reload();
          }}
        />
      ) : null}
    </Section>
  );
}

function AddPasskey(props: { onClose: () => void; onAdded: () => Promise<void> }) {
  const t = words.value;
  const [label, setLabel] = useState("");
  const [tried, setTried] = useState(0);
  const { busy, error, act } = useAct();
  const wrong = label.trim() === "" ? t.addLabelWrong : null;
  const submit = async () => {
    setTried(tried + 1);
    if (wrong) return;
    const done = await act(async () => {
      const { id, options } = await withPasskey(askPasskey);
      await addPasskey(id, await makePasskey(options), label.trim());
    });
    if (!done) return;
    props.onClose();
    say(t.added);
    await props.onAdded();
  };
  return (
    <Dialog title={t.addTitle} onClose={props.onClose} held={busy}>
      <Form onSubmit={submit} wrong={tried}>
        <TextField
          label={t.addLabel}
          help={t.addLabelHelp}
          error={tried ? wrong : null}
          value={label}
          onChange={setLabel}
          maxLength={60}
          required
        />
        {error ? <Problem error={error} /> : null}
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose} disabled={busy}>
            {kitWords.value.cancel}
          </ActionButton>
          <SubmitButton busy={busy}>{t.addNow}</SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}
