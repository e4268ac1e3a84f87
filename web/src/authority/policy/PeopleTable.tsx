import { useState } from "preact/hooks";
import { folded } from "../directory/marking";
import { ActionButton, EmptyState, kitWords, Mark, Roles, Table, TextField } from "../kit";
import type { Grant, Policy } from "./document";
import { placesTold } from "./told";
import { t } from "./words";

const SHOWN = 50;
/** From so many people on a search is worth its room. */
const MANY = 12;

export interface Editing {
  /** The policy in force: what of it is changed shows. */
  readonly inForce: Policy;
  readonly onEdit: (name: string) => void;
  readonly onSet: (name: string, grant: Grant | null) => void;
}

interface Row {
  readonly name: string;
  readonly grant: Grant;
  readonly state: "same" | "added" | "changed" | "removed";
}

function rowsOf(policy: Policy, inForce: Policy | undefined): Row[] {
  const before = inForce?.people ?? policy.people;
  const names = [...new Set([...Object.keys(policy.people), ...Object.keys(before)])].sort();
  return names.map((name) => {
    const now = Object.hasOwn(policy.people, name) ? policy.people[name] : undefined;
    const old = Object.hasOwn(before, name) ? before[name] : undefined;
    const grant = (now ?? old) as Grant;
    if (!now) return { name, grant, state: "removed" };
    if (!old) return { name, grant, state: "added" };
    return {
      name,
      grant,
      state: JSON.stringify(now) === JSON.stringify(old) ? "same" : "changed",
    };
  });
}

/** Everybody whom a policy names; with `editing` as a draft of the next one. */
export function PeopleTable(props: { policy: Policy; editing?: Editing }) {
  const w = t.value;
  const [wanted, setWanted] = useState("");
  const [most, setMost] = useState(SHOWN);
  const { editing } = props;
  const rows = rowsOf(props.policy, editing?.inForce);
  const found = rows.filter((row) => folded(row.name).includes(folded(wanted.trim())));
  if (rows.length === 0) return <EmptyState title={w.nobody} />;
  return (
    <>
      {rows.length > MANY ? (
        <TextField label={w.findPerson} value={wanted} onChange={setWanted} inputMode="search" />
      ) : null}
      {found.length === 0 ? <EmptyState title={w.noneFound} /> : null}
      <Table
        caption={w.people}
        rows={found.slice(0, most)}
        rowKey={(row) => row.name}
        columns={[
          { key: "person", title: w.person, cell: (row) => <Named row={row} /> },
          { key: "roles", title: w.roles, cell: (row) => <Roles roles={row.grant.roles} /> },
          {
            key: "ceiling",
            title: w.ceiling,
            cell: (row) => kitWords.value.precedences[row.grant.ceiling],
          },
          { key: "where", title: w.territory, cell: (row) => placesTold(row.grant.territory) },
          ...(editing
            ? [
                {
                  key: "act",
                  title: w.edit,
                  untitled: true,
                  end: true,
                  cell: (row: Row) => <Acts row={row} editing={editing} />,
                },
              ]
            : []),
        ]}
      />
      {found.length > most ? (
        <div>
          <ActionButton onPress={() => setMost(most + SHOWN)}>{kitWords.value.more}</ActionButton>
        </div>
      ) : null}
    </>
  );
}

function Named(props: { row: Row }) {
  const w = t.value;
  const { name, state } = props.row;
  return (
    <span class={state === "removed" ? "named named-removed" : "named"}>
      <bdi class="code">{name}</bdi>
      {state === "removed" ? <Mark level="bad">{w.removed}</Mark> : null}
      {state === "added" ? <Mark level="good">{w.added}</Mark> : null}
      {state === "changed" ? <Mark level="notice">{w.changed}</Mark> : null}
    </span>
  );
}

function Acts(props: { row: Row; editing: Editing }) {
  const w = t.value;
  const { row, editing } = props;
  if (row.state === "removed") {
    return (
      <ActionButton onPress={() => editing.onSet(row.name, row.grant)}>{w.restore}</ActionButton>
    );
  }
  return (
    <div class="row-actions">
      <ActionButton label={w.editPerson(row.name)} onPress={() => editing.onEdit(row.name)}>
        {w.edit}
      </ActionButton>
      <ActionButton
        tone="danger"
        label={w.removePerson(row.name)}
        onPress={() => editing.onSet(row.name, null)}
      >
        {w.remove}
      </ActionButton>
    </div>
  );
}
