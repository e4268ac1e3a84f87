"""Whether a command may be carried out, or rightly was: every check at once, by who must know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from baluardo.errors import CommandError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.dates import SKEW, shown
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.commands.approval import (
    APPROVAL_TYPE,
    Approval,
    Decision,
    SignedProposal,
    check_approver,
    read_proposal,
)
from baluardo.trust.commands.proposal import Proposal, single_signature
from baluardo.trust.commands.rule import MOST_APPROVALS, Rule
from baluardo.trust.envelope import Envelope, verify
from baluardo.trust.identity import Identity

Roles = Callable[[Identity], frozenset[str]]
"""The roles that a member has, as the executor knows them."""


class Spending(Protocol):
    """Keeps which commands were handed out: `SpentCommands`, or the transaction of a database."""

    def spend(self, one_use: bytes, expires: float, now: float) -> None:
        """Note that a command is handed out; CommandError if it has been, or cannot be noted.

        `one_use` is a proposal's, 16 octets; times are POSIX seconds. The note is kept before
        whatever the command does is, and at least until the command has expired.
        """


@dataclass(frozen=True, slots=True)
class AuthorisedCommand:
    """A command to carry out now, once: only `authorise` makes it, and it is spent by then."""

    proposal: Proposal
    digest: bytes
    """Tells the signed proposal, for the audit log."""
    proposer: Peer
    approvers: tuple[Peer, ...]
    """One for each person, with the device they signed with first."""
    authorised_at: float


@dataclass(frozen=True, slots=True)
class ReviewedCommand:
    """A command that was rightly carried out, at a time that is past: only `review` makes it."""

    proposal: Proposal
    digest: bytes
    """Tells the signed proposal, for the audit log."""
    proposer: Peer
    approvers: tuple[Peer, ...]
    executed_at: float


def authorise(
    proposal: Envelope,
    approvals: Sequence[Envelope],
    rule: Rule,
    roles_of: Roles,
    verifier: Verifier,
    now: float,
    executor: Identity,
    spent: Spending,
) -> AuthorisedCommand:
    """Return the command if all is as its rule asks, and spend it before it is handed out.

    Each answer must be genuine, to this very proposal and in time; refusals, and the answers of
    who has refused, do not count. SignatureError, CertificateError or ProfileError for what is not
    genuine, CommandError for what the rule does not permit; nothing is spent then.
    """
    signed, approvers = _judge(proposal, approvals, rule, roles_of, verifier, now, executor)
    stated = signed.proposal
    spent.spend(stated.one_use, stated.expires, now)
    return AuthorisedCommand(stated, signed.digest, signed.proposer, approvers, now)


def review(
    proposal: Envelope,
    approvals: Sequence[Envelope],
    rule: Rule,
    roles_of: Roles,
    verifier: Verifier,
    executor: Identity,
    executed_at: float,
    now: float,
) -> ReviewedCommand:
    """Return a command that its executor carried out before, if that was right: nothing is spent.

    For whoever was away and must follow. All is judged as of `executed_at` (POSIX s), which lies
    in the proposal's life (`Verifier.looking_back`), by the roles and the rule of that time; who
    was revoked by then is refused, who was revoked later is not. The word on when it was carried
    out must come from the executor, or from its log. Errors as `authorise`; CommandError too if
    that time is still to come.
    """
    if not executed_at <= now + SKEW:  # false for NaN too
        raise CommandError(
            f"A command is said to have been carried out at {shown(executed_at)}, which is still "
            f"to come: it is {shown(now)}. Nothing was done. One of the two clocks is wrong."
        )
    past = verifier.looking_back()
    signed, approvers = _judge(proposal, approvals, rule, roles_of, past, executed_at, executor)
    return ReviewedCommand(signed.proposal, signed.digest, signed.proposer, approvers, executed_at)


def read_answer(
    envelope: Envelope, signed: SignedProposal, verifier: Verifier, now: float
) -> tuple[Approval, Peer]:
    """Return one genuine answer to this very proposal, and who gave it; errors as `authorise`.

    Whether their roles permit it, and how many it takes, is not judged here.
    """
    single_signature(envelope, "An approval")
    peer = verify(envelope, verifier, now, APPROVAL_TYPE).signers[0]
    answer = _answer(envelope, peer)
    _check_answer(answer, signed, now)
    return answer, peer


def _judge(
    proposal: Envelope,
    approvals: Sequence[Envelope],
    rule: Rule,
    roles_of: Roles,
    verifier: Verifier,
    now: float,
    executor: Identity,
) -> tuple[SignedProposal, tuple[Peer, ...]]:
    signed = read_proposal(proposal, verifier, now)
    stated = signed.proposal
    _check_rule(stated, rule, roles_of)
    if not stated.is_for(executor):
        raise CommandError(f"The command {stated.kind} is for another executor; nothing was done.")
    approvers = _approvers(approvals, signed, rule, roles_of, verifier, now)
    if len(approvers) < rule.threshold:
        raise CommandError(
            f"The command {stated.kind} has {len(approvers)} of the {rule.threshold} approvals "
            f"that rule {rule.name} asks for; nothing was done. Ask others for theirs before "
            f"{shown(stated.expires)}."
        )
    return signed, approvers


def _check_rule(proposal: Proposal, rule: Rule, roles_of: Roles) -> None:
    if proposal.rule != rule.name or proposal.kind not in rule.kinds:
        raise CommandError(
            f"The command {proposal.kind} was proposed under rule {proposal.rule}, and is not "
            f"one that rule {rule.name} governs; nothing was done."
        )
    if proposal.expires > proposal.created + rule.life:  # the sum `propose` makes, rounded alike
        raise CommandError(
            f"The command {proposal.kind} would live longer than the {rule.life:.0f} s of rule "
            f"{rule.name}; nothing was done."
        )
    if not roles_of(proposal.proposer) & rule.proposer_roles:
        raise CommandError(
            f"{proposal.proposer} may not propose under rule {rule.name}: "
            f"{_roles(rule.proposer_roles)} may. Nothing was done."
        )


def _approvers(
    envelopes: Sequence[Envelope],
    signed: SignedProposal,
    rule: Rule,
    roles_of: Roles,
    verifier: Verifier,
    now: float,
) -> tuple[Peer, ...]:
    if len(envelopes) > 2 * MOST_APPROVALS:
        raise CommandError(f"A command has at most {2 * MOST_APPROVALS} answers.")
    approved: dict[str, Peer] = {}
    refused = set()
    for envelope in envelopes:
        answer, peer = read_answer(envelope, signed, verifier, now)
        if not roles_of(answer.approver) & rule.roles:
            raise CommandError(
                f"{answer.approver} may not approve under rule {rule.name}: {_roles(rule.roles)} "
                "may. Nothing was done."
            )
        if answer.decision is Decision.REFUSE:
            refused.add(answer.approver.holder)
        else:
            approved.setdefault(answer.approver.holder, peer)
    return tuple(peer for holder, peer in approved.items() if holder not in refused)


def _answer(envelope: Envelope, signer: Peer) -> Approval:
    try:
        answer = Approval.of_payload(envelope.payload)
    except InvalidInputError as problem:
        raise CommandError(f"An approval was refused: {problem}") from None
    if answer.approver != signer.identity:
        raise CommandError(
            f"An approval says that it is {answer.approver}'s, but {signer.identity} signed it. "
            "Nothing was done."
        )
    return answer


def _check_answer(answer: Approval, signed: SignedProposal, now: float) -> None:
    proposal = signed.proposal
    check_approver(answer.approver, proposal)
    if answer.proposal != signed.digest:
        raise CommandError(
            f"{answer.approver} has answered another proposal, not this one. Nothing was done."
        )
    if not proposal.created - SKEW <= answer.time < proposal.expires or answer.time > now + SKEW:
        raise CommandError(
            f"{answer.approver}'s answer is of {shown(answer.time)}, when this proposal was not in "
            "force or that is still to come. Nothing was done."
        )


def _roles(roles: frozenset[str]) -> str:
    return " or ".join(quoted(role) for role in sorted(roles))
