"""How urgent a person's calls may be: what the policy in force at this edge gives them."""

from __future__ import annotations

from collections.abc import Callable

from baluardo.calls.admission import CeilingRule
from baluardo.edge.policy import HeldPolicy
from baluardo.terms import Precedence
from baluardo.trust.identity import Kind


def ceilings_of(held: Callable[[], HeldPolicy | None]) -> CeilingRule:
    """Return the rule by the policy that is in force when it is asked; routine before there is one.

    Who the policy does not name may call with routine precedence.
    """

    def ceiling(person: str) -> Precedence:
        policy = held()
        kind, _, name = person.partition("/")
        if policy is None or kind != Kind.PERSON.value:
            return Precedence.ROUTINE
        return policy.policy.grant_of(name).ceiling

    return ceiling
