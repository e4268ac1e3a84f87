"""Each policy judged by the one before it: the authority cannot change the rules by itself. Pure.

The first one an edge takes on the authority's signed word, as it takes its own enrolment. Every
later one must have been proposed and approved by persons whom the policy before it permits to; a
server that was taken over, or one officer alone, moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from baluardo.errors import CommandError, InvalidInputError
from baluardo.protocol.dangerous import PolicyChange, rule_for
from baluardo.protocol.messages import PolicyUpdate
from baluardo.protocol.policy import POLICY_SET, Policy
from baluardo.protocol.policy_statement import check_statement
from baluardo.trust.certificates.dates import SKEW, shown
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.commands.authorisation import review
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.identity import Identity


@dataclass(frozen=True, slots=True)
class HeldPolicy:
    """The policy that is in force at an edge."""

    policy: Policy
    executed_at: float
    """Since when, POSIX seconds."""


def follow(
    held: HeldPolicy | None,
    updates: Sequence[PolicyUpdate],
    verifier: Verifier,
    executor: Identity,
    now: float,
) -> HeldPolicy | None:
    """Return the policy in force after updates, the oldest first; older ones change nothing.

    `executor` is who carries commands out. CommandError, InvalidInputError, SignatureError or
    CertificateError for the first that is not rightful: nothing of any of them is taken then.
    """
    for update in updates:
        policy = Policy.of_octets(update.policy)
        if held is None:
            held = _first(policy, update, verifier, now)
        elif policy.number > held.policy.number:
            held = _next(held, policy, update, verifier, executor, now)
    return held


def _first(policy: Policy, update: PolicyUpdate, verifier: Verifier, now: float) -> HeldPolicy:
    if update.statement is None:
        raise CommandError(
            "This edge holds no policy yet, and the authority does not state which is in force: "
            "none was taken."
        )
    if policy.community != verifier.anchors.community:
        raise InvalidInputError(
            f"The policy offered is of {policy.community}, and this community is "
            f"{verifier.anchors.community}: it was not taken."
        )
    return HeldPolicy(policy, check_statement(update.statement, policy, verifier, now))


def _next(
    held: HeldPolicy,
    policy: Policy,
    update: PolicyUpdate,
    verifier: Verifier,
    executor: Identity,
    now: float,
) -> HeldPolicy:
    if update.bundle is None:
        raise CommandError(
            f"Policy {policy.number} comes without the command that set it: policy "
            f"{held.policy.number} stays in force here."
        )
    if update.executed_at < held.executed_at - SKEW:
        raise CommandError(
            f"Policy {policy.number} is said to be in force from {shown(update.executed_at)}, "
            f"before the one it replaces: policy {held.policy.number} stays in force here."
        )
    bundle = CommandBundle.of_json(update.bundle)
    before = held.policy
    command = review(
        bundle.proposal,
        bundle.approvals,
        rule_for(POLICY_SET, before),
        before.roles_of,
        verifier,
        executor,
        update.executed_at,
        now,
    )
    change = PolicyChange.of_body(dict(command.proposal.body))
    if change.policy.to_octets() != update.policy:
        raise CommandError(
            f"Policy {policy.number} is not the one that its command sets: policy "
            f"{before.number} stays in force here."
        )
    before.check_successor(policy)
    return HeldPolicy(policy, update.executed_at)
