"""What calls may take of this site's path: by what its bearer carries now, and will in next slots.

The bearer that traffic takes is paced by what was measured (`network.bearers.rate`). The best of
the last 30 s counts, so that no call ends by a moment's dip: the pacing lowers itself for a round
trip every 10 s, a slot's edge is measured badly, and an outage of two slots ends no call. Where
nothing was told or measured, and while no bearer carries anything, there is no judgement: who has
no path loses calls by their silence. Nor where it is long ago that traffic has filled the path: a
rate that nobody uses stays as low as the last rain has left it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf, isfinite
from typing import Final, NamedTuple

from baluardo.calls.call_rate import SiteRate, call_rate_bps
from baluardo.edge.calls.unforeseen import Unforeseen
from baluardo.edge.tunnels.service import TunnelService
from baluardo.terms import Precedence, slot_at

SHARE: Final = 0.9
"""Of the rate: keys, signalling and roster have the rest. Our choice."""
LOOK_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 30.0
"""As long as a call is kept whose other end is silent (`calls.timers`)."""


class Carried(NamedTuple):
    """What the path carried at one moment."""

    at: float
    """Seconds of the monotonic clock."""
    slot: int | None
    """None where the time was not trusted."""
    bearer: str
    bps: float
    """Infinite where nobody knew."""


class PathRoom:
    """The rule of room for one site (`admission.CapacityRule` is its `capacity`)."""

    def __init__(
        self,
        site: str,
        carries: Callable[[], tuple[str, float | None] | None],
        expects: Callable[[str, int], float | None] = lambda _bearer, _slot: None,
        slot_now: Callable[[], int | None] = lambda: None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a measure.

        carries: the bearer in use, None where none is, and what it carries up, bit/s, None where
        that is not known. expects: what a bearer's forecast says of a slot; None where it says
        nothing, 0 for no passage.
        """
        self._site, self._carries, self._expects = site, carries, expects
        self._slot_now, self._steady = slot_now, steady
        self._seen: deque[Carried] = deque()
        self._unforeseen = Unforeseen("What the path carries for calls")

    @classmethod
    def of_tunnels(cls, tunnels: TunnelService) -> PathRoom:
        """Return the rule of a site with tunnels."""

        def carries() -> tuple[str, float | None] | None:
            run = tunnels.run
            bearer = None if run is None else run.bearers.active
            return None if bearer is None else (bearer, tunnels.known.path_bps(bearer))

        def slot_now() -> int | None:
            now = tunnels.trusted_time()
            return None if now is None else slot_at(now)

        return cls(tunnels.identity.path, carries, tunnels.known.expected_bps, slot_now)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look once a second while inside."""
        looking = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    def look(self) -> None:
        """Take note of what the path carries now."""
        now = self._steady()
        while self._seen and now - self._seen[0].at > KEPT_SECONDS:
            self._seen.popleft()
        carried, slot = None, None
        with self._unforeseen:  # who asks for a call is not to wait for what a look stumbles over
            carried, slot = self._carries(), self._slot_now()
        if carried is None:
            return
        bearer, bps = carried
        if self._seen and self._seen[-1].bearer != bearer:
            self._seen.clear()  # what another bearer gave says nothing of this one
        self._seen.append(Carried(now, slot, bearer, inf if bps is None else bps))

    def capacity(self, site: str, slot: int) -> SiteRate | None:
        """Return what calls may take in a slot, as `admission.CapacityRule` does.

        None for another site, whose own edge judges, and where nothing is known. Nobody measures
        what comes down here: the edge that sends it judges that, and it counts as much as what goes
        up.
        """
        if site != self._site:
            return None
        if not self._seen or self._steady() - self._seen[-1].at >= LOOK_SECONDS:
            self.look()
        if not self._seen:
            return None
        bps = SHARE * max(each.bps * self._ratio(each, slot) for each in self._seen)
        return SiteRate(bps, bps) if isfinite(bps) else None

    def _ratio(self, carried: Carried, slot: int) -> float:
        """Return how much less a slot is expected to give than that in which it was measured.

        Only falls count: a forecast that is wrong by a factor does no harm, and none promises more
        than was measured. A slot in which nothing is expected to pass is passed over, as calls are
        kept through one.
        """
        if carried.slot is None:
            return 1.0
        then = self._expects(carried.bearer, carried.slot)
        expected = self._expects(carried.bearer, slot)
        return min(1.0, expected / then) if then and expected else 1.0

    async def _keep(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)


def call_rate(precedence: Precedence, two_layers: bool) -> float:
    """Return what a call takes in each direction, bit/s: flash and above goes out twice."""
    copies = 2 if precedence >= Precedence.FLASH else 1
    return call_rate_bps(two_layers=two_layers, copies=copies)
