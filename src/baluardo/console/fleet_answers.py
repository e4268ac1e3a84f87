"""What the console says about the fleet: the shape of each question and answer.

Times are POSIX seconds UTC, angles degrees, lengths metres, round trips in milliseconds, rates
bit/s. What does not exist, or is not known yet, is null. `levers` says whose hand is on what.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from baluardo.console.paths_answers import LeverName, ReasonName
from baluardo.terms import Lever

KindName = Literal["ship", "helicopter", "aircraft", "drone"]
LasersName = Literal["any", "required", "forbidden"]
LandingState = Literal["held", "stopped", "free"]

MOST_WAY_POINTS = 100
"""Our choice: more than a hand sets on a map."""


class FleetLevers(BaseModel):
    """Whose hand is on what; the same for every platform."""

    course: LeverName = Lever.OURS.value
    rule: LeverName = Lever.CONTRACT.value
    priority: LeverName = Lever.CONTRACT.value
    position: LeverName = Lever.OBSERVED.value
    satellite: LeverName = Lever.OBSERVED.value
    landing: LeverName = Lever.OBSERVED.value
    delay: LeverName = Lever.OBSERVED.value
    rate: LeverName = Lever.OBSERVED.value
    gaps: LeverName = Lever.OBSERVED.value


class BothLanguages(BaseModel):
    """A name in the languages of the pages."""

    it: str
    en: str


class EllipseAnswer(BaseModel):
    """Where a platform is with 95 %: half the axes, and where the longer one points."""

    major_m: float
    minor_m: float
    azimuth_deg: float
    age_s: float
    """Of the last report that was believed."""


class RuleAnswer(BaseModel):
    """Where a platform's traffic may land."""

    gateways: list[str] | None
    """The only ones allowed; null for all."""
    not_in_countries: list[str]
    lasers: LasersName


class ServingAnswer(BaseModel):
    """What a platform gets in this slot."""

    reason: ReasonName
    satellite: str | None
    round_trip_ms: float | None
    rate_down_bps: float | None
    rate_up_bps: float | None


class LandingAnswer(BaseModel):
    """Where a platform's traffic lands in this slot, and by which rule."""

    state: LandingState | None
    """Held: it passes only where the rule allows, or waits. Stopped: a satellite serves, and
    nothing that the rule allows is in its reach, so nothing is sent. Free: there is no rule. Null
    while the sky is being prepared."""
    gateway: str | None
    gateway_country: str | None
    point: str | None
    rule: RuleAnswer


class PlatformAnswer(BaseModel):
    """A platform now."""

    id: str
    name: BothLanguages
    kind: KindName
    sidc: str
    """Of APP-6D and MIL-STD-2525D, 20 digits."""
    lat_deg: float
    lon_deg: float
    heading_deg: float
    speed_m_s: float
    ellipse: EllipseAnswer | None
    """Null for one whose position is the mission's, and no estimate from reports."""
    doubt: BothLanguages | None
    """Why its last report is not believed, for some minutes."""
    ahead: list[tuple[float, float, float]]
    """Longitude, latitude, time."""
    serving: ServingAnswer | None
    """Null while the sky is being prepared."""
    landing: LandingAnswer


class GatewayAnswer(BaseModel):
    """A gateway that a rule may name."""

    name: str
    country: str


class FleetAnswer(BaseModel):
    """GET /api/fleet."""

    time: float
    platforms: list[PlatformAnswer]
    gateways: list[GatewayAnswer]
    countries: list[str]
    """Of gateways and points of presence, ISO 3166 alpha-2."""
    latest_start: float
    """Tracks that are planned begin no later."""
    levers: FleetLevers = FleetLevers()


class ContactAnswer(BaseModel):
    """Slots that follow each other with one satellite and one landing."""

    start: float
    end: float
    sigma_s: float | None
    """Standard deviation of both times, by the age of the satellite's elements."""
    satellite: str
    number: int
    gateway: str
    gateway_country: str
    point: str
    lasers: int
    highest_deg: float
    round_trip_ms: tuple[float, float]
    rate_down_bps: float
    """Least of a slot."""
    rate_up_bps: float
    alternatives: list[str]


class GapAnswer(BaseModel):
    """Slots that follow each other without service."""

    start: float
    end: float
    reason: ReasonName


class PlanAnswer(BaseModel):
    """GET /api/fleet/{id}/plan."""

    id: str
    start: float
    end: float
    complete: bool
    """False while the load of commercial users is being worked out: rates then are too high, and
    gaps for want of room are missing. Ask again."""
    contacts: list[ContactAnswer]
    gaps: list[GapAnswer]
    availability: float
    """Share of the time with service, 0 to 1."""
    levers: FleetLevers = FleetLevers()


class LegAnswer(BaseModel):
    """A great circle between two way points."""

    start: float
    end: float
    length_m: float
    course_deg: float
    """At its beginning, from true north."""


class DraftAnswer(PlanAnswer):
    """POST /api/fleet/plan."""

    legs: list[LegAnswer]
    arrival: float
    """At the last way point; the plan may end sooner."""


class WatchedGap(BaseModel):
    """A gap of one of the platforms."""

    platform: str
    start: float
    end: float
    reason: ReasonName


class WatchAnswer(BaseModel):
    """GET /api/fleet/watch: the gaps of all platforms, the soonest first."""

    time: float
    complete: bool
    gaps: list[WatchedGap]


class RuleAsked(BaseModel):
    """A rule as a person chose it."""

    model_config = ConfigDict(extra="forbid")

    gateways: Annotated[list[str], Field(max_length=200)] | None = None
    not_in_countries: Annotated[list[str], Field(max_length=250)] = []
    lasers: LasersName = "any"


class DraftAsked(BaseModel):
    """A track as it was drawn."""

    model_config = ConfigDict(extra="forbid")

    kind: KindName
    waypoints: Annotated[list[tuple[float, float]], Field(min_length=1)]
    """Latitude, longitude."""
    speed_kn: float
    height_m: float
    start: float
    rule: RuleAsked = RuleAsked()
