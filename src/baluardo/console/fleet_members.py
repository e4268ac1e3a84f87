"""The platforms of the fleet's page: sites of the scenario that move, and those of its missions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from baluardo.console.paths_plans import CELLS_RADIUS_KM, terminal_names
from baluardo.fleet.motion.jammed import JammedArea, jam
from baluardo.fleet.motion.voyage import Voyage, bearing_deg
from baluardo.fleet.motion.whereabouts import Whereabouts
from baluardo.fleet.platform import HANDLING, Platform, PlatformKind
from baluardo.scenario.missions import Missions, Sailing
from baluardo.scenario.nation import Nation, Site, SiteKind
from baluardo.scenario.track import Track
from baluardo.terms import Bilingual
from baluardo.twin.paths.near.sky import Cap, slot_times

Floats = npt.NDArray[np.float64]

LEAST_FLYING_M_S = HANDLING[PlatformKind.SHIP].most_speed_m_s
"""What moves faster than a ship flies."""

MARGIN_KM = 100.0
"""Of the region beyond the places where platforms may be."""

_STEP_S = 1.0
"""Over which speeds and headings of now are taken."""

MOST_NAME = 32
"""Letters of a name in addresses and policies."""

_PARTS = 64
"""Places by which a round is known."""


class Now(NamedTuple):
    """Where a platform is, and how it goes: degrees, m/s."""

    lat_deg: float
    lon_deg: float
    heading_deg: float
    speed_m_s: float


class Course(Protocol):
    """Where a platform is at any time. A pure function."""

    def now(self, moment: float) -> Now:
        """Return where it is at a time, POSIX seconds."""

    def whereabouts(self, first_slot: int, slots: int) -> Whereabouts:
        """Return where it is at the start of slots that follow each other."""

    def places(self) -> Iterator[tuple[float, float]]:
        """Yield places (degrees) between which it stays."""


@dataclass(frozen=True, slots=True)
class Patrol:
    """A site's track, followed for ever."""

    track: Track
    height_m: float

    def now(self, moment: float) -> Now:
        """Return where it is at a time, POSIX seconds."""
        here, there = self.track.position_at(moment), self.track.position_at(moment + _STEP_S)
        ends = (np.array([x]) for x in (*here, *there))
        return Now(*here, float(bearing_deg(*ends)[0]), self.track.speed_m_s)

    def whereabouts(self, first_slot: int, slots: int) -> Whereabouts:
        """Return where it is at the start of slots that follow each other."""
        times = slot_times(first_slot, slots)
        now, soon = (
            np.array([self.track.position_at(t + later) for t in times.tolist()]).T
            for later in (0.0, _STEP_S)
        )
        return Whereabouts(
            lat_deg=now[0],
            lon_deg=now[1],
            height_m=np.full(slots, self.height_m),
            heading_deg=bearing_deg(now[0], now[1], soon[0], soon[1]),
            fix=np.ones(slots, dtype=np.bool_),
        )

    def places(self) -> Iterator[tuple[float, float]]:
        """Yield places of a whole round."""
        for share in np.linspace(0.0, 1.0, _PARTS, endpoint=False).tolist():
            yield self.track.position_at(share * self.track.round_s)


@dataclass(frozen=True, slots=True, eq=False)
class Mission:
    """A mission's voyage; one that names no time goes round and round."""

    voyage: Voyage
    again: bool
    jammed: tuple[JammedArea, ...] = ()

    @classmethod
    def of(cls, sailing: Sailing, begin: float, jammed: tuple[JammedArea, ...] = ()) -> Mission:
        """Return a sailing's course; one without a time begins at `begin`, POSIX seconds."""
        voyage = sailing.voyage(begin)
        again = sailing.start is None and len(voyage.way_points) > 1
        if again:
            # Back to the first as fast as it came to the last.
            *_, before, last = voyage.way_points
            speed = last.speed_kn or before.speed_kn
            points = (*voyage.way_points[:-1], replace(last, speed_kn=speed), voyage.way_points[0])
            voyage = Voyage(points, begin)
        return cls(voyage, again and voyage.end > voyage.start, jammed)

    def now(self, moment: float) -> Now:
        """Return where it is at a time, POSIX seconds."""
        at = self._within(np.array([moment]))
        lat, lon, _ = self.voyage.at(at)
        numbers = (lat, lon, self.voyage.heading(at), self.voyage.speed_m_s(at))
        return Now(*(float(each[0]) for each in numbers))

    def whereabouts(self, first_slot: int, slots: int) -> Whereabouts:
        """Return where it is at the start of slots that follow each other."""
        times = self._within(slot_times(first_slot, slots))
        lat, lon, height = self.voyage.at(times)
        fix = np.ones(slots, dtype=np.bool_)
        where = Whereabouts(lat, lon, height, self.voyage.heading(times), fix)
        return jam(where, first_slot, self.jammed)

    def places(self) -> Iterator[tuple[float, float]]:
        """Yield places of the whole voyage."""
        lat, lon, _ = self.voyage.at(np.linspace(self.voyage.start, self.voyage.end, _PARTS))
        yield from zip(lat.tolist(), lon.tolist(), strict=True)

    def _within(self, times: Floats) -> Floats:
        """Return the times of the first round that stand for these."""
        if not self.again:
            return times
        start, lasts = self.voyage.start, self.voyage.end - self.voyage.start
        return np.asarray(start + (times - start) % lasts)


@dataclass(frozen=True, slots=True)
class Member:
    """A platform of the fleet, its names, and where it goes."""

    id: str
    name: Bilingual
    platform: Platform
    course: Course
    mmsi: str | None = None
    """By which reports name it; None where the missions do not say."""


def members(nation: Nation, begin: float) -> tuple[Member, ...]:
    """Return the fleet: sites that move, then the missions' platforms, in their orders.

    A mission of the name of a site is the site's own, and gives it no more than its MMSI: what a
    site does is lived. `begin` is when missions without a time do, POSIX seconds.
    """
    sailings = () if nation.missions is None else nation.missions.sailings
    identities = {short_name(s.platform.name): s.mmsi for s in sailings}
    found = [
        Member(
            site.id,
            site.name,
            platform,
            Patrol(site.track, site.start.height_m),
            identities.get(site.id),
        )
        for site, name in zip(nation.sites, terminal_names(nation.sites), strict=True)
        if (platform := platform_of(site, name)) is not None and site.track is not None
    ]
    if nation.missions is not None:
        sites = {site.id for site in nation.sites}
        found += _of_missions(nation.missions, sites, begin)
    return tuple(found)


def _of_missions(missions: Missions, sites: set[str], begin: float) -> Iterator[Member]:
    taken = set(sites)
    for number, sailing in enumerate(missions.sailings, start=1):
        name = short_name(sailing.platform.name)
        if name in sites:
            continue
        if name in taken:
            name = f"{name[: MOST_NAME - 5]}-{number}"
        taken.add(name)
        course = Mission.of(sailing, begin, missions.jammed)
        yield Member(name, sailing.name, sailing.platform, course, sailing.mmsi)


def short_name(text: str) -> str:
    """Return a platform's name as addresses and policies write it: "patrol-aircraft"."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:MOST_NAME] or "platform"


def platform_of(site: Site, name: str) -> Platform | None:
    """Return the platform that a site of the scenario is; None for one that stays where it is.

    Of what moves the scenario names ships; the rest is told by its speed, and by land nothing of
    ours moves so fast. What a site's mask hides is the ship's own superstructure.
    """
    if site.track is None:
        return None
    kind = PlatformKind.SHIP
    if site.kind is not SiteKind.SHIP:
        if site.track.speed_m_s <= LEAST_FLYING_M_S:
            return None
        rotor = site.track.speed_m_s <= HANDLING[PlatformKind.HELICOPTER].most_speed_m_s
        kind = PlatformKind.HELICOPTER if rotor else PlatformKind.AIRCRAFT
    return Platform(
        name=name,
        kind=kind,
        min_elevation_deg=site.mask.min_elevation_deg,
        gso_avoidance_deg=site.mask.gso_avoidance_deg,
        superstructure=site.mask.obstructions,
        rule=site.rule,
    )


def region_of(nation: Nation, fleet: Sequence[Member]) -> Cap:
    """Return where platforms may be: around the view as far as cells are shown, and all courses."""
    places = [(nation.view.lat_deg, nation.view.lon_deg)]
    for member in fleet:
        places += member.course.places()
    lat, lon = np.array(places).T
    cap = Cap.around(lat, lon, MARGIN_KM)
    return cap if cap.radius_km > CELLS_RADIUS_KM else Cap(*places[0], CELLS_RADIUS_KM)
