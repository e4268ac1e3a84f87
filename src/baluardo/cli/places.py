"""Places as people type them: a site of the scenario, or latitude and longitude."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass

from baluardo.cli.arguments import parse_latitude, parse_longitude
from baluardo.errors import InvalidInputError
from baluardo.scenario.nation import default_path, load
from baluardo.terms import Mask, Place
from baluardo.twin.sky.landing import LandingRule

_COORDINATE = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*([NSEWnsew]?)\s*")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with what its site allows; a place given by coordinates allows everything."""

    place_at: Callable[[float], Place]
    """Where it is at a time (POSIX seconds): a ship moves."""
    mask: Mask
    rule: LandingRule


def find_spot(text: str) -> Spot:
    """Return the spot that `text` names: a site's id or name, or "LAT,LON".

    Coordinates are degrees, south and west negative or with a letter: "33.87S,151.21E" (a value
    that begins with a minus sign has to stand after `--`). InvalidInputError names what is known.
    """
    if "," in text:
        place = _coordinates(text)
        return Spot(lambda _: place, Mask(), LandingRule())
    nation = load(default_path())
    wanted = text.strip().casefold()
    for site in nation.sites:
        if wanted in (site.id, site.name.en.casefold(), site.name.it.casefold()):
            return Spot(site.place_at, site.mask, site.rule)
    known = ", ".join(site.id for site in nation.sites)
    raise InvalidInputError(
        f"{text!r} is no site of {nation.source} ({known}) and not LAT,LON in degrees."
    )


def _coordinates(text: str) -> Place:
    parts = text.split(",")
    if len(parts) != 2:
        raise InvalidInputError(f"{text!r} is not LAT,LON: two numbers and one comma.")
    try:
        lat_deg = parse_latitude(_signed(parts[0], "NS"))
        lon_deg = parse_longitude(_signed(parts[1], "EW"))
    except argparse.ArgumentTypeError as error:
        raise InvalidInputError(f"{text!r}: {error}") from None
    return Place(text.strip(), lat_deg, lon_deg)


def _signed(part: str, letters: str) -> str:
    match = _COORDINATE.fullmatch(part)
    if match is None or match[2].upper() not in ("", *letters):
        return part  # the caller's number check has the sentence
    return f"-{match[1]}" if match[2].upper() == letters[1] else match[1]


def parse_names(text: str) -> list[str]:
    """Return the names in a comma-separated list; for argparse, a list without any is refused."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError(f'"{text}" names nothing.')
    return names
