"""From where each certificate is connected: one seen at two places at once may have been copied."""

from __future__ import annotations

from collections import Counter, defaultdict


class Presence:
    """Counts live channels by certificate and address."""

    __slots__ = ("_places",)

    def __init__(self) -> None:
        """Begin with nobody."""
        self._places: defaultdict[bytes, Counter[str]] = defaultdict(Counter)

    def arrive(self, fingerprint: bytes, address: str) -> str | None:
        """Note a channel; return another address the same certificate is at, if there is one.

        Several channels from one address are nothing odd.
        """
        places = self._places[fingerprint]
        other = next((place for place in places if place != address), None)
        places[address] += 1
        return other

    def count(self, fingerprint: bytes) -> int:
        """Return how many live channels a certificate has."""
        places = self._places.get(fingerprint)
        return 0 if places is None else places.total()

    def leave(self, fingerprint: bytes, address: str) -> None:
        """Note that a channel ended."""
        places = self._places.get(fingerprint)
        if places is None:
            return
        places[address] -= 1
        if places[address] <= 0:
            del places[address]
        if not places:
            del self._places[fingerprint]
