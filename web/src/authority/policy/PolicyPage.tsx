import { useState } from "preact/hooks";
import { getPolicy, type PolicyInForce } from "../api";
import { NoKey } from "../approvals/NoKey";
import { useSigning } from "../approvals/signing";
import { ActionButton, AuthorityPage, ErrorState, hasRole, Loading, Tabs, useAnswer } from "../kit";
import { Draft } from "./Draft";
import { type Policy, policyDocument } from "./document";
import { nextOf } from "./draft";
import { History } from "./History";
import { PolicyView } from "./PolicyView";
import { t } from "./words";

const REFRESH_MS = 30_000;

/** A policy as the server hands it out, and what this page understands of it. */
export interface Understood extends Omit<PolicyInForce, "policy"> {
  /** null where it says something that this page does not know. */
  policy: Policy | null;
}

/** Read the policy in an answer, all of it or nothing. */
export function understood(answer: PolicyInForce): Understood {
  try {
    return { ...answer, policy: policyDocument(answer.policy, "policy") };
  } catch {
    return { ...answer, policy: null };
  }
}

export function PolicyPage() {
  const w = t.value;
  return (
    <AuthorityPage path="/policy" title={w.title} lead={w.lead}>
      <Content />
    </AuthorityPage>
  );
}

function Content() {
  const w = t.value;
  const { answer, error, reload } = useAnswer(
    async () => understood(await getPolicy()),
    [],
    REFRESH_MS,
  );
  const [tab, setTab] = useState<"now" | "draft" | "history">("now");
  const [draft, setDraft] = useState<Policy | null>(null);
  const signing = useSigning();
  const officer = hasRole("security-officer");
  if (!answer) return error ? <ErrorState error={error} onRetry={reload} /> : <Loading />;
  const { policy } = answer;
  if (!policy) return <p class="problem">{w.notUnderstood}</p>;
  const begin = () => {
    setDraft(nextOf(policy));
    setTab("draft");
  };
  const leave = () => {
    setDraft(null);
    setTab("now");
  };
  return (
    <>
      {error ? <ErrorState error={error} onRetry={reload} /> : null}
      <Tabs
        label={w.title}
        tabs={[
          { key: "now", title: w.tabs.now },
          ...(draft ? [{ key: "draft" as const, title: w.tabs.draft }] : []),
          { key: "history", title: w.tabs.history },
        ]}
        chosen={tab}
        onChoose={setTab}
      >
        {tab === "now" ? (
          <>
            {officer ? <NoKey signing={signing} /> : null}
            <PolicyView
              told={answer}
              policy={policy}
              actions={
                officer && !draft ? (
                  <ActionButton tone="primary" onPress={begin}>
                    {w.propose}
                  </ActionButton>
                ) : null
              }
            />
          </>
        ) : null}
        {tab === "draft" && draft ? (
          <Draft
            draft={draft}
            inForce={policy}
            signing={signing}
            onChange={setDraft}
            onLeave={leave}
          />
        ) : null}
        {tab === "history" ? <History /> : null}
      </Tabs>
    </>
  );
}
