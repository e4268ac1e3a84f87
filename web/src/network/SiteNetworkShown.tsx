import type { SiteNetwork } from "./answers";
import { Bearers } from "./Bearers";
import { concerns } from "./devices";
import { Told } from "./figures";
import { PlainDevices } from "./PlainDevices";
import { Drops, Queues } from "./Queues";
import type { Taken } from "./rates";
import { Tunnels } from "./Tunnels";
import { t } from "./words";

/** Everything that one edge tells: the same at the console and at the site itself. */
export function SiteNetworkShown(props: {
  now: Taken<SiteNetwork>;
  before: Taken<SiteNetwork> | null;
  nameOf: (peer: string) => string;
  restarts?: number;
  /** Known at the console alone: to an edge a bearer that replays a trace is like any other. */
  traces?: Readonly<Record<string, string>>;
}) {
  const w = t.value;
  const { now, before } = props;
  const { value: told, atS } = now;
  return (
    <div class="told">
      {told.problem ? (
        <p class="problem" lang="en">
          <Told text={told.problem} />
        </p>
      ) : null}
      <dl class="told-facts">
        <div>
          <dt>{w.addresses}</dt>
          <dd>
            {told.addresses.map((each) => (
              <span key={each} class="told-address">
                <Told text={each} code />
              </span>
            ))}
          </dd>
        </div>
        <div>
          <dt>{w.timing}</dt>
          <dd>{told.real_time ? w.realTime : w.notRealTime}</dd>
        </div>
        {told.tunnels.length === 0 ? null : (
          <div>
            <dt>{w.layers}</dt>
            <dd>{w.layersOf(Math.min(...told.tunnels.map((each) => each.layers)))}</dd>
          </div>
        )}
        {props.restarts === undefined ? null : (
          <div>
            <dt>{w.restartsTitle}</dt>
            <dd>{props.restarts === 0 ? w.noRestarts : w.restarts(props.restarts)}</dd>
          </div>
        )}
      </dl>
      <Bearers
        now={{ value: told.bearers, atS }}
        before={before && { value: before.value.bearers, atS: before.atS }}
        traces={props.traces ?? {}}
      />
      <Tunnels
        now={{ value: told.tunnels, atS }}
        before={before && { value: before.value.tunnels, atS: before.atS }}
        nameOf={props.nameOf}
      />
      {concerns(told.devices) ? <PlainDevices told={told.devices} /> : null}
      <div class="told-beside">
        <Queues queues={told.classes} />
        <Drops dropped={told.dropped} />
      </div>
    </div>
  );
}
