import { useState } from "preact/hooks";
import { type EdgeSite, getIssuers, getPolicy, getSites, type Issuer } from "../api";
import { REASONS } from "../approvals/bodies";
import { useSigning } from "../approvals/signing";
import { Invitations } from "../directory/Invitations";
import {
  ActionButton,
  AuthorityPage,
  EmptyState,
  ErrorState,
  hasRole,
  Loading,
  me,
  Section,
  useAnswer,
} from "../kit";
import { reasonsFor } from "./holders";
import { InviteSite } from "./InviteSite";
import { Issuers } from "./Issuers";
import { MassDialog } from "./MassDialog";
import { RevokeDialog, RevokeOther } from "./RevokeDialog";
import { SiteCard } from "./SiteCard";
import { t } from "./words";

const REFRESH_MS = 10_000;
const SITE_KINDS = ["office", "ship"];

type Asking =
  | { readonly what: "invite" | "other" | "mass" }
  | { readonly what: "revoke"; readonly holder: string };

export function SitesPage() {
  const w = t.value;
  const [asking, setAsking] = useState<Asking | null>(null);
  return (
    <AuthorityPage
      path="/sites"
      title={w.title}
      lead={w.lead}
      actions={
        hasRole("operator", "security-officer", "fleet-officer") ? (
          <ActionButton tone="primary" onPress={() => setAsking({ what: "invite" })}>
            {w.invite}
          </ActionButton>
        ) : null
      }
    >
      <Content asking={asking} onAsk={setAsking} />
    </AuthorityPage>
  );
}

function Content(props: { asking: Asking | null; onAsk: (asking: Asking | null) => void }) {
  const { asking, onAsk } = props;
  const [made, setMade] = useState(0);
  const signing = useSigning();
  const sites = useAnswer(getSites, [], REFRESH_MS);
  const issuers = useAnswer(getIssuers, [], REFRESH_MS);
  // Not every role that sees sites reads the policy; without it no number is held against it.
  const policy = useAnswer(() => getPolicy().catch(() => null), [], REFRESH_MS);
  const close = () => onAsk(null);
  return (
    <>
      <Edges
        sites={sites.answer}
        error={sites.error}
        issuers={issuers.answer ?? []}
        policy={policy.answer?.number ?? null}
        onReload={sites.reload}
        onAsk={onAsk}
      />
      {hasRole("operator", "security-officer", "fleet-officer") ? (
        <Invitations made={made} kinds={SITE_KINDS} />
      ) : null}
      <Issuers issuers={issuers.answer} error={issuers.error} onReload={issuers.reload} />
      {asking?.what === "invite" ? (
        <InviteSite onClose={close} onMade={() => setMade(made + 1)} />
      ) : null}
      {asking?.what === "other" ? (
        <RevokeOther onClose={close} onChosen={(holder) => onAsk({ what: "revoke", holder })} />
      ) : null}
      {asking?.what === "revoke" ? (
        <RevokeDialog holder={asking.holder} onClose={close} onDone={sites.reload} />
      ) : null}
      {asking?.what === "mass" ? (
        <MassDialog sites={sites.answer ?? []} signing={signing} onClose={close} />
      ) : null}
    </>
  );
}

function Edges(props: {
  sites: EdgeSite[] | null;
  error: unknown;
  issuers: readonly Issuer[];
  policy: number | null;
  onReload: () => Promise<void>;
  onAsk: (asking: Asking) => void;
}) {
  const w = t.value;
  const { sites } = props;
  const officer = hasRole("security-officer");
  const groups = [
    { kind: "office", title: w.offices },
    { kind: "ship", title: w.ships },
  ];
  const roles = me.value?.roles ?? [];
  return (
    <Section
      title={w.edges}
      lead={
        sites ? (
          <span role="status">
            {w.summary(sites.filter((site) => site.connected).length, sites.length)}
          </span>
        ) : null
      }
      actions={
        officer ? (
          <>
            <ActionButton tone="danger" onPress={() => props.onAsk({ what: "other" })}>
              {w.revokeOther}
            </ActionButton>
            <ActionButton tone="danger" onPress={() => props.onAsk({ what: "mass" })}>
              {w.mass}
            </ActionButton>
          </>
        ) : null
      }
    >
      {props.error ? <ErrorState error={props.error} onRetry={props.onReload} /> : null}
      {!sites && !props.error ? <Loading /> : null}
      {sites?.length === 0 ? <EmptyState title={w.noSites} /> : null}
      {groups.map(({ kind, title }) => {
        const found = sites?.filter((site) => site.identity.startsWith(`${kind}/`)) ?? [];
        if (found.length === 0) return null;
        return (
          <div key={kind} class="sites-group">
            <h3>{title}</h3>
            <ul class="sites">
              {found.map((site) => (
                <li key={site.identity}>
                  <SiteCard
                    site={site}
                    issuers={props.issuers}
                    policy={props.policy}
                    {...(reasonsFor(site.identity, roles, REASONS).length > 0 &&
                    site.certificate &&
                    site.certificate.state !== "revoked"
                      ? {
                          onRevoke: () => props.onAsk({ what: "revoke", holder: site.identity }),
                        }
                      : {})}
                  />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
      {sites && sites.length > 0 ? <p class="faint">{w.legend}</p> : null}
    </Section>
  );
}
