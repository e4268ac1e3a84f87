import { useState } from "preact/hooks";
import { ActionButton, Section } from "../kit";
import { networkOf, type Policy } from "./document";
import { withNetwork } from "./draft";
import { FIELDS } from "./network";
import { TunnelsDialog } from "./TunnelsDialog";
import { fieldTold } from "./told";
import { t } from "./words";

/** What a policy says of tunnels between sites; with `onChange` as a draft. */
export function Tunnels(props: { policy: Policy; onChange?: (policy: Policy) => void }) {
  const w = t.value;
  const { policy, onChange } = props;
  const [editing, setEditing] = useState(false);
  const network = networkOf(policy);
  return (
    <Section
      title={w.tunnels}
      lead={w.tunnelsLead}
      actions={
        onChange ? (
          <ActionButton label={w.editTunnels} onPress={() => setEditing(true)}>
            {w.edit}
          </ActionButton>
        ) : null
      }
    >
      <dl class="facts">
        {FIELDS.filter((name) => name !== "hubs" || network.topology === "hub").map((name) => [
          <dt key={`${name} name`}>{w.networkFields[name]}</dt>,
          <dd key={name}>
            <bdi>{fieldTold(network, name)}</bdi>
          </dd>,
        ])}
      </dl>
      {editing && onChange ? (
        <TunnelsDialog
          network={network}
          onKeep={(changed) => onChange(withNetwork(policy, changed))}
          onClose={() => setEditing(false)}
        />
      ) : null}
    </Section>
  );
}
