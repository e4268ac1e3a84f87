import { useState } from "preact/hooks";
import { changePerson, type Person } from "../api";
import { ActionButton, Dialog, Form, Problem, SubmitButton, say, TextField, useAct } from "../kit";
import { goodNumber, languagesOf } from "./form";
import { NumbersField } from "./Numbers";
import { t } from "./words";

/** A communications officer changes somebody's entry. */
export function EditDialog(props: {
  person: Person;
  onClose: () => void;
  onSaved: () => Promise<void>;
}) {
  const w = t.value;
  const { person } = props;
  const [name, setName] = useState(person.display_name);
  const [typed, setTyped] = useState(person.languages.join(", "));
  const [numbers, setNumbers] = useState(person.numbers);
  const [tries, setTries] = useState(0);
  const { busy, error, act } = useAct();
  const languages = languagesOf(typed);
  const nameless = name.trim() === "";
  const save = async () => {
    setTries(tries + 1);
    if (nameless || !languages || !numbers.every(goodNumber)) return;
    const trimmed = numbers.map((each) => ({ ...each, number: each.number.trim() }));
    const done = await act(() =>
      changePerson(person.person, {
        display_name: name.trim(),
        languages,
        numbers: trimmed,
      }).then(() => undefined),
    );
    if (!done) return;
    say(w.saved);
    props.onClose();
    await props.onSaved();
  };
  return (
    <Dialog title={w.editTitle} onClose={props.onClose} held={busy}>
      <Form onSubmit={save} wrong={tries}>
        <p class="code faint">
          <bdi>{person.person}</bdi>
        </p>
        <TextField
          label={w.displayName}
          value={name}
          maxLength={120}
          required
          error={tries > 0 && nameless ? w.needed : null}
          onChange={setName}
        />
        <TextField
          label={w.languages}
          help={w.languageHint}
          value={typed}
          code
          error={tries > 0 && !languages ? w.wrongLanguages : null}
          onChange={setTyped}
        />
        <NumbersField numbers={numbers} tried={tries > 0} onChange={setNumbers} />
        {error ? <Problem error={error} /> : null}
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose} disabled={busy}>
            {w.cancel}
          </ActionButton>
          <SubmitButton busy={busy}>{w.save}</SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}
