"""What a seat was handed out last: by nothing else does a device say what it keeps.

An edge may bring its browsers other items, or numbers, than those that were handed out for them; a
device that then says honestly that it keeps them would empty its mailbox of what it never saw. It
lives as long as its seat, in memory: where it is lost, the same is brought again.
"""

from __future__ import annotations

from collections.abc import Sequence

from baluardo.authority.mail.refusal import stale
from baluardo.protocol.mail_fields import DIGEST_OCTETS
from baluardo.protocol.mail_items import MailItem, digest_of, name_of


class Handed:
    """The numbers and digests of the items of the last collection."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self._last: tuple[tuple[int, ...], bytes] = ((), b"")

    def note(self, items: Sequence[MailItem]) -> None:
        """Take what is handed out now, in place of what was before."""
        numbers = tuple(each.number for each in items)
        self._last = (numbers, b"".join(map(digest_of, items)))

    def check(self, upto: int, name: str) -> None:
        """Return if a name is that of what was handed out up to a number; MailRefusedError."""
        numbers, digests = self._last
        count = numbers.index(upto) + 1 if upto in numbers else 0
        if not count or name != name_of(digests[: count * DIGEST_OCTETS]):
            raise stale(
                "What the device was brought is not what was handed out for it last: nothing has "
                "left its mailbox. It is brought again."
            )
