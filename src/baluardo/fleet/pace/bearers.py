"""What a platform can send by, and the plan in which that is preferred.

The edge chooses by the same roles from what it measures (docs/network.md); here the choice is
foreseen, from contact plans and from what is known of the other bearers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.circle import Circle
from baluardo.foreign_input import quoted
from baluardo.terms import Role

SKY = "sky"
"""The dish: what it offers, the contact plan says."""


@dataclass(frozen=True, slots=True)
class OtherBearer:
    """A bearer beside the dish: mobile near a coast, a geostationary terminal, HF."""

    name: str
    role: Role
    delay_s: float
    """One way."""
    up_bps: float
    down_bps: float
    country: str | None = None
    """Where its traffic lands (ISO alpha-2); None: not known, so that no rule permits it."""
    own: bool = False
    """It lands at the state's own gateway: rules that name gateways permit it."""
    reach: tuple[Circle, ...] = ()
    """Where it is there; empty: everywhere."""

    def __post_init__(self) -> None:
        """Refuse a name that is the dish's, and rates and delays that nothing has."""
        if not self.name.strip() or self.name == SKY:
            raise InvalidInputError(f"A bearer is not called {quoted(self.name)}.")
        for name in ("up_bps", "down_bps"):
            if not 0.0 < getattr(self, name) <= 1e12:
                raise InvalidInputError(f"{self.name}: {name} is not above 0 and up to 1 Tbit/s.")
        if not 0.0 <= self.delay_s <= 60.0:
            raise InvalidInputError(f"{self.name}: delay_s {self.delay_s} is not from 0 to 60.")


@dataclass(frozen=True, slots=True)
class Triggers:
    """When a bearer is left though something still passes."""

    least_up_bps: float = 0.0
    most_delay_s: float = 10.0
    """One way."""

    def __post_init__(self) -> None:
        """Refuse what no trigger can be."""
        if not 0.0 <= self.least_up_bps <= 1e12:
            raise InvalidInputError(f"least_up_bps {self.least_up_bps} is not from 0 to 1e12.")
        if not 0.0 < self.most_delay_s <= 60.0:
            raise InvalidInputError(f"most_delay_s {self.most_delay_s} is not above 0 and to 60.")


@dataclass(frozen=True, slots=True)
class PacePlan:
    """A platform's bearers in their places, when one is left, and how slowly it comes back."""

    others: tuple[OtherBearer, ...] = ()
    sky_role: Role = Role.PRIMARY
    triggers: Triggers = field(default_factory=Triggers)
    hold_down_s: float = 20.0
    """A better bearer must have been fit for so long: the edge's own first hold-down."""

    def __post_init__(self) -> None:
        """Refuse two bearers in one place, or of one name."""
        names = [b.name for b in self.others]
        roles = [self.sky_role, *(b.role for b in self.others)]
        if len(set(names)) < len(names) or len(set(roles)) < len(roles):
            raise InvalidInputError("Each bearer has a name of its own, and a place of its own.")
        if not 0.0 <= self.hold_down_s <= 86_400.0:
            raise InvalidInputError(f"hold_down_s {self.hold_down_s} is not from 0 to 86,400.")

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the bearers, the preferred first."""
        places = list(Role)
        by_role = {b.role: b.name for b in self.others} | {self.sky_role: SKY}
        return tuple(by_role[r] for r in places if r in by_role)

    def role(self, name: str) -> Role:
        """Return the place of a bearer."""
        if name == SKY:
            return self.sky_role
        return next(b.role for b in self.others if b.name == name)


@dataclass(frozen=True, slots=True)
class Drill:
    """For a time a platform does without some of its bearers, to show that it can."""

    name: str
    platform: str
    start: float
    """POSIX seconds."""
    end: float
    without: frozenset[Role]

    def __post_init__(self) -> None:
        """Refuse a drill that ends before it begins, or in which nothing is missing."""
        if not self.start < self.end:
            raise InvalidInputError(f"Drill {self.name}: it ends before it begins.")
        if not self.without:
            raise InvalidInputError(f"Drill {self.name}: nothing is done without.")
