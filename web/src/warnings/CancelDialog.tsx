import { useState } from "preact/hooks";
import { ConfirmDialog, Sentence, say, TextAreaField } from "../authority/kit";
import type { DeviceKey } from "../trust/device";
import { ChannelBanner } from "./ChannelFrame";
import { signCancel } from "./cancelling";
import { headlineOf } from "./news";
import type { FullWarning } from "./shapes";
import { t } from "./words";

const LONGEST_REASON = 500;

/** Takes a warning back: one officer, one reason, one signed press. */
export function CancelDialog(props: {
  warning: FullWarning;
  device: DeviceKey;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const w = t.value;
  const [reason, setReason] = useState("");
  return (
    <ConfirmDialog
      title={w.cancelTitle}
      consequences={w.cancelTexts}
      action={w.cancelAct}
      onClose={props.onClose}
      onConfirm={async () => {
        // One line: it stands in the log.
        const said = reason.replace(/\s+/g, " ").trim();
        if (said === "") throw new Sentence(w.reasonNeeded);
        await signCancel(props.warning.id, said, props.device);
        say(w.cancelled);
        await props.onDone();
      }}
    >
      <ChannelBanner channel={props.warning.channel} level={props.warning.level} />
      <p>
        <bdi>{headlineOf(props.warning)}</bdi>
      </p>
      <TextAreaField
        label={w.reason}
        help={w.cancelReasonHelp}
        value={reason}
        maxLength={LONGEST_REASON}
        required
        onChange={setReason}
      />
    </ConfirmDialog>
  );
}
