"""Requests that wait for an officer: two persons let somebody in, one invites, another approves."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from baluardo.authority.acts.admission import admit
from baluardo.authority.acts.invitations import inviters, may_invite, takes_second
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.acts.profile import LONGEST_REASON, check_text
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, RoleError, UnknownError
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.identity import Identity, Kind

MOST_SHOWN: Final = 500
SEERS: Final = (
    Role.SECURITY_OFFICER,
    Role.OPERATOR,
    Role.FLEET_OFFICER,
    Role.COMMUNICATIONS_OFFICER,
    Role.AUDITOR,
)

_request, _invitation = schema.request, schema.invitation
_joined: Final = select(
    _request,
    _invitation.c.made_by,
    _invitation.c.profile,
    _invitation.c.purpose,
).join(_invitation, _invitation.c.id == _request.c.invitation)


def list_requests(
    connection: Connection, authority: Authority, principal: Principal
) -> list[dict[str, Any]]:
    """Return the requests that the person may decide, those that wait first; auditors see all."""
    principal.require(*SEERS)
    rows = connection.execute(
        _joined.order_by(_request.c.state != "waiting", _request.c.made.desc()).limit(MOST_SHOWN)
    ).all()
    sees_all = Role.AUDITOR in principal.roles
    return [
        _shown(row)
        for row in rows
        if sees_all or may_invite(principal, _identity(authority, row), authority.policy)
    ]


def approve_request(
    transaction: Transaction, authority: Authority, principal: Principal, request_id: str
) -> Chain:
    """Grant a request that waits; RoleError for who has invited or asked it themselves.

    Who comes into an office may be approved with an emergency code too, by another person than the
    one who has invited: two codes are two sheets of paper, in two persons' keeping.
    """
    policy = policy_in_force(transaction.connection, authority)
    row, identity = _to_decide(transaction, authority, policy, principal, request_id)
    if not takes_second(row, identity, policy):
        principal.require_lasting()
    if row.made_by == principal.person:
        raise RoleError(
            f"You have invited {identity} yourself: another person must approve the request."
        )
    _refuse_own(principal, identity)
    chain = admit(transaction, identity, row, bytes(row.pkcs10), row.passkey)
    _decide(transaction, principal, row, "granted", chain=chain.pem())
    facts = {"request": row.id, "serial": f"{chain.leaf.serial:x}"}
    transaction.log("enrolment.approved", facts, by=principal.person, about=identity)
    return chain


def refuse_request(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    request_id: str,
    reason: str,
) -> None:
    """Refuse a request that waits, for good; who asked is told the reason."""
    check_text("reason", reason, LONGEST_REASON)
    policy = policy_in_force(transaction.connection, authority)
    row, identity = _to_decide(transaction, authority, policy, principal, request_id)
    principal.require_lasting()
    _decide(transaction, principal, row, "refused", reason=reason)
    personal = {"reason": reason}
    transaction.log(
        "enrolment.refused",
        {"request": row.id},
        by=principal.person,
        about=identity,
        personal=personal,
    )


def _to_decide(
    transaction: Transaction,
    authority: Authority,
    policy: Policy,
    principal: Principal,
    request_id: str,
) -> tuple[Row[Any], Identity]:
    """Return a request that waits and that this person may decide."""
    row = transaction.connection.execute(_joined.where(_request.c.id == request_id)).first()
    if row is None:
        raise UnknownError("There is no such request.")
    identity = _identity(authority, row)
    principal.under(policy).require(*inviters(identity, policy))
    principal.require_fresh(transaction.now)
    if row.state != "waiting":
        raise ConflictError(f"This request is {row.state} already.")
    return row, identity


def _refuse_own(principal: Principal, identity: Identity) -> None:
    if identity.kind is Kind.PERSON and identity.name == principal.person:
        raise RoleError("This request is your own: another person must approve it.")


def _decide(
    transaction: Transaction,
    principal: Principal,
    row: Row[Any],
    state: str,
    *,
    chain: str | None = None,
    reason: str | None = None,
) -> None:
    values = {
        "state": state,
        "decided_by": principal.person,
        "decided": transaction.now,
        "chain": chain,
        "reason": reason,
        "passkey": None,
    }
    transaction.connection.execute(update(_request).where(_request.c.id == row.id).values(values))


def _identity(authority: Authority, row: Row[Any]) -> Identity:
    return Identity.of_path(authority.community, row.identity)


def _shown(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "identity": row.identity,
        "display_name": row.profile["display_name"],
        "purpose": row.purpose,
        "made": row.made,
        "by": row.made_by,
        "key": row.key,
        "state": row.state,
    }
