import { useState } from "preact/hooks";
import { isName } from "../../trust/identity";
import { type InvitationMade, inviteDevice } from "../api";
import { InvitationShown } from "../directory/InvitationShown";
import {
  ActionButton,
  Dialog,
  Form,
  kitWords,
  LinkButton,
  Problem,
  SubmitButton,
  TextField,
  useAct,
  withPasskey,
} from "../kit";
import { words } from "./MePage";

/** Invites another device of the same person: a name, then a code to scan with it. */
export function AddDevice(props: {
  taken: readonly string[];
  /** This browser holds no key yet: it may be the device that is meant. */
  offerHere: boolean;
  onClose: () => void;
}) {
  const t = words.value;
  const [name, setName] = useState("");
  const [tried, setTried] = useState(0);
  const [made, setMade] = useState<InvitationMade | null>(null);
  const { busy, error, act } = useAct();
  const device = name.trim();
  const wrong = !isName(device)
    ? t.addDeviceWrong
    : props.taken.includes(device)
      ? t.addDeviceTaken
      : null;
  const submit = () => {
    setTried(tried + 1);
    if (wrong) return;
    void act(async () => setMade(await withPasskey(() => inviteDevice(device))));
  };
  if (made) {
    return (
      <Dialog title={t.addDeviceTitle} onClose={props.onClose} wide>
        <p>{t.addDeviceScan}</p>
        <InvitationShown made={made} />
        <div class="dialog-actions">
          {props.offerHere ? (
            <LinkButton href={`/enrol#${made.token}`}>{t.addDeviceHere}</LinkButton>
          ) : null}
          <ActionButton tone="primary" onPress={props.onClose}>
            {t.done}
          </ActionButton>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t.addDeviceTitle} onClose={props.onClose} held={busy}>
      <Form onSubmit={submit} wrong={tried}>
        <TextField
          label={t.addDeviceLabel}
          help={t.addDeviceHelp}
          error={tried ? wrong : null}
          value={name}
          onChange={setName}
          maxLength={63}
          code
          required
        />
        {error ? <Problem error={error} /> : null}
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose} disabled={busy}>
            {kitWords.value.cancel}
          </ActionButton>
          <SubmitButton busy={busy}>{t.addDeviceNow}</SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}
