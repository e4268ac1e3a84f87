"""The door of one's own account: sessions, passkeys, devices."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from baluardo.authority.acts.devices import list_devices, renew_device
from baluardo.authority.acts.invitations import invite_device
from baluardo.authority.acts.passkeys import (
    LONGEST_LABEL,
    Answer,
    add_passkey,
    ask_passkey,
    list_passkeys,
    remove_passkey,
)
from baluardo.authority.acts.refusal import acted
from baluardo.authority.acts.sessions import end_session, list_sessions
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import (
    InvitationAnswer,
    PasskeyAnswer,
    QuestionAnswer,
    RenewedAnswer,
    SessionAnswer,
)
from baluardo.authority.doors.certificates import CertificateAnswer
from baluardo.authority.doors.door import (
    PREFIX,
    Body,
    Credential,
    Id,
    IdInPath,
    Nothing,
    origins_of,
    principal_of,
)
from baluardo.authority.doors.rationing import rationed_changes
from baluardo.trust.base64_text import to_base64
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import write_json

PasskeyInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,1400}$")]


class NewPasskey(Body):
    """Another passkey's answer, and what its owner calls it."""

    id: Id
    credential: Credential
    label: Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]


class NewDevice(Body):
    """What another device is to be called."""

    device: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]


class Renewal(Body):
    """A request for the next certificate, signed with the present key."""

    envelope: dict[str, Any]


def own_router(authority: Authority) -> APIRouter:
    """Return the routes of one's own account."""
    changes = Depends(rationed_changes(authority.clock, 30, 2.0))
    router = APIRouter(prefix=f"{PREFIX}/me", tags=["own account"], dependencies=[changes])
    _add_sessions(router, authority)
    _add_passkeys(router, authority)
    _add_devices(router, authority)
    return router


def _add_sessions(router: APIRouter, authority: Authority) -> None:
    @router.get("/sessions")
    async def sessions(request: Request) -> list[SessionAnswer]:
        principal, now = principal_of(request), authority.clock()
        found = await authority.store.read(
            lambda connection: list_sessions(connection, principal, now)
        )
        return [SessionAnswer(**each) for each in found]

    @router.delete("/sessions/{session}")
    async def end(request: Request, session: IdInPath) -> Nothing:
        principal = principal_of(request)
        await authority.store.act(lambda transaction: end_session(transaction, principal, session))
        return Nothing()


def _add_passkeys(router: APIRouter, authority: Authority) -> None:
    @router.get("/passkeys")
    async def passkeys(request: Request) -> list[PasskeyAnswer]:
        principal = principal_of(request)
        found = await authority.store.read(lambda connection: list_passkeys(connection, principal))
        return [PasskeyAnswer(**each) for each in found]

    @router.post("/passkeys/options")
    async def options(request: Request, _body: Nothing) -> QuestionAnswer:
        principal = principal_of(request)
        asked = await authority.store.act(
            lambda transaction: ask_passkey(transaction, authority, principal)
        )
        return QuestionAnswer(id=asked.id, options=asked.options)

    @router.post("/passkeys")
    async def add(request: Request, body: NewPasskey) -> PasskeyAnswer:
        principal = principal_of(request)
        answer = Answer(body.id, body.credential, origins_of(request, authority))
        added = await acted(
            authority.store,
            lambda transaction: add_passkey(transaction, authority, principal, answer, body.label),
        )
        return PasskeyAnswer(**added)

    @router.delete("/passkeys/{passkey}")
    async def remove(request: Request, passkey: PasskeyInPath) -> Nothing:
        principal = principal_of(request)
        await authority.store.act(
            lambda transaction: remove_passkey(transaction, principal, passkey)
        )
        return Nothing()


def _add_devices(router: APIRouter, authority: Authority) -> None:
    @router.get("/devices")
    async def devices(request: Request) -> list[CertificateAnswer]:
        principal = principal_of(request)
        found = list_devices(authority.store.register, principal, authority.clock())
        return [CertificateAnswer.of(*each) for each in found]

    @router.post("/devices")
    async def add(request: Request, body: NewDevice) -> InvitationAnswer:
        principal = principal_of(request)
        made = await authority.store.act(
            lambda transaction: invite_device(transaction, authority, principal, body.device)
        )
        return InvitationAnswer.of(made)

    @router.post("/renew")
    async def renew(request: Request, body: Renewal) -> RenewedAnswer:
        principal = principal_of(request)
        envelope = Envelope.of_json(write_json(body.envelope))
        chain = await acted(
            authority.store,
            lambda transaction: renew_device(transaction, principal, envelope),
        )
        return RenewedAnswer(chain=[to_base64(each) for each in chain.ders()])
