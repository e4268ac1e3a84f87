"""Alarms that sensors sign: counted, kept, and what as many as are needed set off.

A sensor's program may say the same as often as it likes: the same words count once, and are
answered each time. What a faulty one repeats is bounded, in the table and in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import prepare
from baluardo.authority.warnings.standing import (
    SET_OFF,
    STANDING,
    WITHDRAWN,
    judge_standing,
    set_state,
    standing_row,
)
from baluardo.errors import CommandError, ConflictError, InvalidInputError
from baluardo.protocol.warnings import SensorAlarm, read_alarm
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.digest import digest
from baluardo.trust.envelope import Envelope

TOGETHER: Final = 120.0
"""Seconds within which as many sensors as are needed must agree. Our choice: a wave passes two
buoys of one field in that time."""
MOST_SAID: Final = 10
"""Alarms of one sensor within that time that are counted: a faulty one must not fill the log."""
MOST_KEPT: Final = 200
"""Alarms of one sensor for one standing warning that stay in the table: those of 40 minutes at the
most that are counted, longer than any alarm is taken after it was signed. The log has all."""

_alarm: Final = schema.sensor_alarm
_warning: Final = schema.warning


@dataclass(frozen=True, slots=True)
class Alarmed:
    """What an alarm has led to."""

    standing: str
    agreed: int
    """Sensors that agree by now."""
    needed: int
    warning: str | None = None
    """Id of the warning that was released; None if more sensors must agree."""
    problem: str = ""
    """Why nothing came of it although it was genuine; empty otherwise."""


def screen_alarm(
    authority: Authority, envelope: Envelope, verifier: Verifier, now: float
) -> tuple[SensorAlarm, Peer]:
    """Return a genuine alarm and who has signed it; errors as `read_alarm`, ConflictError.

    It needs no transaction, so that the one thread that writes is not kept busy by what is forged.
    """
    if not authority.warnings.settings.sensor_release:
        raise ConflictError("Sensors release nothing here: nothing was done.")
    return read_alarm(envelope, verifier, now)


def take_alarm(transaction: Transaction, authority: Authority, envelope: Envelope) -> Alarmed:
    """Count a sensor's alarm, and release the warning if enough agree.

    Errors as `screen_alarm`; CommandError for a sensor that is not among those named; ConflictError
    where nothing stands any more; UnknownError.
    """
    now, connection = transaction.now, transaction.connection
    alarm, peer = screen_alarm(authority, envelope, transaction.issuing.verifier(), now)
    row, sensor = standing_row(connection, alarm.standing), peer.identity.path
    if sensor not in row.sensors:
        raise CommandError(
            f"{peer.identity} is none of the sensors that may set this off: nothing was done."
        )
    said = _said_lately(connection, row.id, now)
    mark = _mark_of(sensor, envelope)
    again = connection.execute(select(_alarm.c.digest).where(_alarm.c.digest == mark)).first()
    if again is not None and row.state in (STANDING, SET_OFF):
        return _told_again(connection, row, said)
    _check_stands(row, now)
    if said.count(sensor) >= MOST_SAID:
        problem = f"{peer.identity} has said so often enough: this was not counted."
        return Alarmed(row.id, len(set(said)), row.needed, problem=problem)
    agreed = {*said, sensor}
    facts: dict[str, Any] = {
        "standing": row.id,
        "agreed": len(agreed),
        "needed": row.needed,
        "reading": alarm.reading,
    }
    prepared, problem = None, ""
    if len(agreed) >= row.needed:
        try:
            prepared = prepare(connection, authority, judge_standing(authority, row, now), now)
        except (ConflictError, InvalidInputError) as found:
            # What the sensors have measured is kept and in the log all the same.
            problem = f"As many sensors agree as are needed, and nothing went out: {found}"
            facts["why"] = problem[:300]
    kept = {
        "digest": mark,
        "standing": row.id,
        "sensor": sensor,
        "at": now,
        "envelope": envelope.to_json(),
    }
    connection.execute(insert(_alarm).values(kept))
    _forget(connection, row.id, sensor)
    transaction.log("warning.sensor", facts, about=peer.identity)
    if prepared is None:
        return Alarmed(row.id, len(agreed), row.needed, problem=problem)
    set_state(transaction, row.id, SET_OFF)
    warning = prepared.keep(transaction, mark, [*row.by, *sorted(agreed)])
    return Alarmed(row.id, len(agreed), row.needed, warning)


def _check_stands(row: Row[Any], now: float) -> None:
    if row.state == STANDING and now < row.until:
        return
    why = {
        SET_OFF: "This standing warning was set off already",
        WITHDRAWN: "An officer has taken this standing warning back",
    }.get(row.state, "The time of this standing warning is over")
    raise ConflictError(f"{why}: it can be set off no more.")


def _said_lately(connection: Connection, standing: str, now: float) -> list[str]:
    """Return which sensors have said so lately, each as often as it has."""
    recent = select(_alarm.c.sensor).where(
        _alarm.c.standing == standing, _alarm.c.at > now - TOGETHER
    )
    return [each.sensor for each in connection.execute(recent)]


def _told_again(connection: Connection, row: Row[Any], said: list[str]) -> Alarmed:
    """Answer an alarm that was counted before: whoever has lost the answer asks once more."""
    if row.state == STANDING:
        return Alarmed(row.id, len(set(said)), row.needed)
    marks = select(_alarm.c.digest).where(_alarm.c.standing == row.id)
    query = select(_warning.c.id, _warning.c.by).where(_warning.c.command.in_(marks))
    found = connection.execute(query).one()
    agreed = len(set(found.by) & set(row.sensors))
    return Alarmed(row.id, agreed, row.needed, found.id)


def _mark_of(sensor: str, envelope: Envelope) -> str:
    """Return what tells one sensor's words from any other: signed anew they are the same words."""
    return digest(sensor.encode() + b"\0" + envelope.payload).hex()


def _forget(connection: Connection, standing: str, sensor: str) -> None:
    """Let go of what a sensor said before its last MOST_KEPT alarms."""
    mine = (_alarm.c.standing == standing, _alarm.c.sensor == sensor)
    newest = (
        select(_alarm.c.at).where(*mine).order_by(_alarm.c.at.desc()).offset(MOST_KEPT).limit(1)
    )
    last = connection.execute(newest).scalar()
    if last is not None:
        connection.execute(delete(_alarm).where(*mine, _alarm.c.at <= last))
