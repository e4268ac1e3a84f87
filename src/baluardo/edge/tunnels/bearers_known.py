"""What is known of the site's bearers whoever is at the other end: device, telemetry, rate."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from baluardo.edge.configuration import Bearer, BearerKind
from baluardo.edge.tunnels.neighbour import BearerKnown
from baluardo.edge.tunnels.serving_satellite import ServingFile
from baluardo.edge.tunnels.site_bearers import SiteBearers
from baluardo.errors import LinkError
from baluardo.network.bearers.bearer import Kind, is_slot_edge
from baluardo.network.bearers.engine import SiteEngine
from baluardo.network.bearers.forecast import ForecastFile
from baluardo.network.bearers.interface import InterfaceState, InterfaceWatch, look, open_socket
from baluardo.network.bearers.probes import Answered
from baluardo.network.bearers.queue_delay import QueueDelay
from baluardo.network.bearers.rate import TARGET_SECONDS, RateControl
from baluardo.network.bearers.rate_limits import RateLimits
from baluardo.network.bearers.starlink import DishReader
from baluardo.terms import Bilingual

PORT: Final = 51_820
"""UDP, on every bearer: datagrams between engines."""
SLOWEST_BPS: Final = 64e3
LEAST_SHARE: Final = 0.1
"""Of what a bearer is said to carry, whatever is measured: delays may be of this machine's making,
and then a lower rate mends nothing. Our choice."""
BELOW: Final = 0.98
"""Of what a bearer is said to carry, once probes have theirs: the queue is to be ours."""
PROBES_BPS: Final = 52e3
"""Of a neighbour's probes and answers under traffic, which pass the queues (`probes`)."""
USED_SHARE: Final = 0.25
"""Of the rate: who sends less than this has not made the queue that is measured."""
STALE_SECONDS: Final = 1.0
"""Round trips that are older, as of a bearer that was not the active one, tell its least delay
alone: who made a queue then is not known."""
PATIENCE: Final = 5
"""Round trips in a row before one is believed: a busy machine delays some of them by itself."""

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


@dataclass(frozen=True, slots=True)
class Usable:
    """A bearer, and our address on it."""

    bearer: Bearer
    address: str

    def open_socket(self) -> socket.socket:
        """Return a UDP socket that is bound to its device; StageError where that fails."""
        return open_socket(self.bearer.device, self.address, PORT)


class KnownBearers:
    """The bearers of the configuration, in its order, as they are now."""

    def __init__(self, bearers: Sequence[Bearer]) -> None:
        """Look at nothing yet."""
        self._bearers = tuple(bearers)
        self._interfaces: dict[str, InterfaceState] = {}
        self._watch = InterfaceWatch([each.device for each in bearers], self._seen)
        self._dishes = {each.name: DishReader(each.dish) for each in bearers if each.dish}
        self.forecasts = {e.name: ForecastFile(e.forecast) for e in bearers if e.forecast}
        """Of the bearers that have one, by name."""
        self.satellites = {e.name: ServingFile(e.satellite) for e in bearers if e.satellite}
        """Likewise: what tells which satellite serves them."""
        self._rates = {each.name: RateControl(_limits(each), PATIENCE) for each in bearers}
        self._kinds = {e.name: _BY_NAME.get(e.name, _KINDS[e.kind]) for e in bearers}
        self._queues = {each.name: QueueDelay() for each in bearers}
        self._sent: dict[str, tuple[float, int]] = {}
        """When it was looked last at what had been sent by a bearer, and how many octets it was."""
        self._running = False
        self.barred: dict[str, Bilingual] = {}
        """Bearers that may not be used now, and why."""

    def start(self) -> None:
        """Watch interfaces, dishes and forecasts from now on."""
        if not self._running:
            self._running = True
            self._watch.start()
            for dish in self._dishes.values():
                dish.start()
            for forecast in self.forecasts.values():
                forecast.start()

    def close(self) -> None:
        """Stop."""
        if self._running:
            self._watch.close()
            for dish in self._dishes.values():
                dish.close()
            for forecast in self.forecasts.values():
                forecast.close()

    def usable(self) -> tuple[Usable, ...]:
        """Return the bearers that have an address now, in order; LinkError if none has."""
        found = tuple(
            Usable(each, address) for each in self._bearers if (address := _address(each))
        )
        if not found:
            names = ", ".join(f"{each.name} ({each.device})" for each in self._bearers)
            raise LinkError(
                f"None of the bearers has an address: {names}. Give an interface one, or name it "
                "in the configuration."
            )
        return found

    def has_more_than(self, used: Sequence[Usable]) -> bool:
        """Tell whether a bearer has come, or has another address; one that went is just dead."""
        known = {each.bearer.name: each.address for each in used}
        now = {each.name: _address(each) for each in self._bearers}
        return any(address and known.get(name) != address for name, address in now.items())

    def now(self) -> Mapping[str, BearerKnown]:
        """Return what is known of each, by name."""
        now = time.monotonic()
        return {each.name: self._known(each, now) for each in self._bearers}

    def is_low_orbit(self, name: str) -> bool:
        """Whether a bearer goes over low satellites, as far as this edge knows."""
        return self._kinds[name] is Kind.LOW_ORBIT

    def rate_bps(self, name: str) -> float:
        """Return the rate at which a bearer is paced now, bit/s."""
        return self._rates[name].rate_bps(time.monotonic())

    def path_bps(self, name: str) -> float | None:
        """Return what a bearer carries as far as that is known now, bit/s; None where it is not.

        What was measured lately counts, and else what it was told (`RateControl.path_bps`).
        """
        told = {each.name: each for each in self._bearers if each.rate_up_mbps is not None}
        told_bps = _limits(told[name]).ceiling_bps if name in told else None
        return self._rates[name].path_bps(time.monotonic(), told_bps)

    def expected_bps(self, name: str, slot: int) -> float | None:
        """Return what a bearer's forecast says of a slot, bit/s; None where it says nothing."""
        file = self.forecasts.get(name)
        return None if file is None or file.latest is None else file.latest.of_slot(slot)

    def measure(self, bearers: SiteBearers, engine: SiteEngine, slot_clock: float | None) -> None:
        """Pace by what probes, dish and forecast tell of the bearer that traffic takes.

        `slot_clock`: POSIX seconds less those of the monotonic clock, None where not trusted:
        then no forecast is used.
        """
        now, active = time.monotonic(), bearers.active
        if active is None:
            engine.set_rate(0.0)
            return
        control = self._rates[active]
        control.press(engine.is_pressed(), now)
        queue, sent = self._queues[active], engine.sent_octets(bearers.number(active))
        is_used: bool | None = None
        for each in bearers.take_round_trips(active):
            if self._is_disturbed(active, each, slot_clock):
                queue.disturb()
                control.measure(each.rtt_s, each.at, True)
                continue
            shown = queue.take((each.peer, each.peer_bearer), each.rtt_s, each.at)
            if shown is None:
                continue
            if is_used is None:
                is_used = self._is_used(active, sent, now)
            is_ours = is_used and now - each.at <= STALE_SECONDS
            if is_ours or shown.queue_s < TARGET_SECONDS:
                control.measure(shown.rtt_s, each.at, shown.is_anew)
        dish = self._dishes.get(active)
        if dish is not None:
            control.telemetry(dish.latest(now))
        if active in self.forecasts:
            control.forecast(self._expected(active, slot_clock, now), now)
        engine.set_rate(control.rate_bps(now))

    def _expected(self, bearer: str, slot_clock: float | None, now: float) -> float | None:
        """Return what is expected of a bearer soon, bit/s; None where nothing is known."""
        forecast = self.forecasts[bearer].latest
        if forecast is None or slot_clock is None:
            return None
        return forecast.soon_bps(now + slot_clock)

    def _is_used(self, bearer: str, octets: int, now: float) -> bool:
        """Whether a queue on a bearer may be ours, by what was sent since the last time."""
        at, before = self._sent.get(bearer, (now, octets))
        self._sent[bearer] = now, octets
        if now <= at:
            return False
        return 8 * (octets - before) / (now - at) > USED_SHARE * self._rates[bearer].rate_bps(now)

    def _is_disturbed(self, bearer: str, trip: Answered, slot_clock: float | None) -> bool:
        """Whether a round trip met the edge of a slot."""
        if slot_clock is None or self._kinds[bearer] is not Kind.LOW_ORBIT:
            return False
        back = trip.at + slot_clock
        return is_slot_edge(back) or is_slot_edge(back - trip.rtt_s)

    def _known(self, bearer: Bearer, now: float) -> BearerKnown:
        state, dish = self._interfaces.get(bearer.device), self._dishes.get(bearer.name)
        return BearerKnown(
            bearer.name,
            self._kinds[bearer.name],
            None if dish is None else dish.latest(now),
            None if state is None else state.up and state.carrier,
            self.barred.get(bearer.name),
        )

    def _seen(self, state: InterfaceState) -> None:
        """Called in the watch's thread; one assignment."""
        self._interfaces = {**self._interfaces, state.name: state}


def _address(bearer: Bearer) -> str:
    """Return our address on a bearer as it is now; empty where there is none."""
    held = look(bearer.device).addresses
    if bearer.address:
        return bearer.address if bearer.address in held else ""
    return next(iter(held), "")


def _limits(bearer: Bearer) -> RateLimits:
    if bearer.rate_up_mbps is None:
        return RateLimits()
    ceiling = max(SLOWEST_BPS, bearer.rate_up_mbps * 1e6 * BELOW - PROBES_BPS)
    return RateLimits(max(SLOWEST_BPS, LEAST_SHARE * ceiling), ceiling, ceiling)
