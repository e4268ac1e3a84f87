import { useState } from "preact/hooks";
import { closeSession, getSessions, type Session } from "../api";
import {
  ActionButton,
  type Column,
  ConfirmDialog,
  ErrorState,
  Loading,
  Section,
  say,
  signOut,
  Table,
  useAnswer,
  When,
} from "../kit";
import { agentName } from "./agent";
import { words } from "./MePage";

/** Where this person is signed in. */
export function Sessions() {
  const t = words.value;
  const { answer, error, reload } = useAnswer(getSessions);
  const [closing, setClosing] = useState<Session | null>(null);
  const columns: Column<Session>[] = [
    {
      key: "agent",
      title: t.session,
      cell: (session) => (
        <span title={session.agent}>
          <bdi>{agentName(session.agent)}</bdi>{" "}
          {session.current ? <span class="badge badge-now">{t.current}</span> : null}
        </span>
      ),
    },
    { key: "host", title: t.host, cell: (session) => <bdi class="code">{session.host}</bdi> },
    { key: "made", title: t.since, cell: (session) => <When time={session.made} exact /> },
    { key: "seen", title: t.seen, cell: (session) => <When time={session.seen} /> },
    {
      key: "actions",
      title: t.close,
      end: true,
      untitled: true,
      cell: (session) => (
        <div class="row-actions">
          <ActionButton
            label={t.closeOf(agentName(session.agent))}
            onPress={() => (session.current ? signOut() : setClosing(session))}
          >
            {t.close}
          </ActionButton>
        </div>
      ),
    },
  ];
  return (
    <Section title={t.sessions} lead={t.sessionsLead}>
      {error && !answer ? <ErrorState error={error} onRetry={reload} /> : null}
      {!answer && !error ? <Loading /> : null}
      {answer ? (
        <Table
          caption={t.sessions}
          columns={columns}
          rows={answer}
          rowKey={(session) => session.id}
        />
      ) : null}
      {closing ? (
        <ConfirmDialog
          title={t.closeTitle}
          consequences={t.closeWhat}
          action={t.close}
          onClose={() => setClosing(null)}
          onConfirm={async () => {
            await closeSession(closing.id);
            say(t.closed);
            await reload();
          }}
        >
          <p>
            <bdi>{agentName(closing.agent)}</bdi>, <bdi class="code">{closing.host}</bdi>
          </p>
        </ConfirmDialog>
      ) : null}
    </Section>
  );
}
