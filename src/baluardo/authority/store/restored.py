"""What the first start after a restore does: it says so in the log, and revokes again.

The restore itself leaves a mark in the directory, as it has no keys: what it has dropped, and which
certificates members know to be revoked that the backup does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import delete, update

from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.durable_files import sync_directory, write_durably
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.protocol.dangerous import LEAVING
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.register import Entry, Issued, holder_of
from baluardo.trust.strict_json import JsonObject, write_json

RESTORED: Final = "restored"
"""In the directory from a restore until the first start has said so in the log."""
SKIPPED: Final = 1_000
"""List numbers that a restore leaves free: members may hold lists of the time that was lost."""
NUMBERS_SKIPPED: Final = 1 << 20
"""That are left free in every mailbox: devices may have taken items of the time that was lost."""
LARGEST_MARK: Final = 1 << 26

_HEX: Final = 16
_PERSONS: Final = f"{Kind.PERSON.value}/"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a restore has done, and leaves to the first start."""

    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many open invitations, emergency codes and sessions the restore took away."""
    revoked: Mapping[int, Reason] = field(default_factory=dict)
    """Serials that genuine lists of members name."""

    def write(self, directory: Path) -> None:
        """Write it; TargetError if that cannot be."""
        body = {
            "dropped": dict(self.dropped),
            "revoked": {f"{serial:x}": reason.value for serial, reason in self.revoked.items()},
        }
        write_durably(directory / RESTORED, write_json(body))

    @classmethod
    def read(cls, directory: Path) -> Mark | None:
        """Read it; None where nothing was restored, or it was said. SourceError if damaged."""
        path = directory / RESTORED
        if not path.exists():
            return None
        octets = read_file(path, LARGEST_MARK, "The mark of a restore")
        try:
            fields = JsonObject.parse(octets, LARGEST_MARK, "It")
            fields.only(("dropped", "revoked"))
            dropped, revoked = fields.inner("dropped"), fields.inner("revoked")
            return cls(
                {name: int(dropped.number(name)) for name in dropped.fields},
                {int(each, _HEX): Reason(revoked.text(each, 32)) for each in revoked.fields},
            )
        except (InvalidInputError, ValueError) as problem:
            raise SourceError(
                f"{printable(str(path))} was damaged: {printable(str(problem))} Nothing was "
                "opened. Restore the backup again."
            ) from None


def begin_again(transaction: Transaction, mark: Mark) -> None:
    """Say in the log that time was lost, and revoke what members know to be revoked."""
    register, issuing, now = transaction.register, transaction.issuing, transaction.now
    at_hand = {issuer.key_id for issuer in issuing.issuers}
    held = {
        serial: register.issued[serial]
        for serial in sorted(mark.revoked)
        if serial in register.issued
        and register.issued[serial].issuer in at_hand
        and not register.is_revoked(serial)
    }
    _skip_changes(transaction)
    _close_conversations(transaction)
    facts = {"skipped": SKIPPED, "revoked": len(held), "dropped": dict(mark.dropped)}
    transaction.journal.write(Entry.AUTHORITY_RESTORED, facts, now)
    for reason in sorted({mark.revoked[serial] for serial in held}, key=lambda each: each.value):
        some = [each for serial, each in held.items() if mark.revoked[serial] is reason]
        issuing.revoke([each.serial for each in some], reason, now)
        if reason in LEAVING:
            _bar(transaction, some)


def forget_mark(directory: Path) -> None:
    """Take the mark away, once what it asks for is on the disk."""
    (directory / RESTORED).unlink(missing_ok=True)
    sync_directory(directory)


def _skip_changes(transaction: Transaction) -> None:
    """Let every tunnel card be a change that no edge has seen, also of the time that was lost."""
    table = schema.tunnel_card
    transaction.connection.execute(update(table).values(changed=table.c.changed + SKIPPED))


def _close_conversations(transaction: Transaction) -> None:
    """Let no group of written messages stand: which commits were named meanwhile is lost.

    Its members begin another. Mailboxes go on with numbers that no device has seen.
    """
    pair, box = schema.mail_pair, schema.mail_box
    standing = update(pair).where(pair.c.group_id != "")
    transaction.connection.execute(standing.values(before=pair.c.group_id, group_id=""))
    transaction.connection.execute(update(box).values(last=box.c.last + NUMBERS_SKIPPED))


def _bar(transaction: Transaction, held: list[Issued]) -> None:
    """Let who has left have no passkey either, as when it was revoked first."""
    table, holders = schema.passkey, sorted({holder_of(each.identity) for each in held})
    for name in (each.removeprefix(_PERSONS) for each in holders if each.startswith(_PERSONS)):
        done = transaction.connection.execute(delete(table).where(table.c.person == name))
        if done.rowcount:
            facts = {"count": int(done.rowcount)}
            transaction.log("passkey.removed", facts, personal={"person": name})
