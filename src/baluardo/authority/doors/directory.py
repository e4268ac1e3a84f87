"""The door of the directory."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from baluardo.authority.acts.directory import change_person, search_directory
from baluardo.authority.acts.profile import Profile
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import DirectoryAnswer, PersonAnswer
from baluardo.authority.doors.door import PREFIX, Body, principal_of
from baluardo.authority.doors.entries import DisplayName, Languages, Numbers, numbers_of

LONGEST_SEARCH = 120
NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"


class Entry(Body):
    """What the directory is to say of a person."""

    display_name: DisplayName
    languages: Languages
    numbers: Numbers


def directory_router(authority: Authority) -> APIRouter:
    """Return the routes of the directory."""
    router = APIRouter(prefix=f"{PREFIX}/directory", tags=["directory"])

    @router.get("")
    async def search(
        request: Request,
        q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
        after: Annotated[str, Query(pattern=rf"{NAME}|^$")] = "",
    ) -> DirectoryAnswer:
        principal = principal_of(request)
        page = await authority.store.read(
            lambda connection: search_directory(connection, authority, principal, q, after)
        )
        people = [PersonAnswer(**each) for each in page.people]
        return DirectoryAnswer(people=people, next=page.next)

    @router.put("/{name}")
    async def change(
        request: Request, name: Annotated[str, Path(pattern=NAME)], body: Entry
    ) -> PersonAnswer:
        principal = principal_of(request)
        profile = Profile(body.display_name, tuple(body.languages), numbers_of(body.numbers))
        changed = await authority.store.act(
            lambda transaction: change_person(transaction, authority, principal, name, profile)
        )
        return PersonAnswer(**changed)

    return router
