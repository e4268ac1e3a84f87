"""A fleet's missions described in one TOML file: platforms, voyages, markings and flows."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from baluardo.errors import InvalidInputError, ScenarioError
from baluardo.fleet.landing.flows import UNMARKED, Classification, Flow
from baluardo.fleet.motion.circle import Circle
from baluardo.fleet.motion.jammed import JammedArea
from baluardo.fleet.motion.voyage import MOST_WAY_POINTS, Voyage, WayPoint
from baluardo.fleet.pace.bearers import Drill, OtherBearer, PacePlan, Triggers
from baluardo.fleet.pace.run import check
from baluardo.fleet.platform import Platform, PlatformKind
from baluardo.fleet.tracks.reading import read_reports
from baluardo.fleet.tracks.voyages import way_points
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.scenario.bearers import role_of
from baluardo.scenario.readings import beside, possible, read_name, read_obstruction, read_rule
from baluardo.scenario.table import Table
from baluardo.terms import Bilingual, Precedence, Role
from baluardo.twin.paths.claims import COMMERCIAL_MASK
from baluardo.twin.radio.radios import DishKind

T = TypeVar("T")

VERSION = 1
"""Version of the file's format; another one is refused, not guessed at."""

MOST_PLATFORMS = 1_000
MOST_FLOWS = 10_000
MOST_JAMMED = 1_000
MOST_BYTES = 8_000_000
MOST_TRACK_BYTES = 64_000_000

_MMSI = re.compile(r"[0-9]{9}")

_DISHES = {kind.name.lower().replace("_", "-"): kind for kind in DishKind}


@dataclass(frozen=True, slots=True)
class Sailing:
    """A platform and its way points; when it leaves, the file or the plan says."""

    platform: Platform
    way_points: tuple[WayPoint, ...]
    start: float | None
    """POSIX seconds; None: when the plan begins."""
    name: Bilingual
    """As people call it; the file may leave it to the platform's id."""
    pace: PacePlan = field(default_factory=PacePlan)
    mmsi: str | None = None
    """Nine digits by which its reports of AIS name it."""

    def voyage(self, start: float) -> Voyage:
        """Return the voyage in a plan that begins at `start`, POSIX seconds."""
        return Voyage(self.way_points, start if self.start is None else self.start)


@dataclass(frozen=True, slots=True)
class DrillAsked:
    """A drill at some time after a plan begins; seconds."""

    name: str
    platform: str
    after_s: float
    lasts_s: float
    without: frozenset[Role]

    def at(self, start: float) -> Drill:
        """Return the drill in a plan that begins at `start`, POSIX seconds."""
        begin = start + self.after_s
        return Drill(self.name, self.platform, begin, begin + self.lasts_s, self.without)


@dataclass(frozen=True, slots=True)
class Missions:
    """A file as read: everything in it is possible, or reading has refused it."""

    source: str
    sailings: tuple[Sailing, ...]
    flows: tuple[Flow, ...]
    jammed: tuple[JammedArea, ...] = ()
    """Where satellite navigation is jammed; times are of the sky."""
    drills: tuple[DrillAsked, ...] = ()

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
    return parse_missions(content, printable(path.name), path.parent)


def parse_missions(content: bytes, source: str, directory: Path | None = None) -> Missions:
    """Read missions from a file's octets; `source` names it in errors (ScenarioError).

    `directory` is where the tracks are that it names; None where there are none.
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
    markings = {c.name: c for c in map(_marking, table.tables("classifications", 100))}
    sailings = tuple(_sailing(t, directory) for t in table.tables("platforms", MOST_PLATFORMS))
    if not sailings:
        table.refuse("platforms", "is missing: missions need at least one [[platforms]] table")
    names = [s.platform.name for s in sailings]
    for name in names:
        if names.count(name) > 1:
            table.refuse("platforms", f"has the id {quoted(name)} twice")
    identities = [s.mmsi for s in sailings if s.mmsi is not None]
    if len(set(identities)) < len(identities):
        table.refuse("platforms", "has one mmsi twice: each transmitter has its own")
    flows = tuple(_flow(t, names, markings) for t in table.tables("flows", MOST_FLOWS))
    jammed = tuple(map(_jammed, table.tables("jammed", MOST_JAMMED)))
    drills = tuple(_drill(t, sailings) for t in table.tables("drills", 1_000))
    table.done()
    rules = {s.platform.name: s.platform.rule for s in sailings}
    possible(table, lambda: [rules[f.platform].tightened(f.classification.rule) for f in flows])
    return Missions(source, sailings, flows, jammed, drills)


def _marking(table: Table) -> Classification:
    name = table.text("id")
    rule = read_rule(table.table("landing"))
    table.done()
    return Classification(name, rule)


def _sailing(table: Table, directory: Path | None) -> Sailing:
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
    if table.has("track"):
        points = _track(table, kind, directory)
    else:
        points = tuple(_way_point(t) for t in table.tables("way_points", MOST_WAY_POINTS))
    start = table.moment("leaves").timestamp() if table.has("leaves") else None
    told = Bilingual(it=name, en=name)
    if table.has("name"):
        told = read_name(table.table("name"))
    mmsi = table.text("mmsi") if table.has("mmsi") else None
    if mmsi is not None and _MMSI.fullmatch(mmsi) is None:
        table.refuse("mmsi", f"{quoted(mmsi)} has not nine digits")
    sailing = Sailing(platform, points, start, told, _pace(table), mmsi)
    possible(table, lambda: sailing.voyage(0.0))
    table.done()
    return sailing


def _track(table: Table, kind: PlatformKind, directory: Path | None) -> tuple[WayPoint, ...]:
    """Read a log of reports (AIS, GPX, CSV) as a voyage."""
    if table.has("way_points"):
        table.refuse("track", "stands beside way_points: a voyage has one of them")
    path = beside(table, "track", directory)
    of = table.text("track_of") if table.has("track_of") else None
    content = read_file(path, MOST_TRACK_BYTES, "The track")

    def made() -> tuple[WayPoint, ...]:
        heard = read_reports(content, path.stem)
        return way_points((h.position for h in heard if h.position is not None), kind, of)[0]

    return possible(table, made)


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
    rate_bps = table.number("rate_kbps", 64.0) * 1e3
    table.done()
    end = None if to == "ground" else to
    return possible(table, lambda: Flow(name, platform, end, marking, precedence, rate_bps))


def _circle(table: Table) -> Circle:
    return Circle(table.number("lat_deg"), table.number("lon_deg"), table.number("radius_km"))


def _reach(table: Table) -> Circle:
    circle = possible(table, lambda: _circle(table))
    table.done()
    return circle


def _pace(table: Table) -> PacePlan:
    """Read a platform's bearers and its PACE plan."""
    inner = table.table("pace")
    others = tuple(_bearer(t) for t in table.tables("bearers", len(Role) - 1))
    pace = possible(
        inner,
        lambda: PacePlan(
            others,
            role_of(inner, "sky_role", Role.PRIMARY),
            Triggers(
                inner.number("least_up_kbps", 0.0) * 1e3,
                inner.number("most_delay_ms", 10_000.0) / 1e3,
            ),
            inner.number("hold_down_s", 20.0),
        ),
    )
    inner.done()
    return pace


def _bearer(table: Table) -> OtherBearer:
    bearer = possible(
        table,
        lambda: OtherBearer(
            table.text("name"),
            role_of(table, "role", None),
            table.number("delay_ms") / 1e3,
            table.number("up_kbps") * 1e3,
            table.number("down_kbps") * 1e3,
            table.text("country") if table.has("country") else None,
            table.truth("own", default=False),
            tuple(_reach(t) for t in table.tables("reach", 1_000)),
        ),
    )
    table.done()
    return bearer


def _drill(table: Table, sailings: tuple[Sailing, ...]) -> DrillAsked:
    name, platform = table.text("id"), table.text("platform")
    after, lasts = table.number("after_min"), table.number("for_min")
    roles = table.texts("without")
    table.done()
    if platform not in [s.platform.name for s in sailings]:
        table.refuse("platform", f"{quoted(platform)} is no platform here")
    for role in roles:
        if role not in set(Role):
            table.refuse("without", f"{quoted(role)} is none of {', '.join(Role)}")
    drill = DrillAsked(name, platform, after * 60.0, lasts * 60.0, frozenset(map(Role, roles)))
    sailing = next(s for s in sailings if s.platform.name == platform)
    possible(table, lambda: check(sailing.pace, [drill.at(0.0)]))
    return drill


def _jammed(table: Table) -> JammedArea:
    name = table.text("id")
    start = table.moment("from").timestamp() if table.has("from") else -math.inf
    end = table.moment("to").timestamp() if table.has("to") else math.inf
    area = possible(table, lambda: JammedArea(name, _circle(table), start, end))
    table.done()
    return area
