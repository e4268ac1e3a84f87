import { useState } from "preact/hooks";
import { approveRequest, type Request, refuseRequest } from "../api";
import {
  ActionButton,
  ConfirmDialog,
  Fingerprint,
  freshen,
  IdentityName,
  identityParts,
  me,
  Sentence,
  say,
  TextAreaField,
  When,
} from "../kit";
import { decides } from "./deciders";
import { personOf } from "./reading";
import { t } from "./words";

/** Somebody asks for a certificate: who, on whose invitation, with which key. */
export function RequestCard(props: { request: Request; onDecided: () => Promise<void> }) {
  const w = t.value;
  const { request } = props;
  const [deciding, setDeciding] = useState<"approve" | "refuse" | null>(null);
  const [reason, setReason] = useState("");
  const close = () => setDeciding(null);
  const person = me.value?.person ?? "";
  const invitedByMe = request.by === person;
  const mine =
    identityParts(request.identity)?.kind === "person" && personOf(request.identity) === person;
  return (
    <article class="waiting" aria-label={request.identity}>
      <h3>
        <bdi>{request.display_name || request.identity}</bdi>
      </h3>
      <Facts request={request} />
      {decides(request.identity, me.value?.roles ?? []) ? (
        <>
          {mine || invitedByMe ? <p class="soft">{mine ? w.ownRequest : w.invitedByMe}</p> : null}
          <div class="row-actions">
            <ActionButton
              tone="primary"
              disabled={mine || invitedByMe}
              onPress={() => setDeciding("approve")}
            >
              {w.approve}
            </ActionButton>
            <ActionButton tone="danger" onPress={() => setDeciding("refuse")}>
              {w.refuse}
            </ActionButton>
          </div>
        </>
      ) : null}
      {deciding === "approve" ? (
        <ConfirmDialog
          title={w.approveRequestTitle}
          consequences={w.approveRequestTexts(request.identity)}
          action={w.approve}
          tone="primary"
          understood={w.compared}
          onClose={close}
          onConfirm={async () => {
            await freshen();
            await approveRequest(request.id);
            say(w.approvedRequest);
            await props.onDecided();
          }}
        >
          <Fingerprint hex={request.key} label={w.keyFingerprint} />
        </ConfirmDialog>
      ) : null}
      {deciding === "refuse" ? (
        <ConfirmDialog
          title={w.refuseRequestTitle}
          consequences={w.refuseRequestTexts(request.identity)}
          action={w.refuse}
          onClose={close}
          onConfirm={async () => {
            if (reason.trim() === "") throw new Sentence(w.reasonNeeded);
            await freshen();
            await refuseRequest(request.id, reason.trim());
            say(w.refusedRequest);
            await props.onDecided();
          }}
        >
          <TextAreaField
            label={w.reason}
            help={w.reasonHelp}
            value={reason}
            maxLength={500}
            required
            onChange={setReason}
          />
        </ConfirmDialog>
      ) : null}
    </article>
  );
}

function Facts(props: { request: Request }) {
  const w = t.value;
  const { request } = props;
  return (
    <dl class="facts">
      <dt>{w.identity}</dt>
      <dd>
        <IdentityName path={request.identity} />
      </dd>
      <dt>{w.invitedBy}</dt>
      <dd>
        <bdi class="code">{request.by}</bdi>
      </dd>
      <dt>{w.asked}</dt>
      <dd>
        <When time={request.made} />
      </dd>
      <dt>{w.keyFingerprint}</dt>
      <dd>
        <Fingerprint hex={request.key} label={w.keyFingerprint} />
      </dd>
    </dl>
  );
}
