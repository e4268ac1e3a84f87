"""A warning released: kept with what is to go out by each way, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.desk import channel_name
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.message import SerialNumber
from baluardo.emergency.cap.alert import Alert, MessageType
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.release import Country, Releasable, judge
from baluardo.errors import ConflictError, UnknownError
from baluardo.protocol.policy import Policy
from baluardo.protocol.site_warnings import CANCEL_SHOWN
from baluardo.protocol.warnings import WarningRelease
from baluardo.trust.digest import digest

RELEASED: Final = "released"
UPDATED: Final = "updated"
CANCELLED: Final = "cancelled"
WAITING: Final = "waiting"
RELEASE: Final = "release"
CANCEL: Final = "cancel"

PLMN_WIDE: Final = 1
"""Geographical scope of what we broadcast (3GPP TS 23.041, 9.4.1.2.1): a phone that moves from beam
to beam must not show it anew."""
MESSAGE_CODES: Final = 1_024
UPDATE_NUMBERS: Final = 16

_table: Final = schema.warning


def country_of(authority: Authority) -> Country:
    """Return by what this authority judges warnings."""
    desk = authority.warnings
    return Country(desk.profile, desk.atlas, desk.sender)


def territory_of(policy: Policy, person: str) -> tuple[str, ...]:
    """Return where a person may warn."""
    return policy.grant_of(person).territory


def judge_release(
    authority: Authority,
    body: WarningRelease,
    policy: Policy,
    people: Sequence[str],
    now: float,
) -> Releasable:
    """Return what may go out, judged with the territories of all who have signed.

    InvalidInputError; ConflictError where the channel is closed.
    """
    why = authority.warnings.why_not(body.channel)
    if why is not None:
        raise ConflictError(why.en)
    territories = [territory_of(policy, person) for person in people]
    return judge(body.read(), body.channel, body.level, country_of(authority), territories, now)


class Prepared:
    """A warning that fits what stands, before anything is written."""

    def __init__(
        self,
        authority: Authority,
        found: Releasable,
        serial: SerialNumber,
        followed: Row[Any] | None,
    ) -> None:
        """Use `prepare`."""
        self._authority, self._found = authority, found
        self.serial, self._followed = serial, followed

    def keep(self, transaction: Transaction, command: str, by: Sequence[str]) -> str:
        """Write it, with an order for every way out of its channel; return the warning's id."""
        found, now = self._found, transaction.now
        warning, written = new_id(), write_alert(found.alert)
        row: dict[str, Any] = {
            "id": warning,
            "command": command,
            "identifier": found.alert.identifier,
            "channel": found.channel.value,
            "level": found.level,
            "message_type": found.alert.message_type.value,
            "state": RELEASED,
            "alert": written,
            "area": area_object(found.warned, found.alert),
            "by": list(by),
            "follows": None if self._followed is None else self._followed.id,
            "message_code": self.serial.message_code,
            "update_number": self.serial.update_number,
            "released": now,
            "expires": found.expires,
        }
        connection = transaction.connection
        if self._followed is not None:
            end_warning(connection, self._followed.id, UPDATED, now)
        connection.execute(insert(_table).values(row))
        ways = self._authority.warnings.ways_for(found.channel)
        keep_orders(connection, warning, found.channel, ways, RELEASE, now)
        facts = {
            "warning": warning,
            "identifier": found.alert.identifier,
            "channel": found.channel.value,
            "level": found.level,
            "message_type": found.alert.message_type.value,
            "alert": digest(written).hex(),
            "ways": list(ways),
        }
        transaction.log("warning.released", facts, by=by[-1] if by else "")
        transaction.tell(EventKind.WARNINGS)
        return warning


def prepare(
    connection: Connection, authority: Authority, found: Releasable, now: float
) -> Prepared:
    """Check that a warning fits what went out before; ConflictError says why it does not."""
    alert = found.alert
    query = select(_table.c.id).where(_table.c.identifier == alert.identifier)
    if connection.execute(query).first() is not None:
        raise ConflictError(
            f"A warning {alert.identifier} went out before: nothing was sent now. If it must be "
            "said again, write it anew."
        )
    if not authority.warnings.ways_for(found.channel):
        raise ConflictError(f"The channel {channel_name(found.channel).en} has no way out.")
    followed = _followed(connection, alert, found.channel, now)
    if followed is None:
        serial = SerialNumber(PLMN_WIDE, _next_code(connection), 0)
    else:
        number = (followed.update_number + 1) % UPDATE_NUMBERS
        serial = SerialNumber(PLMN_WIDE, followed.message_code, number)
    return Prepared(authority, found, serial, followed)


def warning_row(connection: Connection, warning: str) -> Row[Any]:
    """Return a warning that went out; UnknownError if there is none of that id."""
    row = connection.execute(select(_table).where(_table.c.id == warning)).first()
    if row is None:
        raise UnknownError("There is no such warning here.")
    return row


def in_force(row: Row[Any], now: float) -> bool:
    """Tell whether a warning holds: neither updated, cancelled nor expired."""
    return bool(
        row.state == RELEASED and row.message_type != MessageType.CANCEL.value and now < row.expires
    )


def shown_at_sites(row: Row[Any], now: float) -> bool:
    """Tell whether a warning stands on sites' pages: while it holds, a cancel for some time."""
    if row.message_type == MessageType.CANCEL.value:
        return bool(now < row.released + CANCEL_SHOWN)
    return in_force(row, now)


def end_warning(connection: Connection, warning: str, state: str, now: float) -> None:
    """Note that a warning holds no more."""
    values = {"state": state, "ended": now}
    connection.execute(update(_table).where(_table.c.id == warning).values(values))


def keep_orders(
    connection: Connection,
    warning: str,
    channel: Channel,
    ways: Sequence[str],
    kind: str,
    now: float,
) -> None:
    """Note what is to go out by each way: the keys are the same however often it is tried."""
    for way in ways:
        order: dict[str, Any] = {
            "key": digest(f"{warning}/{kind}/{way}".encode()).hex()[:64],
            "warning": warning,
            "way": way,
            "channel": channel.value,
            "kind": kind,
            "state": WAITING,
            "made": now,
            "again": now,
            "settled": None,
            "detail": {},
        }
        connection.execute(insert(schema.warning_order).values(order))


def area_object(warned: WarnedArea, alert: Alert) -> dict[str, Any]:
    """Return what is kept of an area: to be shown, and for beams."""
    described = [area.description for info in alert.infos[:1] for area in info.areas]
    return {
        "description": "; ".join(described),
        "outline": warned.outline(),
        "cells": warned.cells.names,
        "people_by_cell": [round(each, 1) for each in warned.people.tolist()],
        "people": round(float(warned.people.sum())),
        "people_beside": round(float(warned.people_beside.sum())),
        "area_km2": round(warned.area_km2, 1),
        "beside_km2": round(warned.beside_km2, 1),
    }


def _followed(
    connection: Connection, alert: Alert, channel: Channel, now: float
) -> Row[Any] | None:
    if alert.message_type is not MessageType.UPDATE:
        return None
    if len(alert.references) != 1:
        raise ConflictError("An update refers to the one warning that it takes the place of.")
    reference = alert.references[0]
    query = select(_table).where(_table.c.identifier == reference.identifier)
    row = connection.execute(query).first()
    if row is None or row.channel != channel.value:
        raise ConflictError(
            f"No warning {reference.identifier} went out on this channel: nothing can be updated."
        )
    if not in_force(row, now):
        raise ConflictError(
            f"Warning {reference.identifier} holds no more: it cannot be updated. Write a new one."
        )
    return row


def _next_code(connection: Connection) -> int:
    """Return the message code that was used longest ago: phones remember codes for a day."""
    first = select(_table.c.message_code).where(_table.c.follows.is_(None))
    last = connection.execute(first.order_by(_table.c.released.desc(), _table.c.id)).scalar()
    return 0 if last is None else (int(last) + 1) % MESSAGE_CODES
