"""One name, one holder, among those that are part of a host name: offices, ships and the like.

Sessions are good at a host, and edges speak for hosts: `office/rome` and `ship/rome` would be two
who speak for one.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError
from baluardo.trust.identity import Identity, Kind

NAMED: Final = (Kind.OFFICE, Kind.SHIP, Kind.AUDITOR, Kind.AUTHORITY)
"""Kinds whose names are told apart from each other; persons have names of their own."""


def check_host_name(transaction: Transaction, authority: Authority, identity: Identity) -> None:
    """Refuse a name that an authority's pages have, or another kind's holder; ConflictError."""
    if identity.kind not in NAMED:
        return
    host = f"{identity.name}.{authority.settings.domain}"
    if host in authority.settings.page_hosts:
        raise ConflictError(
            f"{host} is where an authority's own pages are: nobody else has that name. Choose "
            "another."
        )
    for kind in NAMED:
        path = f"{kind.value}/{identity.name}"
        if kind is not identity.kind and _is_in_use(transaction, path):
            raise ConflictError(
                f"There is {path} already, and {identity.path} would have the same host name "
                f"{host}. Choose another name."
            )


def _is_in_use(transaction: Transaction, path: str) -> bool:
    """Tell whether somebody is or was enrolled under a path, or is invited or asks now."""
    if transaction.register.holders.get(path):
        return True
    invitation, site = schema.invitation.c, schema.site.c
    for query in (
        select(site.identity).where(site.identity == path),
        select(invitation.id).where(
            invitation.identity == path,
            invitation.state == "open",
            invitation.expires > transaction.now,
        ),
        select(schema.request.c.id)
        .join(schema.invitation, invitation.id == schema.request.c.invitation)
        .where(invitation.identity == path, schema.request.c.state == "waiting"),
    ):
        if transaction.connection.execute(query.limit(1)).first() is not None:
            return True
    return False
