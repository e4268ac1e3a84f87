"""The door of those who invite: making, seeing and withdrawing invitations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from baluardo.authority.acts.invitations import (
    DEFAULT_HOURS,
    MOST_HOURS,
    invite,
    list_invitations,
    withdraw,
)
from baluardo.authority.acts.profile import Profile
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import InvitationAnswer, InvitationShown
from baluardo.authority.doors.door import PREFIX, Body, IdInPath, Nothing, principal_of
from baluardo.authority.doors.entries import DisplayName, Languages, Numbers, numbers_of
from baluardo.trust.identity import LONGEST_URI, Identity


class Wanted(Body):
    """Who is to be invited, and what the directory says of them to begin with."""

    identity: Annotated[str, Field(max_length=LONGEST_URI)]
    display_name: DisplayName | None = None
    languages: Annotated[Languages, Field(default_factory=list)]
    numbers: Annotated[Numbers, Field(default_factory=list)]
    hours: Annotated[float, Field(gt=0, le=MOST_HOURS)] = DEFAULT_HOURS


def invitations_router(authority: Authority) -> APIRouter:
    """Return the routes of invitations."""
    router = APIRouter(prefix=f"{PREFIX}/invitations", tags=["invitations"])

    @router.post("")
    async def make(request: Request, body: Wanted) -> InvitationAnswer:
        principal = principal_of(request)
        identity = Identity.of_path(authority.community, body.identity)
        name = body.display_name or identity.name
        profile = Profile(name, tuple(body.languages), numbers_of(body.numbers))
        made = await authority.store.act(
            lambda transaction: invite(
                transaction, authority, principal, identity, profile, body.hours
            )
        )
        return InvitationAnswer.of(made)

    @router.get("")
    async def those_made(request: Request) -> list[InvitationShown]:
        principal, now = principal_of(request), authority.clock()
        found = await authority.store.read(
            lambda connection: list_invitations(connection, authority, principal, now)
        )
        return [InvitationShown(**each) for each in found]

    @router.delete("/{invitation}")
    async def take_back(request: Request, invitation: IdInPath) -> Nothing:
        principal = principal_of(request)
        await authority.store.act(
            lambda transaction: withdraw(transaction, authority, principal, invitation)
        )
        return Nothing()

    return router
