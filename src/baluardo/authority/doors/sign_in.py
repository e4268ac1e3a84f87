"""The door in front: how the authority stands, signing in and out, breaking the glass."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import Connection

from baluardo.authority.acts.break_glass import break_glass, broken_glass
from baluardo.authority.acts.directory import display_name_of
from baluardo.authority.acts.passkeys import Answer, ask_sign_in, sign_in
from baluardo.authority.acts.profile import LONGEST_REASON
from baluardo.authority.acts.refusal import acted
from baluardo.authority.acts.sessions import Opened, close_session
from baluardo.authority.acts.state import (
    demonstration_people,
    enter_demonstration,
    is_first_run,
)
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import BrokenGlass, Me, Pretended, QuestionAnswer, StateAnswer
from baluardo.authority.doors.door import (
    PREFIX,
    Body,
    Credential,
    Id,
    Nothing,
    PersonName,
    address_of,
    browser_of,
    edge_of,
    optional_principal,
    origins_of,
)
from baluardo.authority.doors.rationing import Ration
from baluardo.authority.doors.who import give_cookie, take_cookie_back
from baluardo.authority.principal import Principal
from baluardo.console.client_address import is_loopback
from baluardo.errors import UnknownError
from baluardo.trust.one_time import LONGEST_TYPED, digest_of_code


class SignIn(Body):
    """A passkey's answer."""

    id: Id
    credential: Credential


class BreakGlass(Body):
    """A printed code, who brings it, and why."""

    person: PersonName
    code: Annotated[str, Field(max_length=LONGEST_TYPED)]
    reason: Annotated[str, Field(max_length=LONGEST_REASON)]


class Enter(Body):
    """Whom to be, where all is for show."""

    person: PersonName


def sign_in_router(authority: Authority) -> APIRouter:
    """Return the routes for who is not signed in yet, and for leaving."""
    router = APIRouter(prefix=PREFIX, tags=["sign-in"])
    attempts = Ration(20, 3.0, authority.clock)
    emergencies = Ration(5, 60.0, authority.clock)

    async def entered(response: Response, opened: Opened) -> Me:
        give_cookie(response, opened, authority.clock())
        return await authority.store.read(lambda connection: told_of(connection, opened.principal))

    @router.get("/state")
    async def state(request: Request) -> StateAnswer:
        principal = optional_principal(request)
        return await authority.store.read(
            lambda connection: _state(connection, authority, principal)
        )

    @router.post("/sign-in/options")
    async def options(request: Request, _body: Nothing) -> QuestionAnswer:
        attempts.check(request)
        origins_of(request, authority)
        asked = await authority.store.act(lambda transaction: ask_sign_in(transaction, authority))
        return QuestionAnswer(id=asked.id, options=asked.options)

    @router.post("/sign-in")
    async def passkey(request: Request, response: Response, body: SignIn) -> Me:
        attempts.check(request, *_credential_key(body.credential))
        answer = Answer(body.id, body.credential, origins_of(request, authority))
        browser = browser_of(request)
        opened = await acted(
            authority.store, lambda transaction: sign_in(transaction, authority, answer, browser)
        )
        return await entered(response, opened)

    @router.post("/sign-out")
    async def sign_out(request: Request, response: Response, _body: Nothing) -> Nothing:
        principal = optional_principal(request)
        if principal is not None and principal.session:
            session = principal.session
            await authority.store.act(lambda transaction: close_session(transaction, session))
            if principal.break_glass:
                await learn_broken_glass(authority)
        take_cookie_back(response)
        return Nothing()

    @router.post("/break-glass")
    async def emergency(request: Request, response: Response, body: BreakGlass) -> Me:
        digest, browser = digest_of_code(body.code), browser_of(request)
        emergencies.check(request, f"code {digest.hex()}")
        opened = await authority.store.act(
            lambda transaction: break_glass(
                transaction, authority, body.person, digest, body.reason, browser
            )
        )
        await learn_broken_glass(authority)
        return await entered(response, opened)

    if authority.settings.demonstration:

        @router.post("/demonstration/enter")
        async def enter(request: Request, response: Response, body: Enter) -> Me:
            attempts.check(request)
            if edge_of(request) is None and not is_loopback(address_of(request)):
                raise UnknownError("There is nothing at this address.")
            browser = browser_of(request)
            opened = await authority.store.act(
                lambda transaction: enter_demonstration(
                    transaction, authority, body.person, browser
                )
            )
            return await entered(response, opened)

    return router


async def learn_broken_glass(authority: Authority) -> None:
    """Take from the database whether somebody works with an emergency code, here or elsewhere."""
    now = authority.clock()
    found = await authority.store.read(lambda connection: broken_glass(connection, now))
    authority.break_glass_until = 0.0 if found is None else found.until


def told_of(connection: Connection, principal: Principal) -> Me:
    """Return what a person is told of themselves."""
    return Me(
        person=principal.person,
        display_name=display_name_of(connection, principal.person),
        roles=sorted(role.value for role in principal.roles),
        ceiling=principal.grant.ceiling.dsn,
        territory=list(principal.grant.territory),
        device=None if principal.device is None else principal.device.path,
        fresh_until=principal.fresh_until,
        expires=principal.expires,
        break_glass=principal.break_glass,
    )


def _state(
    connection: Connection, authority: Authority, principal: Principal | None
) -> StateAnswer:
    now = authority.clock()
    broken = broken_glass(connection, now)
    who = "" if broken is None or principal is None else broken.by
    root = authority.store.issuing.anchors.in_force(now)[0]
    return StateAnswer(
        community=authority.community,
        profile=authority.profile.name,
        domain=authority.settings.domain,
        rp_id=authority.rp_id,
        pages=authority.web_url or None,
        root=root.fingerprint.hex(),
        demonstration=authority.settings.demonstration,
        people=[Pretended(**each) for each in demonstration_people(connection, authority)],
        first_run=is_first_run(connection),
        break_glass=None if broken is None else BrokenGlass(by=who, until=broken.until),
        me=None if principal is None else told_of(connection, principal),
    )


def _credential_key(credential: Credential) -> list[str]:
    """Return the passkey that is tried, where it has a name: its attempts count by themselves."""
    named = credential.get("id")
    return [f"passkey {named[:64]}"] if isinstance(named, str) else []
