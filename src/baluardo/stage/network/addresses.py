"""Which outer address every place of the stage has. Pure.

As the operator does, dishes get addresses of the shared space (RFC 6598, 100.64.0.0/10): nobody
outside reaches them by themselves, and nothing of ours depends on their value.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from baluardo.errors import StageError
from baluardo.scenario.bearers import SKY
from baluardo.scenario.nation import Nation, Site
from baluardo.terms import Place
from baluardo.twin.sky.landing import Ground

OUTSIDE: Final = "100.64.0.0/10"
"""Every address of the stage."""
EXCHANGE: Final = "exchange"
"""Port where networks meet, and where the authority is."""
EXCHANGE_ADDRESS: Final = "100.127.255.1"
MOST_SITES: Final = 200
_LANDINGS: Final = "100.127.1"


@dataclass(frozen=True, slots=True)
class Terminal:
    """One bearer of one site, as a port of the wire."""

    site: str
    bearer: str
    address: str

    @property
    def port(self) -> str:
        """Its name on the wire."""
        return f"{self.site}.{self.bearer}"

    @property
    def device(self) -> str:
        """Its interface at the site."""
        return f"{self.bearer}0"


@dataclass(frozen=True, slots=True)
class Landing:
    """A point of presence, as a port of the wire."""

    name: str
    """As the twin calls it."""
    address: str
    country: str
    place: Place

    @property
    def port(self) -> str:
        """Its name on the wire."""
        return "landing." + self.name.lower().replace(" ", "-")


class Plan:
    """Every port there is, with its address."""

    def __init__(self, nation: Nation, ground: Ground) -> None:
        """Give addresses in the order of the scenario; StageError for more sites than fit."""
        if len(nation.sites) > MOST_SITES:
            raise StageError(f"The stage has room for {MOST_SITES} sites, not {len(nation.sites)}.")
        self.sites = nation.sites
        self.landings = tuple(
            Landing(point.place.name, f"{_LANDINGS}.{number}", point.country, point.place)
            for number, point in enumerate(ground.points_of_presence, 1)
        )

    @cached_property
    def terminals(self) -> tuple[Terminal, ...]:
        """Every bearer of every site."""
        return tuple(each for site in self.sites for each in self.of(site))

    @cached_property
    def ports(self) -> tuple[str, ...]:
        """The name of every port of the wire."""
        terminals = tuple(each.port for each in self.terminals)
        return (*terminals, *(each.port for each in self.landings), EXCHANGE)

    def of(self, site: Site) -> tuple[Terminal, ...]:
        """Return the terminals of a site in the order of its plan: the first that works is used."""
        number = 10 + self.sites.index(site)
        names = [SKY, *(each.name for each in site.bearers)]
        roles = dict(
            zip(names, [site.sky_role, *(each.role for each in site.bearers)], strict=True)
        )
        order = list(type(site.sky_role))
        return tuple(
            Terminal(site.id, name, f"100.{64 + names.index(name)}.0.{number}")
            for name in sorted(names, key=lambda each: order.index(roles[each]))
        )

    def sky(self, site: Site) -> Terminal:
        """Return a site's dish."""
        return next(each for each in self.of(site) if each.bearer == SKY)
