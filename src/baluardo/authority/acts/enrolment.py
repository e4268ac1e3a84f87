"""First contact: an invitation is looked at, used once, and stays the ticket to ask how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from baluardo.authority.acts.admission import admit, check_state
from baluardo.authority.acts.challenges import Purpose as ChallengePurpose
from baluardo.authority.acts.invitations import HANDLE, Purpose, inviters, takes_second
from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.acts.passkeys import (
    Answer,
    Question,
    ask_new_passkey,
    new_passkey,
    passkey_to_object,
)
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.acts.sessions import Browser, Opened, open_session
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import BaluardoError, CertificateError, ConflictError, UnknownError
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.base64_text import of_base64url
from baluardo.trust.certificates.certificate import Chain, key_identifier
from baluardo.trust.certificates.request import Request, read_request
from baluardo.trust.identity import Identity, Kind

_invitation, _request = schema.invitation, schema.request


@dataclass(frozen=True, slots=True)
class EnrolmentState:
    """What an invitation's holder is told."""

    invitation: Row[Any]
    identity: Identity
    state: str
    """open, waiting, granted or refused."""
    chain: Chain | None = None
    sentence: str | None = None
    question: Question | None = None
    """For a new passkey, where one belongs to it."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of a request."""

    state: str
    """waiting or granted."""
    chain: Chain | None = None
    session: Opened | None = None


def open_enrolment(transaction: Transaction, authority: Authority, digest: bytes) -> EnrolmentState:
    """Look at an invitation; a person's that is open comes with a question for a new passkey."""
    found = enrolment_state(transaction.connection, authority, digest, transaction.now)
    if found.state != "open" or found.identity.kind is not Kind.PERSON:
        return found
    check_state(transaction, found.identity, Purpose(found.invitation.purpose))
    profile = found.invitation.profile
    question = ask_new_passkey(
        transaction,
        authority,
        found.identity.name,
        ChallengePurpose.ENROL,
        of_base64url(profile[HANDLE]) if HANDLE in profile else None,
        profile["display_name"],
    )
    return EnrolmentState(found.invitation, found.identity, "open", question=question)


def enrolment_state(
    connection: Connection, authority: Authority, digest: bytes, now: float
) -> EnrolmentState:
    """Return how it stands with an invitation, by its secret's digest.

    UnknownError if there is none, ConflictError if it was withdrawn or has ended unused.
    """
    row = connection.execute(select(_invitation).where(_invitation.c.digest == digest)).first()
    if row is None:
        raise UnknownError("This invitation is not known here. Ask whoever gave it to you.")
    identity = Identity.of_path(authority.community, row.identity)
    if row.state == "used":
        asked = connection.execute(select(_request).where(_request.c.invitation == row.id)).one()
        chain = Chain.of_pem(asked.chain) if asked.chain else None
        return EnrolmentState(row, identity, asked.state, chain, asked.reason)
    if row.state == "withdrawn":
        raise ConflictError("This invitation was withdrawn. Ask whoever gave it to you.")
    if row.expires <= now:
        raise ConflictError("This invitation has ended unused. Ask for a new one.")
    return EnrolmentState(row, identity, "open")


def enrol(
    transaction: Transaction,
    authority: Authority,
    digest: bytes,
    request_der: bytes,
    answer: Answer | None = None,
    browser: Browser | None = None,
) -> Enrolled | BaluardoError:
    """Use an invitation: grant its request, or let it wait for an officer.

    It waits where the policy says so, and wherever somebody comes into an office (`takes_second`).

    `answer` is a new passkey's; a browser that brings one is signed in once it is granted. What a
    person begins with (enrol, recover) takes one, except from a machine without a browser.
    """
    found = enrolment_state(transaction.connection, authority, digest, transaction.now)
    invitation, identity = found.invitation, found.identity
    request = _read(request_der, identity)
    if found.state != "open":
        return _asked_again(transaction.connection, found, request)
    purpose = Purpose(invitation.purpose)
    check_state(transaction, identity, purpose)
    policy = policy_in_force(transaction.connection, authority)
    _check_inviter(invitation, identity, policy)
    _check_passkey(identity, purpose, answer, browser)
    passkey: dict[str, Any] | None = None
    if answer is not None:
        made = new_passkey(transaction, authority, identity.name, ChallengePurpose.ENROL, answer)
        if isinstance(made, BaluardoError):
            return made
        passkey = passkey_to_object(made)
    waits = will_wait(invitation, identity, policy)
    chain: Chain | None = None
    if not waits:
        try:
            chain = admit(transaction, identity, invitation, request, passkey)
        except (CertificateError, ConflictError) as refusal:
            return refusal  # before anything was written; the challenge stays answered
    _keep(transaction, invitation, identity, request, request_der, passkey, chain)
    if chain is None or browser is None or passkey is None:
        return Enrolled("waiting" if waits else "granted", chain)
    opened = open_session(transaction, authority, identity.name, browser, how="enrolment")
    return Enrolled("granted", chain, opened)


def will_wait(invitation: Row[Any], identity: Identity, policy: Policy) -> bool:
    """Tell whether the use of an invitation waits for an officer."""
    return policy.approval[identity.kind] or takes_second(invitation, identity, policy)


def _asked_again(connection: Connection, found: EnrolmentState, request: Request) -> Enrolled:
    """Answer the same request once more: its answer was lost, or it asks how it stands.

    ConflictError for another key: the invitation serves once.
    """
    asked = connection.execute(
        select(_request).where(_request.c.invitation == found.invitation.id)
    ).one()
    if asked.key != key_identifier(request.key).hex():
        raise ConflictError("This invitation was used already: it serves once. Ask for a new one.")
    if found.state == "refused":
        raise ConflictError(found.sentence or "An officer has refused this request.")
    return Enrolled(found.state, found.chain)


def _read(request_der: bytes, identity: Identity) -> Request:
    request = read_request(request_der)
    if request.identity != identity:
        raise CertificateError(
            f"This request asks for a certificate of {request.identity}, and the invitation is for "
            f"{identity}: refused. The invitation was not used."
        )
    return request


def _check_inviter(invitation: Row[Any], identity: Identity, policy: Policy) -> None:
    """Refuse who was invited as a plain member and has been given an office since.

    Whoever holds the invitation becomes that officer: its maker must be one who may say so now. The
    ceremony's own invitations have no maker.
    """
    if Purpose(invitation.purpose) is not Purpose.ENROL or identity.kind is not Kind.PERSON:
        return
    made_by, office = invitation.made_by, policy.grant_of(identity.name).roles - {Role.MEMBER}
    if made_by and office and not policy.grant_of(made_by).roles & inviters(identity, policy):
        raise ConflictError(
            f"The policy gives {identity.name} an office, and this invitation is not from a "
            "security officer. It was not used: ask a security officer for another one."
        )


def _check_passkey(
    identity: Identity, purpose: Purpose, answer: Answer | None, browser: Browser | None
) -> None:
    if identity.kind is not Kind.PERSON:
        if answer is not None:
            raise ConflictError(f"{identity} is no person: it has no passkey.")
        return
    if answer is None and (purpose is Purpose.RECOVER or (browser and purpose is Purpose.ENROL)):
        raise ConflictError(
            "A person begins with a passkey: make one with the browser. The invitation was not "
            "used."
        )


def _keep(
    transaction: Transaction,
    invitation: Row[Any],
    identity: Identity,
    request: Request,
    request_der: bytes,
    passkey: dict[str, Any] | None,
    chain: Chain | None,
) -> None:
    connection, now, made = transaction.connection, transaction.now, new_id()
    connection.execute(
        update(_invitation).where(_invitation.c.id == invitation.id).values(state="used")
    )
    key = key_identifier(request.key).hex()
    connection.execute(
        insert(_request).values(
            id=made,
            invitation=invitation.id,
            identity=identity.path,
            pkcs10=request_der,
            key=key,
            passkey=passkey,
            made=now,
            state="waiting" if chain is None else "granted",
            decided=None if chain is None else now,
            chain=None if chain is None else chain.pem(),
        )
    )
    facts = {"invitation": invitation.id, "purpose": invitation.purpose, "request": made}
    transaction.log("invitation.used", facts, about=identity)
    if chain is None:
        transaction.log("enrolment.requested", {"request": made, "key": key}, about=identity)
