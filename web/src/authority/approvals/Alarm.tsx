import type { SignedProposal } from "../../trust/commands";
import { ofUtf8 } from "../../trust/octets";
import type { Command } from "../api";
import { Fingerprint, momentOf, Problem } from "../kit";
import type { Field, Reading } from "./reading";
import { explained } from "./trustSentence";
import { t } from "./words";

/** An alarm where the envelope is not genuine, or the server says otherwise; else nothing. */
export function Alarm(props: { reading: Reading; command: Command }) {
  const w = t.value;
  const { reading } = props;
  if (reading.state === "unreadable") {
    return (
      <div class="alarm" role="alert">
        <p class="alarm-title">{w.unreadableTitle}</p>
        <p>{w.unreadable}</p>
        <Problem error={explained(reading.error)} />
      </div>
    );
  }
  if (reading.differs.length === 0) return null;
  return (
    <div class="alarm" role="alert">
      <p class="alarm-title">{w.differsTitle}</p>
      <p>{w.differs}</p>
      <dl class="facts">
        {reading.differs.map((field) => (
          <Difference key={field} field={field} signed={reading.signed} command={props.command} />
        ))}
      </dl>
    </div>
  );
}

function Difference(props: { field: Field; signed: SignedProposal; command: Command }) {
  const w = t.value;
  const { proposal, digest } = props.signed;
  const signed = { ...proposal, proposer: proposal.proposer.path, id: digest };
  return (
    <>
      <dt>{w.fields[props.field]}</dt>
      <dd>
        <p>
          {w.signedSays}: <bdi class="code">{shown(props.field, signed[props.field])}</bdi>
        </p>
        <p>
          {w.serverSays}: <bdi class="code">{shown(props.field, props.command[props.field])}</bdi>
        </p>
      </dd>
    </>
  );
}

function shown(field: Field, value: unknown): string {
  if ((field === "created" || field === "expires") && typeof value === "number")
    return `${momentOf(value)} (${value})`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The octets that were signed, for whoever looks closer. */
export function Octets(props: { signed: SignedProposal }) {
  const w = t.value;
  const { signed } = props;
  return (
    <details class="octets">
      <summary>{w.signedOctets}</summary>
      <p class="soft">{w.signedMeaning}</p>
      <p class="faint">{w.digest}</p>
      <Fingerprint hex={signed.digest} label={w.digest} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <pre class="code" tabIndex={0} dir="ltr">
        {JSON.stringify(JSON.parse(ofUtf8(signed.envelope.payload)), null, 2)}
      </pre>
    </details>
  );
}
