import { useState } from "preact/hooks";
import { type Command, getCommands, getRequests, type InvitationMade, type Request } from "../api";
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
  me,
  Section,
  Tabs,
  useAnswer,
} from "../kit";
import { CommandCard } from "./CommandCard";
import { READERS, SEERS, SIGNERS } from "./deciders";
import { History } from "./History";
import { NoKey } from "./NoKey";
import { RequestCard } from "./RequestCard";
import { useSigning } from "./signing";
import { t } from "./words";

const REFRESH_MS = 15_000;

type Answer<T> = ReturnType<typeof useAnswer<T>>;

export function ApprovalsPage() {
  const w = t.value;
  const partly = me.value !== null && !hasRole(...READERS);
  return (
    <AuthorityPage path="/approvals" title={w.title} lead={partly ? w.leadRequests : w.lead}>
      <Content />
    </AuthorityPage>
  );
}

function Content() {
  const w = t.value;
  const [tab, setTab] = useState<"waiting" | "history">("waiting");
  const [seer, reader] = [hasRole(...SEERS), hasRole(...READERS)];
  const requests = useAnswer(
    async () => (seer ? (await getRequests()).filter((each) => each.state === "waiting") : []),
    [seer],
    REFRESH_MS,
  );
  const commands = useAnswer(
    async () => (reader ? (await getCommands("waiting")).commands : []),
    [reader],
    REFRESH_MS,
  );
  if (!reader) return <Requests requests={requests} />;
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
          <Commands commands={commands} />
          {seer ? <Requests requests={requests} /> : null}
        </>
      )}
    </Tabs>
  );
}

function Commands(props: { commands: Answer<Command[]> }) {
  const w = t.value;
  const { answer, error, reload } = props.commands;
  // Kept here: the card of the command that made it leaves the list.
  const [made, setMade] = useState<InvitationMade | null>(null);
  const signing = useSigning();
  return (
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
      {hasRole(...SIGNERS) ? <NoKey signing={signing} /> : null}
      <Section title={w.commands} lead={w.commandsLead}>
        {error ? <ErrorState error={error} onRetry={reload} /> : null}
        {!answer && !error ? <Loading /> : null}
        {answer?.length === 0 ? <EmptyState title={w.noCommands} /> : null}
        {answer?.map((command) => (
          <CommandCard
            key={command.id}
            command={command}
            signing={signing}
            onAnswered={async (invitation) => {
              if (invitation) setMade(invitation);
              await reload();
            }}
          />
        ))}
      </Section>
    </>
  );
}

function Requests(props: { requests: Answer<Request[]> }) {
  const w = t.value;
  const { answer, error, reload } = props.requests;
  return (
    <Section title={w.requests} lead={w.requestsLead}>
      {error ? <ErrorState error={error} onRetry={reload} /> : null}
      {!answer && !error ? <Loading /> : null}
      {answer?.length === 0 ? <EmptyState title={w.noRequests} /> : null}
      {answer?.map((request) => (
        <RequestCard key={request.id} request={request} onDecided={reload} />
      ))}
    </Section>
  );
}
