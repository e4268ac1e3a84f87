"""Who sees which platform of the fleet: asked by whoever shows them; the policy in force says."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import optional_principal
from baluardo.protocol.roles import Role


def fleet_sight(
    authority: Authority, nobody: frozenset[Role] = frozenset()
) -> Callable[[Request], Callable[[str], bool]]:
    """Return what tells of a request which platforms it may be shown, by their names.

    nobody: what somebody who has not signed in may be; nothing, but in a demonstration.
    """

    def sight(request: Request) -> Callable[[str], bool]:
        principal, policy = optional_principal(request), authority.policy
        roles = nobody if principal is None else principal.under(policy).roles
        return lambda name: policy.may_see_platform(name, roles)

    return sight
