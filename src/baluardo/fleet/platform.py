"""What moves: ship, helicopter, aircraft or drone, its dish and what stands in the dish's way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from baluardo.errors import InvalidInputError
from baluardo.terms import Mask, Obstruction
from baluardo.twin.paths.claims import COMMERCIAL_MASK
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.sky.landing import LandingRule


class PlatformKind(StrEnum):
    """What a platform is; `HANDLING` says what follows from it."""

    SHIP = "ship"
    HELICOPTER = "helicopter"
    AIRCRAFT = "aircraft"
    DRONE = "drone"


@dataclass(frozen=True, slots=True)
class Handling:
    """How a kind of platform moves. Our choices: generous, since they only bar the impossible."""

    most_speed_m_s: float
    """No platform of the kind goes faster over the ground."""
    most_acceleration_m_s2: float
    """None changes its velocity faster."""
    roll_deg_per_m: float = 0.0
    """Largest roll in a sea of 1 m significant wave height; 0 for what flies."""
    pitch_deg_per_m: float = 0.0


HANDLING = {
    # 50 kn; a frigate at 30 kn in her tightest circle (600 m) pulls 0.4 m/s2.
    PlatformKind.SHIP: Handling(26.0, 0.5, roll_deg_per_m=2.5, pitch_deg_per_m=0.8),
    # 200 kn, a rotorcraft's wind included; 1 g.
    PlatformKind.HELICOPTER: Handling(105.0, 10.0),
    # 660 kn with a jet stream behind; 3 g.
    PlatformKind.AIRCRAFT: Handling(340.0, 30.0),
    PlatformKind.DRONE: Handling(200.0, 30.0),
}
"""By kind."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform of the state's own. Its name decides its random numbers in the twin, as a site's.

    All of it is *ours* but `contract`, priority that is bought, and `rule`, which is *contract* and
    *observed* in the field.
    """

    name: str
    kind: PlatformKind
    dish: DishKind = DishKind.MARITIME
    min_elevation_deg: float = COMMERCIAL_MASK.min_elevation_deg
    gso_avoidance_deg: float = COMMERCIAL_MASK.gso_avoidance_deg
    superstructure: tuple[Obstruction, ...] = ()
    """What of the platform itself stands in the dish's way: azimuths clockwise from the bow."""
    rule: LandingRule = field(default_factory=LandingRule)
    down_bps: float = 20e6
    up_bps: float = 4e6
    contract: bool = True

    def __post_init__(self) -> None:
        """Refuse a platform without a name, and a mask that no dish can have."""
        if not self.name.strip():
            raise InvalidInputError("A platform has no name.")
        Mask(self.min_elevation_deg, self.superstructure, self.gso_avoidance_deg)
