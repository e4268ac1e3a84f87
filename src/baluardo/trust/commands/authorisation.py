"""Whether a command may be carried out: every check at once, by whoever is to do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
from baluardo.trust.commands.spent import SpentCommands
from baluardo.trust.envelope import Envelope, verify
from baluardo.trust.identity import Identity

Roles = Callable[[Identity], frozenset[str]]
"""The roles that a member has, as the executor knows them."""


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


def authorise(
    proposal: Envelope,
    approvals: Sequence[Envelope],
    rule: Rule,
    roles_of: Roles,
    verifier: Verifier,
    now: float,
    executor: Identity,
    spent: SpentCommands,
) -> AuthorisedCommand:
    """Return the command if all is as its rule asks, and spend it before it is handed out.

    Each answer must be genuine, to this very proposal and in time; refusals, and the answers of
    who has refused, do not count. SignatureError, CertificateError or ProfileError for what is not
    genuine, CommandError for what the rule does not permit; nothing is spent then.
    """
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
    spent.spend(stated.one_use, stated.expires, now)
    return AuthorisedCommand(stated, signed.digest, signed.proposer, approvers, now)


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
        single_signature(envelope, "An approval")
        peer = verify(envelope, verifier, now, APPROVAL_TYPE).signers[0]
        answer = _answer(envelope, peer)
        _check_answer(answer, signed, now)
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
