"""Key packages of devices: published by each for itself, given out once each, then the last resort.

They are public by nature (a certificate and keys to seal to); what a package is good for, only
members judge. One that came with another certificate than the device has now is not given out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

from sqlalchemy import Connection, delete, func, insert, select, update

from baluardo.authority.mail.refusal import full, malformed, unknown
from baluardo.authority.mail.seats import Seat, check_seat, fit_devices, is_in_force
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.protocol.mail_answers import (
    Claimed,
    ClaimedPackage,
    DevicesTold,
    KnownDevice,
    Published,
)
from baluardo.protocol.mail_fields import MOST_KNOWN, MOST_PACKAGES
from baluardo.protocol.mail_requests import Devices, Packages, Publish
from baluardo.trust.digest import digest_256
from baluardo.trust.issuing.register import Register

_table = schema.mail_package


def publish(transaction: Transaction, seat: Seat, request: Publish) -> Published:
    """Keep key packages of the device that asks; MailRefusedError if there is no room."""
    connection, device = transaction.connection, seat.device
    check_seat(connection, transaction.register, seat, transaction.now)
    serial = f"{seat.serial:x}"
    given = {digest_256(each): each for each in request.packages}
    last_resort = digest_256(request.last_resort) if request.last_resort else b""
    if last_resort in given:
        raise malformed("The last resort is one of the one-time packages: draw another.")
    _drop_former(connection, device, serial)
    rows = connection.execute(
        select(_table.c.digest, _table.c.last_resort, _table.c.given).where(
            _table.c.device == device
        )
    ).all()
    known = {bytes(row.digest) for row in rows}
    held = sum(not row.last_resort and row.given is None for row in rows)
    new = [each for each in given if each not in known]
    if held + len(new) > MOST_PACKAGES:
        raise full(
            f"{held} one-time packages of {device} are kept, and {MOST_PACKAGES} at most: none of "
            "these was taken."
        )
    values = {"device": device, "serial": serial, "published": transaction.now}
    for each in new:
        row = {"digest": each, "last_resort": False, "octets": given[each]}
        connection.execute(insert(_table).values(**values, **row))
    if last_resort and last_resort not in known:
        connection.execute(delete(_table).where(_table.c.device == device, _table.c.last_resort))
        row = {"digest": last_resort, "last_resort": True, "octets": request.last_resort}
        connection.execute(insert(_table).values(**values, **row))
    return Published(held + len(new))


def known_devices(
    connection: Connection, register: Register, now: float, request: Devices
) -> DevicesTold:
    """Return which devices of people can be written to; MailRefusedError for nobody."""
    found: set[str] = set()
    for person in request.people:
        if person not in register.holders:
            raise unknown(f"There is no {person} here.")
        found |= fit_devices(register, person, now)
    rows = connection.execute(
        select(_table.c.device, _table.c.last_resort, _table.c.serial, func.count().label("held"))
        .where(_table.c.device.in_(sorted(found)[:MOST_KNOWN]), _table.c.given.is_(None))
        .group_by(_table.c.device, _table.c.last_resort, _table.c.serial)
    )
    told: dict[str, int] = {}
    for row in rows:
        if is_in_force(register, int(row.serial, 16), row.device, now):
            held = 0 if row.last_resort else int(row.held)
            told[row.device] = told.get(row.device, 0) + held
    return DevicesTold(tuple(KnownDevice(*each) for each in sorted(told.items())))


def claim(
    transaction: Transaction, seat: Seat, request: Packages, spared: Container[str] = frozenset()
) -> Claimed:
    """Give out a package of each device: one that nobody else gets, as long as there is one.

    Of devices in `spared` the last resort is given: who asks has had many of them lately.
    """
    check_seat(transaction.connection, transaction.register, seat, transaction.now)
    return Claimed(tuple(_claimed(transaction, request.devices, spared)))


def _claimed(
    transaction: Transaction, devices: Iterable[str], spared: Container[str]
) -> Iterable[ClaimedPackage]:
    connection, register, now = transaction.connection, transaction.register, transaction.now
    for device in devices:
        rows = connection.execute(
            select(_table.c.digest, _table.c.serial, _table.c.last_resort)
            .where(_table.c.device == device, _table.c.given.is_(None))
            .order_by(_table.c.last_resort, _table.c.published, _table.c.digest)
        )
        fit = (
            row
            for row in rows
            if (row.last_resort or device not in spared)
            and is_in_force(register, int(row.serial, 16), device, now)
        )
        row = next(fit, None)
        if row is None:
            continue
        this = (_table.c.device == device, _table.c.digest == row.digest)
        octets = bytes(connection.execute(select(_table.c.octets).where(*this)).scalar_one())
        if not row.last_resort:
            connection.execute(update(_table).where(*this).values(given=now, octets=None))
        yield ClaimedPackage(device, octets, bool(row.last_resort))


def _drop_former(connection: Connection, device: str, serial: str) -> None:
    """Drop one-time packages of a device's former certificate; the last resort is replaced."""
    connection.execute(
        delete(_table).where(
            _table.c.device == device,
            _table.c.serial != serial,
            _table.c.given.is_(None),
            _table.c.last_resort.is_(False),
        )
    )
