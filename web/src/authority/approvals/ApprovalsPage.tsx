import { useState } from "preact/hooks";
import { getCommands, getRequests, type InvitationMade } from "../api";
import { InvitationShown } from "../directory/InvitationShown";
import { t as directory } from "../directory/words";
import {
  ActionButton,
  AuthorityPage,
  Dialog,
  EmptyState,
  ErrorState,
  hasRole,
  Loading,
  Section,
  Tabs,
  useAnswer,
} from "../kit";
import { CommandCard } from "./CommandCard";
import { History } from "./History";
import { NoKey } from "./NoKey";
import { RequestCard } from "./RequestCard";
import { useSigning } from "./signing";
import { t } from "./words";

const REFRESH_MS = 15_000;

export function ApprovalsPage() {
  const w = t.value;
  return (
    <AuthorityPage path="/approvals" title={w.title} lead={w.lead}>
      <Content />
    </AuthorityPage>
  );
}

function Content() {
  const w = t.value;
  const [tab, setTab] = useState<"waiting" | "history">("waiting");
  // Kept here: the card of the command that made it leaves the list.
  const [made, setMade] = useState<InvitationMade | null>(null);
  const signing = useSigning();
  const officer = hasRole("security-officer");
  const requests = useAnswer(
    async () => (officer ? (await getRequests()).filter((each) => each.state === "waiting") : []),
    [officer],
    REFRESH_MS,
  );
  const commands = useAnswer(async () => (await getCommands("waiting")).commands, [], REFRESH_MS);
  const waiting = (requests.answer?.length ?? 0) + (commands.answer?.length ?? 0);
  return (
    <Tabs
      label={w.title}
      tabs={[
        { key: "waiting", title: w.tabs.waiting, count: waiting },
        { key: "history", title: w.tabs.history },
      ]}
      chosen={tab}
      onChoose={setTab}
    >
      {tab === "history" ? (
        <History />
      ) : (
        <>
          {made ? (
            <Dialog title={directory.value.made} onClose={() => setMade(null)} held wide>
              <InvitationShown made={made} />
              <div class="dialog-actions">
                <ActionButton tone="primary" onPress={() => setMade(null)}>
                  {directory.value.done}
                </ActionButton>
              </div>
            </Dialog>
          ) : null}
          {officer || hasRole("custodian") ? <NoKey signing={signing} /> : null}
          <Section title={w.commands} lead={w.commandsLead}>
            {commands.error ? (
              <ErrorState error={commands.error} onRetry={commands.reload} />
            ) : null}
            {!commands.answer && !commands.error ? <Loading /> : null}
            {commands.answer?.length === 0 ? <EmptyState title={w.noCommands} /> : null}
            {commands.answer?.map((command) => (
              <CommandCard
                key={command.id}
                command={command}
                signing={signing}
                onAnswered={async (invitation) => {
                  if (invitation) setMade(invitation);
                  await commands.reload();
                }}
              />
            ))}
          </Section>
          {officer ? (
            <Section title={w.requests} lead={w.requestsLead}>
              {requests.error ? (
                <ErrorState error={requests.error} onRetry={requests.reload} />
              ) : null}
              {!requests.answer && !requests.error ? <Loading /> : null}
              {requests.answer?.length === 0 ? <EmptyState title={w.noRequests} /> : null}
              {requests.answer?.map((request) => (
                <RequestCard key={request.id} request={request} onDecided={requests.reload} />
              ))}
            </Section>
          ) : null}
        </>
      )}
    </Tabs>
  );
}
