"""A value that hides itself: keys, seeds and passphrases while they pass from hand to hand."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Octets that no log, repr, error, format or pickle shows.

    `reveal()` hands them out where they are used. Equality takes constant time. Python cannot
    promise to wipe memory; docs/limits.md says so.
    """

    __slots__ = ("_octets",)
    __hash__ = None  # type: ignore[assignment]  # a hash table would compare in variable time

    def __init__(self, octets: bytes | bytearray) -> None:
        """Keep a copy of the octets."""
        self._octets = bytes(octets)

    def reveal(self) -> bytes:
        """Return the octets themselves; never store or show what comes back."""
        return self._octets

    def __len__(self) -> int:
        """Return the number of octets."""
        return len(self._octets)

    def __eq__(self, other: object) -> bool:
        """Compare with another Secret in constant time for equal lengths."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._octets, other._octets)

    def __repr__(self) -> str:
        """Tell the length only."""
        return f"<Secret of {len(self._octets)} octets>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Tell the length only, whatever the format."""
        return repr(self)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        raise TypeError("A Secret is not written anywhere by itself.")
