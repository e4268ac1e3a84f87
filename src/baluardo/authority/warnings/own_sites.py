"""The country's own sites as a way out: their pages and telephones show what holds.

Nothing is carried here: which warnings hold follows from the database, and the channel door tells
sites of it (`authority.channel_warnings`), also those that come later. The order is there so that
the desk shows this way beside the others.
"""

from __future__ import annotations

from collections.abc import Callable

from baluardo.authority.warnings.settings import SITES
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.way import Order, Receipt
from baluardo.terms import Bilingual


class OwnSites:
    """Takes every order of its channels."""

    def __init__(
        self,
        channels: frozenset[Channel],
        count: Callable[[], int],
        clock: Callable[[], float],
    ) -> None:
        """Take the channels, and what tells how many sites are connected now."""
        self.name = SITES
        self.channels = channels
        self._count, self._clock = count, clock

    async def send(self, order: Order) -> Receipt:  # noqa: ARG002 - the database has it already
        """Return how many sites show it now."""
        connected = self._count()
        return Receipt(
            self.name,
            self._clock(),
            Bilingual(
                it=f"Siti collegati a questa autorità ora: {connected}; gli altri quando tornano.",
                en=f"Sites connected to this authority now: {connected}; others when they return.",
            ),
        )
