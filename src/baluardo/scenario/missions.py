"""A fleet's missions described in one TOML file: platforms, voyages, markings and flows."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from baluardo.errors import InvalidInputError, ScenarioError
from baluardo.fleet.landing.flows import UNMARKED, Classification, Flow
from baluardo.fleet.motion.jammed import JammedArea
from baluardo.fleet.motion.voyage import MOST_WAY_POINTS, Voyage, WayPoint
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.scenario.readings import possible, read_obstruction, read_rule
from baluardo.scenario.table import Table
from baluardo.terms import Precedence
from baluardo.twin.paths.claims import COMMERCIAL_MASK
from baluardo.twin.radio.radios import DishKind

T = TypeVar("T")

VERSION = 1
"""Version of the file's format; another one is refused, not guessed at."""

MOST_PLATFORMS = 1_000
MOST_FLOWS = 10_000
MOST_JAMMED = 1_000
MOST_BYTES = 8_000_000

_DISHES = {kind.name.lower().replace("_", "-"): kind for kind in DishKind}


@dataclass(frozen=True, slots=True)
class Sailing:
    """A platform and its way points; when it leaves, the file or the plan says."""

    platform: Platform
    way_points: tuple[WayPoint, ...]
    start: float | None
    """POSIX seconds; None: when the plan begins."""

    def voyage(self, start: float) -> Voyage:
        """Return the voyage in a plan that begins at `start`, POSIX seconds."""
        return Voyage(self.way_points, start if self.start is None else self.start)


@dataclass(frozen=True, slots=True)
class Missions:
    """A file as read: everything in it is possible, or reading has refused it."""

    source: str
    sailings: tuple[Sailing, ...]
    flows: tuple[Flow, ...]
    jammed: tuple[JammedArea, ...] = ()
    """Where satellite navigation is jammed; times are of the sky."""

    def sailing(self, name: str) -> Sailing:
        """Return the sailing of a platform; InvalidInputError names those there are."""
        for each in self.sailings:
            if each.platform.name.casefold() == name.strip().casefold():
                return each
        known = ", ".join(s.platform.name for s in self.sailings)
        raise InvalidInputError(f"{self.source} has no platform {quoted(name)}. Known: {known}.")


def default_missions_path() -> Path:
    """Return the missions that are used where none are named: part of the package."""
    return Path(__file__).parent / "data" / "mediterranean.toml"


def load_missions(path: Path) -> Missions:
    """Read a missions file. SourceError if it cannot be read, ScenarioError if it is not right."""
    content = read_file(path, MOST_BYTES, "The missions file")
    return parse_missions(content, printable(path.name))


def parse_missions(content: bytes, source: str) -> Missions:
    """Read missions from a file's octets; `source` names it in errors (ScenarioError)."""
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
    markings = {c.name: c for c in map(_marking, table.tables("classifications", 100))}
    sailings = tuple(_sailing(t) for t in table.tables("platforms", MOST_PLATFORMS))
    if not sailings:
        table.refuse("platforms", "is missing: missions need at least one [[platforms]] table")
    names = [s.platform.name for s in sailings]
    for name in names:
        if names.count(name) > 1:
            table.refuse("platforms", f"has the id {quoted(name)} twice")
    flows = tuple(_flow(t, names, markings) for t in table.tables("flows", MOST_FLOWS))
    jammed = tuple(map(_jammed, table.tables("jammed", MOST_JAMMED)))
    table.done()
    rules = {s.platform.name: s.platform.rule for s in sailings}
    possible(table, lambda: [rules[f.platform].tightened(f.classification.rule) for f in flows])
    return Missions(source, sailings, flows, jammed)


def _marking(table: Table) -> Classification:
    name = table.text("id")
    rule = read_rule(table.table("landing"))
    table.done()
    return Classification(name, rule)


def _sailing(table: Table) -> Sailing:
    name = table.text("id")
    try:
        kind = PlatformKind(table.text("kind"))
    except ValueError:
        table.refuse("kind", f"must be one of {', '.join(PlatformKind)}")
    dish = table.text("dish", "maritime")
    if dish not in _DISHES:
        table.refuse("dish", f"must be one of {', '.join(sorted(_DISHES))}")
    mask = table.table("mask")
    platform = possible(
        table,
        lambda: Platform(
            name=name,
            kind=kind,
            dish=_DISHES[dish],
            min_elevation_deg=mask.number("min_elevation_deg", COMMERCIAL_MASK.min_elevation_deg),
            gso_avoidance_deg=mask.number("gso_avoidance_deg", COMMERCIAL_MASK.gso_avoidance_deg),
            superstructure=tuple(read_obstruction(t) for t in mask.tables("superstructure", 360)),
            rule=read_rule(table.table("landing")),
            down_bps=table.number("down_mbps", 20.0) * 1e6,
            up_bps=table.number("up_mbps", 4.0) * 1e6,
            contract=table.truth("contract", default=True),
        ),
    )
    mask.done()
    points = tuple(_way_point(t) for t in table.tables("way_points", MOST_WAY_POINTS))
    start = table.moment("leaves").timestamp() if table.has("leaves") else None
    sailing = Sailing(platform, points, start)
    possible(table, lambda: sailing.voyage(0.0))
    table.done()
    return sailing


def _way_point(table: Table) -> WayPoint:
    lat_deg, lon_deg = table.number("lat_deg"), table.number("lon_deg")
    height_m, speed_kn = table.number("height_m", 0.0), table.number("speed_kn", 0.0)
    stay_s = table.number("stay_min", 0.0) * 60.0
    table.done()
    return possible(table, lambda: WayPoint(lat_deg, lon_deg, height_m, speed_kn, stay_s))


def _flow(table: Table, platforms: list[str], markings: dict[str, Classification]) -> Flow:
    name, platform = table.text("id"), table.text("from")
    to = table.text("to", "ground")
    for end in (platform, *(() if to == "ground" else (to,))):
        if end not in platforms:
            table.refuse("from" if end == platform else "to", f"{quoted(end)} is no platform here")
    marking = UNMARKED
    if table.has("classification"):
        wanted = table.text("classification")
        if wanted not in markings:
            known = ", ".join(markings) or "none"
            table.refuse("classification", f"{quoted(wanted)} is not declared (known: {known})")
        marking = markings[wanted]
    precedence = possible(table, lambda: Precedence.of(table.text("precedence", "routine")))
    table.done()
    return possible(
        table, lambda: Flow(name, platform, None if to == "ground" else to, marking, precedence)
    )


def _jammed(table: Table) -> JammedArea:
    name = table.text("id")
    start = table.moment("from").timestamp() if table.has("from") else -math.inf
    end = table.moment("to").timestamp() if table.has("to") else math.inf
    area = possible(
        table,
        lambda: JammedArea(
            name,
            table.number("lat_deg"),
            table.number("lon_deg"),
            table.number("radius_km"),
            start,
            end,
        ),
    )
    table.done()
    return area
