"""What sensors may set off: released beforehand by two persons, for what cannot wait for them.

It is off unless the authority's settings say otherwise, works once, and every step is in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import country_of, release_warning
from baluardo.emergency.cap.alert import Alert
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.release import Releasable, judge
from baluardo.emergency.writing.draft import identifier_for
from baluardo.errors import CommandError, ConflictError, InvalidInputError, UnknownError
from baluardo.protocol.roles import Role
from baluardo.protocol.warnings import LONGEST_STANDING, StandingWarning, read_alarm
from baluardo.trust.digest import digest
from baluardo.trust.envelope import Envelope

STANDING: Final = "standing"
SET_OFF: Final = "set-off"
WITHDRAWN: Final = "withdrawn"
TOGETHER: Final = 120.0
"""Seconds within which as many sensors as are needed must agree. Our choice: a wave passes two
buoys of one field in that time."""
MOST_SAID: Final = 10
"""Alarms of one sensor within that time that are kept: a faulty one must not fill the log."""

_table: Final = schema.standing_warning


@dataclass(frozen=True, slots=True)
class Alarmed:
    """What an alarm has led to."""

    standing: str
    agreed: int
    """Sensors that agree by now."""
    needed: int
    warning: str | None
    """Id of the warning that was released; None if more sensors must agree."""


def check_standing(authority: Authority, body: StandingWarning, now: float) -> None:
    """Refuse a standing warning that could never be set off; ConflictError, InvalidInputError."""
    if not authority.warnings.settings.sensor_release:
        raise ConflictError(
            "Sensors release nothing here: sensor_release is off in the authority's settings."
        )
    if not now < body.until <= now + LONGEST_STANDING:
        raise InvalidInputError("A standing warning ends within a year from now.")


def keep_standing(
    transaction: Transaction, body: StandingWarning, command: str, by: Sequence[str]
) -> str:
    """Keep what sensors may set off from now on, and return its id."""
    standing = new_id()
    row = {
        "id": standing,
        "command": command,
        "channel": body.channel.value,
        "level": body.level,
        "alert": body.alert,
        "sensors": list(body.sensors),
        "needed": body.needed,
        "until": body.until,
        "by": list(by),
        "state": STANDING,
    }
    transaction.connection.execute(insert(_table).values(row))
    facts = {
        "standing": standing,
        "channel": body.channel.value,
        "sensors": list(body.sensors),
        "needed": body.needed,
        "until": body.until,
    }
    transaction.log("warning.preauthorised", facts, by=by[-1])
    return standing


def withdraw_standing(
    transaction: Transaction, authority: Authority, principal: Principal, standing: str
) -> None:
    """Take back what sensors may set off: one officer does it. RoleError, ConflictError."""
    who = principal.under(policy_in_force(transaction.connection, authority))
    who.require(Role.CIVIL_PROTECTION_OFFICER)
    row = _row(transaction, standing)
    if row.state != STANDING:
        raise ConflictError(f"This standing warning is {row.state} already.")
    _set_state(transaction, standing, WITHDRAWN)
    transaction.log("warning.withdrawn", {"standing": standing}, by=principal.person)


def take_alarm(transaction: Transaction, authority: Authority, envelope: Envelope) -> Alarmed:
    """Count a sensor's alarm, and release the warning if enough agree.

    Errors as `read_alarm`; CommandError for a sensor that is not among those named; ConflictError
    where nothing stands any more; UnknownError.
    """
    now, connection = transaction.now, transaction.connection
    if not authority.warnings.settings.sensor_release:
        raise ConflictError("Sensors release nothing here: nothing was done.")
    alarm, peer = read_alarm(envelope, transaction.issuing.verifier(), now)
    row = _row(transaction, alarm.standing)
    if peer.identity.path not in row.sensors:
        raise CommandError(
            f"{peer.identity} is none of the sensors that may set this off: nothing was done."
        )
    if row.state != STANDING or now >= row.until:
        raise ConflictError("This standing warning can be set off no more.")
    mark = digest(envelope.to_json()).hex()
    table = schema.sensor_alarm
    if connection.execute(select(table.c.digest).where(table.c.digest == mark)).first():
        raise ConflictError("This alarm was counted already.")
    recent = select(table.c.sensor).where(table.c.standing == row.id, table.c.at > now - TOGETHER)
    said = [each.sensor for each in connection.execute(recent)]
    if said.count(peer.identity.path) >= MOST_SAID:
        raise ConflictError(f"{peer.identity} has said so often enough: this was not counted.")
    agreed = {*said, peer.identity.path}
    ready = len(agreed) >= row.needed
    found = judge_standing(authority, row, now) if ready else None
    kept = {
        "digest": mark,
        "standing": row.id,
        "sensor": peer.identity.path,
        "at": now,
        "envelope": envelope.to_json(),
    }
    connection.execute(insert(table).values(kept))
    facts = {"standing": row.id, "agreed": len(agreed), "needed": row.needed}
    transaction.log("warning.sensor", {**facts, "reading": alarm.reading}, about=peer.identity)
    if found is None:
        return Alarmed(row.id, len(agreed), row.needed, None)
    _set_state(transaction, row.id, SET_OFF)
    warning = release_warning(transaction, authority, found, mark, [*row.by, *sorted(agreed)])
    return Alarmed(row.id, len(agreed), row.needed, warning)


def judge_standing(authority: Authority, row: Row[Any], now: float) -> Releasable:
    """Return what would go out if a standing warning were set off now.

    ConflictError or InvalidInputError say why nothing would: the profile, the boundaries or the
    channels may have changed since it was released.
    """
    alert = read_alert(bytes(row.alert), "The standing warning")
    country, channel = country_of(authority), Channel(row.channel)
    why = authority.warnings.why_not(channel)
    if why is not None:
        raise ConflictError(why.en)
    fresh = _afresh(alert, country.profile, channel, now)
    # Both officers' territories were judged when they released it beforehand.
    return judge(fresh, channel, row.level, country, (), now)


def _afresh(alert: Alert, profile: Profile, channel: Channel, now: float) -> Alert:
    """Return the alert as of now: it holds as long as it would have when it was written."""
    sent = datetime.fromtimestamp(int(now), UTC)

    def later(moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        return sent + timedelta(seconds=int((moment - alert.sent).total_seconds()))

    infos = tuple(
        replace(
            info,
            effective=later(info.effective),
            onset=later(info.onset),
            expires=later(info.expires),
        )
        for info in alert.infos
    )
    identifier = identifier_for(profile, channel, sent, new_id()[:8])
    return replace(alert, identifier=identifier, sent=sent, infos=infos)


def _row(transaction: Transaction, standing: str) -> Row[Any]:
    query = select(_table).where(_table.c.id == standing)
    row = transaction.connection.execute(query).first()
    if row is None:
        raise UnknownError("There is no such standing warning here.")
    return row


def _set_state(transaction: Transaction, standing: str, state: str) -> None:
    query = update(_table).where(_table.c.id == standing).values(state=state)
    transaction.connection.execute(query)
