"""Who the peers are, as Python keeps it; the loop gets tables made from this."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import numpy as np

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.counts import Endpoint, PeerTags
from baluardo.network.bearers.engine_state import State
from baluardo.network.bearers.networks import Network, ranges

TAG_BITS = 32


class PeerTable:
    """Peers by their index: sockets, tags and networks."""

    def __init__(self, most: int, lanes: int) -> None:
        """Know nobody."""
        self._most = most
        self._lanes = lanes
        self.sockets: dict[int, tuple[socket.socket | None, ...]] = {}
        self.tags: dict[int, PeerTags] = {}
        self._networks: dict[int, tuple[Network, ...]] = {}

    def check(
        self,
        index: int,
        tags: PeerTags,
        sockets: Sequence[socket.socket | None],
        endpoints: Sequence[Endpoint | None],
    ) -> None:
        """Refuse what cannot be a peer with a sentence."""
        if not 0 <= index < self._most:
            raise InvalidInputError(f"Peer {index} is not between 0 and {self._most - 1}.")
        if len(sockets) != self._lanes or len(endpoints) != self._lanes:
            raise InvalidInputError(
                f"Peer {index}: {len(sockets)} sockets and {len(endpoints)} endpoints were given; "
                f"there are {self._lanes} lanes."
            )
        for each in sockets:
            if each is not None and each.type != socket.SOCK_DGRAM:
                raise InvalidInputError(f"Peer {index}: a lane's socket is not a UDP socket.")
        self.check_tags(index, tags)

    def check_known(self, index: int) -> None:
        """Refuse who is no peer."""
        if index not in self.sockets:
            raise InvalidInputError(f"There is no peer {index}: set it first.")

    def check_tags(self, index: int, tags: PeerTags) -> None:
        """Refuse tags that are no tags, or another peer's."""
        for tag in (tags.sent, *tags.accepted):
            if not 0 <= tag < 1 << TAG_BITS:
                raise InvalidInputError(f"Peer {index}: a tag has {TAG_BITS} bits, {tag} more.")
        for other, theirs in self.tags.items():
            if other != index and set(theirs.accepted) & set(tags.accepted):
                raise InvalidInputError(
                    f"Peer {index} would send with a tag that names peer {other} already; nothing "
                    "was changed. Agree on another one."
                )

    def sockets_not_in(
        self, index: int, sockets: Sequence[socket.socket | None]
    ) -> list[socket.socket]:
        """Return the sockets of a peer that are not among these."""
        return [
            old
            for old in self.sockets.get(index, ())
            if old is not None and not any(old is each for each in sockets)
        ]

    def set_networks(self, index: int, networks: Sequence[Network]) -> None:
        """Replace a peer's networks; InvalidInputError where another has the same."""
        for other, theirs in self._networks.items():
            both = set(theirs) & set(networks) if other != index else set()
            if both:
                raise InvalidInputError(
                    f"{min(map(str, both))} is peer {other}'s already and cannot be peer {index}'s "
                    "too. The networks stay as they were."
                )
        self._networks[index] = tuple(networks)

    def forget(self, index: int) -> list[socket.socket]:
        """Know a peer no more; return its sockets, which are for the caller to close."""
        old = self.sockets_not_in(index, ())
        self.sockets.pop(index, None)
        self.tags.pop(index, None)
        self._networks.pop(index, None)
        return old

    def into(self, state: State) -> State:
        """Return the state with tables of these tags and networks."""
        tagged = sorted((tag, index) for index, tags in self.tags.items() for tag in tags.accepted)
        return state._replace(
            tags=np.array([tag for tag, _ in tagged], dtype=np.int64),
            tag_owner=np.array([index for _, index in tagged], dtype=np.int64),
            ranges4=ranges(self._networks, 4),
            ranges6=ranges(self._networks, 6),
        )
