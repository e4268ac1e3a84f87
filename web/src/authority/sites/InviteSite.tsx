import { useState } from "preact/hooks";
import { type InvitationMade, invite } from "../api";
import { NAME } from "../directory/form";
import { InvitationShown } from "../directory/InvitationShown";
import { HOURS } from "../directory/InviteDialog";
import { t as directory } from "../directory/words";
import {
  ActionButton,
  Dialog,
  Form,
  freshen,
  hasRole,
  kitWords,
  Problem,
  SelectField,
  SubmitButton,
  TextField,
  useAct,
} from "../kit";
import { t } from "./words";

/** Invite the edge of an office or a ship; what comes of it is shown once. */
export function InviteSite(props: { onClose: () => void; onMade: () => void }) {
  const w = directory.value;
  const [made, setMade] = useState<InvitationMade | null>(null);
  const close = () => {
    if (made) props.onMade();
    props.onClose();
  };
  return (
    <Dialog title={made ? w.made : t.value.inviteTitle} onClose={close} held={made !== null} wide>
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
  const d = directory.value;
  const kinds = hasRole("operator", "security-officer") ? ["office", "ship"] : ["ship"];
  const [kind, setKind] = useState(kinds[0] ?? "ship");
  const [name, setName] = useState("");
  const [display, setDisplay] = useState("");
  const [hours, setHours] = useState("24");
  const [tries, setTries] = useState(0);
  const { busy, error, act } = useAct();
  const nameless = display.trim() === "";
  const send = async () => {
    setTries(tries + 1);
    if (!NAME.test(name) || nameless) return;
    await act(async () => {
      await freshen();
      const wanted = { identity: `${kind}/${name}`, display_name: display.trim() };
      props.onMade(await invite({ ...wanted, hours: Number(hours) }));
    });
  };
  return (
    <Form onSubmit={send} wrong={tries}>
      <p class="soft">{w.inviteText}</p>
      <div class="form-row">
        <SelectField
          label={w.kind}
          value={kind}
          choices={kinds.map((value) => ({
            value,
            label: value === "office" ? w.office : w.ship,
          }))}
          onChange={setKind}
        />
        <SelectField
          label={d.inviteHours}
          value={hours}
          choices={HOURS.map((count) => ({ value: String(count), label: d.hours(count) }))}
          onChange={setHours}
        />
      </div>
      <div class="form-row">
        <TextField
          label={w.name}
          help={w.nameHint}
          value={name}
          maxLength={63}
          code
          required
          error={tries > 0 && !NAME.test(name) ? d.wrongName : null}
          onChange={setName}
        />
        <TextField
          label={w.displayName}
          value={display}
          maxLength={120}
          required
          error={tries > 0 && nameless ? d.needed : null}
          onChange={setDisplay}
        />
      </div>
      {error ? <Problem error={error} /> : null}
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose} disabled={busy}>
          {kitWords.value.cancel}
        </ActionButton>
        <SubmitButton busy={busy}>{d.makeInvitation}</SubmitButton>
      </div>
    </Form>
  );
}
