"""Room in mailboxes: how much one holds, how much of it one person, and what gives way.

A device that nobody has switched on for weeks must not keep two people from writing to each other.
Where another device of its person gets what is sent, the sender's own oldest messages leave the
full mailbox; the gap in its numbers shows that something is missing. Commits and welcomes stay:
without them the device could open nothing that follows. Where no other device gets it, the sender
is refused.

One person's devices have a share of all mailboxes together too: with many correspondents they
could otherwise fill as many. Beyond it they are refused until something of theirs was taken. All
mailboxes of one person hold no more of somebody's than one mailbox takes: whoever has many devices
that take nothing would otherwise use that share up, as receipts are sent without anybody's doing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from baluardo.authority.mail.limits import (
    MOST_ITEMS,
    MOST_ITEMS_OF_ONE,
    MOST_OCTETS,
    MOST_OCTETS_OF_ONE,
)
from baluardo.authority.mail.parts import Part
from baluardo.authority.mail.refusal import full
from baluardo.authority.mail.seats import Seat
from baluardo.authority.store import schema
from baluardo.calls.bodies import person_of
from baluardo.protocol.mail_items import ItemKind

_item = schema.mail_item


@dataclass(frozen=True, slots=True)
class _Need:
    """By how much a mailbox is too full for what is to come; nothing where there is room."""

    items: int
    octets: int

    @property
    def is_none(self) -> bool:
        return self.items <= 0 and self.octets <= 0


def make_room(
    connection: Connection, seat: Seat, parts: Sequence[Part], devices: Collection[str]
) -> None:
    """Return once every mailbox has room for its parts; MailRefusedError names one that has none.

    `devices` are all that those have who get something. MailRefusedError too where the sender's
    share of all mailboxes is used up. Nothing is changed then but what the transaction takes back.
    """
    _check_share(connection, seat, parts)
    by_device: dict[str, list[Part]] = defaultdict(list)
    for each in parts:
        by_device[each.device].append(each)
    mailboxes = Counter(map(person_of, devices))
    needs = {
        device: _need(connection, seat, device, theirs, mailboxes[person_of(device)])
        for device, theirs in by_device.items()
    }
    reached = {person_of(device) for device, need in needs.items() if need.is_none} | {seat.person}
    for device, need in sorted(needs.items(), key=lambda each: each[0]):
        if need.is_none:
            continue
        if person_of(device) not in reached or not _displace(connection, seat, device, need):
            raise full(
                f"The mailbox of {device} has no room for more of yours: nothing was sent to "
                "anybody. It has room again when the device has taken what waits there."
            )


def _check_share(connection: Connection, seat: Seat, parts: Sequence[Part]) -> None:
    """Refuse what goes beyond the share of one person in all mailboxes together."""
    held = connection.execute(
        select(func.count().label("items"), func.sum(_item.c.size).label("octets")).where(
            _item.c.person == seat.person
        )
    ).one()
    items = held.items + len(parts)
    octets = int(held.octets or 0) + sum(each.size for each in parts)
    if parts and (items > MOST_ITEMS_OF_ONE or octets > MOST_OCTETS_OF_ONE):
        raise full(
            f"{held.items:,} items from {seat.person} wait in all mailboxes together, and no more "
            "of them may: nothing was sent to anybody. There is room again when some were taken, "
            "and after thirty days."
        )


def _need(
    connection: Connection, seat: Seat, device: str, parts: Sequence[Part], mailboxes: int
) -> _Need:
    """Return what is lacking in a mailbox; its person has so many of them."""
    rows = connection.execute(
        select(_item.c.person, func.count().label("items"), func.sum(_item.c.size).label("octets"))
        .where(_item.c.device == device)
        .group_by(_item.c.person)
    ).all()
    items, octets = len(parts), sum(each.size for each in parts)
    own = [row for row in rows if row.person == seat.person]
    shares = ((rows, 1), (own, max(2, mailboxes)))
    return _Need(
        max(items + sum(row.items for row in held) - MOST_ITEMS // share for held, share in shares),
        max(
            octets + sum(int(row.octets) for row in held) - MOST_OCTETS // share
            for held, share in shares
        ),
    )


def _displace(connection: Connection, seat: Seat, device: str, need: _Need) -> bool:
    """Let the sender's own oldest messages leave; False if that does not make room."""
    theirs = (
        _item.c.device == device,
        _item.c.person == seat.person,
        _item.c.kind == ItemKind.MESSAGE.value,
    )
    items = octets = last = 0
    for row in connection.execute(
        select(_item.c.number, _item.c.size).where(*theirs).order_by(_item.c.number)
    ):
        if items >= need.items and octets >= need.octets:
            break
        items, octets, last = items + 1, octets + row.size, row.number
    if items < need.items or octets < need.octets:
        return False
    connection.execute(delete(_item).where(*theirs, _item.c.number <= last))
    return True
