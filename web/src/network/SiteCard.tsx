import type { ComponentChildren } from "preact";
import { Mark } from "../authority/kit";
import { LeverSign } from "../globe/LeverSign";
import type { Site } from "./answers";
import { letIn } from "./devices";
import { nameOfSite, plain, rate, Told, UpDown } from "./figures";
import { anchorOf } from "./Matrix";
import { toldBy } from "./pairs";
import { type Flow, flowOf, type Taken, totalOf } from "./rates";
import { SiteNetworkShown } from "./SiteNetworkShown";
import { t } from "./words";

type Standing = keyof typeof t.value.edge;
const LEVELS: Record<Standing, "good" | "notice" | "bad"> = {
  running: "good",
  silent: "notice",
  stopped: "bad",
  problem: "bad",
  misunderstood: "notice",
};

function standingOf(site: Site): Standing {
  if (!site.running) return "stopped";
  if (site.network === null) return "silent";
  if (site.network === "misunderstood") return "misunderstood";
  return site.network.problem ? "problem" : "running";
}

/** One site: a line that says how it stands, and behind it everything its edge tells. */
export function SiteCard(props: {
  site: Taken<Site>;
  before: Taken<Site> | null;
  nameOf: (peer: string) => string;
  open: boolean;
  onToggle: (open: boolean) => void;
}) {
  const { value: site, atS } = props.site;
  const told = toldBy(site);
  // An edge that was started again counts anew.
  const comparable = props.before !== null && props.before.value.restarts === site.restarts;
  const earlier = comparable && props.before ? toldBy(props.before.value) : null;
  const before = earlier && props.before ? { value: earlier, atS: props.before.atS } : null;
  const flow = told
    ? flowOf(
        before && { value: before.value.bearers, atS: before.atS },
        { value: told.bearers, atS },
        (each) => each.name,
      )
    : null;
  const standing = standingOf(site);
  return (
    <details
      class="card site-card"
      id={anchorOf(site.id)}
      open={props.open}
      onToggle={(event) => props.onToggle(event.currentTarget.open)}
    >
      <summary>
        <h3>
          <bdi>{nameOfSite(site)}</bdi>
        </h3>
        <Summary site={site} standing={standing} flow={flow} />
      </summary>
      {props.open ? (
        <div class="site-card-body">
          <Silence standing={standing} />
          {told ? (
            <SiteNetworkShown
              now={{ value: told, atS }}
              before={before}
              nameOf={props.nameOf}
              restarts={site.restarts}
              traces={site.traces}
            />
          ) : null}
        </div>
      ) : null}
    </details>
  );
}

function Summary(props: { site: Site; standing: Standing; flow: Flow | null }) {
  const w = t.value;
  const { site, flow } = props;
  const told = toldBy(site);
  const bearers = told?.bearers ?? [];
  const devices = told ? letIn(told.devices) : 0;
  const active = bearers.find((each) => each.active);
  const barred = bearers.filter((each) => each.barred).map((each) => each.name);
  return (
    <>
      <span class="site-card-state">
        <Mark level={LEVELS[props.standing]}>{w.edge[props.standing]}</Mark>
        {site.restarts > 0 ? <span class="faint">{w.restarts(site.restarts)}</span> : null}
        {barred.length > 0 ? (
          <bdi class="site-card-barred">{w.barredBearers(plain(barred.join(", ")))}</bdi>
        ) : null}
        {devices > 0 ? <span class="site-card-devices">{w.devices.count(devices)}</span> : null}
      </span>
      <Fact title={w.landing}>
        <span class="site-card-landing">
          {site.landing === null ? (
            <span class="faint">{w.noLanding}</span>
          ) : (
            <Told text={site.landing} />
          )}
          <LeverSign lever="observed" />
        </span>
      </Fact>
      <Fact title={w.activeBearer}>
        {active ? (
          <>
            <Told text={active.name} /> <span class="faint">{rate(active.rate_bps)}</span>
          </>
        ) : (
          <span class="faint">{w.noActive}</span>
        )}
      </Fact>
      <Fact title={w.traffic}>
        <UpDown up={flow && totalOf(flow.up)} down={flow && totalOf(flow.down)} />
      </Fact>
    </>
  );
}

function Fact(props: { title: string; children: ComponentChildren }) {
  return (
    <span class="site-card-fact">
      <span class="site-card-title">{props.title}</span>
      <span>{props.children}</span>
    </span>
  );
}

function Silence(props: { standing: Standing }) {
  const w = t.value;
  const texts: Partial<Record<Standing, string>> = {
    silent: w.silentText,
    stopped: w.stoppedText,
    misunderstood: w.misunderstoodText,
  };
  const text = texts[props.standing];
  return text ? <p class="notice">{text}</p> : null;
}
