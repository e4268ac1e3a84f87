"""Random octets for those who may not touch a primitive: markers, seeds of tables, test patterns.

Keys are made where they are kept (`wireguard_keys`, `one_time`, `sealing`), never from these.
"""

from __future__ import annotations

from baluardo.errors import InvalidInputError
from baluardo.trust.primitives import hashing

MOST_OCTETS = 1 << 24


def random_octets(octets: int) -> bytes:
    """Return so many octets that nobody can foretell; InvalidInputError for more than 16 MiB."""
    if not 0 <= octets <= MOST_OCTETS:
        raise InvalidInputError(f"{octets} random octets: from 0 to {MOST_OCTETS:,}.")
    return hashing.random_octets(octets)
