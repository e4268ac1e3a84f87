"""The door of those who let others in: requests that wait for an officer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from baluardo.authority.acts.profile import LONGEST_REASON
from baluardo.authority.acts.requests import approve_request, list_requests, refuse_request
from baluardo.authority.context import Authority
from baluardo.authority.doors.answers import RequestAnswer
from baluardo.authority.doors.door import PREFIX, Body, IdInPath, Nothing, principal_of


class Reason(Body):
    """Why; the one who asked is told."""

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]


def requests_router(authority: Authority) -> APIRouter:
    """Return the routes of requests."""
    router = APIRouter(prefix=f"{PREFIX}/requests", tags=["requests"])

    @router.get("")
    async def those_made(request: Request) -> list[RequestAnswer]:
        principal = principal_of(request)
        found = await authority.store.read(
            lambda connection: list_requests(connection, authority, principal)
        )
        return [RequestAnswer(**each) for each in found]

    @router.post("/{asked}/approve")
    async def approve(request: Request, asked: IdInPath, _body: Nothing) -> Nothing:
        principal = principal_of(request)
        await authority.store.act(
            lambda transaction: approve_request(transaction, authority, principal, asked)
        )
        return Nothing()

    @router.post("/{asked}/refuse")
    async def refuse(request: Request, asked: IdInPath, body: Reason) -> Nothing:
        principal = principal_of(request)
        await authority.store.act(
            lambda transaction: refuse_request(
                transaction, authority, principal, asked, body.reason
            )
        )
        return Nothing()

    return router
