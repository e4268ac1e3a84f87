import { kitWords, Section, SelectField, Table } from "../kit";
import {
  approvalsFor,
  approverRoles,
  COMMANDS,
  type CommandKind,
  KINDS,
  MOST_APPROVALS,
  type Policy,
  proposerRoles,
} from "./document";
import { withApproval, withApprovers } from "./draft";
import { Tunnels } from "./Tunnels";
import { commandTold, rolesTold } from "./told";
import { NumbersSeen, PlatformsSeen } from "./Visibility";
import { t } from "./words";

/** What needs whose consent; with `onChange` as a draft. */
export function Rules(props: { policy: Policy; onChange?: (policy: Policy) => void }) {
  return (
    <>
      <Commands {...props} />
      <FirstContact {...props} />
      <NumbersSeen {...props} />
      <PlatformsSeen {...props} />
      <Tunnels {...props} />
    </>
  );
}

function Commands(props: { policy: Policy; onChange?: (policy: Policy) => void }) {
  const w = t.value;
  const { policy, onChange } = props;
  const counts = Array.from({ length: MOST_APPROVALS }, (_, index) => String(index + 1));
  return (
    <Section title={w.commands}>
      <Table<CommandKind>
        caption={w.commands}
        rows={COMMANDS}
        rowKey={(kind) => kind}
        columns={[
          { key: "command", title: w.command, cell: commandTold },
          { key: "proposers", title: w.proposers, cell: (kind) => rolesTold(proposerRoles(kind)) },
          { key: "approvers", title: w.approvers, cell: (kind) => rolesTold(approverRoles(kind)) },
          {
            key: "needed",
            title: w.approvalsNeeded,
            cell: (kind) =>
              onChange ? (
                <SelectField
                  label={w.besideProposer}
                  value={String(approvalsFor(policy, kind))}
                  choices={counts.map((value) => ({ value, label: value }))}
                  onChange={(value) => onChange(withApprovers(policy, kind, Number(value)))}
                />
              ) : (
                <>
                  <strong>{approvalsFor(policy, kind)}</strong>{" "}
                  <span class="faint">{w.besideProposer}</span>
                </>
              ),
          },
        ]}
      />
    </Section>
  );
}

function FirstContact(props: { policy: Policy; onChange?: (policy: Policy) => void }) {
  const w = t.value;
  const { policy, onChange } = props;
  return (
    <Section title={w.enrolment} lead={w.enrolmentLead}>
      <dl class="facts">
        {KINDS.map((kind) => [
          <dt key={`${kind} name`}>{kitWords.value.kinds[kind]}</dt>,
          <dd key={kind}>
            {onChange ? (
              <fieldset class="segmented choice">
                <legend class="unseen">{kitWords.value.kinds[kind]}</legend>
                {[true, false].map((needed) => (
                  <button
                    key={String(needed)}
                    type="button"
                    aria-pressed={policy.approval[kind] === needed}
                    onClick={() => onChange(withApproval(policy, kind, needed))}
                  >
                    {needed ? w.officerApproves : w.invitationSuffices}
                  </button>
                ))}
              </fieldset>
            ) : policy.approval[kind] ? (
              w.officerApproves
            ) : (
              w.invitationSuffices
            )}
          </dd>,
        ])}
      </dl>
    </Section>
  );
}
