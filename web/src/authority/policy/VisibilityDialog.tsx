import { useState } from "preact/hooks";
import { ActionButton, ChecksField, Dialog, Form, kitWords, SubmitButton, TextField } from "../kit";
import { type Policy, ROLES, type Role } from "./document";
import { NAME, PLATFORM, withVisibility } from "./draft";
import { numberKindTold, platformTold } from "./told";
import { t } from "./words";

interface Props {
  policy: Policy;
  /** Empty: a new one. */
  kind: string;
  onChange: (policy: Policy) => void;
  onClose: () => void;
}

/** Who sees numbers of one kind, in a draft. */
export function VisibilityDialog(props: Props) {
  const w = t.value;
  return (
    <SeenDialog
      {...props}
      title={props.kind ? w.editVisibility(numberKindTold(props.kind)) : w.addKind}
      label={w.kindName}
      hint={w.seenByHint}
      prefix=""
      roles={ROLES.filter((role) => role !== "member")}
    />
  );
}

/** Who sees one platform, or all that are not named, in a draft. */
export function PlatformDialog(props: Props) {
  const w = t.value;
  return (
    <SeenDialog
      {...props}
      title={props.kind ? w.editPlatform(platformTold(props.kind)) : w.addPlatform}
      label={w.platformName}
      hint={w.platformHint}
      prefix={PLATFORM}
      roles={ROLES}
    />
  );
}

function SeenDialog(
  props: Props & {
    title: string;
    label: string;
    hint: string;
    prefix: string;
    roles: readonly Role[];
  },
) {
  const w = t.value;
  const [typed, setTyped] = useState("");
  const [roles, setRoles] = useState<readonly Role[]>(props.policy.visibility[props.kind] ?? []);
  const [tries, setTries] = useState(0);
  const kind = props.kind || props.prefix + typed;
  const wrong = !NAME.test(kind) || !NAME.test(props.kind || typed);
  const save = () => {
    setTries(tries + 1);
    if (wrong) return;
    props.onChange(withVisibility(props.policy, kind, roles));
    props.onClose();
  };
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Form onSubmit={save} wrong={tries}>
        {props.kind ? null : (
          <TextField
            label={props.label}
            value={typed}
            code
            required
            maxLength={63 - props.prefix.length}
            error={tries > 0 && wrong ? w.wrongName : null}
            onChange={setTyped}
          />
        )}
        <ChecksField
          label={w.seenBy}
          help={props.hint}
          choices={props.roles.map((role) => ({ value: role, label: kitWords.value.roles[role] }))}
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
