import { useState } from "preact/hooks";
import { revokeHolder } from "../api";
import { REASONS } from "../approvals/bodies";
import { reasonTold } from "../approvals/reasons";
import {
  ActionButton,
  ConfirmDialog,
  Dialog,
  Form,
  freshen,
  kitWords,
  me,
  SelectField,
  SubmitButton,
  say,
  TextField,
} from "../kit";
import { noHolders, reasonsFor } from "./holders";
import { t } from "./words";

/** The last question before one holder's certificates are revoked. */
export function RevokeDialog(props: {
  holder: string;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const w = t.value;
  const { holder } = props;
  const reasons = reasonsFor(holder, me.value?.roles ?? [], REASONS);
  const [reason, setReason] = useState(
    reasons.includes("superseded") ? "superseded" : (reasons[0] ?? ""),
  );
  const person = holder.startsWith("person/");
  return (
    <ConfirmDialog
      title={w.revokeTitle(holder)}
      consequences={[...w.revokeTexts(holder), ...(person ? [w.revokePerson] : [])]}
      action={w.revoke}
      understood={w.understoodRevoke}
      onClose={props.onClose}
      onConfirm={async () => {
        await freshen();
        await revokeHolder(holder, reason);
        say(w.revoked(holder));
        await props.onDone();
      }}
    >
      <SelectField
        label={w.reason}
        value={reason}
        choices={reasons.map((value) => ({ value, label: reasonTold(value) }))}
        onChange={setReason}
      />
    </ConfirmDialog>
  );
}

/** Name a holder that is in no list here, such as a person; the question comes next. */
export function RevokeOther(props: { onClose: () => void; onChosen: (holder: string) => void }) {
  const w = t.value;
  const [holder, setHolder] = useState("");
  const [tries, setTries] = useState(0);
  const typed = holder.trim();
  const wrong =
    noHolders([typed]).length > 0
      ? w.wrongHolder
      : reasonsFor(typed, me.value?.roles ?? [], REASONS).length === 0
        ? w.notYours
        : null;
  return (
    <Dialog title={w.revokeOtherTitle} onClose={props.onClose}>
      <Form
        wrong={tries}
        onSubmit={() => {
          setTries(tries + 1);
          if (!wrong) props.onChosen(typed);
        }}
      >
        <TextField
          label={w.holder}
          help={w.holderHint}
          value={holder}
          code
          required
          maxLength={80}
          error={tries > 0 ? wrong : null}
          onChange={setHolder}
        />
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{kitWords.value.cancel}</ActionButton>
          <SubmitButton busy={false} tone="danger">
            {w.revoke} …
          </SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}
