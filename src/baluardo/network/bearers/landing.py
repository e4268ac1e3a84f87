"""Where traffic lands in the field: observed, never commanded. A pure judgement.

What counts, by who can make it up: the address from which our authenticated peers see us come
(only who holds that address, or the way to it, can); the round trip to places that are known
(anybody can add delay, nobody can take it away); and who answers on the way (anybody can). The
first shows the landing, the other two contradict. Where the operator translates no addresses there
is no first: then, and for landings whose addresses nobody knows, a trace alone has to show it, and
the verdict says so. What is not shown is not used.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.trace import Trace
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Bilingual, Place

FIBRE_INDEX: Final = 1.468
"""Refractive index of ordinary fibre (ITU-T G.652): light in it is that much slower."""
LOWEST_SATELLITE_KM: Final = 340.0
"""Below the lowest altitude that the catalogue's satellites serve from (360 km, FACTS)."""
LEAST_RADIUS_KM: Final = 6_356.752
"""Of the WGS-84 ellipsoid, at the poles: with it no distance comes out too long."""
EGRESS_SECONDS: Final = 120.0
"""How long the address that a peer saw is news: four probes of an idle bearer."""
TRACE_SECONDS: Final = 120.0
"""How long a trace shows a landing, where nothing else does. Our choice: as long as an address."""
SLOW_SECONDS: Final = 900.0
"""How long a trace or a round trip is news to contradict by. Our choice."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A place where a bearer's traffic reaches the ground, as the community's policy knows it."""

    name: str
    country: str
    place: Place
    networks: tuple[str, ...]
    """Addresses that traffic which lands there comes from, each as `10.1.0.0/16`; none: not known,
    and a trace alone may show the landing."""
    hops: tuple[str, ...] = ()
    """Addresses of its routers that answer traces."""

    def __post_init__(self) -> None:
        """Refuse networks and addresses that are none."""
        for hop in self.hops:
            try:
                ipaddress.ip_address(hop)
            except ValueError:
                raise InvalidInputError(
                    f"Landing {self.name}: {hop} is no address such as 10.1.0.1."
                ) from None
        for network in self.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                raise InvalidInputError(
                    f"Landing {self.name}: {network} is no network such as 10.1.0.0/16."
                ) from None

    def prefix_of(self, address: str) -> int | None:
        """Length of the longest of its networks that holds an address; None if none does."""
        one = ipaddress.ip_address(address)
        lengths = [net.prefixlen for net in map(ipaddress.ip_network, self.networks) if one in net]
        return max(lengths, default=None)


@dataclass(frozen=True, slots=True)
class LandingRule:
    """Landings and countries, by name, where a site's traffic may land; none: anywhere."""

    allowed: frozenset[str] = frozenset()

    def permits(self, landing: Landing) -> bool:
        """Whether traffic may land there."""
        return not self.allowed or landing.name in self.allowed or landing.country in self.allowed


@dataclass(frozen=True, slots=True)
class Egress:
    """The address from which a peer saw us come by a bearer."""

    address: str
    seen_by: str
    at: float


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """The least round trip measured to a place that is known."""

    to: Place
    rtt_s: float
    at: float


@dataclass(frozen=True, slots=True)
class Observations:
    """What was seen of one bearer. Times: seconds of the monotonic clock."""

    egresses: tuple[Egress, ...] = ()
    round_trips: tuple[RoundTrip, ...] = ()
    traces: tuple[Trace, ...] = ()
    site: Place | None = None
    """Where the site is; None: not known, or it moves."""
    by_satellite: bool = True


class Finding(Enum):
    """What observations make of a rule."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether traffic may take a bearer as far as its landing goes, and why."""

    finding: Finding
    landing: str | None
    why: Bilingual

    @property
    def passes(self) -> bool:
        """Whether traffic may go: only where what the rule demands is shown."""
        return self.finding is Finding.SHOWN


def judge_landing(
    rule: LandingRule, landings: Sequence[Landing], seen: Observations, now: float
) -> Verdict:
    """Return whether a bearer lands where the rule permits; what is old is not looked at."""
    if not rule.allowed:
        return _verdict(
            Finding.SHOWN, None, "Nessun approdo è prescritto.", "No landing is demanded."
        )
    told = [each.address for each in seen.egresses if 0.0 <= now - each.at <= EGRESS_SECONDS]
    places = {address: _landing_of(address, landings) for address in told}
    traced = traced_landing(landings, seen, now)
    named = [(place, address) for address, place in places.items() if place is not None]
    if traced is not None:
        named.append((traced.landing, traced.hop))
    for place, address in named:
        if not rule.permits(place):
            return _forbidden(place, address)
    if any(places.values()):
        shown = None if None in places.values() else next(iter(places.values()))
        how = Bilingual("dall'indirizzo che gli altri vedono", "by the address that others see")
    else:
        alone = traced is not None and not traced.landing.networks
        shown = traced.landing if traced is not None and alone and traced.is_news(now) else None
        how = Bilingual(
            "dal solo tracciato, che chi sta sulla via può falsare",
            "by a trace alone, which whoever is on the way can forge",
        )
    if shown is None:
        return _not_shown(landings, places)
    return _contradicted(shown, seen, now) or _verdict(
        Finding.SHOWN,
        shown.name,
        f"Si osserva l'approdo a {shown.name} ({shown.country}), {how.it}.",
        f"It is observed to land at {shown.name} ({shown.country}), {how.en}.",
    )


@dataclass(frozen=True, slots=True)
class Traced:
    """The first landing that is known on a way: what comes behind it is the way on the ground."""

    landing: Landing
    hop: str
    at: float

    def is_news(self, now: float) -> bool:
        """Whether it still tells where traffic lands, and not only where it may have landed."""
        return now - self.at <= TRACE_SECONDS


def traced_landing(landings: Sequence[Landing], seen: Observations, now: float) -> Traced | None:
    """Return where the newest trace that names a landing has found one; None where none does."""
    for way in sorted(seen.traces, key=lambda each: each.at, reverse=True):
        if 0.0 <= now - way.at <= SLOW_SECONDS:
            for hop in way.hops:
                place = None if hop is None else _landing_of_hop(hop, landings)
                if hop is not None and place is not None:
                    return Traced(place, hop, way.at)
    return None


def least_round_trip(landing: Place, to: Place, site: Place | None, by_satellite: bool) -> float:
    """Return seconds below which no round trip from a site to a place can be by a landing.

    Up and down in a straight line over the lowest satellite, then along a fibre without a bend.
    """
    if by_satellite:
        half = 0.0 if site is None else chord_km(site, landing) / 2.0
        first = 2.0 * math.hypot(half, LOWEST_SATELLITE_KM) / SPEED_OF_LIGHT_KM_S
    else:
        first = 0.0 if site is None else _fibre_s(site, landing)
    return 2.0 * (first + _fibre_s(landing, to))


def chord_km(one: Place, other: Place) -> float:
    """Straight distance through the Earth, km, never too long."""
    lat, other_lat = math.radians(one.lat_deg), math.radians(other.lat_deg)
    turn = math.radians(other.lon_deg - one.lon_deg)
    square = (
        math.sin((other_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(other_lat) * math.sin(turn / 2) ** 2
    )
    return 2.0 * LEAST_RADIUS_KM * math.sqrt(min(1.0, square))


def _fibre_s(one: Place, other: Place) -> float:
    """Seconds one way along the ground."""
    angle = 2.0 * math.asin(min(1.0, chord_km(one, other) / (2.0 * LEAST_RADIUS_KM)))
    return angle * LEAST_RADIUS_KM * FIBRE_INDEX / SPEED_OF_LIGHT_KM_S


def _contradicted(landing: Landing, seen: Observations, now: float) -> Verdict | None:
    """Return what a round trip says against a landing that something shows."""
    for each in seen.round_trips:
        least = least_round_trip(landing.place, each.to, seen.site, seen.by_satellite)
        if 0.0 <= now - each.at <= SLOW_SECONDS and each.rtt_s < least:
            ms, bound = f"{each.rtt_s * 1e3:.1f}", f"{least * 1e3:.1f}"
            return _verdict(
                Finding.NOT_SHOWN,
                None,
                f"Si vede l'approdo a {landing.name}, ma {each.to.name} risponde in {ms} ms e la "
                f"luce, passando di là, ne impiega {bound}. Il traffico che lo richiede è fermo.",
                f"What is seen tells of {landing.name}, but {each.to.name} answers in {ms} ms, and "
                f"light by that way takes {bound}. Traffic that demands it is stopped.",
            )
    return None


def _not_shown(landings: Sequence[Landing], places: Mapping[str, Landing | None]) -> Verdict:
    """Return what is missing: an address that tells a landing, or a trace that names one."""
    unknown = next((address for address, place in places.items() if place is None), None)
    if unknown is None:
        it = "da due minuti nessun altro capo dice da quale indirizzo arriviamo"
        en = "for two minutes no other end has told from which address we come"
    else:
        it = f"l'indirizzo {unknown} non è di alcun approdo noto"
        en = f"the address {unknown} is of no known landing"
    if not any(places.values()) and any(not one.networks for one in landings):
        it += ", e nessun tracciato degli ultimi due minuti ne nomina uno"
        en += ", and no trace of the last two minutes names one"
    return _verdict(
        Finding.NOT_SHOWN,
        None,
        f"L'approdo prescritto non è dimostrato: {it}. Il traffico che lo richiede è fermo.",
        f"The landing that is demanded is not shown: {en}. Traffic that demands it is stopped.",
    )


def _landing_of(address: str, landings: Sequence[Landing]) -> Landing | None:
    """Return the landing whose network holds an address most narrowly."""
    fits = [(prefix, one) for one in landings if (prefix := one.prefix_of(address)) is not None]
    return max(fits, key=lambda fit: fit[0], default=(0, None))[1]


def _landing_of_hop(address: str, landings: Sequence[Landing]) -> Landing | None:
    """Return the landing that a router on the way is of."""
    exact = next((one for one in landings if address in one.hops), None)
    return exact or _landing_of(address, landings)


def _forbidden(place: Landing, address: str) -> Verdict:
    return _verdict(
        Finding.FORBIDDEN,
        place.name,
        f"Il traffico passa da {place.name} ({place.country}, {address}), che la regola non "
        "permette: è fermo.",
        f"Traffic passes {place.name} ({place.country}, {address}), which the rule does not "
        "permit: it is stopped.",
    )


def _verdict(finding: Finding, landing: str | None, it: str, en: str) -> Verdict:
    return Verdict(finding, landing, Bilingual(it, en))
