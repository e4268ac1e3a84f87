import { type Column, Mark, Table } from "../authority/kit";
import { inLanguage } from "../frame/language";
import type { Health, InnerLayer, Tunnel } from "./answers";
import { age, plain, Told, UpDown } from "./figures";
import { KeyAge } from "./KeyAge";
import { LEVELS } from "./Matrix";
import { Part } from "./Part";
import { conditionOf } from "./pairs";
import { type Flow, flowOf, type Taken } from "./rates";
import { t } from "./words";

const HEALTH_LEVELS: Record<Health, "good" | "notice" | "bad" | "quiet"> = {
  usable: "good",
  degraded: "notice",
  unknown: "quiet",
  dead: "bad",
};

/** A site's tunnels, one row a peer. */
export function Tunnels(props: {
  now: Taken<readonly Tunnel[]>;
  before: Taken<readonly Tunnel[]> | null;
  nameOf: (peer: string) => string;
}) {
  const w = t.value;
  const flow = flowOf(props.before, props.now, (each) => each.peer);
  return (
    <Part title={w.tunnels} class="told-tunnels">
      {props.now.value.length === 0 ? (
        <p class="faint">{w.noSiteTunnels}</p>
      ) : (
        <Table
          caption={w.tunnels}
          columns={columnsOf(flow, props.nameOf)}
          rows={props.now.value}
          rowKey={(each) => each.peer}
        />
      )}
    </Part>
  );
}

function columnsOf(flow: Flow, nameOf: (peer: string) => string): Column<Tunnel>[] {
  const w = t.value;
  return [
    {
      key: "peer",
      title: w.peer,
      cell: (each) => (
        <span class="lines">
          <bdi title={plain(each.peer)}>{plain(nameOf(each.peer))}</bdi>
          <span class="faint small">
            <Told text={each.address} code />
          </span>
        </span>
      ),
    },
    { key: "tunnel", title: w.tunnel, cell: (each) => <Condition tunnel={each} /> },
    { key: "age", title: w.keyAge, cell: (each) => <KeyAge ageS={each.key_age_s} /> },
    { key: "way", title: w.way, cell: (each) => <Way tunnel={each} /> },
    {
      key: "exchange",
      title: w.exchange,
      cell: (each) => (
        <span class="lines">
          <span>{each.full_age_s === null ? w.never : w.ago(age(each.full_age_s))}</span>
          <span class="faint small">
            {w.epoch} <span class="code">{each.epoch}</span>
          </span>
          {each.inner !== null && each.inner.epoch !== null && each.inner.epoch !== each.epoch ? (
            <span class="faint small">
              {w.innerEpoch} <span class="code">{each.inner.epoch}</span>
            </span>
          ) : null}
        </span>
      ),
    },
    {
      key: "traffic",
      title: w.traffic,
      end: true,
      cell: (each) => <UpDown up={flow.up.get(each.peer)} down={flow.down.get(each.peer)} />,
    },
  ];
}

function Condition(props: { tunnel: Tunnel }) {
  const w = t.value;
  const { tunnel } = props;
  const condition = conditionOf(tunnel);
  return (
    <span class="lines">
      <span title={w.meanings[condition]}>
        <Mark level={LEVELS[condition]}>{w.conditions[condition]}</Mark>
      </span>
      {/* The ordinary state needs no words. */}
      {tunnel.state !== null && tunnel.state !== "confirmed" ? (
        <span class="faint small">{w.states[tunnel.state]}</span>
      ) : null}
      {tunnel.inner === null ? null : <Inner inner={tunnel.inner} said={tunnel.problem} />}
    </span>
  );
}

/** The second layer: whether it stands, how old its key is; its problem where nobody said it yet. */
function Inner(props: { inner: InnerLayer; said: string }) {
  const w = t.value;
  const { inner } = props;
  return (
    <>
      <span class="inner-layer" title={w.innerMeaning}>
        <Mark level={inner.established ? "good" : "bad"}>
          {inner.established ? w.innerStands : w.innerDown}
        </Mark>
      </span>
      {inner.established ? (
        <span class="faint small">
          {w.innerKey(age(inner.age_s))}, {w.rekeys(inner.rekeys)}
        </span>
      ) : null}
      {inner.problem !== "" && inner.problem !== props.said ? (
        <span class="small tunnel-problem" lang="en">
          <Told text={inner.problem} />
        </span>
      ) : null}
    </>
  );
}

/** Which bearer carries it, which stands by, why, and how each of them is. */
function Way(props: { tunnel: Tunnel }) {
  const w = t.value;
  const { tunnel } = props;
  return (
    <span class="lines">
      {tunnel.problem ? (
        <span class="small tunnel-problem" lang="en">
          <Told text={tunnel.problem} />
        </span>
      ) : null}
      <span>
        {tunnel.active === null ? (
          <span class="faint">{w.noWay}</span>
        ) : (
          <strong class="way-active">
            <Told text={tunnel.active} />
          </strong>
        )}
        {tunnel.active === null || tunnel.active_age_s === null ? null : (
          <span class="faint small"> {w.wayFor(age(tunnel.active_age_s))}</span>
        )}
        {tunnel.second === null ? null : (
          <span class="faint">, {w.second(plain(tunnel.second))}</span>
        )}
      </span>
      {tunnel.why === null ? null : (
        <span class="faint small">
          <Told text={inLanguage(tunnel.why)} />
        </span>
      )}
      <ul class="healths small">
        {tunnel.bearers.map((each) => (
          <li key={each.name} title={plain(inLanguage(each.why))}>
            <span class={`mark-state mark-state-${HEALTH_LEVELS[each.health]}`}>
              <span>
                <Told text={each.name} /> {w.healths[each.health]}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </span>
  );
}
