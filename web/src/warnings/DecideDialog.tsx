import { useState } from "preact/hooks";
import type { Command } from "../authority/api";
import { getCommand } from "../authority/api";
import { Alarm, Octets } from "../authority/approvals/Alarm";
import { type Body, readBody } from "../authority/approvals/bodies";
import { NoKey } from "../authority/approvals/NoKey";
import { personOf, type Reading, readCommand } from "../authority/approvals/reading";
import { type Signing, sendAnswer } from "../authority/approvals/signing";
import {
  ActionButton,
  Dialog,
  ErrorState,
  IdentityName,
  kitWords,
  Loading,
  me,
  momentOf,
  now,
  Problem,
  Sentence,
  say,
  TextAreaField,
  useAct,
  useAnswer,
} from "../authority/kit";
import type { SignedProposal } from "../trust/commands";
import type { DeviceKey } from "../trust/device";
import { ChannelFrame } from "./ChannelFrame";
import { ReleaseShown } from "./ReleaseShown";
import { isTyped, TypedWord } from "./TypedWord";
import { t } from "./words";

/** What the second officer sees: exactly what the first has signed, and the answer to it. */
export function DecideDialog(props: {
  command: string;
  /** As the authority counts them: they are not signed. */
  people: number;
  signing: Signing;
  mayApprove: boolean;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const w = t.value;
  const { answer, error, reload } = useAnswer(async () => {
    const command = await getCommand(props.command);
    return { command, reading: await readCommand(command) };
  }, [props.command]);
  const { busy, error: failed, act } = useAct();
  const body = answer ? releaseOf(answer.reading) : null;
  return (
    <Dialog title={w.decideTitle} onClose={props.onClose} held={busy} wide reading>
      {error ? <ErrorState error={error} onRetry={reload} /> : null}
      {!answer && !error ? <Loading /> : null}
      {answer ? <Alarm reading={answer.reading} command={answer.command} /> : null}
      {body ? (
        <>
          <ChannelFrame channel={body.channel} />
          <ReleaseShown {...body} people={props.people} />
        </>
      ) : null}
      {answer?.reading.state === "read" ? (
        <>
          {body ? null : (
            <p class="problem" role="alert">
              {w.unknownBody}
            </p>
          )}
          <Signed signed={answer.reading.signed} />
          <Octets signed={answer.reading.signed} />
          <Answering
            {...props}
            command={answer.command}
            signed={answer.reading.signed}
            genuine={!answer.reading.differs.includes("id")}
            body={answer.reading.differs.length === 0 ? body : null}
            busy={busy}
            failed={failed}
            act={act}
          />
        </>
      ) : null}
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose} disabled={busy}>
          {kitWords.value.close}
        </ActionButton>
      </div>
    </Dialog>
  );
}

type Release = Extract<Body, { kind: "warning.release" }>;

function releaseOf(reading: Reading): Release | null {
  if (reading.state !== "read") return null;
  const { kind, body } = reading.signed.proposal;
  const found = readBody(kind, body);
  return found?.kind === "warning.release" ? found : null;
}

function Signed(props: { signed: SignedProposal }) {
  const w = t.value;
  const { proposal } = props.signed;
  return (
    <dl class="facts">
      <dt>{w.proposedBy}</dt>
      <dd>
        <IdentityName path={proposal.proposer.path} />
      </dd>
      <dt>{w.proposedAt}</dt>
      <dd>
        {momentOf(proposal.created)}. {w.waitsUntil(momentOf(proposal.expires))}
      </dd>
    </dl>
  );
}

function Answering(props: {
  command: Command;
  signed: SignedProposal;
  /** null where it must not be approved. */
  body: Release | null;
  genuine: boolean;
  signing: Signing;
  mayApprove: boolean;
  busy: boolean;
  failed: unknown;
  act: (what: () => Promise<void>) => Promise<boolean>;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const w = t.value;
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const { body, busy } = props;
  const { proposal } = props.signed;
  if (!props.mayApprove || props.command.state !== "waiting") return null;
  if (personOf(proposal.proposer.path) === me.value?.person) return <p class="soft">{w.mine}</p>;
  if (now.value >= proposal.expires) return <p class="soft">{w.over}</p>;
  if (!props.command.may_answer) return <p class="soft">{w.answered}</p>;
  if (props.signing.state !== "ready") return <NoKey signing={props.signing} />;
  const { device } = props.signing;
  const real = body?.channel === "public";
  const answer = (decision: "approve" | "refuse", by: DeviceKey) => async () => {
    const said = reason.replace(/\s+/g, " ").trim();
    if (decision === "refuse" && said === "") throw new Sentence(w.reasonNeeded);
    await sendAnswer(props.signed, decision, said, by);
    say(decision === "approve" ? w.approved : w.refused);
    await props.onDone();
  };
  const give = async (decision: "approve" | "refuse") => {
    if (await props.act(answer(decision, device))) props.onClose();
  };
  return (
    <>
      <TextAreaField
        label={w.reason}
        help={w.refuseReasonHelp}
        value={reason}
        rows={2}
        maxLength={500}
        onChange={setReason}
      />
      {real ? <TypedWord typed={typed} onChange={setTyped} /> : null}
      {props.failed ? <Problem error={props.failed} /> : null}
      <div class="dialog-actions">
        <ActionButton
          tone="danger"
          busy={busy}
          disabled={!props.genuine}
          onPress={() => give("refuse")}
        >
          {w.refuse}
        </ActionButton>
        <ActionButton
          tone="primary"
          busy={busy}
          disabled={body === null || (real && !isTyped(typed))}
          onPress={() => give("approve")}
        >
          {body ? w.approveOn[body.channel] : w.approve}
        </ActionButton>
      </div>
    </>
  );
}
