import { useState } from "preact/hooks";
import { type InvitationMade, invite, type PhoneNumber } from "../api";
import {
  ActionButton,
  Dialog,
  Form,
  freshen,
  Problem,
  SelectField,
  SubmitButton,
  TextField,
  useAct,
} from "../kit";
import { goodNumber, languagesOf, NAME } from "./form";
import { InvitationShown } from "./InvitationShown";
import { NumbersField } from "./Numbers";
import { t } from "./words";

export const HOURS = [1, 8, 24, 72, 168];

/** Invite a person with their first device; what comes of it is shown once. */
export function InviteDialog(props: { onClose: () => void; onMade: () => void }) {
  const w = t.value;
  const [made, setMade] = useState<InvitationMade | null>(null);
  const close = () => {
    if (made) props.onMade();
    props.onClose();
  };
  return (
    <Dialog title={made ? w.made : w.inviteTitle} onClose={close} held={made !== null} wide>
      {made ? (
        <>
          <InvitationShown made={made} />
          <div class="dialog-actions">
            <ActionButton tone="primary" onPress={close}>
              {w.done}
            </ActionButton>
          </div>
        </>
      ) : (
        <InviteForm onClose={close} onMade={setMade} />
      )}
    </Dialog>
  );
}

function InviteForm(props: { onClose: () => void; onMade: (made: InvitationMade) => void }) {
  const w = t.value;
  const [name, setName] = useState("");
  const [device, setDevice] = useState("");
  const [display, setDisplay] = useState("");
  const [typed, setTyped] = useState("it");
  const [numbers, setNumbers] = useState<PhoneNumber[]>([]);
  const [hours, setHours] = useState("24");
  const [tries, setTries] = useState(0);
  const { busy, error, act } = useAct();
  const languages = languagesOf(typed);
  const nameless = display.trim() === "";
  const tried = tries > 0;
  const send = async () => {
    setTries(tries + 1);
    if (!NAME.test(name) || !NAME.test(device) || nameless || !languages) return;
    if (!numbers.every(goodNumber)) return;
    await act(async () => {
      await freshen();
      const made = await invite({
        identity: `person/${name}/${device}`,
        display_name: display.trim(),
        languages,
        numbers: numbers.map((each) => ({ ...each, number: each.number.trim() })),
        hours: Number(hours),
      });
      props.onMade(made);
    });
  };
  return (
    <Form onSubmit={send} wrong={tries}>
      <p class="soft">{w.inviteText}</p>
      <TextField
        label={w.inviteDisplayName}
        value={display}
        maxLength={120}
        required
        error={tried && nameless ? w.needed : null}
        onChange={setDisplay}
      />
      <div class="form-row">
        <TextField
          label={w.inviteName}
          help={w.inviteNameHint}
          value={name}
          maxLength={63}
          code
          required
          error={tried && !NAME.test(name) ? w.wrongName : null}
          onChange={setName}
        />
        <TextField
          label={w.inviteDevice}
          help={w.inviteDeviceHint}
          value={device}
          maxLength={63}
          code
          required
          error={tried && !NAME.test(device) ? w.wrongName : null}
          onChange={setDevice}
        />
      </div>
      <div class="form-row">
        <TextField
          label={w.languages}
          help={w.languageHint}
          value={typed}
          code
          error={tried && !languages ? w.wrongLanguages : null}
          onChange={setTyped}
        />
        <SelectField
          label={w.inviteHours}
          value={hours}
          choices={HOURS.map((count) => ({ value: String(count), label: w.hours(count) }))}
          onChange={setHours}
        />
      </div>
      <NumbersField numbers={numbers} tried={tried} onChange={setNumbers} />
      {error ? <Problem error={error} /> : null}
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose} disabled={busy}>
          {w.cancel}
        </ActionButton>
        <SubmitButton busy={busy}>{w.makeInvitation}</SubmitButton>
      </div>
    </Form>
  );
}
