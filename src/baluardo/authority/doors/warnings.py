"""Warnings that went out: told, and taken back by one officer.

A release is a command for two persons and goes through the door of commands.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import Connection

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, IdInPath, principal_of
from baluardo.authority.doors.rationing import rationed_changes
from baluardo.authority.principal import Principal
from baluardo.authority.warnings.cancelling import cancel_warning
from baluardo.authority.warnings.reading import (
    WarningState,
    chain_of,
    deliveries_of,
    list_warnings,
    read_warning,
    texts_of,
    waiting_releases,
)
from baluardo.authority.warnings.refusals import logged_refusals
from baluardo.authority.warnings.releasing import area_object
from baluardo.authority.warnings.sky import Reach
from baluardo.authority.warnings.story import story_of
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.errors import BaluardoError
from baluardo.protocol.roles import Role
from baluardo.trust.envelope import Envelope

Text = dict[str, str]
SEERS = (Role.CIVIL_PROTECTION_OFFICER, Role.SECURITY_OFFICER, Role.AUDITOR)


class CancelGiven(Body):
    """A signed cancel (`protocol.warnings`), as an envelope."""

    cancel: dict[str, Any]


class WarningAnswer(BaseModel):
    """A warning. Times are POSIX seconds."""

    id: str
    identifier: str
    channel: str
    level: str
    message_type: str
    state: str
    headline: Text
    sent: float
    expires: float
    area: dict[str, Any]
    people: float
    reached: float | None
    """Share of the area's people; null where no sky tells."""
    command: str | None
    """The command that waits for a second person; null once it went out."""
    by: list[str]


class WarningsAnswer(BaseModel):
    """Warnings, those that wait for a second person first, then the newest first."""

    warnings: list[WarningAnswer]


class DeliveryAnswer(BaseModel):
    """What became of one way out."""

    way: str
    kind: str
    state: str
    at: float | None
    detail: Text


class EventAnswer(BaseModel):
    """Something that happened to a warning."""

    at: float
    text: Text
    by: str


class FullWarningAnswer(WarningAnswer):
    """A warning with its words, its ways out and its story."""

    alert: str
    infos: list[dict[str, str]]
    cells: list[str]
    deliveries: list[DeliveryAnswer]
    log: list[EventAnswer]
    chain: list[str]


class BeamAnswer(BaseModel):
    """One beam that shines for a warning."""

    satellite: str
    cell: str
    until: float


class LoadAnswer(BaseModel):
    """Beams in use, of so many in view."""

    busy: int
    of: int


class ReachAnswer(BaseModel):
    """How far a warning has come. Curves: seconds since the release, share of the people."""

    at: float
    share: float
    curve: list[tuple[float, float]]
    forecast: list[tuple[float, float]]
    time_to_95_s: float | None
    cells: list[tuple[str, float]]
    beams: list[BeamAnswer]
    load: LoadAnswer

    @classmethod
    def of(cls, reach: Reach) -> ReachAnswer:
        """Tell it."""
        return cls(
            at=reach.at,
            share=reach.share,
            curve=list(reach.curve),
            forecast=list(reach.forecast),
            time_to_95_s=reach.time_to_95_s,
            cells=list(reach.cells),
            beams=[
                BeamAnswer(satellite=each.satellite, cell=each.cell, until=each.until)
                for each in reach.beams
            ],
            load=LoadAnswer(busy=reach.busy, of=reach.of),
        )


class ReachedAnswer(BaseModel):
    """How far a warning has come; null where no sky tells, or it never was on the air."""

    reach: ReachAnswer | None


def warnings_router(authority: Authority) -> APIRouter:
    """Return the door to warnings that went out."""
    changes = Depends(rationed_changes(authority.clock, 30, 4.0))
    router = APIRouter(prefix=f"{PREFIX}/warnings", tags=["warnings"], dependencies=[changes])
    store, desk = authority.store, authority.warnings

    def seer(request: Request) -> Principal:
        principal = principal_of(request)
        principal.require(*SEERS)
        return principal

    async def told(warning: str) -> FullWarningAnswer:
        return await store.read(lambda c: _full(c, authority, warning))

    @router.get("")
    async def warnings(request: Request) -> WarningsAnswer:
        seer(request)
        return await store.read(lambda c: _all(c, authority))

    @router.get("/{warning}")
    async def one(request: Request, warning: IdInPath) -> FullWarningAnswer:
        seer(request)
        return await told(warning)

    @router.get("/{warning}/reach")
    async def reach(request: Request, warning: IdInPath) -> ReachedAnswer:
        seer(request)
        await store.read(lambda c: read_warning(c, warning, authority.clock()))
        found = None if desk.sky is None else await asyncio.to_thread(desk.sky.reach, warning)
        return ReachedAnswer(reach=None if found is None else ReachAnswer.of(found))

    @router.post("/{warning}/cancel")
    async def cancel(request: Request, warning: IdInPath, given: CancelGiven) -> FullWarningAnswer:
        principal, envelope = principal_of(request), Envelope.of_object(given.cancel)
        principal.require(Role.CIVIL_PROTECTION_OFFICER)
        async with logged_refusals(authority, "warning.cancel", principal.person):
            done = await store.act(
                lambda t: cancel_warning(t, authority, principal, warning, envelope)
            )
        return await told(done.warning)

    return router


def _all(connection: Connection, authority: Authority) -> WarningsAnswer:
    now = authority.clock()
    return WarningsAnswer(
        warnings=[
            *_waiting(connection, authority, now),
            *(_told(authority, each) for each in list_warnings(connection, now)),
        ]
    )


def _told(authority: Authority, state: WarningState) -> WarningAnswer:
    row, sky = state.row, authority.warnings.sky
    reach = None if sky is None else sky.reach(row.id)
    return WarningAnswer(
        id=row.id,
        identifier=row.identifier,
        channel=row.channel,
        level=row.level,
        message_type=row.message_type,
        state=state.state,
        headline=state.headlines,
        sent=row.released,
        expires=row.expires,
        area={name: row.area[name] for name in ("description", "outline")},
        people=row.area["people"],
        reached=None if reach is None else reach.share,
        command=None,
        by=list(row.by),
    )


def _waiting(connection: Connection, authority: Authority, now: float) -> list[WarningAnswer]:
    found = []
    for row, body in waiting_releases(connection, now):
        try:
            alert = body.read()
            area = area_object(WarnedArea.of_alert(alert, authority.warnings.atlas), alert)
        except BaluardoError:  # the profile or the boundaries have changed since
            continue
        found.append(
            WarningAnswer(
                id=row.id[:32],
                identifier=alert.identifier,
                channel=body.channel.value,
                level=body.level,
                message_type=alert.message_type.value,
                state="waiting",
                headline={i.language: i.headline or i.event for i in alert.infos},
                sent=row.created,
                expires=row.expires,
                area={name: area[name] for name in ("description", "outline")},
                people=area["people"],
                reached=None,
                command=row.id,
                by=[row.proposer.split("/")[1]],
            )
        )
    return found


def _full(connection: Connection, authority: Authority, warning: str) -> FullWarningAnswer:
    now = authority.clock()
    state = read_warning(connection, warning, now)
    deliveries = deliveries_of(connection, warning)
    return FullWarningAnswer(
        **_told(authority, state).model_dump(),
        alert=bytes(state.row.alert).decode(),
        infos=texts_of(state.alert),
        cells=list(state.row.area["cells"]),
        deliveries=[
            DeliveryAnswer(
                way=each.way, kind=each.kind, state=each.state, at=each.at, detail=each.detail
            )
            for each in deliveries
        ],
        log=[
            EventAnswer(at=each.at, text=each.text.by_language(), by=each.by)
            for each in story_of(connection, state, deliveries)
        ],
        chain=chain_of(connection, warning),
    )
