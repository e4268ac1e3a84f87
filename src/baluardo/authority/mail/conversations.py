"""Which group stands for two people: one at a time, and none of them twice.

That no group begins twice keeps its members from having two commits named for one epoch, which
would look as if the authority had lied.
"""

from __future__ import annotations

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from baluardo.authority.mail.limits import MOST_CONVERSATIONS
from baluardo.authority.mail.refusal import full, malformed, stale, unknown
from baluardo.authority.mail.seats import Seat, check_seat, fit_devices
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.protocol.mail_answers import Begun, ConversationTold
from baluardo.protocol.mail_requests import Begin, Conversation

_pair, _group = schema.mail_pair, schema.mail_group

Pair = tuple[str, str]
"""Two people, sorted: `person/anna.rossi`, `person/bruno.neri`."""


def pair_of(person: str, other: str) -> Pair:
    """Return two people as their conversation is kept; MailRefusedError for one alone."""
    if person == other:
        raise malformed("A conversation is between two people.")
    return (person, other) if person < other else (other, person)


def told_conversation(
    connection: Connection, seat: Seat, request: Conversation, orderer: str
) -> ConversationTold:
    """Return which group stands for the asking person and another one."""
    held = _held(connection, pair_of(seat.person, request.other))
    if held is None or not held.group_id:
        return ConversationTold("", 0, orderer)
    epoch = connection.execute(
        select(_group.c.epoch).where(_group.c.group_id == held.group_id)
    ).scalar_one()
    return ConversationTold(held.group_id, int(epoch), orderer)


def begin(transaction: Transaction, seat: Seat, request: Begin, orderer: str) -> Begun:
    """Let a new group stand in the place of the one named; MailRefusedError if that stands no more.

    The one that stands already changes nothing.
    """
    connection, register, now = transaction.connection, transaction.register, transaction.now
    check_seat(connection, register, seat, now)
    pair = pair_of(seat.person, request.other)
    held = _held(connection, pair)
    if held is not None and held.group_id == request.group:
        return Begun(request.group, orderer)
    _check_place(held, request)
    if not fit_devices(register, request.other, now):
        raise unknown(f"There is no {request.other} here.")
    used = select(_group.c.group_id).where(_group.c.group_id == request.group)
    if connection.execute(used).first() is not None:
        raise stale("This group has stood before, and none begins twice: draw another.")
    if held is None:
        for person in pair:
            _check_room(connection, person)
    one, other = pair
    connection.execute(insert(_group).values(group_id=request.group, one=one, other=other, epoch=0))
    values = {"group_id": request.group, "before": ""}
    if held is None:
        connection.execute(insert(_pair).values(one=one, other=other, **values))
    else:
        this = (_pair.c.one == one, _pair.c.other == other)
        connection.execute(update(_pair).where(*this).values(**values))
        order = schema.mail_order
        connection.execute(order.delete().where(order.c.group_id == held.group_id))
    return Begun(request.group, orderer)


def group_of(connection: Connection, seat: Seat, group: str) -> Row[tuple[object, ...]]:
    """Return the row of a group whose conversation is the asking person's.

    MailRefusedError if there is none, in the same words whoever else's it may be, and if another
    group stands for the conversation.
    """
    held = connection.execute(select(_group).where(_group.c.group_id == group)).first()
    if held is None or seat.person not in {held.one, held.other}:
        raise unknown("There is no such conversation: nothing was done.")
    pair = _held(connection, (held.one, held.other))
    if pair is None or pair.group_id != group:
        raise stale("Another group stands for this conversation, or none: ask which.")
    return held


def _held(connection: Connection, pair: Pair) -> Row[tuple[object, ...]] | None:
    this = (_pair.c.one == pair[0], _pair.c.other == pair[1])
    return connection.execute(select(_pair).where(*this)).first()


def _check_place(held: Row[tuple[object, ...]] | None, request: Begin) -> None:
    """Refuse to take the place of a group that does not stand."""
    if held is None or not held.group_id:
        allowed = {"", "" if held is None else held.before}
    else:
        allowed = {held.group_id}
    if request.instead not in allowed:
        raise stale("Another group stands for this conversation, or none: ask which.")


def _check_room(connection: Connection, person: str) -> None:
    count = connection.execute(
        select(func.count())
        .select_from(_pair)
        .where(or_(_pair.c.one == person, _pair.c.other == person))
    ).scalar_one()
    if count >= MOST_CONVERSATIONS:
        raise full(
            f"{person} has {MOST_CONVERSATIONS:,} conversations, which is as many as may be."
        )
