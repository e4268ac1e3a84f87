import { IdentityName, identityParts, kitWords, Section } from "../authority/kit";
import { getSiteNetwork } from "./answers";
import { useFeed } from "./feed";
import { PartHeading } from "./Part";
import { Shell } from "./Shell";
import { SiteNetworkShown } from "./SiteNetworkShown";
import { t } from "./words";

/** "Ship frigate"; what is no identity as it stands. */
function nameOf(peer: string): string {
  const parts = identityParts(peer);
  return parts ? `${kitWords.value.kinds[parts.kind]} ${parts.name}` : peer;
}

/** The same at a site: what its own edge tells. */
export function SitePage() {
  const w = t.value;
  const feed = useFeed(getSiteNetwork);
  return (
    <Shell lead={w.siteLead} feed={feed}>
      {feed.now ? (
        <Section title={w.site} lead={<IdentityName path={feed.now.value.site} />}>
          <PartHeading.Provider value="h3">
            <SiteNetworkShown now={feed.now} before={feed.before} nameOf={nameOf} />
          </PartHeading.Provider>
        </Section>
      ) : null}
    </Shell>
  );
}
