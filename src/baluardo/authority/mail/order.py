"""The order of commits: for each epoch of a group the first that arrives is named, and no other.

That is decided, written down with the signed notice, and delivered in one transaction, of which the
whole country has one at a time.
"""

from __future__ import annotations

from enum import Enum

from sqlalchemy import Connection, delete, insert, select, update

from baluardo.authority.mail.boxes import deliver, lasting, milliseconds
from baluardo.authority.mail.conversations import group_of
from baluardo.authority.mail.limits import EPOCHS_KEPT
from baluardo.authority.mail.parts import Part
from baluardo.authority.mail.refusal import malformed, stale, unknown
from baluardo.authority.mail.seats import Seat, check_seat
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.calls.bodies import person_of
from baluardo.protocol.mail_answers import Ordered
from baluardo.protocol.mail_items import ItemKind
from baluardo.protocol.mail_notice import MailNotice
from baluardo.protocol.mail_requests import Commit
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.digest import digest_256

_order, _group = schema.mail_order, schema.mail_group


class Word(Enum):
    """What the orderer says to a commit."""

    NAMED = "it is the first for its epoch"
    AGAIN = "it was named before"
    STALE = "another one ended this epoch, or the epoch has not come"


def word_for(epoch: int, commit: str, standing: int, named: str | None) -> Word:
    """Return the orderer's word for a commit that is to end an epoch. Pure.

    `standing` is the epoch that the next commit ends, `named` what ended the commit's own epoch, if
    that is known.
    """
    if epoch == standing:
        return Word.NAMED
    if epoch < standing and named == commit:
        return Word.AGAIN
    return Word.STALE


def commit(
    transaction: Transaction, seat: Seat, request: Commit, credential: Credential
) -> Ordered:
    """Name a commit and deliver it, or say again what was said; MailRefusedError if it is too late.

    `credential` is the orderer's.
    """
    connection, register, now = transaction.connection, transaction.register, transaction.now
    check_seat(connection, register, seat, now)
    if seat.device in request.to or seat.device in request.added:
        raise malformed("A device sends nothing to itself.")
    group = group_of(connection, seat, request.group)
    check_members((*request.to, *request.added), {str(group.one), str(group.other)})
    name = digest_256(request.octets).hex()
    known = _named(connection, request.group, request.epoch)
    word = word_for(request.epoch, name, int(group.epoch), None if known is None else known[0])
    if word is Word.AGAIN and known is not None:
        return Ordered(lasting(known[1], credential, now))
    if word is not Word.NAMED:
        raise stale(
            f"Epoch {request.epoch} of this conversation is not the one that stands: nothing was "
            "sent. Take what the post brings, then make the change again."
        )
    notice = MailNotice(
        request.group, request.epoch, name, credential.identity.uri, milliseconds(now)
    ).sign(credential)
    octets = notice.to_json()
    parts = [Part(each, ItemKind.COMMIT, request.octets, octets) for each in request.to]
    parts += [Part(each, ItemKind.WELCOME, request.welcome) for each in request.added]
    deliver(transaction, seat, request.group, parts)
    _write(connection, request, name, octets)
    return Ordered(notice)


def check_members(devices: tuple[str, ...], people: set[str]) -> None:
    """Refuse devices of others than a conversation's two people; MailRefusedError."""
    if not {person_of(each) for each in devices} <= people:
        raise unknown("There is no such conversation with these devices: nothing was done.")


def _named(connection: Connection, group: str, epoch: int) -> tuple[str, bytes] | None:
    row = connection.execute(
        select(_order).where(_order.c.group_id == group, _order.c.epoch == epoch)
    ).first()
    return None if row is None else (str(row.digest), bytes(row.notice))


def _write(connection: Connection, request: Commit, name: str, notice: bytes) -> None:
    group, epoch = request.group, request.epoch
    connection.execute(
        insert(_order).values(group_id=group, epoch=epoch, digest=name, notice=notice)
    )
    connection.execute(update(_group).where(_group.c.group_id == group).values(epoch=epoch + 1))
    old = (_order.c.group_id == group, _order.c.epoch <= epoch - EPOCHS_KEPT)
    connection.execute(delete(_order).where(*old))
