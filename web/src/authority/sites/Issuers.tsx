import type { Issuer } from "../api";
import {
  count,
  EmptyState,
  ErrorState,
  Loading,
  Mark,
  momentOf,
  now,
  Section,
  Table,
  When,
} from "../kit";
import { t } from "./words";

/** The issuers with the age of their revocation lists. */
export function Issuers(props: {
  issuers: Issuer[] | null;
  error: unknown;
  onReload: () => Promise<void>;
}) {
  const w = t.value;
  const { issuers } = props;
  return (
    <Section title={w.issuers} lead={w.issuersLead}>
      {props.error ? <ErrorState error={props.error} onRetry={props.onReload} /> : null}
      {!issuers && !props.error ? <Loading /> : null}
      {issuers?.length === 0 ? <EmptyState title={w.noIssuers} /> : null}
      {issuers && issuers.length > 0 ? (
        <Table
          caption={w.issuers}
          rows={issuers}
          rowKey={(each) => each.key_id}
          columns={[
            {
              key: "issuer",
              title: w.issuer,
              cell: (each) => (
                <>
                  <bdi>{each.name}</bdi> <bdi class="code faint">{each.key_id.slice(0, 16)}…</bdi>
                </>
              ),
            },
            { key: "valid", title: w.valid, cell: (each) => momentOf(each.not_after) },
            {
              key: "list",
              title: w.list,
              cell: (each) => (each.lists ? w.listNumber(each.lists.number) : w.noList),
            },
            { key: "next", title: w.nextUpdate, cell: (each) => <NextUpdate issuer={each} /> },
            {
              key: "revoked",
              title: w.revokedCount,
              cell: (each) => (each.lists ? count(each.lists.revoked) : ""),
            },
          ]}
        />
      ) : null}
    </Section>
  );
}

function NextUpdate(props: { issuer: Issuer }) {
  const { lists } = props.issuer;
  if (!lists) return null;
  if (lists.next_update > now.value) return <When time={lists.next_update} />;
  return (
    <>
      <Mark level="bad">{t.value.overdue}</Mark> <When time={lists.next_update} />
    </>
  );
}
