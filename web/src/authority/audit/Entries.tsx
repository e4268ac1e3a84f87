import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { formatted } from "../../frame/language";
import type { Checkpoint } from "../../trust/note";
import { base64, utf8 } from "../../trust/octets";
import { getLogEntries } from "../api";
import {
  ActionButton,
  count,
  EmptyState,
  ErrorState,
  Form,
  Loading,
  Section,
  SelectField,
  SubmitButton,
  TextField,
} from "../kit";
import { download } from "./download";
import { EntryCard } from "./EntryCard";
import { KNOWN_KINDS, kindTold } from "./kinds";
import { Proven } from "./Proven";
import { type Entry, type Found, findBackwards } from "./reading";
import { type Look, type Proof, useProofs } from "./verification";
import { t } from "./words";

const PAGE = 25;
const NOTHING: readonly Entry[] = [];

const ask = async (start: number, howMany: number) => (await getLogEntries(start, howMany)).entries;

/** The entries under one verified checkpoint, the newest first, each proven anew. */
export function Entries(props: {
  checkpoint: Checkpoint;
  look: Extract<Look, { state: "done" }>;
  actions: ComponentChildren;
}) {
  const w = t.value;
  const { checkpoint } = props;
  const [kind, setKind] = useState("");
  const [top, setTop] = useState(checkpoint.size);
  const [found, setFound] = useState<Found | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [asked, setAsked] = useState(0);
  useEffect(() => setTop(checkpoint.size), [checkpoint.note]);
  useEffect(() => {
    let current = true;
    setFound(null);
    setError(null);
    findBackwards(Math.min(top, checkpoint.size), kind, PAGE, ask).then(
      (next) => {
        if (current) setFound(next);
      },
      (problem) => {
        if (current) setError(problem);
      },
    );
    return () => {
      current = false;
    };
  }, [kind, top, checkpoint.note, asked]);
  const entries = found?.entries ?? NOTHING;
  const proofs = useProofs(entries, checkpoint);
  return (
    <>
      <Proven {...props} proofs={proofs} entries={entries} />
      <Section
        title={w.entries}
        actions={
          entries.length > 0 ? (
            <ActionButton
              onPress={() => exportEntries(entries, proofs, checkpoint)}
              label={`${w.export}. ${w.exportHelp}`}
            >
              {w.export}
            </ActionButton>
          ) : null
        }
      >
        <Controls
          kind={kind}
          size={checkpoint.size}
          onKind={(next) => {
            setKind(next);
            setTop(checkpoint.size);
          }}
          onJump={(index) => {
            setKind("");
            setTop(index + 1);
          }}
        />
        {error ? <ErrorState error={error} onRetry={() => setAsked(asked + 1)} /> : null}
        {!found && !error ? <Loading /> : null}
        {found?.entries.length === 0 ? <EmptyState title={w.none} /> : null}
        <ol class="entries">
          {entries.map((entry) => (
            <li key={entry.index}>
              <EntryCard entry={entry} proof={proofs.get(entry.index) ?? { state: "checking" }} />
            </li>
          ))}
        </ol>
        <div class="row-actions">
          {top < checkpoint.size ? (
            <ActionButton onPress={() => setTop(checkpoint.size)}>{w.newest}</ActionButton>
          ) : null}
          {found && found.before > 0 ? (
            <ActionButton onPress={() => setTop(found.before)}>
              {kind === "" ? w.older : w.searchOn}
            </ActionButton>
          ) : null}
        </div>
        {kind !== "" && found ? <p class="faint">{w.searched(count(found.before))}</p> : null}
      </Section>
    </>
  );
}

function Controls(props: {
  kind: string;
  size: number;
  onKind: (kind: string) => void;
  onJump: (index: number) => void;
}) {
  const w = t.value;
  const [typed, setTyped] = useState("");
  const [tries, setTries] = useState(0);
  const kinds = useMemo(
    () =>
      KNOWN_KINDS.map((value) => ({ value, label: kindTold(value) })).sort((one, other) =>
        one.label.localeCompare(other.label),
      ),
    [w],
  );
  const index = /^[0-9]{1,15}$/.test(typed.trim()) ? Number(typed.trim()) : Number.NaN;
  const wrong = !(index < props.size);
  const last = formatted(Math.max(0, props.size - 1));
  return (
    <div class="entries-controls">
      <SelectField
        label={w.kind}
        value={props.kind}
        choices={[{ value: "", label: w.allKinds }, ...kinds]}
        onChange={props.onKind}
      />
      <Form
        label={w.jump}
        wrong={tries}
        onSubmit={() => {
          setTries(tries + 1);
          if (!wrong) props.onJump(index);
        }}
      >
        <TextField
          label={w.jump}
          value={typed}
          inputMode="numeric"
          placeholder={w.jumpHint(last)}
          error={tries > 0 && wrong ? w.jumpWrong(last) : null}
          onChange={setTyped}
        />
        <SubmitButton busy={false} tone="plain">
          {w.go}
        </SubmitButton>
      </Form>
    </div>
  );
}

/** What is shown, with all that somebody else needs to verify it. */
function exportEntries(
  entries: readonly Entry[],
  proofs: ReadonlyMap<number, Proof>,
  checkpoint: Checkpoint,
): void {
  const told = entries.map(({ index, octets, details }) => {
    const proof = proofs.get(index);
    return {
      index,
      octets: base64(octets),
      inclusion: proof?.state === "proven" ? proof.hashes : null,
      // With the openings: who hashes them finds the digests in the octets.
      details: details?.map(({ name, value, text }) => ({ name, value, text })) ?? null,
    };
  });
  const file = { checkpoint: checkpoint.note, size: checkpoint.size, entries: told };
  const name = `log-${entries.at(-1)?.index ?? 0}-${entries[0]?.index ?? 0}.json`;
  download(name, "application/json", utf8(JSON.stringify(file, null, 2)));
}
