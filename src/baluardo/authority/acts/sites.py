"""The sites of the country: who is enrolled, who is connected, and what they have applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from baluardo.authority.acts.revocation import State, state_of
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.register import Issued, Register

MOST_SITES: Final = 10_000
"""Listed at once; more than a country has."""

_ALL: Final = (Role.OPERATOR, Role.SECURITY_OFFICER, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class SiteState:
    """One site. Times are POSIX seconds; what was never known is None."""

    identity: str
    display_name: str
    enrolled: float
    connected: bool
    authority: str | None
    """Of which authority it is, or was last, a guest."""
    address: str | None
    since: float | None
    """Since when it is connected, or when it left."""
    lists: Mapping[str, int]
    """Number of the newest list it has applied, by key id of the issuer."""
    policy: int | None
    certificate: tuple[Issued, State] | None
    """Its newest."""
    tunnel: tuple[bytes, float] | None
    """Its tunnel card as it was signed, and when it came; None outside of the directory."""


def list_sites(
    connection: Connection, register: Register, policy: Policy, principal: Principal, now: float
) -> list[SiteState]:
    """Return every site that this person may see, in alphabetical order.

    A ship that the policy names as a platform is seen by those whom it names there.
    """
    principal.require(*_ALL, Role.FLEET_OFFICER)
    site, presence, card = schema.site, schema.presence, schema.tunnel_card
    query = (
        select(
            site,
            presence.c.authority,
            presence.c.address,
            presence.c.since,
            presence.c.left,
            presence.c.lists,
            presence.c.policy,
            card.c.card,
            card.c.heard,
        )
        .outerjoin(presence, presence.c.identity == site.c.identity)
        .outerjoin(card, card.c.identity == site.c.identity)
        .order_by(site.c.identity)
        .limit(MOST_SITES)
    )
    if not principal.roles & set(_ALL):
        query = query.where(site.c.identity.startswith(f"{Kind.SHIP.value}/"))
    found = []
    for row in connection.execute(query):
        kind, _, name = row.identity.partition("/")
        if kind == Kind.SHIP.value and not policy.may_see_platform(name, principal.roles):
            continue
        held = register.holders.get(row.identity)
        newest = held[-1] if held else None
        left = row.left if row.left is not None else row.since
        connected = row.authority is not None and row.left is None
        found.append(
            SiteState(
                identity=row.identity,
                display_name=row.display_name,
                enrolled=row.enrolled,
                connected=connected,
                authority=row.authority,
                address=row.address,
                since=row.since if connected else left,
                lists=row.lists or {},
                policy=row.policy,
                certificate=(newest, state_of(register, newest, now)) if newest else None,
                tunnel=None if row.card is None else (bytes(row.card), row.heard),
            )
        )
    return found
