import { readBody } from "../authority/approvals/bodies";
import { proposeCommand } from "../authority/approvals/signing";
import {
  ActionButton,
  ConfirmDialog,
  Dialog,
  ErrorState,
  kitWords,
  Loading,
  Sentence,
  useAnswer,
} from "../authority/kit";
import type { Json } from "../authority/shapes/json";
import type { DeviceKey } from "../trust/device";
import type { JsonObject } from "../trust/strictJson";
import { checkDraft } from "./api";
import { ChannelFrame } from "./ChannelFrame";
import { ReleaseShown } from "./ReleaseShown";
import type { Channel } from "./shapes";
import { t } from "./words";

/** The last look before the first officer signs: the alert itself, made just now. */
export function ProposeDialog(props: {
  draft: Json;
  channel: Channel;
  people: number | undefined;
  device: DeviceKey;
  onClose: () => void;
  onProposed: () => Promise<void>;
}) {
  const w = t.value;
  const made = useAnswer(async () => {
    const { body } = await checkDraft(props.draft);
    if (!body) throw new Sentence(w.noLonger);
    // What is shown is read from what is signed, not from the form.
    const release = readBody("warning.release", body);
    if (release?.kind !== "warning.release" || release.channel !== props.channel) {
      throw new Sentence(w.unreadable);
    }
    return { body, release };
  });
  if (!made.answer) {
    return (
      <Dialog title={w.proposeTitle[props.channel]} onClose={props.onClose}>
        {made.error ? <ErrorState error={made.error} onRetry={made.reload} /> : <Loading />}
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{kitWords.value.close}</ActionButton>
        </div>
      </Dialog>
    );
  }
  const { body, release } = made.answer;
  return (
    <ConfirmDialog
      title={w.proposeTitle[props.channel]}
      consequences={w.proposeTexts[props.channel]}
      action={w.propose[props.channel]}
      tone="primary"
      understood={w.understood}
      onClose={props.onClose}
      onConfirm={async () => {
        await proposeCommand("warning.release", body as JsonObject, props.device);
        await props.onProposed();
      }}
    >
      <ChannelFrame channel={props.channel} />
      <ReleaseShown
        {...release}
        {...(props.people === undefined ? {} : { people: props.people })}
      />
    </ConfirmDialog>
  );
}
