import { type Column, Table } from "../authority/kit";
import { type Bearer, ROLES } from "./answers";
import { milliseconds, rate, Told, UpDown } from "./figures";
import { Part } from "./Part";
import { flowOf, type Taken } from "./rates";
import { t } from "./words";

/** A site's bearers in the order of its PACE plan. */
export function Bearers(props: {
  now: Taken<readonly Bearer[]>;
  before: Taken<readonly Bearer[]> | null;
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
      cell: (each) =>
        each.egress === null ? (
          <span class="faint">{w.unknown}</span>
        ) : (
          <Told text={each.egress} code />
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
        <Table caption={w.bearers} columns={columns} rows={rows} rowKey={(each) => each.name} />
      )}
    </Part>
  );
}
