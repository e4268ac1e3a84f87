"""Standing warnings as they are, for the desk: read, never changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, case, select

from baluardo.authority.acts.revocation import state_of
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.warnings.reading import waiting_commands
from baluardo.authority.warnings.releasing import area_object
from baluardo.authority.warnings.standing import STANDING, judge_afresh
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.errors import BaluardoError
from baluardo.protocol.dangerous import Dangerous
from baluardo.protocol.warnings import StandingWarning, alarm_of
from baluardo.trust.envelope import Envelope
from baluardo.trust.issuing.register import holder_of

MOST_SHOWN: Final = 200
"""All that stand (`standing.MOST_STANDING`), and what stood last."""
MOST_ALARMS: Final = 10
"""Of one standing warning, the newest."""
EXPIRED: Final = "expired"
WAITING: Final = "waiting"

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
    """One standing warning, or one that waits for a second person."""

    id: str
    channel: str
    level: str
    state: str
    """`waiting`, `standing`, `set-off`, `withdrawn` or `expired`."""
    sensors: tuple[str, ...]
    needed: int
    until: float
    """POSIX seconds."""
    by: tuple[str, ...]
    headlines: dict[str, str]
    area: dict[str, Any]
    """As `releasing.area_object`; empty where the area cannot be made any more."""
    missing: tuple[str, ...] = ()
    """Sensors without a certificate in force: nothing that they say is believed."""
    problem: str = ""
    """Why it could not go out if it were set off now; empty if it could."""
    alarms: tuple[AlarmRead, ...] = ()
    command: str | None = None
    """The command that waits for a second person."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What an alert comes to here: boundaries and profile are the same until a new start."""

    headlines: dict[str, str]
    area: dict[str, Any]
    problem: str


class StandingList:
    """Lists standing warnings; what each alert comes to is judged once, and kept."""

    def __init__(self, authority: Authority) -> None:
        """Begin with nothing judged."""
        self._authority = authority
        self._looked: dict[str, _Looked] = {}

    def read(self, connection: Connection, now: float) -> list[StandingRead]:
        """Return what waits for a second person, what stands, and then what stood last."""
        waiting = [
            self._waiting(row, StandingWarning.of_body(body), now)
            for row, body in waiting_commands(connection, Dangerous.PREAUTHORISE_WARNING, now)
        ]
        stands = and_(_table.c.state == STANDING, _table.c.until > now)
        first = case((stands, 0), else_=1)
        query = select(_table).order_by(first, _table.c.until.desc(), _table.c.id)
        rows = list(connection.execute(query.limit(MOST_SHOWN)))
        found = [*waiting, *(self._stood(connection, row, now) for row in rows)]
        shown = {each.id for each in found}
        self._looked = {name: kept for name, kept in self._looked.items() if name in shown}
        return found

    def _stood(self, connection: Connection, row: Row[Any], now: float) -> StandingRead:
        looked = self._look(row.id, bytes(row.alert), Channel(row.channel), row.level, now)
        state = EXPIRED if row.state == STANDING and now >= row.until else row.state
        sensors = tuple(row.sensors)
        missing = self._missing(sensors, now)
        found = StandingRead(
            id=row.id,
            channel=row.channel,
            level=row.level,
            state=state,
            sensors=sensors,
            needed=row.needed,
            until=row.until,
            by=tuple(row.by),
            headlines=looked.headlines,
            area=looked.area,
            alarms=_alarms(connection, row.id),
        )
        if state != STANDING:
            return found
        why = self._authority.warnings.why_not(Channel(row.channel))
        problem = looked.problem if why is None else why.en
        if not problem and len(sensors) - len(missing) < row.needed:
            problem = (
                f"{row.needed} sensors must agree, and {len(sensors) - len(missing)} of those "
                "named have a certificate in force."
            )
        return replace(found, missing=missing, problem=problem)

    def _waiting(self, row: Row[Any], body: StandingWarning, now: float) -> StandingRead:
        name = row.id[:32]
        looked = self._look(name, body.alert, body.channel, body.level, now)
        return StandingRead(
            id=name,
            channel=body.channel.value,
            level=body.level,
            state=WAITING,
            sensors=body.sensors,
            needed=body.needed,
            until=body.until,
            by=(row.proposer.split("/")[1],),
            headlines=looked.headlines,
            area=looked.area,
            missing=self._missing(body.sensors, now),
            problem=looked.problem,
            command=row.id,
        )

    def _look(self, name: str, octets: bytes, channel: Channel, level: str, now: float) -> _Looked:
        known = self._looked.get(name)
        if known is None:
            known = self._looked[name] = self._judged(octets, channel, level, now)
        return known

    def _judged(self, octets: bytes, channel: Channel, level: str, now: float) -> _Looked:
        headlines, area = dict[str, str](), dict[str, Any]()
        try:
            alert = read_alert(octets, "The standing warning")
            headlines = {info.language: info.headline or info.event for info in alert.infos}
            warned = WarnedArea.of_alert(alert, self._authority.warnings.atlas)
            area = area_object(warned, alert)
            judge_afresh(self._authority, alert, channel, level, (), now)
        except BaluardoError as problem:
            return _Looked(headlines, area, str(problem))
        return _Looked(headlines, area, "")

    def _missing(self, sensors: Sequence[str], now: float) -> tuple[str, ...]:
        register = self._authority.store.register
        return tuple(
            sensor
            for sensor in sensors
            if not any(
                state_of(register, issued, now) == "current"
                for issued in tuple(register.holders.get(holder_of(sensor), ()))
            )
        )


def _alarms(connection: Connection, standing: str) -> tuple[AlarmRead, ...]:
    query = select(_alarm).where(_alarm.c.standing == standing)
    newest = connection.execute(query.order_by(_alarm.c.at.desc()).limit(MOST_ALARMS))
    return tuple(
        AlarmRead(
            row.sensor, row.at, alarm_of(Envelope.of_json(bytes(row.envelope)).payload).reading
        )
        for row in newest
    )
