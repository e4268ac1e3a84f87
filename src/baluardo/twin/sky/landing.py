"""Where traffic may touch ground: gateways, points of presence, and rules for who may land where.

Landing is *contract*: in the field the operator chooses it, and a customer buys and observes it; in
the twin it can be commanded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.countries import ISO_3166
from baluardo.geo.ellipsoid import places_earth_fixed
from baluardo.terms import Mask, Place

Floats = npt.NDArray[np.float64]

MEAN_EARTH_RADIUS_KM = 6_371.0088
"""IUGG mean radius, for lengths along the ground."""


class Lasers(StrEnum):
    """What a route may do with laser links."""

    ANY = "any"
    REQUIRED = "required"
    """At least one laser hop: the satellite overhead is not the one that lands the traffic."""
    FORBIDDEN = "forbidden"
    """Up and down by one satellite."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A ground station of the operator."""

    place: Place
    country: str
    antennas: int = 8


@dataclass(frozen=True, slots=True)
class PointOfPresence:
    """A place where the operator's network meets the internet."""

    place: Place
    country: str


@dataclass(frozen=True, slots=True)
class LandingOptions:
    """What is not published about gateways and their fibres (FACTS, "Ground")."""

    min_elevation_deg: float = 10.0
    fibre_stretch: float = 1.5
    """Length of the fibre over the great circle between gateway and point of presence."""
    fibre_index: float = 1.468
    """Group index of the glass: how much slower than in vacuum light runs in it."""

    def __post_init__(self) -> None:
        """Refuse impossible options with a sentence that names the field."""
        Mask(min_elevation_deg=self.min_elevation_deg)
        for field in ("fibre_stretch", "fibre_index"):
            if not getattr(self, field) >= 1.0:
                raise InvalidInputError(f"{field} {getattr(self, field)} is not at least 1.")


@dataclass(frozen=True, slots=True)
class LandingRule:
    """What a route from a site may use."""

    gateways: frozenset[str] | None = None
    """Names of the only gateways allowed; None for all."""
    not_in_countries: frozenset[str] = frozenset()
    """Countries (ISO alpha-2) with neither gateway nor point of presence of the route."""
    lasers: Lasers = Lasers.ANY

    def tightened(self, other: LandingRule) -> LandingRule:
        """Return the rule that keeps both: nothing that either forbids is allowed.

        InvalidInputError where one requires laser links and the other forbids them.
        """
        gateways = self.gateways
        if other.gateways is not None:
            gateways = other.gateways if gateways is None else gateways & other.gateways
        wanted = {self.lasers, other.lasers} - {Lasers.ANY}
        if len(wanted) > 1:
            raise InvalidInputError(
                "The site's rule and the one asked for contradict each other: "
                f"laser links are {self.lasers} in the one and {other.lasers} in the other."
            )
        return LandingRule(
            gateways,
            self.not_in_countries | other.not_in_countries,
            wanted.pop() if wanted else Lasers.ANY,
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """All gateways and points of presence that there are."""

    gateways: tuple[Gateway, ...]
    points_of_presence: tuple[PointOfPresence, ...]

    def rule(
        self,
        gateways: Iterable[str] | None = None,
        not_in_countries: Iterable[str] = (),
        lasers: Lasers = Lasers.ANY,
    ) -> LandingRule:
        """Make a rule from what a person typed; an unknown name is refused with those known."""
        known = {g.place.name.casefold(): g.place.name for g in self.gateways}
        names = None
        if gateways is not None:
            names = frozenset(_known(name, known) for name in gateways if name.strip())
            if not names:
                raise InvalidInputError("No gateway is named: nothing could ever land.")
        countries = frozenset(code.strip().upper() for code in not_in_countries if code.strip())
        for code in sorted(countries - ISO_3166):
            raise InvalidInputError(
                f"{code!r} is no country code of ISO 3166; write two letters, such as IT or GB."
            )
        return LandingRule(names, countries, lasers)

    def allowed(self, rule: LandingRule) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return which gateways and which points of presence a rule allows."""
        gateways = [
            g.country not in rule.not_in_countries
            and (rule.gateways is None or g.place.name in rule.gateways)
            for g in self.gateways
        ]
        points = [p.country not in rule.not_in_countries for p in self.points_of_presence]
        return np.array(gateways, dtype=np.bool_), np.array(points, dtype=np.bool_)

    def fibre_km(self, options: LandingOptions) -> Floats:
        """Return fibre lengths, shape (gateways, points of presence), km."""
        ends = [
            places_earth_fixed([x.place for x in group])
            for group in (self.gateways, self.points_of_presence)
        ]
        first, second = (e / np.linalg.norm(e, axis=1, keepdims=True) for e in ends)
        # From the chord, which stays exact where the cosine of a small angle does not.
        chord = np.linalg.norm(first[:, None, :] - second[None, :, :], axis=2)
        angle = 2.0 * np.arcsin(np.clip(chord / 2.0, 0.0, 1.0))
        return np.asarray(angle * MEAN_EARTH_RADIUS_KM * options.fibre_stretch)

    def home_points(
        self, positions: Floats, rule: LandingRule, failed: frozenset[str] = frozenset()
    ) -> npt.NDArray[np.intp]:
        """Return the point of presence of terminals, shape (n,), -1 where none is left.

        positions: shape (n, 3), km, Earth-fixed. The one rule, everywhere: the nearest along the
        great circle of those that the landing rule allows and that have not failed (by name).
        docs/decisions/0007 says why; the operator publishes no rule.
        """
        points = self.points_of_presence
        left = self.allowed(rule)[1] & np.array([p.place.name not in failed for p in points])
        if not left.any():
            return np.full(len(positions), -1, dtype=np.intp)
        ends = places_earth_fixed([p.place for p in points])
        cosine = positions @ (ends / np.linalg.norm(ends, axis=1, keepdims=True)).T
        return np.asarray(np.argmax(np.where(left, cosine, -np.inf), axis=1))


def _known(typed: str, known: dict[str, str]) -> str:
    name = known.get(typed.strip().casefold())
    if name is None:
        raise InvalidInputError(
            f"No gateway is called {typed.strip()!r}. Known: {', '.join(sorted(known.values()))}."
        )
    return name


@cache
def default_ground() -> Ground:
    """Return the gateways and points of presence of data/landing.toml."""
    text = (resources.files(__package__) / "data" / "landing.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)

    def place(entry: dict[str, object]) -> Place:
        lat_deg, lon_deg = entry["position"]  # type: ignore[misc]
        return Place(str(entry["name"]), lat_deg, lon_deg)  # type: ignore[has-type]

    return Ground(
        tuple(Gateway(place(g), g["country"], g.get("antennas", 8)) for g in tables["gateway"]),
        tuple(PointOfPresence(place(p), p["country"]) for p in tables["point_of_presence"]),
    )
