"""Standing warnings as they are, for the desk: read, never changed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, select

from baluardo.authority.acts.revocation import state_of
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.warnings.reading import waiting_commands
from baluardo.authority.warnings.releasing import area_object
from baluardo.authority.warnings.standing import STANDING, judge_standing
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

    headlines: dict[str, str] = field(default_factory=dict)
    area: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


class StandingList:
    """Lists standing warnings; what each alert comes to is judged once and kept."""

    def __init__(self, authority: Authority) -> None:
        """Begin with nothing judged."""
        self._authority = authority
        self._looked: dict[str, _Looked] = {}

    def read(self, connection: Connection, now: float) -> list[StandingRead]:
        """Return what waits for a second person, what stands, and then what ended last."""
        stands = and_(_table.c.state == STANDING, _table.c.until > now)
        query = select(_table).order_by(stands.desc(), _table.c.until.desc(), _table.c.id)
        rows = list(connection.execute(query.limit(MOST_SHOWN)))
        waiting = waiting_commands(connection, Dangerous.PREAUTHORISE_WARNING, now)
        looked = {
            **{row.id: self._look(row, now) for row in rows},
            **{row.id: self._look_at_proposed(row.id, body) for row, body in waiting},
        }
        self._looked = looked
        return [
            *(self._waiting(row, body, now) for row, body in waiting),
            *(self._stood(connection, row, now) for row in rows),
        ]
