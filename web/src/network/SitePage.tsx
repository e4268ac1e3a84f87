import { IdentityName, Section } from "../authority/kit";
import { getSiteNetwork } from "./answers";
import { useFeed } from "./feed";
import { Shell } from "./Shell";
import { SiteNetworkShown } from "./SiteNetworkShown";
import { t } from "./words";

/** The same at a site: what its own edge tells. */
export function SitePage() {
  const w = t.value;
  const feed = useFeed(getSiteNetwork);
  return (
    <Shell lead={w.siteLead} feed={feed}>
      {feed.now ? (
        <Section title={w.site} lead={<IdentityName path={feed.now.value.site} />}>
          <SiteNetworkShown now={feed.now} before={feed.before} nameOf={(peer) => peer} />
        </Section>
      ) : null}
    </Shell>
  );
}
