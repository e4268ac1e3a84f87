"""Whether this authority can serve (/readyz), and its numbers for a monitor (/metrics)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final, Literal

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import address_of, edge_of, optional_principal, principal_of
from baluardo.authority.metrics import Metrics
from baluardo.authority.store.rows import log_size
from baluardo.console.client_address import is_loopback
from baluardo.errors import StoreError
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.dates import shown
from baluardo.trust.identity import DAY

ROOT_WARNING: Final = 90 * DAY
"""So long before its end a root's list is spoken of: custodians must meet to make the next."""
PATIENCE_SECONDS: Final = 3.0
"""For how long the log may be behind the database: a commit is mirrored right after."""
_STEP_SECONDS: Final = 0.05


class Readiness(BaseModel):
    """Whether it can serve, and why not; strangers are told the status alone."""

    status: Literal["ready", "not ready"]
    problems: list[str]
    warnings: list[str]


def health_router(authority: Authority, metrics: Metrics) -> APIRouter:
    """Return the doors for those who watch over the service."""
    router = APIRouter(tags=["health"])

    @router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
    async def readiness(request: Request) -> JSONResponse:
        told = await readiness_of(authority)
        if not _may_know(authority, request):
            told = Readiness(status=told.status, problems=[], warnings=[])
        return JSONResponse(told.model_dump(), 200 if told.status == "ready" else 503)

    @router.get("/metrics", response_class=Response)
    async def numbers(request: Request) -> Response:
        if not _from_this_machine(authority, request):
            principal_of(request).require(Role.OPERATOR, Role.AUDITOR)
        text = await asyncio.to_thread(metrics.text)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router


async def readiness_of(authority: Authority) -> Readiness:
    """Look at the writer, the log and the lists."""
    return _told(authority, [*_writer(authority), *await _log(authority), *_lists(authority)])


def standing_of(authority: Authority) -> Readiness:
    """Tell the same as far as it is known here: at once, and without the database."""
    return _told(authority, [*_writer(authority), *_lists(authority)])


def _told(authority: Authority, problems: list[str]) -> Readiness:
    return Readiness(
        status="not ready" if problems else "ready",
        problems=problems,
        warnings=list(_warnings(authority)),
    )


def _writer(authority: Authority) -> Iterator[str]:
    if not authority.store.is_writing:
        yield "The writer has stopped: start the authority again."
    if authority.store.problem is not None:
        yield f"The last acts were not done: {authority.store.problem}."


async def _log(authority: Authority) -> list[str]:
    store = authority.store
    try:
        head = await store.read(log_size)
    except StoreError as problem:
        return [str(problem)]
    if store.size < head:
        store.look()
    for _ in range(int(PATIENCE_SECONDS / _STEP_SECONDS)):
        if store.size >= head:
            return []
        await asyncio.sleep(_STEP_SECONDS)
    return [f"The log here has {store.size} of the database's {head} entries."]


def _lists(authority: Authority) -> Iterator[str]:
    issuing, now = authority.store.issuing, authority.clock()
    lists = issuing.verifier().revocations.lists
    if not issuing.issuers:
        yield "No issuer is in force: nothing can be issued or revoked."
    for issuer in issuing.issuers:
        held = lists.get(issuer.key_id)
        if held is None:
            yield f"Issuer {issuer.name} has published no revocation list."
        elif held.next_update < now:
            since = shown(held.next_update)
            yield f"The revocation list of {issuer.name} is overdue since {since}."
    root, until = issuing.root_list()
    if until <= now:
        yield f"The revocation list of {root} ended at {shown(until)}: custodians must meet."


def _warnings(authority: Authority) -> Iterator[str]:
    root, until = authority.store.issuing.root_list()
    now = authority.clock()
    if now < until < now + ROOT_WARNING:
        yield (
            f"The revocation list of {root} ends at {shown(until)}: let the custodians meet and "
            "make the next (baluardo trust root lists)."
        )
    if authority.bus.problem is not None:
        yield f"Other authorities hear of changes late: {authority.bus.problem}."


def _may_know(authority: Authority, request: Request) -> bool:
    return optional_principal(request) is not None or _from_this_machine(authority, request)


def _from_this_machine(authority: Authority, request: Request) -> bool:
    """Tell whether who asks sits here: behind a proxy everybody seems to, so then nobody does."""
    if not authority.local or edge_of(request) is not None:
        return False
    return is_loopback(address_of(request))
