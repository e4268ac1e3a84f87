"""Questions to authenticators: each waits five minutes for its answer and is answered once."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import delete, insert, select

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import SignInError

CHALLENGE_SECONDS: Final = 5 * 60.0

_table: Final = schema.challenge


class Purpose(StrEnum):
    """What an answer is for: it is good for nothing else."""

    SIGN_IN = "sign-in"
    ENROL = "enrol"
    ADD = "add"


def keep_challenge(transaction: Transaction, purpose: Purpose, person: str, octets: bytes) -> str:
    """Keep a question until it is answered, and return its id; `person` is empty for anybody."""
    expired = _table.c.expires <= transaction.now
    transaction.connection.execute(delete(_table).where(expired))
    made = new_id()
    values = {
        "id": made,
        "purpose": purpose.value,
        "person": person,
        "octets": octets,
        "expires": transaction.now + CHALLENGE_SECONDS,
    }
    transaction.connection.execute(insert(_table).values(values))
    return made


def take_challenge(
    transaction: Transaction, challenge_id: str, purpose: Purpose, person: str
) -> bytes | SignInError:
    """Return the question that is being answered, which cannot be answered again.

    Whoever calls this returns the refusal, so that the question stays answered: see `refusal`.
    """
    mine = (_table.c.id == challenge_id) & (_table.c.purpose == purpose.value)
    row = transaction.connection.execute(
        select(_table).where(mine, _table.c.person == person)
    ).first()
    transaction.connection.execute(delete(_table).where(mine))
    if row is None or row.expires <= transaction.now:
        return SignInError(
            "This answer comes too late, or its question was answered before. Begin once more."
        )
    return bytes(row.octets)
