"""Mailboxes: ciphertext is delivered, handed out, and leaves once the device has kept it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from baluardo.authority.events.event import EventKind
from baluardo.authority.mail.limits import KEPT_SECONDS
from baluardo.authority.mail.parts import Part
from baluardo.authority.mail.room import make_room
from baluardo.authority.mail.seats import Seat, check_seat, fit_devices
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.calls.bodies import person_of
from baluardo.protocol.mail_fields import LARGEST_COLLECTED
from baluardo.protocol.mail_items import Collected, ItemKind, MailItem
from baluardo.protocol.mail_notice import NOTICE_TYPE
from baluardo.protocol.mail_requests import Taken
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.envelope import Envelope, sign

_ITEM_JSON: Final = 600
"""Octets of JSON around an item's own, at most."""
_AGAIN_BEFORE: Final = 86_400.0
"""A notice whose certificate ends so soon is signed again before it is handed out, s: it says the
same, and who takes it may be slow."""

NOBODY: Final = ""
"""Whose mailbox keeps the place of the newest arrival when a person's mailboxes are erased."""

_item, _box = schema.mail_item, schema.mail_box


def milliseconds(now: float) -> int:
    """Return a time as it is told: POSIX milliseconds."""
    return int(now * 1_000)


def deliver(transaction: Transaction, seat: Seat, group: str, parts: Sequence[Part]) -> None:
    """Put everything into its mailbox, or nothing; MailRefusedError names one that is full.

    A device without a certificate in force has no mailbox: what is for it is left out.
    """
    register, now = transaction.register, transaction.now
    people = {person_of(each.device) for each in parts}
    fit = frozenset[str]().union(*(fit_devices(register, each, now) for each in people))
    kept = [each for each in parts if each.device in fit]
    make_room(transaction.connection, seat, kept, fit)
    for each in kept:
        _put(transaction, seat, group, each)
    if kept:
        transaction.tell(EventKind.MAIL)


def collect(connection: Connection, seat: Seat, credential: Credential, now: float) -> Collected:
    """Return what waits for a device, the oldest first, as much as one answer carries.

    The seat remembers it, for the device's word that it keeps it.
    `credential` is the orderer's: it signs notices again whose certificate is about to end.
    """
    mine = (_item.c.device == seat.device, _item.c.at > milliseconds(now - KEPT_SECONDS))
    sizes = connection.execute(
        select(_item.c.number, _item.c.size).where(*mine).order_by(_item.c.number)
    ).all()
    last, octets, count = 0, 0, 0
    for row in sizes:
        octets += (row.size + 2) * 4 // 3 + _ITEM_JSON
        if count and octets > LARGEST_COLLECTED:
            break
        last, count = row.number, count + 1
    if not count:
        seat.handed.note(())
        return Collected((), more=False)
    rows = connection.execute(
        select(_item).where(*mine, _item.c.number <= last).order_by(_item.c.number)
    )
    items = tuple(
        MailItem(
            row.number,
            row.sender,
            ItemKind(row.kind),
            row.group_id,
            row.at,
            bytes(row.octets),
            None if row.notice is None else lasting(bytes(row.notice), credential, now),
        )
        for row in rows
    )
    seat.handed.note(items)
    return Collected(items, more=count < len(sizes))


def take(transaction: Transaction, seat: Seat, request: Taken) -> None:
    """Let what a device has kept leave its mailbox.

    MailRefusedError where it names something else than it was handed out.
    """
    check_seat(transaction.connection, transaction.register, seat, transaction.now)
    seat.handed.check(request.upto, request.items)
    transaction.connection.execute(
        delete(_item).where(_item.c.device == seat.device, _item.c.number <= request.upto)
    )


def lasting(notice: bytes, credential: Credential, now: float) -> Envelope:
    """Return a notice by a certificate that does not end soon: signed anew if need be."""
    envelope = Envelope.of_json(notice)
    if envelope.signatures[0].chain.leaf.not_after - _AGAIN_BEFORE > now:
        return envelope
    return sign(envelope.payload, NOTICE_TYPE, credential)


def newest_arrival(connection: Connection) -> int:
    """Return the place of the newest arrival among all; 0 before the first."""
    return int(connection.execute(select(func.max(_box.c.changed))).scalar_one() or 0)


def boxes_after(connection: Connection, place: int) -> list[tuple[str, int]]:
    """Return the devices in whose mailboxes something came after a place, and its own place."""
    rows = connection.execute(
        select(_box.c.device, _box.c.changed)
        .where(_box.c.changed > place, _box.c.device != NOBODY)
        .order_by(_box.c.changed)
    )
    return [(row.device, int(row.changed)) for row in rows]


def count_items(connection: Connection) -> tuple[int, int]:
    """Return how many items wait, and how many octets they have."""
    row = connection.execute(select(func.count(), func.sum(_item.c.size)).select_from(_item)).one()
    return int(row[0]), int(row[1] or 0)


def _put(transaction: Transaction, seat: Seat, group: str, part: Part) -> None:
    connection = transaction.connection
    this = _box.c.device == part.device
    held = connection.execute(select(_box.c.last).where(this)).scalar_one_or_none()
    values = {"changed": newest_arrival(connection) + 1, "last": (held or 0) + 1}
    if held is None:
        connection.execute(insert(_box).values(device=part.device, **values))
    else:
        connection.execute(update(_box).where(this).values(**values))
    connection.execute(
        insert(_item).values(
            device=part.device,
            number=values["last"],
            sender=seat.device,
            person=seat.person,
            kind=part.kind.value,
            group_id=group,
            at=milliseconds(transaction.now),
            size=part.size,
            octets=part.octets,
            notice=part.notice,
        )
    )
