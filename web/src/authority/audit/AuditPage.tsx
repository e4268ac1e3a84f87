import { TrustError } from "../../trust/errors";
import { explained } from "../approvals/trustSentence";
import { ActionButton, AuthorityPage, authority, ErrorState, Loading, Section } from "../kit";
import { Entries } from "./Entries";
import { Fork } from "./Fork";
import { checkpointOf, type Look, useLook } from "./verification";
import { t } from "./words";

export function AuditPage() {
  const w = t.value;
  return (
    <AuthorityPage path="/audit" title={w.title} lead={w.lead}>
      <Content origin={`${authority.value?.community ?? ""}/log`} />
    </AuthorityPage>
  );
}

function Content(props: { origin: string }) {
  const w = t.value;
  const { look, again } = useLook(props.origin);
  const checkpoint = checkpointOf(look);
  if (look.state === "looking") {
    return (
      <>
        <p class="unseen" role="status">
          {w.looking}
        </p>
        <Loading />
      </>
    );
  }
  if (look.state === "failed") return <Failed look={look} onRetry={again} />;
  if (look.outcome.state === "fork") {
    return <Fork evidence={look.outcome.evidence} onChanged={again} />;
  }
  return checkpoint ? (
    <Entries
      checkpoint={checkpoint}
      look={look}
      actions={<ActionButton onPress={again}>{w.look}</ActionButton>}
    />
  ) : null;
}

function Failed(props: { look: Extract<Look, { state: "failed" }>; onRetry: () => Promise<void> }) {
  const w = t.value;
  const { error } = props.look;
  const otherKey = error instanceof TrustError && error.code === "log-key";
  if (otherKey) {
    return (
      <section class="alarm" role="alert">
        <h2 class="alarm-title">{w.keyAlarmTitle}</h2>
        <p>{w.keyAlarmText}</p>
        <ErrorState error={explained(error)} onRetry={props.onRetry} />
      </section>
    );
  }
  return (
    <Section title={w.failedTitle} lead={w.failedText}>
      <ErrorState error={explained(error)} onRetry={props.onRetry} />
    </Section>
  );
}
