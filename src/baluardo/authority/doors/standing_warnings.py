"""What sensors may set off: listed, taken back by one officer, and set off by what sensors sign.

A standing warning is a command for two persons and comes in by the door of commands.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import Connection

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, Body, IdInPath, principal_of
from baluardo.authority.doors.rationing import Ration, rationed_changes
from baluardo.authority.doors.warnings import SEERS
from baluardo.authority.warnings.refusals import logged_refusals
from baluardo.authority.warnings.standing import take_alarm, withdraw_standing
from baluardo.authority.warnings.standing_reading import StandingRead, list_standing
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
    needed: int
    until: float
    by: list[str]
    alarms: list[SaidAnswer]
    problem: str
    """Why it could not go out if it were set off now; empty if it could."""

    @classmethod
    def of(cls, found: StandingRead) -> StandingAnswer:
        """Tell one."""
        row, area = found.row, found.area
        return cls(
            id=row.id,
            channel=row.channel,
            level=row.level,
            state=found.state,
            headline=found.headlines,
            area=area.get("description", ""),
            outline=area.get("outline"),
            people=area.get("people"),
            sensors=list(row.sensors),
            needed=row.needed,
            until=row.until,
            by=list(row.by),
            alarms=[
                SaidAnswer(sensor=each.sensor, at=each.at, reading=each.reading)
                for each in found.alarms
            ],
            problem=found.problem,
        )


class StandingWarningsAnswer(BaseModel):
    """Whether sensors release anything here, and what they may."""

    on: bool
    standing: list[StandingAnswer]


def standing_warnings_router(authority: Authority) -> APIRouter:
    """Return the door to standing warnings; it goes before that of `/warnings/{warning}`."""
    changes = Depends(rationed_changes(authority.clock, 30, 4.0))
    router = APIRouter(prefix=f"{PREFIX}/warnings", tags=["warnings"], dependencies=[changes])
    store = authority.store
    alarms = Ration(30, 2.0, authority.clock)

    def told(connection: Connection) -> StandingWarningsAnswer:
        return StandingWarningsAnswer(
            on=authority.warnings.settings.sensor_release,
            standing=[
                StandingAnswer.of(each)
                for each in list_standing(connection, authority, authority.clock())
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
        async with logged_refusals(authority, "sensor.alarm", ""):
            done = await store.act(lambda t: take_alarm(t, authority, envelope))
        return AlarmAnswer(
            standing=done.standing, agreed=done.agreed, needed=done.needed, warning=done.warning
        )

    return router
