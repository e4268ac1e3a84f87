"""The sky of a proof at sea: platforms under way on their missions, and a clock that can leap.

It is planned slot by slot by the twin's own planner, and knows nothing of the contact plans that
are held against it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from baluardo.fleet.contacts.making import Mission
from baluardo.fleet.motion.seaway import mask_of
from baluardo.scenario.nation import Nation
from baluardo.stage.prove.proving_sky import ProvingSky
from baluardo.terms import SLOT_SECONDS, Place
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.sky.catalogue import Catalogue

PLACES_APART = 40
"""Slots between the places by which the users around a voyage are gathered: ten minutes."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A site that is a platform, and the sea that it is in."""

    mission: Mission
    sea_state: int = 0


class MissionSky(ProvingSky):
    """Plans what every site gets, those of missions where their missions take them."""

    def __init__(
        self, nation: Nation, catalogue: Catalogue, under_way: Mapping[str, UnderWay]
    ) -> None:
        """`under_way`: by the scenario's identifiers; their platforms' rules are in force."""
        super().__init__(nation, catalogue)
        self._under_way = dict(under_way)
        self.rules |= {name: each.mission.platform.rule for name, each in under_way.items()}

    def leap(self, sky_time: float) -> None:
        """Let it be another time now, POSIX seconds, or less than a slot later.

        Slots go on to begin when those of the machine's clock do, as edges foretell them. Whoever
        feeds the wire has to be told.
        """
        now = time.time()
        ahead = -(-(sky_time - now) // SLOT_SECONDS) * SLOT_SECONDS
        self._offset = now + ahead - time.monotonic()

    def _places(self) -> list[Place]:
        places = [site.start for site in self._nation.sites if site.id not in self._under_way]
        for name, each in self._under_way.items():
            where = each.mission.where
            places += [
                Place(name, float(where.lat_deg[k]), float(where.lon_deg[k]))
                for k in {*range(0, len(where), PLACES_APART), len(where) - 1}
            ]
        return places

    def _terminals(self, slot: int) -> tuple[Terminal, ...]:
        return tuple(
            self._at_sea(site.id, terminal, slot) if site.id in self._under_way else terminal
            for site, terminal in zip(self._nation.sites, super()._terminals(slot), strict=True)
        )

    def _at_sea(self, site: str, terminal: Terminal, slot: int) -> Terminal:
        each = self._under_way[site]
        platform, where = each.mission.platform, each.mission.where
        k = min(max(slot - each.mission.first_slot, 0), len(where) - 1)
        return Terminal(
            name=terminal.name,
            place=Place(
                terminal.name,
                float(where.lat_deg[k]),
                float(where.lon_deg[k]),
                float(where.height_m[k]),
            ),
            mask=mask_of(platform, float(where.heading_deg[k]), each.sea_state),
            rule=self.rules[site],
            dish=platform.dish,
            down_bps=platform.down_bps,
            up_bps=platform.up_bps,
            contract=platform.contract,
            has_fix=bool(where.fix[k]),
        )
