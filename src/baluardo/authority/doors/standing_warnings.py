"""What sensors may set off: listed, taken back by one officer, and set off by what sensors sign.

A standing warning is a command for two persons and comes in by the door of commands.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import Connection

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, IdInPath, principal_of
from baluardo.authority.doors.rationing import Ration, rationed_changes
from baluardo.authority.doors.warnings import SEERS
from baluardo.authority.warnings.refusals import logged_refusals
from baluardo.authority.warnings.sensor_alarms import screen_alarm, take_alarm
from baluardo.authority.warnings.standing import withdraw_standing
from baluardo.authority.warnings.standing_reading import StandingList, StandingRead
from baluardo.errors import ConflictError
from baluardo.trust.envelope import Envelope

Text = dict[str, str]


class AlarmGiven(Body):
    """A sensor's signed alarm (`protocol.warnings`), as an envelope."""

    alarm: dict[str, Any]


class AlarmAnswer(BaseModel):
    """What an alarm has led to."""

    standing: str
    agreed: int
    needed: int
    warning: str | None


class SaidAnswer(BaseModel):
    """What one sensor has said. POSIX seconds."""

    sensor: str
    at: float
    reading: str


class StandingAnswer(BaseModel):
    """A standing warning. Times are POSIX seconds."""

    id: str
    channel: str
    level: str
    state: str
    headline: Text
    area: str
    outline: dict[str, Any] | None
    people: float | None
    sensors: list[str]
    missing: list[str]
    """Those of them without a certificate in force."""
    needed: int
    until: float
    by: list[str]
    alarms: list[SaidAnswer]
    problem: str
    """Why it could not go out if it were set off now; empty if it could."""
    command: str | None
    """The command that waits for a second person; null once it was released."""

    @classmethod
    def of(cls, found: StandingRead) -> StandingAnswer:
        """Tell one."""
        return cls(
            id=found.id,
            channel=found.channel,
            level=found.level,
            state=found.state,
            headline=found.headlines,
            area=found.area.get("description", ""),
            outline=found.area.get("outline"),
            people=found.area.get("people"),
            sensors=list(found.sensors),
            missing=list(found.missing),
            needed=found.needed,
            until=found.until,
            by=list(found.by),
            alarms=[
                SaidAnswer(sensor=each.sensor, at=each.at, reading=each.reading)
                for each in found.alarms
            ],
            problem=found.problem,
            command=found.command,
        )


class StandingWarningsAnswer(BaseModel):
    """Whether sensors release anything here, and what they may."""

    on: bool
    standing: list[StandingAnswer]


def standing_warnings_router(authority: Authority) -> APIRouter:
    """Return the door to standing warnings; it goes before that of `/warnings/{warning}`."""
    changes = Depends(rationed_changes(authority.clock, 30, 4.0))
    router = APIRouter(prefix=f"{PREFIX}/warnings", tags=["warnings"], dependencies=[changes])
    store, listed = authority.store, StandingList(authority)
    alarms = Ration(30, 2.0, authority.clock)

    def told(connection: Connection) -> StandingWarningsAnswer:
        return StandingWarningsAnswer(
            on=authority.warnings.settings.sensor_release,
            standing=[
                StandingAnswer.of(each) for each in listed.read(connection, authority.clock())
            ],
        )

    @router.get("/standing")
    async def standing(request: Request) -> StandingWarningsAnswer:
        principal_of(request).require(*SEERS)
        return await store.read(told)

    @router.post("/standing/{standing}/withdraw")
    async def withdraw(request: Request, standing: IdInPath) -> StandingWarningsAnswer:
        principal = principal_of(request)
        await store.act(lambda t: withdraw_standing(t, authority, principal, standing))
        return await store.read(told)

    @router.post("/alarms")
    async def alarm(request: Request, given: AlarmGiven) -> AlarmAnswer:
        alarms.check(request)
        envelope = Envelope.of_object(given.alarm)
        verifier, now = store.issuing.verifier(), authority.clock()
        async with logged_refusals(authority, "sensor.alarm", ""):
            await asyncio.to_thread(screen_alarm, authority, envelope, verifier, now)
            done = await store.act(lambda t: take_alarm(t, authority, envelope))
        if done.problem:  # what was said is in the log already, or is said too often for it
            raise ConflictError(done.problem)
        return AlarmAnswer(
            standing=done.standing, agreed=done.agreed, needed=done.needed, warning=done.warning
        )

    return router
