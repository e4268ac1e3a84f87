"""The door of those who let others in: requests that wait for an officer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from baluardo.authority.acts.profile import LONGEST_REASON
from baluardo.authority.acts.requests import approve_request, list_requests, refuse_request
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, IdInPath, Nothing, principal_of


class Refusal(Body):
    """Why; the one who asked is told."""

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]


def requests_router(authority: Authority) -> APIRouter:
    """Return the routes of requests."""
    router = APIRouter(prefix=f"{PREFIX}/requests", tags=["requests"])

    @router.get("")
    async def those_made(request: Request) -> list[dict[str, Any]]:
        principal = principal_of(request)
        return await authority.store.read(
            lambda connection: list_requests(connection, authority, principal)
        )

    @router.post("/{asked}/approve")
    async def approve(request: Request, asked: IdInPath, _body: Nothing) -> dict[str, Any]:
        principal = principal_of(request)
        await authority.store.act(
            lambda transaction: approve_request(transaction, authority, principal, asked)
        )
        return {}

    @router.post("/{asked}/refuse")
    async def refuse(request: Request, asked: IdInPath, body: Refusal) -> dict[str, Any]:
        principal = principal_of(request)
        await authority.store.act(
            lambda transaction: refuse_request(
                transaction, authority, principal, asked, body.reason
            )
        )
        return {}

    return router
