import { Loading } from "../../authority/kit";
import type { ServingSatellite } from "../../network/answers";
import { getSiteNetwork } from "../../network/answers";
import { useAge, useFeed } from "../../network/feed";
import { milliseconds, plain, rate, Told } from "../../network/figures";
import { secondOf } from "./moments";
import { servingNow, wayTo } from "./way";
import { t } from "./words";

/** The tunnel to the other site as our edge has it now, and the bearer that carries it. */
export function CallWay(props: { site: string; name: string }) {
  const w = t.value;
  const feed = useFeed(getSiteNetwork);
  const ageS = useAge(feed.now);
  if (feed.now === null) return feed.error ? <p class="faint">{w.wayUnknown}</p> : <Loading />;
  const found = wayTo(feed.now.value, props.site);
  if (found === null) return <p class="faint">{w.wayUnknown}</p>;
  const { tunnel, bearer } = found;
  return (
    <>
      <p>{w.wayTo(props.name)}</p>
      {tunnel.open ? null : <p class="problem">{w.wayShut}</p>}
      <dl class="facts">
        <dt>{w.wayHeld}</dt>
        <dd>{w.wayLayers(tunnel.layers)}</dd>
        {bearer ? (
          <>
            <dt>{w.wayBearer}</dt>
            <dd>
              <Told text={bearer.name} /> <span class="faint">({bearer.kind})</span>
              {tunnel.lanes > 1 && tunnel.second ? `, ${w.waySecond(tunnel.second)}` : ""}
            </dd>
            {bearer.landing ? (
              <>
                <dt>{w.wayLanding}</dt>
                <dd>
                  <Told text={bearer.landing} />
                </dd>
              </>
            ) : null}
            {bearer.satellite ? (
              <>
                <dt>{w.waySatellite}</dt>
                <dd>
                  <Satellite told={bearer.satellite} ageS={ageS ?? 0} />
                </dd>
              </>
            ) : null}
            <dt>{w.wayRate}</dt>
            <dd>{rate(bearer.rate_bps)}</dd>
            <dt>{w.wayDelay}</dt>
            <dd>{milliseconds(bearer.round_trip_ms)}</dd>
          </>
        ) : null}
      </dl>
    </>
  );
}

/** The satellite of the moment, with its slot: observed, and only where somebody tells it. */
function Satellite(props: { told: ServingSatellite; ageS: number }) {
  const w = t.value;
  const now = servingNow(props.told, props.ageS);
  if (now.kind === "untold") return <span class="faint">{w.waySatelliteUntold}</span>;
  if (now.kind === "unknown") return <span class="faint">{w.waySatelliteUnknown}</span>;
  if (now.kind === "none") return <span>{w.waySatelliteNone}</span>;
  return (
    <>
      <bdi>{w.waySatelliteOf(plain(now.name))}</bdi>{" "}
      <span class="faint">{w.waySlot(secondOf(1000 * now.slot))}</span>
    </>
  );
}
