import { useState } from "preact/hooks";
import {
  ActionButton,
  CheckField,
  Dialog,
  Form,
  quoted,
  SelectField,
  SubmitButton,
  TextAreaField,
  TextField,
} from "../kit";
import {
  landingOf,
  landingTyped,
  MOST_HOURS,
  type Network,
  networksOf,
  networksTyped,
  noSites,
  sitesOf,
  TOPOLOGIES,
  type Topology,
} from "./network";
import { t } from "./words";

/** What a draft says of tunnels, all of it at once. */
export function TunnelsDialog(props: {
  network: Network;
  onKeep: (network: Network) => void;
  onClose: () => void;
}) {
  const w = t.value;
  const { network } = props;
  const [topology, setTopology] = useState<Topology>(network.topology);
  const [hubs, setHubs] = useState(network.hubs.join(", "));
  const [landing, setLanding] = useState(landingTyped(network.landing));
  const [plain, setPlain] = useState(network.plain_export.join(", "));
  const [layers, setLayers] = useState(network.two_layers);
  const [hours, setHours] = useState(String(network.full_round_hours));
  const [networks, setNetworks] = useState(networksTyped(network.networks));
  const [tries, setTries] = useState(0);

  const named = topology === "hub" ? sitesOf(hubs) : [];
  const exporting = sitesOf(plain);
  const rules = landingOf(landing);
  const further = networksOf(networks);
  const count = /^\d{1,3}$/.test(hours) ? Number(hours) : 0;
  const wrong = {
    hubs: topology === "hub" && named.length === 0 ? w.wrongHubs : wrongSites(named),
    plain: wrongSites(exporting),
    landing: "wrong" in rules ? w.wrongLine(quoted(rules.wrong)) : null,
    networks: "wrong" in further ? w.wrongLine(quoted(further.wrong)) : null,
    hours: count >= 1 && count <= MOST_HOURS ? null : w.wrongHours,
  };
  const shown = (sentence: string | null) => (tries > 0 ? sentence : null);
  const save = () => {
    setTries(tries + 1);
    if (Object.values(wrong).some(Boolean) || "wrong" in rules || "wrong" in further) return;
    props.onKeep({
      topology,
      hubs: named,
      landing: rules.value,
      plain_export: exporting,
      two_layers: layers,
      full_round_hours: count,
      networks: further.value,
    });
    props.onClose();
  };
  return (
    <Dialog title={w.editTunnels} onClose={props.onClose}>
      <Form onSubmit={save} wrong={tries}>
        <SelectField
          label={w.networkFields.topology}
          value={topology}
          choices={TOPOLOGIES.map((value) => ({ value, label: w.topologies[value] }))}
          onChange={(value) => setTopology(value as Topology)}
        />
        {topology === "hub" ? (
          <TextField
            label={w.networkFields.hubs}
            help={w.hubsHint}
            value={hubs}
            code
            error={shown(wrong.hubs)}
            onChange={setHubs}
          />
        ) : null}
        <TextAreaField
          label={w.networkFields.landing}
          help={w.landingHint}
          value={landing}
          code
          error={shown(wrong.landing)}
          onChange={setLanding}
        />
        <TextField
          label={w.networkFields.plain_export}
          help={w.plainHint}
          value={plain}
          code
          error={shown(wrong.plain)}
          onChange={setPlain}
        />
        <CheckField label={w.networkFields.two_layers} checked={layers} onChange={setLayers} />
        <TextField
          label={w.networkFields.full_round_hours}
          help={w.hoursHint}
          value={hours}
          inputMode="numeric"
          maxLength={3}
          error={shown(wrong.hours)}
          onChange={setHours}
        />
        <TextAreaField
          label={w.networkFields.networks}
          help={w.networksHint}
          value={networks}
          code
          error={shown(wrong.networks)}
          onChange={setNetworks}
        />
        <div class="dialog-actions">
          <ActionButton onPress={props.onClose}>{w.cancel}</ActionButton>
          <SubmitButton busy={false}>{w.keep}</SubmitButton>
        </div>
      </Form>
    </Dialog>
  );
}

function wrongSites(found: readonly string[]): string | null {
  const none = noSites(found);
  return none.length === 0 ? null : t.value.wrongSites(quoted(none.join(", ")));
}
