import { useState } from "preact/hooks";
import { ActionButton, ChecksField, Dialog, Form, kitWords, SubmitButton, TextField } from "../kit";
import { type Policy, ROLES, type Role } from "./document";
import { NAME, withVisibility } from "./draft";
import { numberKindTold } from "./told";
import { t } from "./words";

/** Who sees numbers of one kind, in a draft; an empty kind is a new one. */
export function VisibilityDialog(props: {
  policy: Policy;
  kind: string;
  onChange: (policy: Policy) => void;
  onClose: () => void;
}) {
  const w = t.value;
  const [kind, setKind] = useState(props.kind);
  const [roles, setRoles] = useState<readonly Role[]>(props.policy.visibility[props.kind] ?? []);
  const [tries, setTries] = useState(0);
  const save = () => {
    setTries(tries + 1);
    if (!NAME.test(kind)) return;
    props.onChange(withVisibility(props.policy, kind, roles));
    props.onClose();
  };
  const title = props.kind ? w.editVisibility(numberKindTold(props.kind)) : w.addKind;
  return (
    <Dialog title={title} onClose={props.onClose}>
      <Form onSubmit={save} wrong={tries}>
        {props.kind ? null : (
          <TextField
            label={w.kindName}
            value={kind}
            code
            required
            maxLength={63}
            error={tries > 0 && !NAME.test(kind) ? w.wrongName : null}
            onChange={setKind}
          />
        )}
        <ChecksField
          label={w.seenBy}
          help={w.seenByHint}
          choices={ROLES.filter((role) => role !== "member").map((role) => ({
            value: role,
            label: kitWords.value.roles[role],
          }))}
          chosen={roles}
          onChange={setRoles}
        />
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{w.cancel}</ActionButton>
          <SubmitButton busy={false}>{w.keep}</SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}
