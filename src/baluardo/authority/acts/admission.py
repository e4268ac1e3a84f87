"""Letting somebody in: the certificate, and with it a person's or a site's row and first passkey.

Whether it may be is decided before, by the invitation alone or by an officer: see `enrolment` and
`requests`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select, update

from baluardo.authority.acts.invitations import HANDLE, Purpose
from baluardo.authority.acts.open_invitations import end_invitations
from baluardo.authority.acts.passkeys import FIRST_LABEL, keep_passkey, remove_passkeys_of
from baluardo.authority.acts.people import is_in_directory
from baluardo.authority.acts.profile import Profile, search_text
from baluardo.authority.acts.sessions import end_sessions_of
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError
from baluardo.trust.base64_text import of_base64url
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.request import Request
from baluardo.trust.identity import Identity, Kind


def admit(
    transaction: Transaction,
    identity: Identity,
    invitation: Row[Any],
    request: bytes | Request,
    passkey: dict[str, Any] | None,
) -> Chain:
    """Issue what a request asks for and write down whose it is; refuses before anything is written.

    CertificateError if the key may not be certified, ConflictError if what stands has changed since
    the invitation was made.
    """
    _check(transaction, identity, invitation, passkey)
    chain = transaction.issuing.issue(request, transaction.now, expected=identity)
    profile = Profile.of_object(invitation.profile)
    if identity.kind is Kind.PERSON:
        _admit_person(transaction, identity, invitation, profile, passkey)
    else:
        _admit_site(transaction, identity, profile)
    return chain


def _check(
    transaction: Transaction,
    identity: Identity,
    invitation: Row[Any],
    passkey: dict[str, Any] | None,
) -> None:
    check_state(transaction, identity, Purpose(invitation.purpose))
    if passkey is not None:
        taken = select(schema.passkey.c.id).where(schema.passkey.c.id == passkey["id"])
        if transaction.connection.execute(taken).first() is not None:
            raise ConflictError("The passkey that came with this request is known here already.")


def check_state(transaction: Transaction, identity: Identity, purpose: Purpose) -> None:
    """Refuse an invitation that what stands now has overtaken; ConflictError says how."""
    if identity.kind is not Kind.PERSON:
        return
    there = is_in_directory(transaction.connection, identity.name)
    if purpose is Purpose.ENROL and there:
        raise ConflictError(
            f"{identity.name} is enrolled already. Another device is added on the page of one's "
            "own account."
        )
    if purpose is not Purpose.ENROL and not there:
        raise ConflictError(f"{identity.name} is no more in the directory: nothing was done.")


def _admit_person(
    transaction: Transaction,
    identity: Identity,
    invitation: Row[Any],
    profile: Profile,
    passkey: dict[str, Any] | None,
) -> None:
    name, purpose = identity.name, Purpose(invitation.purpose)
    if purpose is Purpose.ENROL:
        transaction.connection.execute(
            insert(schema.person).values(
                name=name,
                handle=of_base64url(invitation.profile[HANDLE]),
                search=search_text(name, profile.display_name),
                enrolled=transaction.now,
                **profile.to_object(),
            )
        )
    if purpose is Purpose.RECOVER:
        removed = remove_passkeys_of(transaction, name)
        end_sessions_of(transaction, name)
        end_invitations(transaction, [name], but=invitation.id)
        transaction.log("passkey.removed", {"count": removed}, personal={"person": name})
    if passkey is not None:
        keep_passkey(transaction, name, passkey, FIRST_LABEL, name)


def _admit_site(transaction: Transaction, identity: Identity, profile: Profile) -> None:
    if identity.kind not in {Kind.OFFICE, Kind.SHIP}:
        return
    site, now = schema.site, transaction.now
    values = {"display_name": profile.display_name, "enrolled": now}
    done = transaction.connection.execute(
        update(site).where(site.c.identity == identity.path).values(values)
    )
    if done.rowcount == 0:
        transaction.connection.execute(insert(site).values(identity=identity.path, **values))
