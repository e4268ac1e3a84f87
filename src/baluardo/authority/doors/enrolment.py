"""The door of first contact: a browser over its page's own TLS, a machine by a sealed message."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import Field

from baluardo.authority.acts.enrolment import (
    Enrolled,
    EnrolmentState,
    enrol,
    enrolment_state,
    open_enrolment,
    will_wait,
)
from baluardo.authority.acts.passkeys import Answer
from baluardo.authority.acts.refusal import acted
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import EnrolledAnswer, OpenedAnswer
from baluardo.authority.doors.door import (
    PREFIX,
    Body,
    Credential,
    Id,
    browser_of,
    origins_of,
)
from baluardo.authority.doors.rationing import Ration
from baluardo.authority.doors.who import give_cookie
from baluardo.errors import InvalidInputError
from baluardo.protocol.enrolment import LARGEST_SEALED, open_request
from baluardo.protocol.invitation import LONGEST_TEXT, Invitation
from baluardo.protocol.invitation import PREFIX as INVITATION
from baluardo.trust.base64_text import of_base64
from baluardo.trust.certificates.request import LARGEST_REQUEST
from baluardo.trust.one_time import OneTimeSecret, digest_of

SEALED: Final = "application/octet-stream"

Token = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Ticket(Body):
    """An invitation: its whole text, or its secret alone."""

    token: Token


class NewPasskeyAnswer(Body):
    """A new passkey's answer."""

    id: Id
    credential: Credential


class Device(Body):
    """An invitation, a request for a certificate, and the passkey that comes along."""

    token: Token
    request: Annotated[str, Field(max_length=(LARGEST_REQUEST + 2) // 3 * 4)]
    passkey: NewPasskeyAnswer | None = None


def enrolment_router(authority: Authority) -> APIRouter:
    """Return the routes of first contact."""
    router = APIRouter(prefix=f"{PREFIX}/enrol", tags=["enrolment"])
    attempts = Ration(30, 2.0, authority.clock)

    @router.post("/open")
    async def look(request: Request, body: Ticket) -> OpenedAnswer:
        digest = _digest(body.token)
        attempts.check(request, f"invitation {digest.hex()}")
        found = await authority.store.act(
            lambda transaction: open_enrolment(transaction, authority, digest)
        )
        return _opened(found, authority)

    @router.post("/device")
    async def device(request: Request, response: Response, body: Device) -> EnrolledAnswer:
        digest = _digest(body.token)
        attempts.check(request, f"invitation {digest.hex()}")
        der, browser, answer = of_base64(body.request), browser_of(request), None
        if body.passkey is not None:
            origins = origins_of(request, authority)
            answer = Answer(body.passkey.id, body.passkey.credential, origins)
        done = await acted(
            authority.store,
            lambda transaction: enrol(transaction, authority, digest, der, answer, browser),
        )
        if done.session is not None:
            give_cookie(response, done.session, authority.clock())
        return _done(done)

    @router.post("/status")
    async def status(request: Request, body: Ticket) -> EnrolledAnswer:
        digest = _digest(body.token)
        attempts.check(request, f"invitation {digest.hex()}")
        now = authority.clock()
        found = await authority.store.read(
            lambda connection: enrolment_state(connection, authority, digest, now)
        )
        return EnrolledAnswer.of(found.state, found.chain, found.sentence)

    @router.post("/sealed", openapi_extra={"requestBody": {"content": {SEALED: {}}}})
    async def sealed(request: Request) -> EnrolledAnswer:
        attempts.check(request)
        if request.headers.get("content-type", "").lower() != SEALED:
            raise HTTPException(415, f"A sealed request is {SEALED}.")
        opened = open_request(await _bounded_body(request), authority.sealing_key)
        digest = OneTimeSecret(opened.secret).digest
        attempts.check_keys(f"invitation {digest.hex()}")
        done = await acted(
            authority.store,
            lambda transaction: enrol(transaction, authority, digest, opened.request),
        )
        return _done(done)

    return router


async def _bounded_body(request: Request) -> bytes:
    """Return a body as it comes, no more of it than a sealed request has."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_SEALED:
            raise HTTPException(413, f"A sealed request has at most {LARGEST_SEALED:,} octets.")
    return body


def _digest(token: str) -> bytes:
    """Return the digest of an invitation's secret; InvalidInputError if it is none."""
    text = token.strip()
    if text.startswith(INVITATION):
        return OneTimeSecret(Invitation.of_text(text).secret).digest
    try:
        return digest_of(text)
    except InvalidInputError:
        raise InvalidInputError("This is no invitation. Copy it whole.") from None


def _opened(found: EnrolmentState, authority: Authority) -> OpenedAnswer:
    root = authority.store.issuing.anchors.in_force(authority.clock())[0]
    question = found.question
    told = {
        "identity": found.identity.path,
        "display_name": found.invitation.profile["display_name"],
        "community": authority.community,
        "profile": authority.profile.name,
        "root": root.fingerprint.hex(),
        "expires": found.invitation.expires,
        "approval": will_wait(found.invitation, found.identity, authority.policy),
        "purpose": found.invitation.purpose,
        "state": found.state,
        "passkey": question and {"id": question.id, "options": question.options},
    }
    return OpenedAnswer.model_validate(told)


def _done(done: Enrolled) -> EnrolledAnswer:
    return EnrolledAnswer.of(done.state, done.chain)
