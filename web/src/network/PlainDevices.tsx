import { type Column, Mark, Table, When } from "../authority/kit";
import type { Device, Devices } from "./devices";
import { DASH, Told, volume } from "./figures";
import { Part } from "./Part";
import { t } from "./words";

/** A site's plain devices: who may call, who did, and what they are not. */
export function PlainDevices(props: { told: Devices }) {
  const w = t.value.devices;
  const { told } = props;
  return (
    <Part title={w.title} class="told-devices">
      <p class="devices-warning">
        <span class="badge badge-warning">{w.notPostQuantum}</span>
        <span class="small">{w.meaning(String(told.port))}</span>
      </p>
      {told.permitted || told.devices.length === 0 ? null : <p class="notice">{w.forbidden}</p>}
      {told.problem ? (
        <p class="problem" lang="en">
          <Told text={told.problem} />
        </p>
      ) : null}
      {told.devices.length > 0 ? (
        <Table
          caption={w.title}
          columns={columnsOf()}
          rows={told.devices}
          rowKey={(each) => each.name}
        />
      ) : null}
      {told.devices.length === 0 && !told.problem ? <p class="faint">{w.none}</p> : null}
    </Part>
  );
}

function columnsOf(): Column<Device>[] {
  const w = t.value.devices;
  return [
    {
      key: "name",
      title: w.device,
      cell: (each) => (
        <span class="lines">
          <Told text={each.name} />
          {each.addresses.map((address) => (
            <span key={address} class="faint small">
              <Told text={address} code />
            </span>
          ))}
        </span>
      ),
    },
    {
      key: "state",
      title: w.state,
      cell: (each) => (
        <span class="lines">
          <Mark level={each.let_in ? "notice" : "quiet"}>{each.let_in ? w.letIn : w.keptOut}</Mark>
          <span class="small device-warning">{w.notPostQuantum}</span>
        </span>
      ),
    },
    {
      key: "handshake",
      title: w.handshake,
      // The edge forgets it with the device that it shuts out: that is not "never".
      cell: (each) => (each.let_in ? <When time={each.handshake_at} /> : <Forgotten />),
    },
    { key: "exported", title: w.exported, cell: (each) => <When time={each.exported_at} exact /> },
    {
      key: "octets",
      title: w.octets,
      end: true,
      cell: (each) =>
        each.let_in ? (
          <span class="volumes">
            <span>{w.fromIt(volume(each.received_octets))}</span>
            <span>{w.toIt(volume(each.sent_octets))}</span>
          </span>
        ) : (
          <Forgotten />
        ),
    },
  ];
}

function Forgotten() {
  return <span class="faint">{DASH}</span>;
}
