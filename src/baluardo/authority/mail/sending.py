"""Messages to devices of a conversation: each is delivered once, however often it is sent."""

from __future__ import annotations

from sqlalchemy import insert, select

from baluardo.authority.mail.boxes import deliver, milliseconds
from baluardo.authority.mail.conversations import group_of
from baluardo.authority.mail.order import check_members
from baluardo.authority.mail.parts import Part
from baluardo.authority.mail.refusal import malformed
from baluardo.authority.mail.seats import Seat, check_seat
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.protocol.mail_answers import Stored
from baluardo.protocol.mail_items import ItemKind
from baluardo.protocol.mail_requests import Send

_sent = schema.mail_sent


def send(transaction: Transaction, seat: Seat, request: Send) -> Stored:
    """Put a message into mailboxes, or say again when that was done; MailRefusedError."""
    connection = transaction.connection
    check_seat(connection, transaction.register, seat, transaction.now)
    if seat.device in request.to:
        raise malformed("A device sends nothing to itself.")
    before = connection.execute(
        select(_sent.c.at).where(_sent.c.sender == seat.device, _sent.c.id == request.id)
    ).scalar_one_or_none()
    if before is not None:
        return Stored(int(before))
    group = group_of(connection, seat, request.group)
    check_members(request.to, {str(group.one), str(group.other)})
    parts = [Part(each, ItemKind.MESSAGE, request.octets) for each in request.to]
    deliver(transaction, seat, request.group, parts)
    at = milliseconds(transaction.now)
    connection.execute(insert(_sent).values(sender=seat.device, id=request.id, at=at))
    return Stored(at)
