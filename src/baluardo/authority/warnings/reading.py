"""Warnings as they stand, for the desk: read, never changed here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from baluardo.authority.store import schema
from baluardo.authority.warnings.releasing import in_force, warning_row
from baluardo.emergency.cap.alert import BROADCAST_TEXT, Alert, MessageType
from baluardo.emergency.cap.reading import read_alert
from baluardo.protocol.dangerous import Dangerous
from baluardo.protocol.warnings import WarningRelease
from baluardo.trust.commands.proposal import Proposal
from baluardo.trust.envelope import Envelope

MOST_SHOWN: Final = 200
MOST_READ: Final = 256
"""Alerts that are remembered as they were read."""
EXPIRED: Final = "expired"

_table: Final = schema.warning
_order: Final = schema.warning_order


@dataclass(frozen=True, slots=True)
class WarningState:
    """A warning that went out. Times are POSIX seconds."""

    row: Row[Any]
    alert: Alert
    state: str
    """`released`, `updated`, `cancelled` or `expired`."""

    @property
    def headlines(self) -> dict[str, str]:
        """Headline, or event where there is none, by language."""
        return {info.language: info.headline or info.event for info in self.alert.infos}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one way out."""

    way: str
    kind: str
    state: str
    at: float | None
    detail: dict[str, str]


def list_warnings(connection: Connection, now: float) -> list[WarningState]:
    """Return what went out, the newest first."""
    query = select(_table).order_by(_table.c.released.desc(), _table.c.id).limit(MOST_SHOWN)
    return [_state(row, now) for row in connection.execute(query)]


def read_warning(connection: Connection, warning: str, now: float) -> WarningState:
    """Return one warning; UnknownError."""
    return _state(warning_row(connection, warning), now)


def deliveries_of(connection: Connection, warning: str) -> list[Delivery]:
    """Return what became of every way out of a warning."""
    query = select(_order).where(_order.c.warning == warning).order_by(_order.c.way)
    return [
        Delivery(row.way, row.kind, row.state, row.settled, dict(row.detail))
        for row in connection.execute(query)
    ]


def chain_of(connection: Connection, warning: str) -> list[str]:
    """Return the ids of what updates or cancels what, the first first."""
    first = warning_row(connection, warning)
    while first.follows is not None:
        first = warning_row(connection, first.follows)
    found, wanted = [first.id], [first.id]
    while wanted:
        query = select(_table.c.id).where(_table.c.follows.in_(wanted)).order_by(_table.c.released)
        wanted = [row.id for row in connection.execute(query)]
        found += wanted
    return found


def waiting_releases(connection: Connection, now: float) -> list[tuple[Row[Any], WarningRelease]]:
    """Return the releases that wait for a second person, the newest first."""
    return [
        (row, WarningRelease.of_body(body))
        for row, body in waiting_commands(connection, Dangerous.RELEASE_WARNING, now)
    ]


def waiting_commands(
    connection: Connection, kind: Dangerous, now: float
) -> list[tuple[Row[Any], dict[str, object]]]:
    """Return the commands of a kind that wait for a second person, with their bodies."""
    table = schema.command
    query = (
        select(table)
        .where(table.c.kind == kind.value, table.c.state == "waiting", table.c.expires > now)
        .order_by(table.c.created.desc())
        .limit(MOST_SHOWN)
    )
    return [
        (row, Proposal.of_payload(Envelope.of_json(bytes(row.proposal)).payload).body)
        for row in connection.execute(query)
    ]


def texts_of(alert: Alert) -> list[dict[str, str]]:
    """Return the words of an alert, language by language."""
    return [
        {
            "language": info.language,
            "event": info.event,
            "headline": info.headline or "",
            "description": info.description or "",
            "instruction": info.instruction or "",
            "broadcast": info.parameter(BROADCAST_TEXT) or "",
        }
        for info in alert.infos
    ]


def _state(row: Row[Any], now: float) -> WarningState:
    state = row.state
    if state == "released" and not in_force(row, now):
        state = "cancel" if row.message_type == MessageType.CANCEL.value else EXPIRED
    return WarningState(row, _alert(bytes(row.alert)), state)


@lru_cache(maxsize=MOST_READ)
def _alert(octets: bytes) -> Alert:
    """Read an alert; every desk asks for the whole list every few seconds, and none changes."""
    return read_alert(octets, "The warning")
