import { useState } from "preact/hooks";
import { getInvitations, type Invitation, withdrawInvitation } from "../api";
import {
  ActionButton,
  ConfirmDialog,
  EmptyState,
  ErrorState,
  freshen,
  IdentityName,
  Loading,
  Section,
  say,
  Table,
  useAnswer,
  When,
} from "../kit";
import { t } from "./words";

/** The invitations of these kinds that nobody has used yet. */
export function Invitations(props: { made: number; kinds: readonly string[] }) {
  const w = t.value;
  const { answer, error, reload } = useAnswer(getInvitations, [props.made]);
  const [leaving, setLeaving] = useState<Invitation | null>(null);
  const open = answer?.filter(
    (each) =>
      (each.state === null || each.state === "open") &&
      props.kinds.includes(each.identity.split("/")[0] ?? ""),
  );
  return (
    <Section title={w.invitations}>
      {error ? <ErrorState error={error} onRetry={reload} /> : null}
      {!answer && !error ? <Loading /> : null}
      {open?.length === 0 ? <EmptyState title={w.noInvitations} /> : null}
      {open && open.length > 0 ? (
        <Table
          caption={w.invitations}
          rows={open}
          rowKey={(each) => each.id}
          columns={[
            {
              key: "for",
              title: w.invitationFor,
              cell: (each) => (
                <>
                  {each.display_name ? <bdi>{each.display_name} </bdi> : null}
                  <IdentityName path={each.identity} />
                </>
              ),
            },
            {
              key: "by",
              title: w.invitedBy,
              cell: (each) => <bdi class="code">{each.by ?? ""}</bdi>,
            },
            { key: "ends", title: w.expires, cell: (each) => <When time={each.expires} /> },
            {
              key: "act",
              title: w.withdraw,
              untitled: true,
              end: true,
              cell: (each) => (
                <ActionButton tone="danger" onPress={() => setLeaving(each)}>
                  {w.withdraw}
                </ActionButton>
              ),
            },
          ]}
        />
      ) : null}
      {leaving ? (
        <ConfirmDialog
          title={w.withdrawTitle}
          consequences={[w.withdrawText(leaving.identity)]}
          action={w.withdraw}
          onClose={() => setLeaving(null)}
          onConfirm={async () => {
            await freshen();
            await withdrawInvitation(leaving.id);
            say(w.withdrawn);
            await reload();
          }}
        />
      ) : null}
    </Section>
  );
}
