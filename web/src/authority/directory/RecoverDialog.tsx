import { NoKey } from "../approvals/NoKey";
import { proposeCommand, useSigning } from "../approvals/signing";
import { ActionButton, ConfirmDialog, Dialog, kitWords, Loading, say } from "../kit";
import { t } from "./words";

/** Propose to let somebody begin anew who has lost every passkey: others have to approve it. */
export function RecoverDialog(props: { person: string; onClose: () => void }) {
  const w = t.value;
  const { person } = props;
  const signing = useSigning();
  if (signing.state !== "ready") {
    return (
      <Dialog key={signing.state} title={w.recoverTitle(person)} onClose={props.onClose}>
        {signing.state === "asking" ? <Loading /> : <NoKey signing={signing} />}
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{kitWords.value.close}</ActionButton>
        </div>
      </Dialog>
    );
  }
  return (
    <ConfirmDialog
      title={w.recoverTitle(person)}
      consequences={w.recoverTexts}
      action={w.recoverPropose}
      onClose={props.onClose}
      onConfirm={async () => {
        await proposeCommand("passkey.recover", { person }, signing.device);
        say(w.recoverProposed);
      }}
    />
  );
}
