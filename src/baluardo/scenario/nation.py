"""A nation described in one TOML file: its sites, what they may use, and where to look."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from baluardo.errors import ScenarioError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.scenario.bearers import GroundBearer, read_bearers
from baluardo.scenario.missions import Missions, load_missions
from baluardo.scenario.readings import beside, possible, read_name, read_obstruction, read_rule
from baluardo.scenario.table import Table
from baluardo.scenario.track import Track
from baluardo.terms import Bilingual, Mask, Place, Role
from baluardo.twin.sky.landing import LandingRule

T = TypeVar("T")

VERSION = 1
"""Version of the file's format; another one is refused, not guessed at."""

MOST_SITES = 1_000
MOST_BYTES = 4_000_000

IDENTIFIER = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class SiteKind(StrEnum):
    """What stands at a site."""

    MINISTRY = "ministry"
    PREFECTURE = "prefecture"
    EMBASSY = "embassy"
    SHIP = "ship"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class View:
    """What the console looks at when it opens: the middle of the map and a MapLibre zoom."""

    lat_deg: float
    lon_deg: float
    zoom: float


@dataclass(frozen=True, slots=True)
class Site:
    """A place with an edge: an office, a ship, a field hospital."""

    id: str
    name: Bilingual
    kind: SiteKind
    mask: Mask
    rule: LandingRule
    start: Place
    """Where it is; for a platform on the move, where its track begins."""
    track: Track | None = None
    sky_role: Role = Role.PRIMARY
    """Place of the dish in the site's plan of bearers."""
    bearers: tuple[GroundBearer, ...] = ()
    """What it can send by beside the dish."""

    def place_at(self, time: float) -> Place:
        """Return where the site is at a time (POSIX seconds)."""
        if self.track is None:
            return self.start
        lat_deg, lon_deg = self.track.position_at(time)
        return Place(self.start.name, lat_deg, lon_deg, self.start.height_m)


@dataclass(frozen=True, slots=True)
class Nation:
    """A scenario as read: everything in it is possible, or reading has refused it."""

    source: str
    name: Bilingual
    view: View
    catalogue: str
    """Which satellites, as `--catalogue` takes it."""
    sites: tuple[Site, ...]
    missions: Missions | None = None
    """Of platforms that are planned for beside the sites."""


def default_path() -> Path:
    """Return the scenario that is used where none is named: italy.toml, part of the package."""
    return Path(__file__).parent / "data" / "italy.toml"


def load(path: Path) -> Nation:
    """Read a scenario file. SourceError if it cannot be read, ScenarioError if it is not right."""
    content = read_file(path, MOST_BYTES, "The scenario")
    return parse(content, printable(path.name), path.parent)


def parse(content: bytes, source: str, directory: Path | None = None) -> Nation:
    """Read a scenario from its bytes; `source` names it in errors (ScenarioError).

    `directory` is where the files are that it names; None where there are none.
    """
    if len(content) > MOST_BYTES:
        raise ScenarioError(f"{source} is larger than {MOST_BYTES:,} octets.")
    try:
        values = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{source} is not UTF-8 text (octet {error.start}).") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ScenarioError(f"{source} is not TOML: {error}.") from None
    table = Table(values, source)
    version = table.number("version")
    if version != VERSION:
        table.refuse("version", f"is {version:g}; this program reads version {VERSION}")
    sites = tuple(_site(t, directory) for t in table.tables("sites", MOST_SITES))
    if not sites:
        table.refuse("sites", "is missing: a nation needs at least one [[sites]] table")
    seen: set[str] = set()
    for site in sites:
        if site.id in seen:
            table.refuse("sites", f'has the id "{site.id}" twice')
        seen.add(site.id)
    nation = Nation(
        source=source,
        name=read_name(table.table("name")),
        view=_view(table.table("view")),
        catalogue=table.text("catalogue", "shells"),
        sites=sites,
        missions=_missions(table, directory),
    )
    table.done()
    return nation


def _missions(table: Table, directory: Path | None) -> Missions | None:
    if not table.has("missions"):
        return None
    return load_missions(beside(table, "missions", directory))


def _view(table: Table) -> View:
    place = possible(table, lambda: Place("view", table.number("lat_deg"), table.number("lon_deg")))
    zoom = table.number("zoom", 3.0)
    if not 0.0 <= zoom <= 20.0:
        table.refuse("zoom", f"{zoom:g} is not between 0 and 20")
    table.done()
    return View(place.lat_deg, place.lon_deg, zoom)


def _site(table: Table, directory: Path | None) -> Site:
    identifier = table.text("id")
    if not IDENTIFIER.fullmatch(identifier):
        table.refuse(
            "id", f"{quoted(identifier)} may have small letters, digits and inner hyphens only"
        )
    name = read_name(table.table("name"))
    try:
        kind = SiteKind(table.text("kind"))
    except ValueError:
        table.refuse("kind", f"must be one of {', '.join(SiteKind)}")
    height_m = table.number("height_m", 0.0)
    track = _track(table)
    lat_deg, lon_deg = track.position_at(0.0) if track else _fixed_position(table)
    place = possible(table, lambda: Place(name.en, lat_deg, lon_deg, height_m))
    sky_role, bearers = read_bearers(table, directory)
    site = Site(
        id=identifier,
        name=name,
        kind=kind,
        mask=_mask(table.table("mask")),
        rule=read_rule(table.table("landing")),
        start=place,
        track=track,
        sky_role=sky_role,
        bearers=bearers,
    )
    table.done()
    return site


def _fixed_position(table: Table) -> tuple[float, float]:
    return table.number("lat_deg"), table.number("lon_deg")


def _track(table: Table) -> Track | None:
    if not table.has("track"):
        return None
    for key in ("lat_deg", "lon_deg"):
        if table.has(key):
            table.refuse(key, "and a track exclude each other")
    inner = table.table("track")
    waypoints, speed = inner.pairs("waypoints"), inner.number("speed_kn")
    closed = inner.truth("closed", default=True)
    inner.done()
    return possible(inner, lambda: Track(waypoints, speed, closed))


def _mask(table: Table) -> Mask:
    default = Mask()
    obstructions = tuple(read_obstruction(t) for t in table.tables("obstructions", 360))
    least = table.number("min_elevation_deg", default.min_elevation_deg)
    avoidance = table.number("gso_avoidance_deg", default.gso_avoidance_deg)
    table.done()
    return possible(table, lambda: Mask(least, obstructions, avoidance))
