"""Invitations: who may invite whom, what is handed over, and what is kept of it (a digest).

An invitation is for a first contact, for another device of somebody enrolled, or for a person who
has lost every passkey. It is used once, and ends by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from baluardo.authority.acts.holdings import check_certificates
from baluardo.authority.acts.host_names import check_host_name
from baluardo.authority.acts.new_ids import new_handle, new_id
from baluardo.authority.acts.people import is_in_directory
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.acts.profile import Profile
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, InvalidInputError, RoleError, UnknownError
from baluardo.protocol.invitation import MOST_ADDRESSES, Invitation, qr_svg
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.base64_text import to_base64url
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.one_time import OneTimeSecret

DEFAULT_HOURS: Final = 72.0
MOST_HOURS: Final = 30 * 24.0
DEVICE_HOURS: Final = 1.0
"""For another device of one's own: it is at hand."""
MOST_OPEN_DEVICES: Final = 8
"""Invitations of a person's own devices that are open at a time."""
MOST_SHOWN: Final = 500
HANDLE: Final = "handle"
"""Where the profile of a person's invitation has what names them to authenticators, base64url."""

PAGES: Final = frozenset({Kind.OFFICE, Kind.SHIP})
"""Kinds that serve pages, at NAME.DOMAIN."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z", re.ASCII)
_table: Final = schema.invitation
_INVITERS: Final = {
    Kind.OFFICE: frozenset({Role.OPERATOR, Role.SECURITY_OFFICER}),
    Kind.SHIP: frozenset({Role.OPERATOR, Role.SECURITY_OFFICER, Role.FLEET_OFFICER}),
    Kind.AUDITOR: frozenset({Role.SECURITY_OFFICER}),
}


class Purpose(StrEnum):
    """What an invitation is for."""

    ENROL = "enrol"
    DEVICE = "device"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class InvitationMade:
    """What is handed over; `text` and `link` hold the secret and are shown once."""

    id: str
    text: str = field(repr=False)
    link: str | None = field(repr=False)
    """For a browser; None for machines."""
    qr: str | None = field(repr=False)
    """The link as SVG."""
    expires: float
    identity: Identity


def inviters(identity: Identity, policy: Policy) -> frozenset[Role]:
    """Return the roles of which one is needed to let somebody in, or to approve that.

    A person to whom the policy gives roles is let in by a security officer alone: whoever holds the
    invitation becomes that person. InvalidInputError for authorities, which nobody invites.
    """
    if identity.kind is Kind.PERSON:
        plain = policy.grant_of(identity.name).roles <= {Role.MEMBER}
        also = {Role.COMMUNICATIONS_OFFICER} if plain else set[Role]()
        return frozenset({Role.SECURITY_OFFICER} | also)
    if identity.kind not in _INVITERS:
        raise InvalidInputError(
            f"{identity.path} is an authority: it is founded, nobody invites it."
        )
    return _INVITERS[identity.kind]


def takes_second(invitation: Row[Any], identity: Identity, policy: Policy) -> bool:
    """Tell whether the use of an invitation waits for another officer, whatever the policy asks.

    Whoever holds an invitation becomes that person. If one officer could let somebody into an
    office alone (themselves, under another's name), or bring an officer back alone with an
    emergency code, no rule of two persons would be worth anything. The ceremony's own invitations
    were handed over before custodians.
    """
    if identity.kind is not Kind.PERSON or not invitation.made_by:
        return False
    office = policy.grant_of(identity.name).roles - {Role.MEMBER}
    return bool(office) and Purpose(invitation.purpose) is not Purpose.DEVICE


def may_invite(principal: Principal, identity: Identity, policy: Policy) -> bool:
    """Tell whether somebody has a role that lets this identity in."""
    return bool(principal.roles & inviters(identity, policy))


def invite(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    identity: Identity,
    profile: Profile,
    hours: float = DEFAULT_HOURS,
) -> InvitationMade:
    """Invite somebody; RoleError if that takes another role, ConflictError for who is in already.

    With an emergency code a person who is in already is invited to recover; otherwise that takes a
    command of two persons.
    """
    policy = policy_in_force(transaction.connection, authority)
    principal.under(policy).require(*inviters(identity, policy))
    principal.require_fresh(transaction.now)
    known = is_in_directory(transaction.connection, identity.name)
    if identity.kind is not Kind.PERSON or not known:
        return make_invitation(
            transaction, authority, identity, profile, Purpose.ENROL, principal.person, hours
        )
    if not principal.break_glass:
        raise ConflictError(
            f"{identity.name} is enrolled already and adds devices alone. Who has lost every "
            "passkey is recovered by a command of two persons."
        )
    return recover(transaction, authority, identity, principal.person)


def invite_device(
    transaction: Transaction, authority: Authority, principal: Principal, device: str
) -> InvitationMade:
    """Invite another device of one's own."""
    principal.require_lasting()
    principal.require_fresh(transaction.now)
    identity = Identity(authority.community, Kind.PERSON, principal.person, device)
    found = _person(transaction.connection, principal.person)
    if found is None:
        raise UnknownError("You are no more in the directory.")
    _check_room(transaction, principal.person)
    profile = Profile(found.display_name)
    return make_invitation(
        transaction, authority, identity, profile, Purpose.DEVICE, principal.person, DEVICE_HOURS
    )


def _check_room(transaction: Transaction, person: str) -> None:
    """Refuse more devices than a person has; the log keeps every one for ever."""
    query = select(func.count()).where(
        _table.c.made_by == person,
        _table.c.purpose == Purpose.DEVICE.value,
        _table.c.state == "open",
        _table.c.expires > transaction.now,
    )
    waiting = transaction.connection.execute(query).scalar_one()
    if waiting >= MOST_OPEN_DEVICES:
        raise ConflictError(
            f"{waiting} invitations of your devices are open already: use them, withdraw them, or "
            "wait until they end."
        )
    check_certificates(transaction, person, waiting)


def recover(
    transaction: Transaction, authority: Authority, identity: Identity, by: str
) -> InvitationMade:
    """Invite a person to begin anew with this device: their passkeys and sessions end when it is
    used.

    Whether that may be is for the caller: a command of two persons, or an emergency code.
    UnknownError for who is not in the directory.
    """
    found = _person(transaction.connection, identity.name)
    if found is None:
        raise UnknownError(f"{identity.name} is not in the directory: invite them instead.")
    profile = Profile(found.display_name)
    return make_invitation(
        transaction, authority, identity, profile, Purpose.RECOVER, by, DEFAULT_HOURS
    )


def make_invitation(
    transaction: Transaction,
    authority: Authority,
    identity: Identity,
    profile: Profile,
    purpose: Purpose,
    made_by: str,
    hours: float,
) -> InvitationMade:
    """Make an invitation and log it; whether it may be made is for the caller.

    `made_by` is a person's name, or empty for the ceremony.
    """
    if not 0 < hours <= MOST_HOURS:
        raise InvalidInputError(f"hours: more than 0, at most {MOST_HOURS:.0f}.")
    if identity.community != authority.community:
        raise InvalidInputError(f"{identity.uri} is of another community than this one.")
    if identity.kind in PAGES and not _LABEL.match(identity.name):
        raise InvalidInputError(
            f"{identity.path} cannot have pages: the name of an office or a ship is part of a host "
            "name, so small letters, digits and dashes alone."
        )
    check_host_name(transaction, authority, identity)
    now, secret = transaction.now, OneTimeSecret.make()
    expires = round(now + hours * 3600.0, 3)
    made, handed = new_id(), _handed_over(transaction, authority, identity, secret, expires)
    transaction.connection.execute(
        insert(_table).values(
            id=made,
            digest=secret.digest,
            identity=identity.path,
            profile=_to_begin_with(profile, identity, purpose),
            purpose=purpose.value,
            made_by=made_by,
            made=now,
            expires=expires,
            state="open",
        )
    )
    facts = {"invitation": made, "purpose": purpose.value, "expires": expires}
    transaction.log("invitation.made", facts, by=made_by, about=identity)
    text, link = handed.to_text(), _link(authority, handed)
    qr = None if link is None else qr_svg(link, f"Invitation for {identity.path}")
    return InvitationMade(made, text, link, qr, expires, identity)


def list_invitations(
    connection: Connection, authority: Authority, principal: Principal, now: float
) -> list[dict[str, Any]]:
    """Return the newest invitations of those whom the person might invite, and their own."""
    if not principal.roles & frozenset().union(*_INVITERS.values(), {Role.COMMUNICATIONS_OFFICER}):
        raise RoleError("Invitations are seen by those who may invite.")
    rows = connection.execute(
        select(_table).order_by(_table.c.made.desc(), _table.c.id).limit(MOST_SHOWN)
    )
    policy = policy_in_force(connection, authority)
    found = ((row, Identity.of_path(authority.community, row.identity)) for row in rows)
    return [
        _shown(row, now)
        for row, identity in found
        if row.made_by == principal.person or may_invite(principal, identity, policy)
    ]


def withdraw(
    transaction: Transaction, authority: Authority, principal: Principal, invitation_id: str
) -> None:
    """Withdraw an invitation that was not used; ConflictError if it was, or is withdrawn."""
    row = transaction.connection.execute(select(_table).where(_table.c.id == invitation_id)).first()
    if row is None:
        raise UnknownError("There is no such invitation.")
    identity = Identity.of_path(authority.community, row.identity)
    if row.made_by != principal.person:
        policy = policy_in_force(transaction.connection, authority)
        principal.under(policy).require(*inviters(identity, policy))
    if row.state != "open":
        raise ConflictError(f"This invitation is {row.state} already: it cannot be withdrawn.")
    transaction.connection.execute(
        update(_table).where(_table.c.id == row.id).values(state="withdrawn")
    )
    facts = {"invitation": row.id}
    transaction.log("invitation.withdrawn", facts, by=principal.person, about=identity)


def _to_begin_with(profile: Profile, identity: Identity, purpose: Purpose) -> dict[str, Any]:
    """Return what the person's row begins with; authenticators are told the handle before."""
    if identity.kind is not Kind.PERSON or purpose is not Purpose.ENROL:
        return profile.to_object()
    return profile.to_object() | {HANDLE: to_base64url(new_handle())}


def _handed_over(
    transaction: Transaction,
    authority: Authority,
    identity: Identity,
    secret: OneTimeSecret,
    expires: float,
) -> Invitation:
    own = (authority.web_url,) if authority.web_url else ()
    addresses = tuple(dict.fromkeys((*authority.settings.web, *own)))[:MOST_ADDRESSES]
    root = transaction.issuing.anchors.in_force(transaction.now)[0]
    return Invitation(
        addresses, identity, authority.profile.name, root.fingerprint, expires, secret.secret
    )


def _link(authority: Authority, handed: Invitation) -> str | None:
    if handed.identity.kind is not Kind.PERSON:
        return None
    return handed.link(authority.web_url or handed.addresses[0])


def _person(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(schema.person).where(schema.person.c.name == name)).first()


def _shown(row: Row[Any], now: float) -> dict[str, Any]:
    expired = row.state == "open" and row.expires <= now
    return {
        "id": row.id,
        "identity": row.identity,
        "display_name": row.profile["display_name"],
        "purpose": row.purpose,
        "made": row.made,
        "by": row.made_by,
        "expires": row.expires,
        "state": "expired" if expired else row.state,
    }
