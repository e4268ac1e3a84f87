import { useState } from "preact/hooks";
import { ActionButton, EmptyState, Section } from "../kit";
import type { Policy } from "./document";
import { isPlatform, PLATFORMS } from "./draft";
import { numberKindTold, platformTold, seers } from "./told";
import { PlatformDialog, VisibilityDialog } from "./VisibilityDialog";
import { t } from "./words";

interface Props {
  policy: Policy;
  /** With it as a draft. */
  onChange?: (policy: Policy) => void;
}

/** Who sees numbers of which kind. */
export function NumbersSeen(props: Props) {
  const w = t.value;
  const { policy, onChange } = props;
  const [editing, setEditing] = useState<string | null>(null);
  const kinds = Object.keys(policy.visibility)
    .filter((kind) => !isPlatform(kind))
    .sort();
  return (
    <Section
      title={w.visibility}
      actions={
        onChange ? <ActionButton onPress={() => setEditing("")}>{w.addKind}</ActionButton> : null
      }
    >
      {kinds.length === 0 ? <EmptyState title={w.allSeeAll} /> : null}
      <Seen
        policy={policy}
        kinds={kinds}
        told={numberKindTold}
        label={(kind) => w.editVisibility(numberKindTold(kind))}
        onEdit={onChange ? setEditing : undefined}
      />
      {kinds.length > 0 ? <p class="faint">{w.othersSeen}</p> : null}
      {editing !== null && onChange ? (
        <VisibilityDialog
          policy={policy}
          kind={editing}
          onChange={onChange}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </Section>
  );
}

/** Who sees which platform of the fleet: where it is, and its plans. */
export function PlatformsSeen(props: Props) {
  const w = t.value;
  const { policy, onChange } = props;
  const [editing, setEditing] = useState<string | null>(null);
  const named = Object.keys(policy.visibility)
    .filter((kind) => isPlatform(kind) && kind !== PLATFORMS)
    .sort();
  return (
    <Section
      title={w.platformsSeen}
      lead={w.platformsSeenLead}
      actions={
        onChange ? (
          <ActionButton onPress={() => setEditing("")}>{w.addPlatform}</ActionButton>
        ) : null
      }
    >
      <Seen
        policy={policy}
        kinds={[...named, PLATFORMS]}
        told={platformTold}
        label={(kind) => w.editPlatform(platformTold(kind))}
        onEdit={onChange ? setEditing : undefined}
      />
      {editing !== null && onChange ? (
        <PlatformDialog
          policy={policy}
          kind={editing}
          onChange={onChange}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </Section>
  );
}

function Seen(props: {
  policy: Policy;
  kinds: readonly string[];
  told: (kind: string) => string;
  label: (kind: string) => string;
  onEdit: ((kind: string) => void) | undefined;
}) {
  const w = t.value;
  const { policy, kinds, told, label, onEdit } = props;
  return (
    <dl class="facts">
      {kinds.map((kind) => [
        <dt key={`${kind} name`}>
          <bdi>{told(kind)}</bdi>
        </dt>,
        <dd key={kind} class="seen">
          <span>{seers(policy.visibility[kind] ?? [], kind)}</span>
          {onEdit ? (
            <ActionButton label={label(kind)} onPress={() => onEdit(kind)}>
              {w.edit}
            </ActionButton>
          ) : null}
        </dd>,
      ])}
    </dl>
  );
}
