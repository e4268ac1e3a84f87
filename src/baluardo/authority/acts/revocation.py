"""Taking certificates back: one holder's by one officer, many holders' by two (`execution`)."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import delete

from baluardo.authority.acts.open_invitations import end_invitations
from baluardo.authority.acts.passkeys import remove_passkeys_of
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.acts.tunnel_cards import remove_revoked_cards
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.mail.leaving import empty_unfit
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError, ConflictError, InvalidInputError, RoleError
from baluardo.protocol.dangerous import LEAVING, check_holder
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.revocation_list import NOT_FOR_EVER, Reason
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.register import Issued, Register, holder_of

LOOK_SECONDS: Final = 600.0
"""How often it is looked whether a list is due; each is made daily."""
PAGE: Final = 100
"""Certificates told at a time."""
MOST_LOOKED_AT: Final = 20_000
"""Certificates looked through for one page, which may then be short."""
HOUSEKEEPING: Final = frozenset({Reason.SUPERSEDED, Reason.CESSATION})
"""Reasons that accuse nobody: who runs sites may give these."""

_PERSONS: Final = f"{Kind.PERSON.value}/"
_MOST_NAMES: Final = 500
"""Names in one statement: databases bound its parameters."""

_READERS: Final = (Role.OPERATOR, Role.SECURITY_OFFICER, Role.FLEET_OFFICER, Role.AUDITOR)

logger = logging.getLogger("baluardo.authority.lists")

State = Literal["current", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class CertificatePage:
    """Certificates, the newest first, and where the next page begins (0 at the end)."""

    found: tuple[tuple[Issued, State], ...]
    next: int


def state_of(register: Register, issued: Issued, now: float) -> State:
    """Tell how a certificate stands."""
    if issued.serial in register.revoked.get(issued.issuer, ()):
        return "revoked"
    return "current" if now <= issued.accepted_until else "expired"


def list_certificates(
    register: Register, principal: Principal, holder: str, before: int, now: float
) -> CertificatePage:
    """Return a page of certificates, of all holders or of one, the newest first.

    `holder` is empty for all; `before` the index of an entry, 0 for the newest. Whoever sees ships
    alone gets no others.
    """
    principal.require(*_READERS)
    ships_only = not principal.roles & (set(_READERS) - {Role.FLEET_OFFICER})
    if ships_only and holder and not _is_ship(holder):
        raise RoleError("Your role sees the certificates of ships alone.")
    held = list(register.holders.get(holder_of(holder), ())) if holder else register.order
    end = bisect_left(held, before, key=_index) if before else len(held)
    found: list[tuple[Issued, State]] = []
    for place in range(end - 1, -1, -1):
        if len(found) == PAGE or end - place > MOST_LOOKED_AT:
            return CertificatePage(tuple(found), held[place + 1].index)
        issued = held[place]
        if not (ships_only and not _is_ship(issued.identity)) and _fits(issued, holder):
            found.append((issued, state_of(register, issued, now)))
    return CertificatePage(tuple(found), 0)


def in_force(transaction: Transaction, holder: str) -> list[Issued]:
    """Return every certificate of a holder that can be revoked and still needs to be."""
    at_hand = {issuer.key_id for issuer in transaction.issuing.issuers}
    register, now = transaction.register, transaction.now
    return [
        issued
        for issued in register.holders.get(holder, ())
        if issued.issuer in at_hand and state_of(register, issued, now) == "current"
    ]


def revoke_holder(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    holder: str,
    reason: Reason,
) -> list[Issued]:
    """Revoke all certificates in force of one holder, and end a person's sessions.

    RoleError, SignInError, InvalidInputError; ConflictError if none is in force. Another security
    officer is taken out by two alone, or by an emergency code, which everybody sees.
    """
    _permit(principal, holder, reason)
    _refuse_officers(transaction, authority, principal, holder)
    if not principal.break_glass:
        principal.require_fresh(transaction.now)
    check_reason(reason)
    held = in_force(transaction, holder)
    if not held:
        raise ConflictError(f"No certificate of {holder} is in force: there is nothing to revoke.")
    order(transaction, reason, principal.person, holder)
    return take_back(transaction, [holder], held, reason)


def check_reason(reason: Reason) -> None:
    """Refuse reasons that take nothing back for ever; InvalidInputError says so."""
    if reason in NOT_FOR_EVER:
        raise InvalidInputError(
            f"{reason.value} is no reason to revoke: here a certificate is revoked for ever."
        )


def order(
    transaction: Transaction, reason: Reason, by: str, holder: str = "", command: str = ""
) -> None:
    """Write down who has ordered a revocation, of one holder or by a command of two persons."""
    facts: dict[str, str] = {"reason": reason.value}
    hidden: dict[str, str] = {}
    if command:
        facts["command"] = command
    if holder:
        (hidden if holder.startswith(_PERSONS) else facts)["holder"] = holder
    transaction.log("revocation.ordered", facts, by=by, personal=hidden)


def take_back(
    transaction: Transaction, holders: Iterable[str], held: list[Issued], reason: Reason
) -> list[Issued]:
    """Revoke certificates in one list of each issuer, and end the sessions of their persons.

    Invitations for them end as well. Who leaves has no passkey any more either: a passkey would let
    them in to enrol a device anew. What they, or whoever has their key, have invited ends with it.
    """
    done = transaction.issuing.revoke([each.serial for each in held], reason, transaction.now)
    names = [each.removeprefix(_PERSONS) for each in holders if each.startswith(_PERSONS)]
    distrusted = reason in LEAVING | {Reason.KEY_COMPROMISE}
    for start in range(0, len(names), _MOST_NAMES):
        some = names[start : start + _MOST_NAMES]
        transaction.connection.execute(
            delete(schema.session).where(schema.session.c.person.in_(some))
        )
        end_invitations(transaction, some, made_too=distrusted)
    for name in names if reason in LEAVING else ():
        removed = remove_passkeys_of(transaction, name)
        if removed:
            transaction.log("passkey.removed", {"count": removed}, personal={"person": name})
    remove_revoked_cards(transaction)
    empty_unfit(transaction, {each.identity for each in held if each.identity.startswith(_PERSONS)})
    transaction.tell(EventKind.LISTS)
    return done


def publish_due(transaction: Transaction) -> None:
    """Publish the lists whose day has come, and finish what a crash left half done."""
    register = transaction.register
    before = {key_id: register.number_of(key_id) for key_id in list(register.lists)}
    transaction.issuing.finish(transaction.now)
    if any(register.number_of(key_id) != before.get(key_id, 0) for key_id in register.lists):
        transaction.tell(EventKind.LISTS)


async def keep_lists(authority: Authority, every_s: float = LOOK_SECONDS) -> None:
    """Publish lists whenever they are due, for ever: a part of the running service."""
    while True:
        try:
            await authority.store.act(publish_due)
        except BaluardoError as problem:
            logger.warning("The revocation lists could not be looked after: %s", problem)
        await asyncio.sleep(every_s)


def _permit(principal: Principal, holder: str, reason: Reason) -> None:
    check_holder(holder)
    kind = Kind(holder.partition("/")[0])
    if kind is Kind.AUTHORITY:
        raise RoleError(
            "An authority's own certificate is not revoked by one person: propose it, and let "
            "another approve."
        )
    permitted = [Role.SECURITY_OFFICER]
    if reason in HOUSEKEEPING and kind in {Kind.OFFICE, Kind.SHIP}:
        permitted += [Role.OPERATOR, *([Role.FLEET_OFFICER] if kind is Kind.SHIP else [])]
    principal.require(*permitted)


def _refuse_officers(
    transaction: Transaction, authority: Authority, principal: Principal, holder: str
) -> None:
    """Refuse to let one officer shut the others out; RoleError says what does it instead."""
    name = holder.removeprefix(_PERSONS)
    if not holder.startswith(_PERSONS) or principal.break_glass or name == principal.person:
        return
    grant = policy_in_force(transaction.connection, authority).grant_of(name)
    if Role.SECURITY_OFFICER in grant.roles:
        raise RoleError(
            f"{name} is a security officer, whom no other revokes alone. Nothing was revoked: "
            f"propose certificates.revoke for {holder}, and let another officer approve it."
        )


def _fits(issued: Issued, holder: str) -> bool:
    """Tell whether a certificate is of a holder, or of one device of hers, if any is asked for."""
    return not holder or issued.identity == holder or holder_of(issued.identity) == holder


def _is_ship(path: str) -> bool:
    return path.startswith(f"{Kind.SHIP.value}/")


def _index(issued: Issued) -> int:
    return issued.index
