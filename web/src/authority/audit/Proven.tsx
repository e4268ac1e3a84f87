import type { ComponentChildren } from "preact";
import type { Checkpoint } from "../../trust/note";
import { hex, utf8 } from "../../trust/octets";
import { ActionButton, count, Fingerprint, momentOf, Section } from "../kit";
import { download } from "./download";
import type { Entry } from "./reading";
import type { Look, Proof } from "./verification";
import { t } from "./words";

type Done = Extract<Look, { state: "done" }>;

/** What was proven in this browser, and what it cannot prove, in plain words. */
export function Proven(props: {
  look: Done;
  checkpoint: Checkpoint;
  proofs: ReadonlyMap<number, Proof>;
  entries: readonly Entry[];
  actions: ComponentChildren;
}) {
  const w = t.value;
  const { checkpoint, look } = props;
  const { outcome } = look;
  const first = outcome.state === "advanced" && outcome.from === null;
  const states = [...props.proofs.values()].map((proof) => proof.state);
  const failed = states.filter((state) => state === "failed").length;
  const proven = states.filter((state) => state === "proven").length;
  const details = props.entries.flatMap((entry) => entry.details ?? []);
  const opened = details.filter((detail) => detail.state === "proven").length;
  const contradicted = details.length - opened;
  const shown = props.entries.length;
  return (
    <Section title={w.proven} actions={props.actions}>
      <ul class="proofs" aria-live="polite">
        <Line level="good">{w.signature(count(checkpoint.size), momentOf(checkpoint.time))}</Line>
        <Consistency look={look} />
        {shown > 0 ? (
          <Line level={proven === shown ? "good" : "waiting"}>
            {w.entriesProven(count(proven), count(shown))}
          </Line>
        ) : null}
        {failed > 0 ? <Line level="bad">{w.entriesFailed(count(failed))}</Line> : null}
        {opened > 0 ? <Line level="good">{w.detailsProven(opened)}</Line> : null}
        {contradicted > 0 ? <Line level="bad">{w.detailsFailed(contradicted)}</Line> : null}
      </ul>
      <h3>{w.notProven}</h3>
      <ul class="proofs">
        {[...(first ? [w.firstLimit] : []), ...w.limits].map((sentence) => (
          <Line key={sentence} level="none">
            {sentence}
          </Line>
        ))}
      </ul>
      <details class="octets">
        <summary>{w.checkpoint}</summary>
        <dl class="facts">
          <dt>{w.origin}</dt>
          <dd>
            <bdi class="code">{checkpoint.origin}</bdi>
          </dd>
          <dt>{w.size}</dt>
          <dd>{count(checkpoint.size)}</dd>
          <dt>{w.root}</dt>
          <dd>
            <Fingerprint hex={hex(checkpoint.root)} label={w.root} />
          </dd>
          <dt>{w.signed}</dt>
          <dd>{momentOf(checkpoint.time)}</dd>
        </dl>
        <div>
          <ActionButton
            onPress={() =>
              download(
                `checkpoint-${checkpoint.size}.txt`,
                "text/plain;charset=utf-8",
                utf8(checkpoint.note),
              )
            }
          >
            {w.downloadCheckpoint}
          </ActionButton>
        </div>
      </details>
    </Section>
  );
}

function Consistency(props: { look: Done }) {
  const w = t.value;
  const { outcome } = props.look;
  if (outcome.state === "shrunk") {
    return (
      <Line level="bad">{w.shrunk(count(outcome.held.size), count(outcome.offered.size))}</Line>
    );
  }
  if (outcome.state === "same")
    return <Line level="good">{w.same(count(outcome.checkpoint.size))}</Line>;
  if (outcome.state !== "advanced") return null;
  const { from, checkpoint } = outcome;
  if (from === null) return <Line level="none">{w.first}</Line>;
  return <Line level="good">{w.consistent(count(from.size), count(checkpoint.size))}</Line>;
}

const PATHS = {
  good: "m5 12.5 4.5 4.5L19 7",
  bad: "M6 6l12 12M18 6 6 18",
  waiting: "M12 7v5l3 2",
  none: "M6 12h12",
} as const;

function Line(props: { level: keyof typeof PATHS; children: ComponentChildren }) {
  return (
    <li class={`proof proof-${props.level}`}>
      <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
        <path d={PATHS[props.level]} />
      </svg>
      <span>{props.children}</span>
    </li>
  );
}
