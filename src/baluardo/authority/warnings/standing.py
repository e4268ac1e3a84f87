"""What sensors may set off: released beforehand by two persons, for what cannot wait for them.

It is off unless the authority's settings say otherwise, works once, and every step is in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select, update

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import country_of, territory_of
from baluardo.emergency.cap.alert import Alert, MessageType
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.emergency.release import Releasable, judge
from baluardo.emergency.writing.draft import identifier_for
from baluardo.errors import ConflictError, InvalidInputError, UnknownError
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.protocol.warnings import LONGEST_STANDING, StandingWarning

STANDING: Final = "standing"
SET_OFF: Final = "set-off"
WITHDRAWN: Final = "withdrawn"
MOST_STANDING: Final = 100
"""That stand at once. Our choice: the desk shows every one of them."""

_table: Final = schema.standing_warning


def check_standing(transaction: Transaction, authority: Authority, body: StandingWarning) -> None:
    """Refuse a standing warning that could never be set off; ConflictError, InvalidInputError."""
    now = transaction.now
    if not authority.warnings.settings.sensor_release:
        raise ConflictError(
            "Sensors release nothing here: sensor_release is off in the authority's settings."
        )
    if not now < body.until <= now + LONGEST_STANDING:
        raise InvalidInputError("A standing warning ends within a year from now.")
    stand = select(func.count()).where(_table.c.state == STANDING, _table.c.until > now)
    if int(transaction.connection.execute(stand).scalar_one()) >= MOST_STANDING:
        raise ConflictError(
            f"{MOST_STANDING} warnings are entrusted to sensors already: take one back first."
        )


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
    row = standing_row(transaction.connection, standing)
    if row.state != STANDING:
        raise ConflictError(f"This standing warning is {row.state} already.")
    set_state(transaction, standing, WITHDRAWN)
    transaction.log("warning.withdrawn", {"standing": standing}, by=principal.person)


def judge_beforehand(
    authority: Authority, body: StandingWarning, policy: Policy, people: Sequence[str], now: float
) -> None:
    """Judge what two persons entrust to sensors, with the territories of all who have signed.

    As it would go out now: until the second one signs hours may pass. InvalidInputError;
    ConflictError where the channel is closed.
    """
    alert = body.read()
    if alert.message_type is not MessageType.ALERT:
        raise InvalidInputError(
            "Sensors release an Alert: what it would update holds no more by the time they do."
        )
    _check_open(authority, body.channel)
    territories = [territory_of(policy, person) for person in people]
    judge_afresh(authority, alert, body.channel, body.level, territories, now)


def judge_standing(authority: Authority, row: Row[Any], now: float) -> Releasable:
    """Return what goes out if a standing warning is set off now.

    ConflictError or InvalidInputError say why nothing does: the profile, the boundaries or the
    channels may have changed since it was released.
    """
    channel = Channel(row.channel)
    _check_open(authority, channel)
    alert = read_alert(bytes(row.alert), "The standing warning")
    # Both officers' territories were judged when they released it beforehand.
    return judge_afresh(authority, alert, channel, row.level, (), now)


def judge_afresh(
    authority: Authority,
    alert: Alert,
    channel: Channel,
    level: str,
    territories: Sequence[tuple[str, ...]],
    now: float,
) -> Releasable:
    """Return what an alert is as of now; InvalidInputError as `emergency.release.judge`.

    Whether its channel is open is not looked at.
    """
    country = country_of(authority)
    fresh = _afresh(alert, country.profile, channel, now)
    return judge(fresh, channel, level, country, territories, now)


def _check_open(authority: Authority, channel: Channel) -> None:
    why = authority.warnings.why_not(channel)
    if why is not None:
        raise ConflictError(why.en)


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


def standing_row(connection: Connection, standing: str) -> Row[Any]:
    """Return a standing warning; UnknownError if there is none of that id."""
    row = connection.execute(select(_table).where(_table.c.id == standing)).first()
    if row is None:
        raise UnknownError("There is no such standing warning here.")
    return row


def set_state(transaction: Transaction, standing: str, state: str) -> None:
    """Note that a standing warning was set off or taken back."""
    query = update(_table).where(_table.c.id == standing).values(state=state)
    transaction.connection.execute(query)
