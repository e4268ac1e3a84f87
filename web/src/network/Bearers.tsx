import { type Column, Mark, Table } from "../authority/kit";
import { inLanguage } from "../frame/language";
import { type Bearer, ROLES } from "./answers";
import { egressesOf } from "./egresses";
import { Forecasts } from "./Forecasts";
import { milliseconds, plain, rate, Told, UpDown } from "./figures";
import { Part } from "./Part";
import { flowOf, type Taken } from "./rates";
import { t } from "./words";

/** A site's bearers in the order of its PACE plan. */
export function Bearers(props: {
  now: Taken<readonly Bearer[]>;
  before: Taken<readonly Bearer[]> | null;
  /** Names of files, by the names of the bearers that replay them. */
  traces: Readonly<Record<string, string>>;
}) {
  const w = t.value;
  const flow = flowOf(props.before, props.now, (each) => each.name);
  const rows = [...props.now.value].sort((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  const columns: Column<Bearer>[] = [
    {
      key: "name",
      title: w.bearer,
      cell: (each) => (
        <span class="bearer-name">
          <Told text={each.name} />
          {each.active ? <span class="badge badge-now">{w.active}</span> : null}
          <span class="faint small">
            {w.kinds[each.kind]}, <Told text={each.device} code />
          </span>
          <Replayed traces={props.traces} name={each.name} />
        </span>
      ),
    },
    { key: "role", title: w.role, cell: (each) => w.roles[each.role] },
    { key: "paced", title: w.paced, end: true, cell: (each) => rate(each.rate_bps) },
    {
      key: "trip",
      title: w.roundTrip,
      end: true,
      cell: (each) => milliseconds(each.round_trip_ms),
    },
    {
      key: "egress",
      title: w.egress,
      cell: (each) => (
        <span class="lines">
          <Egresses bearer={each} />
          <Landing bearer={each} />
        </span>
      ),
    },
    {
      key: "traffic",
      title: w.traffic,
      end: true,
      cell: (each) => <UpDown up={flow.up.get(each.name)} down={flow.down.get(each.name)} />,
    },
  ];
  return (
    <Part title={w.bearers} class="told-bearers">
      {rows.length === 0 ? (
        <p class="faint">{w.noBearers}</p>
      ) : (
        <>
          <Table caption={w.bearers} columns={columns} rows={rows} rowKey={(each) => each.name} />
          <Forecasts bearers={rows} />
        </>
      )}
    </Part>
  );
}

/** What a bearer of the stage takes its delays and losses from, where that is a measurement. */
function Replayed(props: { traces: Readonly<Record<string, string>>; name: string }) {
  // The edge says what its bearers are called, and might say "constructor".
  const file = Object.hasOwn(props.traces, props.name) ? props.traces[props.name] : undefined;
  if (file === undefined) return null;
  return (
    <span class="faint small">
      {t.value.replays} <Told text={file} code />
    </span>
  );
}

const MOST_EGRESSES = 4;

/** The address under which peers see a bearer; each with how many, where they do not agree. */
function Egresses(props: { bearer: Bearer }) {
  const w = t.value;
  const seen = egressesOf(props.bearer);
  if (seen.length === 0) return <span class="faint">{w.unknown}</span>;
  const more = seen.length - MOST_EGRESSES;
  return (
    <>
      {seen.slice(0, MOST_EGRESSES).map(({ address, peers }) => (
        <span key={address}>
          <Told text={address} code />
          {seen.length === 1 ? null : <span class="faint small"> {w.seenBy(peers)}</span>}
        </span>
      ))}
      {more > 0 ? <span class="faint small">{w.moreEgresses(more)}</span> : null}
    </>
  );
}

/** Where traffic is seen to land, whether a rule keeps it from there, and what tells so. */
function Landing(props: { bearer: Bearer }) {
  const w = t.value;
  const { landing, landing_why: why, barred } = props.bearer;
  return (
    <>
      {barred ? <Mark level="bad">{w.barred}</Mark> : null}
      {landing !== null && !barred ? <Mark level="good">{w.lands(plain(landing))}</Mark> : null}
      {why === null ? null : (
        <span class={barred ? "small" : "faint small"}>
          <Told text={inLanguage(why)} />
        </span>
      )}
    </>
  );
}
