import { useState } from "preact/hooks";
import {
  ActionButton,
  ChecksField,
  Dialog,
  Form,
  kitWords,
  quoted,
  SelectField,
  SubmitButton,
  TextField,
} from "../kit";
import { grantOf, type Policy, PRECEDENCES, type Precedence, ROLES, type Role } from "./document";
import { NAME, noPlaces, places, withGrant } from "./draft";
import { t } from "./words";

/** What one person has, in a draft; an empty name is a new person. */
export function GrantDialog(props: {
  policy: Policy;
  name: string;
  onChange: (policy: Policy) => void;
  onClose: () => void;
}) {
  const w = t.value;
  const before = grantOf(props.policy, props.name);
  const [name, setName] = useState(props.name);
  const [roles, setRoles] = useState<readonly Role[]>(before.roles);
  const [ceiling, setCeiling] = useState<Precedence>(before.ceiling);
  const [typed, setTyped] = useState(before.territory.join(", "));
  const [tries, setTries] = useState(0);
  const territory = places(typed);
  const wrongPlaces = noPlaces(territory);
  const known = props.name === "" && Object.hasOwn(props.policy.people, name);
  const wrongName = !NAME.test(name) ? w.wrongName : known ? w.knownName : null;
  const save = () => {
    setTries(tries + 1);
    if (wrongName || wrongPlaces.length > 0) return;
    props.onChange(withGrant(props.policy, name, { roles, ceiling, territory }));
    props.onClose();
  };
  return (
    <Dialog title={props.name ? w.editPerson(props.name) : w.addPerson} onClose={props.onClose}>
      <Form onSubmit={save} wrong={tries}>
        {props.name ? null : (
          <TextField
            label={w.personName}
            help={w.personNameHint}
            value={name}
            code
            required
            maxLength={63}
            error={tries > 0 ? wrongName : null}
            onChange={setName}
          />
        )}
        <ChecksField
          label={w.roles}
          choices={ROLES.filter((role) => role !== "member").map((role) => ({
            value: role,
            label: kitWords.value.roles[role],
          }))}
          chosen={roles}
          onChange={setRoles}
        />
        <SelectField
          label={w.ceiling}
          value={ceiling}
          choices={PRECEDENCES.map((value) => ({
            value,
            label: kitWords.value.precedences[value],
          }))}
          onChange={(value) => setCeiling(value as Precedence)}
        />
        <TextField
          label={w.territory}
          help={w.territoryHint}
          value={typed}
          code
          error={
            wrongPlaces.length > 0 && tries > 0
              ? w.wrongPlaces(quoted(wrongPlaces.join(", ")))
              : null
          }
          onChange={setTyped}
        />
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{w.cancel}</ActionButton>
          <SubmitButton busy={false}>{w.keep}</SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}
