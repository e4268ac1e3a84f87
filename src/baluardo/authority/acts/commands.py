"""Commands for two persons: proposed, answered, and carried out by the answer that completes them.

Who signs is who has signed in, with whatever device of theirs. All is judged as the transaction
sees it: the policy in force there, and the certificates revoked by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from baluardo.authority.acts.command_state import (
    EXECUTED,
    REFUSED,
    WAITING,
    answers_of,
    command_row,
    state_of,
    still_stands,
)
from baluardo.authority.acts.execution import Execution, execute
from baluardo.authority.acts.invitations import InvitationMade
from baluardo.authority.acts.policy import check_peopled, policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import judge_release, prepare
from baluardo.authority.warnings.standing import judge_beforehand
from baluardo.errors import (
    CommandError,
    ConflictError,
    ExpiredError,
    InvalidInputError,
    RequestError,
    RevokedError,
    RoleError,
    TrustError,
)
from baluardo.protocol.dangerous import (
    Dangerous,
    PolicyChange,
    check_answerable,
    read_body,
    rule_for,
)
from baluardo.protocol.policy import Policy
from baluardo.protocol.warnings import StandingWarning, WarningRelease
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.commands.approval import (
    Approval,
    Decision,
    SignedProposal,
    read_proposal,
)
from baluardo.trust.commands.authorisation import read_answer
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import Proposal
from baluardo.trust.commands.rule import Rule
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, Identity, Kind
from baluardo.trust.issuing.register import holder_of

MOST_WAITING: Final = 50
"""Commands of one proposer that wait at a time, with those that have expired within the day."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer has led to."""

    command: str
    """Id of the command."""
    policy_set: bool = False
    recovered: InvitationMade | None = None
    """What was made for somebody who has lost every passkey: its token is shown here alone."""


def propose(
    transaction: Transaction, authority: Authority, principal: Principal, envelope: Envelope
) -> str:
    """Keep a proposal for others to answer, and return the command's id.

    Errors as `read_proposal`; RoleError, SignInError; CommandError if its rule does not permit it,
    InvalidInputError for a body that is not of its kind, ConflictError for one that is here
    already, and for more than one person's share.
    """
    now, connection = transaction.now, transaction.connection
    policy = policy_in_force(connection, authority)
    signed = screen(principal, policy, envelope, transaction.issuing.verifier(), now)
    stated, rule = signed.proposal, rule_for(signed.proposal.kind, policy)
    _check_stated(stated, rule, authority.identity)
    body = read_body(stated.kind, stated.body)
    if isinstance(body, PolicyChange):
        policy.check_successor(body.policy)
        _check_workable(connection, body.policy)
    if isinstance(body, StandingWarning):
        judge_beforehand(authority, body, policy, [principal.person], now)
    if isinstance(body, WarningRelease):
        found = judge_release(authority, body, policy, [principal.person], now)
        prepare(connection, authority, found, now)
    _check_room(connection, stated, signed.digest.hex(), now)
    row = {
        "id": signed.digest.hex(),
        "kind": stated.kind,
        "proposer": stated.proposer.path,
        "proposal": envelope.to_json(),
        "created": stated.created,
        "expires": stated.expires,
        "state": WAITING,
        "outcome": "",
    }
    connection.execute(insert(schema.command).values(row))
    transaction.log(
        "command.proposed", {"command": row["id"], "kind": stated.kind}, by=principal.person
    )
    return signed.digest.hex()


def screen(
    principal: Principal, policy: Policy, envelope: Envelope, verifier: Verifier, now: float
) -> SignedProposal:
    """Return a proposal that this person may make and has signed; who may not costs no signature.

    It needs no transaction, so that the one thread that writes is not kept busy by what is forged.
    Errors as `read_proposal`; RoleError, SignInError.
    """
    _check_person(principal, now)
    claimed = Proposal.of_payload(envelope.payload)  # nothing of it is genuine yet
    _check_role(principal, policy, rule_for(claimed.kind, policy).proposer_roles)
    _check_signer(principal, claimed.proposer)
    return read_proposal(envelope, verifier, now)


def answer(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    command: str,
    envelope: Envelope,
) -> Answered:
    """Keep a person's answer, and carry the command out if that completes it.

    A command that can no longer be carried out (its proposer has lost the role, another policy has
    come between) is refused for good, and its outcome says why. Errors as `read_answer`; RoleError,
    SignInError, UnknownError; ConflictError for a second answer of one person (unless the device
    that has signed the first is nobody's by now), and for a command that waits no more. What fails
    beyond that leaves the command waiting, and this answer unkept.
    """
    now, connection = transaction.now, transaction.connection
    _check_person(principal, now)
    row = command_row(connection, command)
    if state_of(row, now) != WAITING:
        raise ConflictError(f"This command is {state_of(row, now)}: it takes no more answers.")
    policy = policy_in_force(connection, authority)
    rule = rule_for(row.kind, policy)
    _check_role(principal, policy, rule.roles)
    verifier = transaction.issuing.verifier()
    proposal = Envelope.of_json(bytes(row.proposal))
    try:
        signed = read_proposal(proposal, verifier, now)
    except (ExpiredError, RevokedError) as problem:
        _refuse(transaction, principal, row, str(problem))
        return Answered(command)
    given, _ = read_answer(envelope, signed, verifier, now)
    _check_signer(principal, given.approver)
    answers = answers_of(connection, [command])
    mine = [each for each in answers if each.approver == principal.person]
    if any(still_stands(each, proposal, verifier, now) for each in mine):
        raise ConflictError("You have answered this command already: the first answer counts.")
    answers = [each for each in answers if each not in mine]
    execution, refused = None, ""
    if given.decision is Decision.APPROVE:
        earlier = [each.envelope for each in answers if each.decision == Decision.APPROVE.value]
        approvals = [*(Envelope.of_json(bytes(each)) for each in earlier), envelope]
        standing = _standing(approvals, signed, rule, policy, transaction)
        if len(standing) >= rule.threshold:
            bundle = CommandBundle(proposal, tuple(standing))
            execution, refused = _completed(transaction, authority, bundle, rule, policy)
    elif not _enough_left(row, answers, principal.person, rule, policy):
        refused = "Too few are left who could approve it."
    _keep_answer(transaction, principal, row, given, envelope)
    if refused:
        _refuse(transaction, principal, row, refused)
    if execution is None:
        return Answered(command)
    outcome, recovered = execution.carry_out(principal.person)
    _settle(transaction, row, EXECUTED, outcome)
    transaction.log("command.executed", _facts(row), by=principal.person)
    return Answered(command, row.kind == Dangerous.SET_POLICY, recovered)


def _completed(
    transaction: Transaction,
    authority: Authority,
    bundle: CommandBundle,
    rule: Rule,
    policy: Policy,
) -> tuple[Execution | None, str]:
    """Return what carries a command out, or why it never can be."""
    stated = Proposal.of_payload(bundle.proposal.payload)
    try:
        body = read_body(stated.kind, stated.body)
        if isinstance(body, PolicyChange):
            _check_workable(transaction.connection, body.policy)
        return execute(transaction, authority, bundle, rule, policy), ""
    except (CommandError, InvalidInputError, RequestError) as problem:
        return None, str(problem)


def _check_workable(connection: Connection, policy: Policy) -> None:
    """Refuse a policy under which those who are here could not act; BaluardoError says why."""
    check_answerable(policy)
    check_peopled(connection, policy)


def _check_person(principal: Principal, now: float) -> None:
    principal.require_lasting()
    principal.require_fresh(now)


def _check_signer(principal: Principal, signer: Identity) -> None:
    if signer.kind is not Kind.PERSON or signer.name != principal.person:
        raise RoleError(
            f"This was signed by {signer}, and you have signed in as {principal.person}: sign with "
            "a device of your own."
        )


def _check_role(principal: Principal, policy: Policy, roles: frozenset[str]) -> None:
    if not {role.value for role in policy.grant_of(principal.person).roles} & roles:
        names = " or ".join(sorted(roles))
        raise RoleError(f"This takes the role {names}, which you do not have.")


def _check_stated(stated: Proposal, rule: Rule, executor: Identity) -> None:
    """Refuse what `authorise` would refuse once it is approved: nobody need read it."""
    if stated.rule != rule.name or stated.expires > stated.created + rule.life:
        raise CommandError(
            f"A command {stated.kind} is proposed under rule {rule.name} for {rule.life:.0f} s at "
            "most. Propose it anew."
        )
    if not stated.is_for(executor):
        raise CommandError(f"The command {stated.kind} is for another executor. Propose it anew.")


def _check_room(connection: Connection, stated: Proposal, command: str, now: float) -> None:
    table = schema.command
    if connection.execute(select(table.c.id).where(table.c.id == command)).first() is not None:
        raise ConflictError("This proposal is here already.")
    mine = f"{holder_of(stated.proposer.path)}/"
    query = select(func.count()).where(
        table.c.state == WAITING,
        table.c.expires > now - DAY,
        table.c.proposer.startswith(mine, autoescape=True),
    )
    if connection.execute(query).scalar_one() >= MOST_WAITING:
        raise ConflictError(
            f"{MOST_WAITING} commands of yours wait already, or have waited in vain within the "
            "day: let others answer them first."
        )


def _standing(
    approvals: Sequence[Envelope],
    signed: SignedProposal,
    rule: Rule,
    policy: Policy,
    transaction: Transaction,
) -> list[Envelope]:
    """Return the approvals that still count: of who was revoked, or lost the role, none does."""
    verifier, found = transaction.issuing.verifier(), []
    for envelope in approvals:
        try:
            given, _ = read_answer(envelope, signed, verifier, transaction.now)
        except TrustError:
            continue
        if policy.roles_of(given.approver) & rule.roles:
            found.append(envelope)
    return found


def _enough_left(
    row: Row[Any],
    answers: Sequence[Row[Any]],
    refuser: str,
    rule: Rule,
    policy: Policy,
) -> bool:
    """Tell whether those who have not refused are enough to approve."""
    out = {each.approver for each in answers if each.decision == Decision.REFUSE.value}
    out |= {refuser, row.proposer.split("/")[1]}
    able = {name for name, grant in policy.people.items() if grant.roles & rule.roles}
    return len(able - out) >= rule.threshold


def _keep_answer(
    transaction: Transaction,
    principal: Principal,
    row: Row[Any],
    given: Approval,
    envelope: Envelope,
) -> None:
    values = {
        "command": row.id,
        "approver": principal.person,
        "decision": given.decision.value,
        "time": given.time,
        "reason": given.reason,
        "envelope": envelope.to_json(),
    }
    table, connection = schema.answer, transaction.connection
    mine = (table.c.command == row.id) & (table.c.approver == principal.person)
    connection.execute(delete(table).where(mine))  # of a device that counts no more
    connection.execute(insert(table).values(values))
    facts = {**_facts(row), "decision": given.decision.value}
    transaction.log("command.answered", facts, by=principal.person)


def _refuse(transaction: Transaction, principal: Principal, row: Row[Any], why: str) -> None:
    _settle(transaction, row, REFUSED, why)
    transaction.log("command.refused", _facts(row), by=principal.person)


def _settle(transaction: Transaction, row: Row[Any], state: str, outcome: str) -> None:
    table = schema.command
    executed = transaction.now if state == EXECUTED else None
    transaction.connection.execute(
        update(table)
        .where(table.c.id == row.id)
        .values(state=state, executed=executed, outcome=outcome)
    )


def _facts(row: Row[Any]) -> dict[str, object]:
    return {"command": row.id, "kind": row.kind}
