import { useEffect, useState } from "preact/hooks";
import { type Fleet, getFleet } from "../api/fleet";
import { EmptyState } from "../authority/kit";
import { LeverSign } from "../globe/LeverSign";
import { useFeed } from "../network/feed";
import { Shell } from "../network/Shell";
import { Hatching } from "./ContactBar";
import { DraftShown } from "./DraftShown";
import { MapPanel } from "./MapPanel";
import { Planner } from "./Planner";
import { PlatformRow } from "./PlatformRow";
import { SeaPanel } from "./sea/SeaPanel";
import { askForPlan, points, skyNow } from "./state";
import { WatchList } from "./WatchList";
import { t } from "./words";

const SPANS = [1, 3, 6] as const;

/** The fleet: map, watch list, contacts ahead, and a track that is drawn. */
export function FleetPage() {
  const w = t.value;
  const feed = useFeed(getFleet);
  return (
    <Shell lead={w.lead} feed={feed} page={{ path: "/fleet", title: w.title }}>
      {feed.now ? <Content fleet={feed.now.value} /> : null}
    </Shell>
  );
}

function Content(props: { fleet: Fleet }) {
  const { fleet } = props;
  const first = skyNow.value === null;
  useEffect(() => {
    skyNow.value = fleet.time;
    if (first && points.value.length > 0) askForPlan();
  }, [fleet]);
  return (
    <div class="fleet">
      <Hatching />
      <div class="fleet-top">
        <div class="fleet-left">
          <MapPanel fleet={fleet} />
          <DraftShown now={fleet.time} />
        </div>
        <div class="fleet-side">
          <WatchList platforms={fleet.platforms} now={fleet.time} />
          <Planner fleet={fleet} />
          <SeaPanel fleet={fleet} />
        </div>
      </div>
      <Contacts fleet={fleet} />
    </div>
  );
}

function Contacts(props: { fleet: Fleet }) {
  const w = t.value;
  const { fleet } = props;
  const [hours, setHours] = useState<number>(1);
  return (
    <section class="fleet-rows" aria-labelledby="ahead-title">
      <div class="section-head">
        <div>
          <h2 id="ahead-title">
            {w.ahead} <LeverSign lever="observed" />
          </h2>
          <p class="soft small">{w.aheadLead}</p>
        </div>
        <fieldset class="segmented" aria-label={w.span}>
          {SPANS.map((span) => (
            <button
              key={span}
              type="button"
              aria-pressed={hours === span}
              onClick={() => setHours(span)}
            >
              {w.hours(span)}
            </button>
          ))}
        </fieldset>
      </div>
      {fleet.platforms.length === 0 ? (
        <EmptyState title={w.noFleet}>{w.noFleetText}</EmptyState>
      ) : null}
      {fleet.platforms.map((platform) => (
        <PlatformRow key={platform.id} platform={platform} now={fleet.time} hours={hours} />
      ))}
    </section>
  );
}
