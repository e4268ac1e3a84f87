import { useState } from "preact/hooks";
import type { Decision, SignedProposal } from "../../trust/commands";
import type { DeviceKey } from "../../trust/device";
import { isTyped, TypedWord } from "../../warnings/TypedWord";
import type { InvitationMade } from "../api";
import { ConfirmDialog, Fingerprint, Sentence, say, TextAreaField } from "../kit";
import type { Body } from "./bodies";
import { Effect } from "./Effect";
import { sendAnswer } from "./signing";
import { t } from "./words";

/** The last question before an answer is signed. */
export function AnswerDialog(props: {
  decision: Decision;
  signed: SignedProposal;
  /** What it does; null where this page does not understand all of it. */
  body: Body | null;
  device: DeviceKey;
  onClose: () => void;
  /** With the invitation that a recovery has made: it is told this once. */
  onDone: (invitation: InvitationMade | null) => Promise<void>;
}) {
  const w = t.value;
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const approving = props.decision === "approve";
  const toPopulation = approving && isToPopulation(props.body);
  return (
    <ConfirmDialog
      title={approving ? w.approveTitle : w.refuseTitle}
      consequences={approving ? w.approveTexts : w.refuseTexts}
      action={approving ? w.approve : w.refuse}
      tone={approving ? "primary" : "danger"}
      {...(approving ? { understood: w.understood } : {})}
      onClose={props.onClose}
      onConfirm={async () => {
        if (!approving && reason.trim() === "") throw new Sentence(w.reasonNeeded);
        if (toPopulation && !isTyped(typed)) throw new Sentence(w.typeFirst);
        const { signed, decision, device } = props;
        const answered = await sendAnswer(signed, decision, reason.trim(), device);
        say(approving ? w.approved : w.refused);
        await props.onDone(answered.invitation);
      }}
    >
      <h3>{w.kinds[props.signed.proposal.kind] ?? props.signed.proposal.kind}</h3>
      {props.body ? (
        <div class="effect effect-asked">
          <Effect body={props.body} />
        </div>
      ) : null}
      <p class="faint">{w.digest}</p>
      <Fingerprint hex={props.signed.digest} label={w.digest} />
      <TextAreaField
        label={w.reason}
        help={w.reasonHelp}
        value={reason}
        maxLength={500}
        required={!approving}
        onChange={setReason}
      />
      {toPopulation ? <TypedWord typed={typed} onChange={setTyped} /> : null}
    </ConfirmDialog>
  );
}

/** Whether an approval lets every phone of an area sound, now or by sensors. */
function isToPopulation(body: Body | null): boolean {
  const warns = body?.kind === "warning.release" || body?.kind === "warning.preauthorise";
  return warns && body.channel === "public";
}
