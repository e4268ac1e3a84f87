"""What is known of the site's bearers whoever is at the other end: device, telemetry, rate."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from typing import Final

from baluardo.edge.configuration import Bearer, BearerKind
from baluardo.edge.tunnels.site_bearers import BearerKnown, SiteBearers
from baluardo.errors import LinkError
from baluardo.network.bearers.bearer import Kind
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.bearers.interface import InterfaceState, InterfaceWatch, look, open_socket
from baluardo.network.bearers.rate import RateControl, RateLimits
from baluardo.network.bearers.starlink import DishReader
from baluardo.terms import Bilingual

PORT: Final = 51_820
"""UDP, on every bearer: datagrams between engines."""
SLOWEST_BPS: Final = 64e3
BELOW: Final = 0.95
"""Of what a bearer is said to carry: the queue is to be ours."""

_KINDS: Final = {
    BearerKind.STARLINK: Kind.LOW_ORBIT,
    BearerKind.WIRE: Kind.OTHER,
    BearerKind.INTERFACE: Kind.OTHER,
}
_BY_NAME: Final = {
    "sky": Kind.LOW_ORBIT,
    "fibre": Kind.FIBRE,
    "mobile": Kind.MOBILE,
    "geo": Kind.GEOSTATIONARY,
}
"""A plain interface does not tell what it goes over: its name may."""


class KnownBearers:
    """The bearers of the configuration, in its order, as they are now."""

    def __init__(self, bearers: Sequence[Bearer]) -> None:
        """Look at nothing yet."""
        self._bearers = tuple(bearers)
        self._interfaces: dict[str, InterfaceState] = {}
        self._watch = InterfaceWatch([each.device for each in bearers], self._seen)
        self._dishes = {each.name: DishReader(each.dish) for each in bearers if each.dish}
        self._rates = {each.name: RateControl(_limits(each)) for each in bearers}
        self._running = False
        self.barred: dict[str, Bilingual] = {}
        """Bearers that may not be used now, and why."""

    def start(self) -> None:
        """Watch interfaces and dishes from now on."""
        if not self._running:
            self._running = True
            self._watch.start()
            for dish in self._dishes.values():
                dish.start()

    def close(self) -> None:
        """Stop."""
        if self._running:
            self._watch.close()
            for dish in self._dishes.values():
                dish.close()

    def addresses(self) -> tuple[str, ...]:
        """Return our address on each bearer; LinkError for one that has none."""
        found = []
        for each in self._bearers:
            address = each.address or next(iter(look(each.device).addresses), "")
            if not address:
                raise LinkError(
                    f"The bearer {each.name} has no address on {each.device}. Give the interface "
                    "one, or name it in the configuration."
                )
            found.append(address)
        return tuple(found)

    def open_sockets(self) -> list[socket.socket]:
        """Return a UDP socket on each bearer, bound to its device; StageError where that fails."""
        opened: list[socket.socket] = []
        try:
            for each, address in zip(self._bearers, self.addresses(), strict=True):
                opened.append(open_socket(each.device, address, PORT))
        except BaseException:
            for one in opened:
                one.close()
            raise
        return opened

    def now(self) -> Mapping[str, BearerKnown]:
        """Return what is known of each, by name."""
        now = time.monotonic()
        return {each.name: self._known(each, now) for each in self._bearers}

    def rate_bps(self, name: str) -> float:
        """Return the rate at which a bearer is paced now, bit/s."""
        return self._rates[name].rate_bps(time.monotonic())

    def measure(self, bearers: SiteBearers, engine: SiteEngine) -> None:
        """Pace by what probes and dish tell of the bearer that traffic takes."""
        now, active = time.monotonic(), bearers.active
        if active is None:
            engine.set_rate(0.0)
            return
        control = self._rates[active]
        control.press(any(each.waiting_packets for each in engine.counts().classes), now)
        for each in bearers.take_round_trips(active):
            control.measure(each.rtt_s, each.at)
        dish = self._dishes.get(active)
        if dish is not None:
            control.telemetry(dish.latest(now))
        engine.set_rate(control.rate_bps(now))

    def _known(self, bearer: Bearer, now: float) -> BearerKnown:
        state, dish = self._interfaces.get(bearer.device), self._dishes.get(bearer.name)
        return BearerKnown(
            bearer.name,
            _BY_NAME.get(bearer.name, _KINDS[bearer.kind]),
            None if dish is None else dish.latest(now),
            None if state is None else state.up and state.carrier,
            self.barred.get(bearer.name),
        )

    def _seen(self, state: InterfaceState) -> None:
        """Called in the watch's thread; one assignment."""
        self._interfaces = {**self._interfaces, state.name: state}


def _limits(bearer: Bearer) -> RateLimits:
    if bearer.rate_up_mbps is None:
        return RateLimits()
    ceiling = max(SLOWEST_BPS, bearer.rate_up_mbps * 1e6 * BELOW)
    return RateLimits(SLOWEST_BPS, ceiling, ceiling)
