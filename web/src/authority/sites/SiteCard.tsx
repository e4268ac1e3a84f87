import type { ComponentChildren } from "preact";
import type { EdgeSite, Issuer, TunnelCard } from "../api";
import { ActionButton, Mark, momentOf, When } from "../kit";
import { AgeBar } from "./AgeBar";
import { t } from "./words";

/** One edge: connection, certificate, and what it has applied of what there is. */
export function SiteCard(props: {
  site: EdgeSite;
  issuers: readonly Issuer[];
  policy: number | null;
  onRevoke?: () => void;
}) {
  const w = t.value;
  const { site } = props;
  return (
    <article class="site" aria-label={site.display_name || site.identity}>
      <div class="site-head">
        <h4>
          <bdi>{site.display_name || site.identity}</bdi>{" "}
          <bdi class="code faint">{site.identity}</bdi>
        </h4>
        <Connection site={site} />
      </div>
      <dl class="site-facts">
        <Fact title={w.certificate}>
          <CertificateState site={site} />
        </Fact>
        <Fact title={w.lists}>
          <Lists site={site} issuers={props.issuers} />
        </Fact>
        <Fact title={w.policy}>
          <Applied number={site.policy} newest={props.policy} />
        </Fact>
      </dl>
      {site.tunnel ? <Tunnel card={site.tunnel} /> : null}
      {props.onRevoke ? (
        <div class="site-acts">
          <ActionButton
            tone="danger"
            label={`${w.revoke}: ${site.identity}`}
            onPress={props.onRevoke}
          >
            {w.revoke}
          </ActionButton>
        </div>
      ) : null}
    </article>
  );
}

/** How other sites reach this one, as it has signed. */
function Tunnel(props: { card: TunnelCard }) {
  const w = t.value;
  const { card } = props;
  return (
    <details class="site-tunnel">
      <summary>
        {w.tunnel} {w.card(card.number)}{" "}
        <span class="faint">
          {w.cardHeard} <When time={card.heard} />
        </span>
      </summary>
      <dl class="facts">
        <dt>{w.cardNetworks}</dt>
        <dd>
          {[card.network, ...card.networks].map((network) => (
            <bdi key={network} class="code site-line">
              {network}
            </bdi>
          ))}
        </dd>
        <dt>{w.bearers}</dt>
        <dd>
          {card.endpoints.map((address) => (
            <bdi key={address} class="code site-line">
              {address}
            </bdi>
          ))}
        </dd>
      </dl>
    </details>
  );
}

function CertificateState(props: { site: EdgeSite }) {
  const w = t.value;
  const { identity, certificate } = props.site;
  if (!certificate) return <Mark level="bad">{w.noCertificate}</Mark>;
  if (certificate.state === "revoked") return <Mark level="bad">{w.revokedCertificate}</Mark>;
  return <AgeBar identity={identity} certificate={certificate} />;
}

function Fact(props: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.title}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Connection(props: { site: EdgeSite }) {
  const w = t.value;
  const { site } = props;
  if (site.connected) {
    return (
      <p class="site-connection">
        <Mark level="good">{w.connected}</Mark>{" "}
        <span class="faint">
          {w.since} {site.since === null ? "" : momentOf(site.since)}
          {site.address ? (
            <>
              {" · "}
              {w.at} <bdi class="code">{site.address}</bdi>
            </>
          ) : null}
        </span>
      </p>
    );
  }
  return (
    <p class="site-connection">
      <Mark level="quiet">{site.since === null ? w.neverSeen : w.away}</Mark>{" "}
      {site.since === null ? null : (
        <span class="faint">
          {w.lastSeen} <When time={site.since} />
        </span>
      )}
    </p>
  );
}

/** The list of each issuer that has one; an issuer is only named where there are several. */
function Lists(props: { site: EdgeSite; issuers: readonly Issuer[] }) {
  const w = t.value;
  const { site } = props;
  // Lists of issuers of old are no matter here, unless this edge holds one.
  const known = props.issuers.filter(
    ({ key_id, lists }) => lists && (key_id in site.lists || key_id === site.certificate?.issuer),
  );
  if (known.length === 0) return <span class="faint">{w.nothingApplied}</span>;
  return (
    <>
      {known.map((issuer) => (
        <span key={issuer.key_id} class="site-list">
          {known.length > 1 ? <bdi class="code faint">{issuer.name}</bdi> : null}
          <Applied
            number={site.lists[issuer.key_id] ?? null}
            newest={issuer.lists?.number ?? null}
          />
        </span>
      ))}
    </>
  );
}

function Applied(props: { number: number | null; newest: number | null }) {
  const w = t.value;
  const { number, newest } = props;
  if (number === null || number === 0) return <span class="faint">{w.nothingApplied}</span>;
  if (newest === null || number >= newest) {
    return <span title={newest === null ? "" : w.newest}>{w.applied(number)}</span>;
  }
  return (
    <span class="site-behind">
      {w.applied(number)} <Mark level="notice">{w.behind(newest)}</Mark>
    </span>
  );
}
