"""Sites from a file: a scenario, or a CSV list of name,lat,lon and, if wanted, down,up.

    name,lat,lon,down,up
    Prefettura di Lecce,40.352,18.175,50M,10M
    Capraia,43.05,9.84,,

Degrees north and east; rates are bit/s, with k, M or G if wanted, and an empty one is the one that
the command line names. A site of a scenario brings its mask, its landing rule and its track.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from baluardo.cli.sky.planning import dish_of, parse_rate
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import numbered_lines, printable, quoted, read_file
from baluardo.scenario.nation import MOST_BYTES as MOST_SCENARIO_BYTES
from baluardo.scenario.nation import Nation, SiteKind, parse
from baluardo.terms import Mask, Place
from baluardo.twin.paths.claims import COMMERCIAL_MASK, Terminal
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.landing import LandingRule

MOST_BYTES = 4_000_000
MOST_SITES = 20_000
"""Our choice: a slot of so many takes seconds."""
LONGEST_LINE = 256
LONGEST_NAME = 80

_NUMBER = re.compile(r"[+-]?\d{1,3}(?:\.\d{0,12})?", re.ASCII)
_RATE = re.compile(r"\d{1,11}(?:\.\d{0,9})?[kKmMgG]?", re.ASCII)
_COLUMNS = ("name", "lat", "lon", "down", "up")


@dataclass(frozen=True, slots=True)
class ListedSite:
    """A site of a list: where it is at a time, what it may use, and what it asks for."""

    name: str
    place_at: Callable[[float], Place]
    mask: Mask = COMMERCIAL_MASK
    rule: LandingRule = field(default_factory=LandingRule)
    ship: bool = False
    down_bps: float | None = None
    """None: as the command line says."""
    up_bps: float | None = None

    def terminal(
        self, time: float, dish: DishKind | None, down_bps: float, up_bps: float
    ) -> Terminal:
        """Return the site's terminal at a POSIX time; None is the dish of its kind."""
        return Terminal(
            name=self.name,
            place=self.place_at(time),
            mask=self.mask,
            rule=self.rule,
            dish=dish_of(dish, ship=self.ship),
            down_bps=down_bps if self.down_bps is None else self.down_bps,
            up_bps=up_bps if self.up_bps is None else self.up_bps,
        )


def read_sites(path: Path) -> tuple[ListedSite, ...]:
    """Return the sites of a file: a scenario if its name ends in .toml, else CSV.

    SourceError if it cannot be read, ScenarioError or InvalidInputError if it is not right.
    """
    name = printable(path.name)
    if path.suffix.lower() == ".toml":
        return sites_of(
            parse(read_file(path, MOST_SCENARIO_BYTES, "The scenario"), name, path.parent)
        )
    return parse_sites_csv(read_file(path, MOST_BYTES, "The list of sites"), name)


def sites_of(nation: Nation) -> tuple[ListedSite, ...]:
    """Return the sites of a scenario."""
    return tuple(
        ListedSite(
            site.name.en, site.place_at, site.mask, site.rule, ship=site.kind is SiteKind.SHIP
        )
        for site in nation.sites
    )


def parse_sites_csv(data: bytes, source: str) -> tuple[ListedSite, ...]:
    """Return the sites of a CSV list; `source` is the file's name in sentences.

    InvalidInputError names the line and the field.
    """
    lines = numbered_lines(data, source, most_bytes=MOST_BYTES, longest_line=LONGEST_LINE)
    number, header = next(lines)
    columns = tuple(cell.strip().lower() for cell in header.split(","))
    if columns not in (_COLUMNS[:3], _COLUMNS):
        raise InvalidInputError(
            f"{source}, line {number}: the columns are {quoted(header)} instead of name,lat,lon "
            "or name,lat,lon,down,up."
        )
    found: dict[str, ListedSite] = {}
    for number, line in lines:
        where = f"{source}, line {number}"
        site = _site([cell.strip() for cell in line.split(",")], len(columns), where)
        if site.name in found:
            raise InvalidInputError(f"{where}: name {quoted(site.name)} stands twice.")
        if len(found) == MOST_SITES:
            raise InvalidInputError(f"{where}: more than {MOST_SITES:,} sites.")
        found[site.name] = site
    if not found:
        raise InvalidInputError(f"{source} has no line below its header.")
    return tuple(found.values())


def _site(cells: list[str], columns: int, where: str) -> ListedSite:
    if len(cells) != columns:
        raise InvalidInputError(f"{where}: {len(cells)} columns instead of {columns}.")
    name = cells[0]
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidInputError(
            f"{where}: name {quoted(name)} is not a name of 1 to {LONGEST_NAME} characters."
        )
    place = Place(
        name,
        _degrees(cells[1], "lat", -90.0, 90.0, where),
        _degrees(cells[2], "lon", -180.0, 360.0, where),
    )
    down, up = (
        (_rate(cells[3], "down", where), _rate(cells[4], "up", where))
        if columns == len(_COLUMNS)
        else (None, None)
    )
    return ListedSite(name, lambda _: place, down_bps=down, up_bps=up)


def _degrees(cell: str, field: str, least: float, most: float, where: str) -> float:
    if not _NUMBER.fullmatch(cell):
        raise InvalidInputError(f"{where}: {field} {quoted(cell)} is no number of degrees.")
    value = float(cell)
    if not least <= value <= most:
        raise InvalidInputError(
            f"{where}: {field} {quoted(cell)} is not between {least:g} and {most:g}."
        )
    return value


def _rate(cell: str, field: str, where: str) -> float | None:
    if not cell:
        return None
    try:
        if not _RATE.fullmatch(cell):
            raise argparse.ArgumentTypeError("no rate")
        return parse_rate(cell)
    except argparse.ArgumentTypeError:
        raise InvalidInputError(
            f"{where}: {field} {quoted(cell)} is no rate above 0 and up to 10G; write bit/s, such "
            "as 20M."
        ) from None
