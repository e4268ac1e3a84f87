import { useState } from "preact/hooks";
import type { JsonObject } from "../../trust/strictJson";
import { NoKey } from "../approvals/NoKey";
import { proposeCommand, type Signing } from "../approvals/signing";
import { ActionButton, ConfirmDialog, me, Section, say } from "../kit";
import { Changes } from "./Changes";
import { differences } from "./difference";
import { approvalsFor, type Policy } from "./document";
import { type Caution, cautions, type Problem, problems, withGrant } from "./draft";
import { GrantDialog } from "./GrantDialog";
import { PeopleTable } from "./PeopleTable";
import { Rules } from "./Rules";
import { commandTold, rolesTold } from "./told";
import { t } from "./words";

/** The next policy, being drafted: what would change, what forbids it, and the way to propose it. */
export function Draft(props: {
  draft: Policy;
  inForce: Policy;
  signing: Signing;
  onChange: (draft: Policy) => void;
  onLeave: () => void;
}) {
  const w = t.value;
  const { draft, inForce, onChange } = props;
  const [editing, setEditing] = useState<string | null>(null);
  return (
    <>
      <NoKey signing={props.signing} />
      <Summary {...props} />
      <Section
        title={w.people}
        lead={w.peopleLead}
        actions={<ActionButton onPress={() => setEditing("")}>{w.addPerson}</ActionButton>}
      >
        <PeopleTable
          policy={draft}
          editing={{
            inForce,
            onEdit: setEditing,
            onSet: (name, grant) => onChange(withGrant(draft, name, grant)),
          }}
        />
      </Section>
      <Rules policy={draft} onChange={onChange} />
      {editing !== null ? (
        <GrantDialog
          policy={draft}
          name={editing}
          onChange={onChange}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </>
  );
}

function Summary(props: { draft: Policy; inForce: Policy; signing: Signing; onLeave: () => void }) {
  const w = t.value;
  const { draft, inForce, signing } = props;
  const [asking, setAsking] = useState<"propose" | "discard" | null>(null);
  const changes = differences(inForce, draft);
  const forbidden = problems(draft, inForce);
  const doubts = cautions(draft, inForce, me.value?.person ?? "");
  const told = forbidden.filter((each) => each.kind !== "unchanged");
  return (
    <Section
      title={w.draftTitle(draft.number)}
      lead={`${w.draftLead} ${w.draftStays}`}
      actions={
        <>
          <ActionButton onPress={() => (changes.length ? setAsking("discard") : props.onLeave())}>
            {w.discard}
          </ActionButton>
          <ActionButton
            tone="primary"
            disabled={forbidden.length > 0 || signing.state !== "ready"}
            onPress={() => setAsking("propose")}
          >
            {w.proposeAction}
          </ActionButton>
        </>
      }
    >
      <h3>{w.difference}</h3>
      <div aria-live="polite">
        <Changes changes={changes} />
      </div>
      {told.length > 0 ? (
        <div class="problem" role="alert">
          <p class="notice-title">{w.problemsTitle}</p>
          <ul class="sentences">
            {told.map((each) => (
              <li key={JSON.stringify(each)}>{problemTold(each)}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {doubts.length > 0 && changes.length > 0 && told.length === 0 ? (
        <div class="notice" role="status">
          <p class="notice-title">{w.cautionsTitle}</p>
          <ul class="sentences">
            {doubts.map((each) => (
              <li key={JSON.stringify(each)}>{cautionTold(each)}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {asking === "discard" ? (
        <ConfirmDialog
          title={w.discardTitle}
          consequences={[w.discardText]}
          action={w.discard}
          onClose={() => setAsking(null)}
          onConfirm={async () => props.onLeave()}
        />
      ) : null}
      {asking === "propose" && signing.state === "ready" ? (
        <ConfirmDialog
          title={w.proposeTitle}
          // Under the rule of the policy in force, not of the draft.
          consequences={w.proposeTexts(draft.number, approvalsFor(inForce, "policy.set"))}
          action={w.proposeAction}
          tone="primary"
          onClose={() => setAsking(null)}
          onConfirm={async () => {
            const body = { policy: draft as unknown as JsonObject };
            await proposeCommand("policy.set", body, signing.device);
            say(w.proposed);
            props.onLeave();
          }}
        >
          <Changes changes={changes} />
        </ConfirmDialog>
      ) : null}
    </Section>
  );
}

function problemTold(problem: Problem): string {
  const w = t.value.problems;
  switch (problem.kind) {
    case "unchanged":
      return w.unchanged;
    case "officers":
      return w.officers(problem.officers, problem.needed);
    case "count":
      return w.count(commandTold(problem.command));
    case "name":
      return w.name(problem.name);
    case "place":
      return w.place(problem.name, problem.place);
    case "overtaken":
      return w.overtaken(problem.number);
  }
}

function cautionTold(caution: Caution): string {
  const w = t.value.cautions;
  switch (caution.kind) {
    case "self":
      return w.self(rolesTold(caution.lost));
    case "alone":
      return w.alone(caution.count);
    case "dead":
      return w.dead(commandTold(caution.command), caution.able, caution.needed);
  }
}
