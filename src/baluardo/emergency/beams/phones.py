"""How phones behave that have lost their ground network: one model, for forecast and simulation.

A phone out of service looks for any cell once in each of its search periods, at an arbitrary
moment of it. It shows a warning if at that moment a beam lies on its cell, if enough of the dwell
is left to hear the whole warning once, and if the signal is strong enough where it is: outdoors
where the sky is open, indoors where its building lets enough through. People go in and out slowly.
A phone that knows where it is shows only what concerns that place; one that does not, shows it
after a wait. Whose ground network still stands is warned by that, if at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from baluardo.errors import InvalidInputError

MOST_PERIODS: Final = 16


@dataclass(frozen=True, slots=True)
class Phones:
    """The behaviour of phones and of the people who carry them."""

    outdoors_at_start: float = 0.13
    outdoors: float = 0.13
    """Share outdoors at first, and where it tends to. People spend 87 % of their time in buildings
    (Klepeis and others, National Human Activity Pattern Survey, 2001)."""
    moving_s: float = 1_200.0
    """Time in which the difference to `outdoors` falls to 1/e. Our choice."""
    open_sky: float = 0.7
    """Probability that a phone outdoors is not in a bag, beside a wall or under trees when it
    looks. Our choice."""
    indoor_loss_db: float = 22.0
    indoor_deviation_db: float = 10.0
    """Entry loss of a traditional building at 2 GHz and 40 degrees of elevation, normal in dB
    (ITU-R P.2109-1: median 13.9 + 0.212 x 40; deviation 9.6 + 2.0 log f). A phone keeps its own."""
    least_snr_db: float = -6.7
    """From which on the broadcast is heard: the lowest quality at which LTE works (indicator 1 of
    3GPP TS 36.213, at the value of link simulations in wide use)."""
    searches: tuple[tuple[float, float], ...] = ((30.0, 0.3), (60.0, 0.4), (180.0, 0.3))
    """Search periods, s, and their shares. 3GPP TS 36.304 leaves them to the phone, and phones
    look less and less often. Our choice; rounded to whole dwells."""
    acquire_s: float = 0.5
    """From looking to having the cell's first system information. Our choice."""
    segment_octets: int = 217
    """Of one piece of a warning: the largest system information under DCI format 1C (3GPP TS
    36.331, section 5.2.1.1)."""
    segment_every_s: float = 0.08
    """The shortest period of system information, rf8 (3GPP TS 36.331, `SchedulingInfo`)."""
    working: float = 0.9
    """Share of phones that are switched on and charged. Our choice."""
    capable: float = 0.9
    """Share of these that know the satellites' band. Our choice."""
    opted_out: float = 0.0
    """Share that has switched this level off; nobody can for the highest."""
    positioned: float = 0.9
    """Share that knows where it is at once. Our choice."""
    position_wait_s: float = 30.0
    """How long the others wait before they show the warning: sent with it, 0 to 255 s (3GPP TS
    23.041, geo-fencing maximum wait time)."""
    ground_after_s: float | None = None
    """When phones whose ground network stands have shown it; None: they are not warned that way."""

    def __post_init__(self) -> None:
        """Refuse impossible values with a sentence that names the field."""
        for name in _SHARES:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InvalidInputError(f"{name} {getattr(self, name)} is not between 0 and 1.")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int | float) and not math.isfinite(value):
                raise InvalidInputError(f"{field.name} {value} is not a finite number.")
        for name in ("moving_s", "segment_every_s", "segment_octets"):
            if not getattr(self, name) > 0.0:
                raise InvalidInputError(f"{name} {getattr(self, name)} is not above 0.")
        for name in ("indoor_loss_db", "indoor_deviation_db", "acquire_s", "position_wait_s"):
            if not getattr(self, name) >= 0.0:
                raise InvalidInputError(f"{name} {getattr(self, name)} is not at least 0.")
        if self.ground_after_s is not None and self.ground_after_s < 0.0:
            raise InvalidInputError(f"ground_after_s {self.ground_after_s} is not at least 0.")
        if not 1 <= len(self.searches) <= MOST_PERIODS:
            raise InvalidInputError(f"searches does not hold 1 to {MOST_PERIODS} periods.")
        for period_s, share in self.searches:
            if not (0.0 < period_s <= 86_400.0 and 0.0 <= share <= 1.0):
                raise InvalidInputError(
                    f"searches: {period_s} s for a share of {share} is no period of up to a day."
                )
        if abs(sum(share for _, share in self.searches) - 1.0) > 1e-9:
            raise InvalidInputError("The shares in searches do not add up to 1.")

    def period_dwells(self, dwell_s: float) -> tuple[int, ...]:
        """Return the search periods in whole dwells, at least one."""
        return tuple(max(1, round(period_s / dwell_s)) for period_s, _ in self.searches)

    def listening_s(self, octets: float) -> float:
        """Return how long a phone needs from looking to having heard messages of so many octets.

        They are sent in turn, over and over; a phone may begin with any piece.
        """
        pieces = max(1, math.ceil(octets / self.segment_octets))
        return self.acquire_s + pieces * self.segment_every_s

    def in_time(self, octets: float, dwell_s: float) -> float:
        """Return the share of a dwell's moments in which looking still gives the whole warning.

        InvalidInputError if there is none.
        """
        left = 1.0 - self.listening_s(octets) / dwell_s
        if left <= 0.0:
            raise InvalidInputError(
                f"Messages of {octets:g} octets take {self.listening_s(octets):.1f} s to hear, and "
                f"a beam stays {dwell_s:g} s on a cell; shorten them or use fewer languages."
            )
        return left

    @property
    def able(self) -> float:
        """Share of people without a ground network whose phone can ever show the warning."""
        return self.working * self.capable * (1.0 - self.opted_out)

    def indoors_reached(self, snr_db: float) -> float:
        """Share of people indoors whose building lets enough through."""
        above = snr_db - self.least_snr_db - self.indoor_loss_db
        if self.indoor_deviation_db == 0.0:
            return 1.0 if above >= 0.0 else 0.0
        return 0.5 * math.erfc(-above / self.indoor_deviation_db / math.sqrt(2.0))


_SHARES = (
    *("outdoors_at_start", "outdoors", "open_sky", "working", "capable", "opted_out"),
    "positioned",
)

AFTER_EARTHQUAKE: Final = Phones(outdoors_at_start=0.3, outdoors=0.85, moving_s=300.0)
"""People run out of their houses and stay there. Our choice."""
