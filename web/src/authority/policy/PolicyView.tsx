import type { ComponentChildren } from "preact";
import type { PolicySummary } from "../api";
import { Fingerprint, IdentityName, momentOf, Section } from "../kit";
import type { Policy } from "./document";
import { PeopleTable } from "./PeopleTable";
import { Rules } from "./Rules";
import { t } from "./words";

/** A policy whole: where it comes from, who may do what, what needs whose consent. */
export function PolicyView(props: {
  told: PolicySummary;
  policy: Policy;
  actions: ComponentChildren;
}) {
  const w = t.value;
  const { told, policy } = props;
  return (
    <>
      <Section title={w.number(told.number)} actions={props.actions}>
        <Origin told={told} />
      </Section>
      <Section title={w.people} lead={w.peopleLead}>
        <PeopleTable policy={policy} />
      </Section>
      <Rules policy={policy} />
    </>
  );
}

/** By whom and when a policy came into force, and its fingerprint. */
export function Origin(props: { told: PolicySummary }) {
  const w = t.value;
  const { told } = props;
  return (
    <dl class="facts">
      <dt>{w.since}</dt>
      <dd>{momentOf(told.executed_at)}</dd>
      <dt>{w.proposedBy}</dt>
      <dd>{told.proposer ? <IdentityName path={told.proposer} /> : w.ceremony}</dd>
      {told.approvers.length > 0 ? (
        <>
          <dt>{w.approvedBy}</dt>
          <dd>
            <ul class="plain">
              {told.approvers.map((each) => (
                <li key={each}>
                  <IdentityName path={each} />
                </li>
              ))}
            </ul>
          </dd>
        </>
      ) : null}
      <dt>{w.digest}</dt>
      <dd>
        <Fingerprint hex={told.digest} label={w.digest} />
      </dd>
    </dl>
  );
}
