import { useEffect, useRef, useState } from "preact/hooks";
import { getNetwork, type Network } from "./answers";
import { useFeed } from "./feed";
import { nameOfSite } from "./figures";
import { anchorOf, Matrix } from "./Matrix";
import { identitiesOf, rowsOf } from "./pairs";
import { partOf, type Taken } from "./rates";
import { Shell } from "./Shell";
import { SiteCard } from "./SiteCard";
import { WireShown } from "./WireShown";
import { t } from "./words";

/** The console's page: all sites against each other, each site in full, and the wire. */
export function NetworkPage() {
  const feed = useFeed(getNetwork);
  return (
    <Shell lead={t.value.lead} feed={feed}>
      {feed.now ? <Content now={feed.now} before={feed.before} /> : null}
    </Shell>
  );
}

function Content(props: { now: Taken<Network>; before: Taken<Network> | null }) {
  const w = t.value;
  const { now, before } = props;
  const { sites } = now.value;
  const known = useRef<ReadonlyMap<string, string>>(new Map());
  known.current = identitiesOf(now.value, known.current);
  const identities = known.current;
  const names = new Map(sites.map((site) => [site.id, nameOfSite(site)]));
  const byIdentity = new Map([...identities].map(([id, identity]) => [identity, names.get(id)]));
  const [open, setOpen] = useOpened(sites.map((site) => site.id));
  return (
    <>
      <Matrix rows={rowsOf(now.value, identities)} onOpen={(id) => setOpen(id, true)} />
      {sites.length > 0 ? (
        <section class="site-cards" aria-labelledby="site-cards">
          <h2 id="site-cards">{w.sites}</h2>
          {sites.map((site) => (
            <SiteCard
              key={site.id}
              site={{ value: site, atS: now.atS }}
              before={partOf(before, (value) => value.sites.find(({ id }) => id === site.id))}
              nameOf={(peer) => byIdentity.get(peer) ?? peer}
              open={open.has(site.id)}
              onToggle={(opened) => setOpen(site.id, opened)}
            />
          ))}
        </section>
      ) : null}
      <WireShown
        now={{ value: now.value.wire, atS: now.atS }}
        before={before && { value: before.value.wire, atS: before.atS }}
        ids={[...names.keys()]}
        nameOf={(id) => names.get(id) ?? id}
      />
    </>
  );
}

/** Which sites are unfolded; an address that names one unfolds it and brings it into view. */
function useOpened(ids: readonly string[]): [Set<string>, (id: string, open: boolean) => void] {
  const [opened, setOpened] = useState<Set<string>>(() => new Set());
  const set = (id: string, open: boolean) =>
    setOpened((last) => {
      if (last.has(id) === open) return last;
      const next = new Set(last);
      if (open) next.add(id);
      else next.delete(id);
      return next;
    });
  useEffect(() => {
    const id = ids.find((each) => location.hash === `#${anchorOf(each)}`);
    if (id === undefined) return;
    set(id, true);
    document.getElementById(anchorOf(id))?.scrollIntoView();
  }, []);
  return [opened, set];
}
