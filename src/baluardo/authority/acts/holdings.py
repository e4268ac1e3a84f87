"""How much a person may hold: every certificate is an entry of a log that never shrinks."""

from __future__ import annotations

from typing import Final

from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError
from baluardo.trust.identity import Kind

MOST_CERTIFICATES: Final = 32
"""Of one person in force at a time, those replaced by a renewal included."""


def check_certificates(transaction: Transaction, person: str, waiting: int = 0) -> None:
    """Refuse a person one certificate more than the most; ConflictError says so.

    `waiting` are those promised already.
    """
    register, now = transaction.register, transaction.now
    held = sum(
        now <= each.accepted_until and not register.is_revoked(each.serial)
        for each in register.holders.get(f"{Kind.PERSON.value}/{person}", ())
    )
    if held + waiting >= MOST_CERTIFICATES:
        raise ConflictError(
            f"{person} has {held} certificates in force, and {MOST_CERTIFICATES} are the most for "
            "one person. Wait until some end, or let a security officer revoke them."
        )
