import { useEffect, useState } from "preact/hooks";
import type { SignedProposal } from "../../trust/commands";
import type { Command, InvitationMade } from "../api";
import { ActionButton, IdentityName, Mark, me, momentOf, now, When } from "../kit";
import { Alarm, Octets } from "./Alarm";
import { AnswerDialog } from "./AnswerDialog";
import { type Body, readBody } from "./bodies";
import { Effect } from "./Effect";
import { personOf, type Reading, readCommand } from "./reading";
import type { Signing } from "./signing";
import { t } from "./words";

const LEVELS = { waiting: "notice", executed: "good", refused: "bad", expired: "quiet" } as const;

/** One command as it was signed: what it does, by whom, until when, and what others answered. */
export function CommandCard(props: {
  command: Command;
  /** Without it nothing can be answered here. */
  signing?: Signing;
  onAnswered?: (invitation: InvitationMade | null) => Promise<void>;
}) {
  const w = t.value;
  const { command } = props;
  const [reading, setReading] = useState<Reading | null>(null);
  useEffect(() => {
    let current = true;
    void readCommand(command).then((found) => {
      if (current) setReading(found);
    });
    return () => {
      current = false;
    };
    // Read anew when any word of it has changed: the list is asked for again and again.
  }, [JSON.stringify(command)]);
  const stated = reading?.state === "read" ? reading.signed.proposal : null;
  const body = stated ? readBody(stated.kind, stated.body) : null;
  const title = stated ? (w.kinds[stated.kind] ?? stated.kind) : w.checking;
  return (
    <article class="waiting" aria-label={title} aria-busy={reading === null}>
      <div class="waiting-head">
        <h3>{title}</h3>
        <Mark level={LEVELS[command.state]}>{w.states[command.state]}</Mark>
      </div>
      {reading ? <Alarm reading={reading} command={command} /> : null}
      {reading?.state === "read" ? (
        <Signed
          reading={reading}
          body={body}
          command={command}
          {...(props.signing ? { signing: props.signing } : {})}
          {...(props.onAnswered ? { onAnswered: props.onAnswered } : {})}
        />
      ) : null}
    </article>
  );
}

function Signed(props: {
  reading: Extract<Reading, { state: "read" }>;
  body: Body | null;
  command: Command;
  signing?: Signing;
  onAnswered?: (invitation: InvitationMade | null) => Promise<void>;
}) {
  const w = t.value;
  const { command, body } = props;
  const { signed, differs } = props.reading;
  const { proposal } = signed;
  return (
    <>
      <div class="effect">
        {body ? (
          <Effect body={body} />
        ) : (
          <div class="problem" role="alert">
            <p class="notice-title">{w.unknownTitle}</p>
            <p>{w.unknown}</p>
          </div>
        )}
      </div>
      <dl class="facts">
        <dt>{w.proposedBy}</dt>
        <dd>
          <IdentityName path={proposal.proposer.path} />
        </dd>
        <dt>{w.created}</dt>
        <dd>{momentOf(proposal.created)}</dd>
        <dt>{w.expires}</dt>
        <dd>
          {momentOf(proposal.expires)} (<When time={proposal.expires} />)
        </dd>
        <dt>{w.answersTitle}</dt>
        <dd>
          <Answers command={command} />
        </dd>
        {command.outcome ? (
          <>
            <dt>{w.outcome}</dt>
            <dd>
              <bdi lang="en">{command.outcome}</bdi>
            </dd>
          </>
        ) : null}
      </dl>
      <Octets signed={signed} />
      {props.signing && command.state === "waiting" ? (
        <Answering
          signed={signed}
          command={command}
          signing={props.signing}
          body={body}
          approvable={body !== null && differs.length === 0}
          genuine={!differs.includes("id")}
          onAnswered={props.onAnswered}
        />
      ) : null}
    </>
  );
}

function Answers(props: { command: Command }) {
  const w = t.value;
  const { answers, needed } = props.command;
  const given = answers.filter((each) => each.decision === "approve").length;
  return (
    <>
      <p>{w.answersSoFar(given, needed)}</p>
      {answers.length === 0 ? <p class="faint">{w.noAnswers}</p> : null}
      <ul class="answers">
        {answers.map((each) => (
          <li key={each.approver}>
            <IdentityName path={each.approver} />{" "}
            <strong class={each.decision === "refuse" ? "answers-refused" : "answers-approved"}>
              {w.answered[each.decision] ?? each.decision}
            </strong>{" "}
            <When time={each.time} />
            {each.reason ? (
              <p class="soft">
                <bdi>{each.reason}</bdi>
              </p>
            ) : null}
          </li>
        ))}
      </ul>
    </>
  );
}

function Answering(props: {
  signed: SignedProposal;
  command: Command;
  signing: Signing;
  body: Body | null;
  approvable: boolean;
  genuine: boolean;
  onAnswered: ((invitation: InvitationMade | null) => Promise<void>) | undefined;
}) {
  const w = t.value;
  const [deciding, setDeciding] = useState<"approve" | "refuse" | null>(null);
  const { proposal } = props.signed;
  if (personOf(proposal.proposer.path) === me.value?.person) return <p class="soft">{w.mine}</p>;
  if (now.value >= proposal.expires) return <p class="soft">{w.over}</p>;
  if (!props.command.may_answer) return <p class="soft">{w.alreadyAnswered}</p>;
  if (props.signing.state !== "ready") return null;
  return (
    <div class="row-actions">
      <ActionButton
        tone="primary"
        disabled={!props.approvable}
        onPress={() => setDeciding("approve")}
      >
        {w.approve}
      </ActionButton>
      <ActionButton tone="danger" disabled={!props.genuine} onPress={() => setDeciding("refuse")}>
        {w.refuse}
      </ActionButton>
      {deciding ? (
        <AnswerDialog
          decision={deciding}
          signed={props.signed}
          body={props.body}
          device={props.signing.device}
          onClose={() => setDeciding(null)}
          onDone={async (invitation) => props.onAnswered?.(invitation)}
        />
      ) : null}
    </div>
  );
}
