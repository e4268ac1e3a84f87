"""What leaves the post office: after thirty days, with a certificate, with a person."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, delete, insert, or_, select, tuple_, update

from baluardo.authority.context import Authority
from baluardo.authority.mail.boxes import NOBODY, milliseconds, newest_arrival
from baluardo.authority.mail.limits import KEPT_SECONDS
from baluardo.authority.mail.seats import fit_devices
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.calls.bodies import person_of
from baluardo.errors import BaluardoError
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.register import Register

LOOK_SECONDS: Final = 900.0
"""How often it is looked what is to leave; nothing older than it may be is handed out meanwhile."""
NAMES_AT_ONCE: Final = 500
"""In one statement: databases bound its parameters."""
ROWS_AT_ONCE: Final = 2_000
"""That leave in one act: others are served between them."""

_item, _box, _package = schema.mail_item, schema.mail_box, schema.mail_package

logger = logging.getLogger("baluardo.authority.mail")


def expire(transaction: Transaction) -> bool:
    """Let some of what is too old leave; return whether there may be more."""
    connection, since = transaction.connection, transaction.now - KEPT_SECONDS
    sent = schema.mail_sent
    old = select(_item.c.device, _item.c.number).where(_item.c.at <= milliseconds(since))
    forgotten = select(sent.c.sender, sent.c.id).where(sent.c.at <= milliseconds(since))
    given = select(_package.c.device, _package.c.digest).where(_package.c.given <= since)
    done = [
        connection.execute(
            delete(table).where(tuple_(*table.primary_key.columns).in_(chosen.limit(ROWS_AT_ONCE)))
        ).rowcount
        for table, chosen in ((_item, old), (sent, forgotten), (_package, given))
    ]
    return max(done) >= ROWS_AT_ONCE


def empty_unfit(transaction: Transaction, devices: Iterable[str]) -> None:
    """Empty the mailboxes of those devices that have no certificate in force any more.

    Their key packages leave too.
    """
    gone = sorted(_unfit(transaction.register, devices, transaction.now))
    for start in range(0, len(gone), NAMES_AT_ONCE):
        some = gone[start : start + NAMES_AT_ONCE]
        for table in (_item, _package):
            transaction.connection.execute(delete(table).where(table.c.device.in_(some)))


def devices_with_mail(connection: Connection) -> list[str]:
    """Return the devices for which anything is kept."""
    both = select(_item.c.device).union(select(_package.c.device))
    return list(connection.scalars(both))


async def keep_mail(authority: Authority, every_s: float = LOOK_SECONDS) -> None:
    """Let leave what is to leave, for ever: a part of the running service."""
    while True:
        try:
            await let_leave(authority)
        except BaluardoError as problem:
            logger.warning("Old messages could not be let go: %s", problem)
        await asyncio.sleep(every_s)


async def let_leave(authority: Authority) -> None:
    """Let everything leave that is to leave now; StoreError if the database refuses."""
    store = authority.store
    while await store.act(expire):
        pass
    held = await store.read(devices_with_mail)
    gone = sorted(_unfit(store.register, held, authority.clock()))
    if gone:
        await store.act(lambda transaction: empty_unfit(transaction, gone))


def erase_mail(connection: Connection, name: str) -> None:
    """Erase what tells of a person; the identifiers of groups stay, as none begins twice."""
    person = f"{Kind.PERSON.value}/{name}"
    mine = f"{person}/"
    pair, group, sent = schema.mail_pair, schema.mail_group, schema.mail_sent
    at = schema.mail_attendance
    of_pair = or_(group.c.one == person, group.c.other == person)
    newest = newest_arrival(connection)
    for statement in (
        delete(_item).where(
            or_(_item.c.person == person, _item.c.device.startswith(mine, autoescape=True))
        ),
        delete(_package).where(_package.c.device.startswith(mine, autoescape=True)),
        delete(_box).where(_box.c.device.startswith(mine, autoescape=True)),
        delete(at).where(at.c.device.startswith(mine, autoescape=True)),
        delete(sent).where(sent.c.sender.startswith(mine, autoescape=True)),
        delete(pair).where(or_(pair.c.one == person, pair.c.other == person)),
        update(group).where(of_pair).values(one="", other=""),
        # Arrivals are told by their place among all, which must not fall.
        delete(_box).where(_box.c.device == NOBODY),
        insert(_box).values(device=NOBODY, changed=newest, last=0),
    ):
        connection.execute(statement)


def _unfit(register: Register, devices: Iterable[str], now: float) -> Iterator[str]:
    fit: dict[str, frozenset[str]] = {}
    for device in devices:
        person = person_of(device)
        if person not in fit:
            fit[person] = fit_devices(register, person, now)
        if device not in fit[person]:
            yield device
