"""Standing warnings as they are, for the desk: read, never changed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.warnings.releasing import area_object
from baluardo.authority.warnings.standing import STANDING, judge_standing
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.reading import read_alert
from baluardo.errors import BaluardoError
from baluardo.protocol.warnings import alarm_of
from baluardo.trust.envelope import Envelope

MOST_SHOWN: Final = 100
MOST_ALARMS: Final = 10
"""Of one standing warning, the newest."""
EXPIRED: Final = "expired"

_table: Final = schema.standing_warning
_alarm: Final = schema.sensor_alarm


@dataclass(frozen=True, slots=True)
class AlarmRead:
    """What one sensor has said. POSIX seconds."""

    sensor: str
    at: float
    reading: str


@dataclass(frozen=True, slots=True)
class StandingRead:
    """One standing warning."""

    row: Row[Any]
    state: str
    """`standing`, `set-off`, `withdrawn` or `expired`."""
    headlines: dict[str, str]
    area: dict[str, Any]
    """As `releasing.area_object`; empty where the area cannot be made any more."""
    alarms: tuple[AlarmRead, ...]
    problem: str
    """Why it could not go out if it were set off now; empty if it could."""


def list_standing(connection: Connection, authority: Authority, now: float) -> list[StandingRead]:
    """Return standing warnings, those that stand first, then the one that ends last."""
    rows = connection.execute(
        select(_table)
        .order_by((_table.c.state != STANDING), _table.c.until.desc(), _table.c.id)
        .limit(MOST_SHOWN)
    )
    return [_read(connection, authority, row, now) for row in rows]


def _read(connection: Connection, authority: Authority, row: Row[Any], now: float) -> StandingRead:
    alert = read_alert(bytes(row.alert), "The standing warning")
    state = EXPIRED if row.state == STANDING and now >= row.until else row.state
    problem, area = "", dict[str, Any]()
    try:
        area = area_object(WarnedArea.of_alert(alert, authority.warnings.atlas), alert)
        if state == STANDING:
            judge_standing(authority, row, now)
    except BaluardoError as found:
        problem = str(found)
    newest = (
        select(_alarm)
        .where(_alarm.c.standing == row.id)
        .order_by(_alarm.c.at.desc())
        .limit(MOST_ALARMS)
    )
    return StandingRead(
        row,
        state,
        {info.language: info.headline or info.event for info in alert.infos},
        area,
        tuple(map(_alarm_read, connection.execute(newest))),
        problem,
    )


def _alarm_read(row: Row[Any]) -> AlarmRead:
    said = alarm_of(Envelope.of_json(bytes(row.envelope)).payload)
    return AlarmRead(row.sensor, row.at, said.reading)
