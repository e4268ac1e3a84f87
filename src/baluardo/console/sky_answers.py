"""What the console says about the sky: the shape of each answer, for FastAPI and for readers.

Times are POSIX seconds UTC, angles degrees, lengths km, delays one way in milliseconds. A number
that does not exist (the place of a decayed satellite) is null.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from baluardo.twin.clock import EARLIEST_S, LATEST_S, RATES

Text = dict[str, str]
"""A sentence in each language of the console: {"it": ..., "en": ...}."""

LonLatHeight = tuple[float, float, float]


class CatalogueAnswer(BaseModel):
    """The catalogue in use."""

    source: str
    epoch: float
    count: int
    ageless: bool
    broken: int
    shells: list[str]


class SatelliteLists(BaseModel):
    """Parallel lists in the order of the frames; `shell` is an index or -1."""

    numbers: list[int]
    names: list[str]
    generation: list[int]
    shell: list[int]


class NamedGeneration(BaseModel):
    """A `terms.Generation` and its name."""

    id: int
    name: str


class SiteDescription(BaseModel):
    """A site where it is now."""

    id: str
    name: Text
    lat_deg: float
    lon_deg: float
    height_m: float
    kind: str


class GroundStation(BaseModel):
    """A gateway or a point of presence."""

    name: str
    lat_deg: float
    lon_deg: float
    country: str


class ViewAnswer(BaseModel):
    """What the globe looks at when it opens."""

    lat_deg: float
    lon_deg: float
    zoom: float


class SkyAnswer(BaseModel):
    """GET /api/sky."""

    catalogue: CatalogueAnswer
    replay: bool
    notices: list[Text]
    satellites: SatelliteLists
    generations: list[NamedGeneration]
    sites: list[SiteDescription]
    gateways: list[GroundStation]
    points_of_presence: list[GroundStation]
    nation: Text
    view: ViewAnswer


class InView(BaseModel):
    """A satellite as a site sees it."""

    number: int
    name: str
    azimuth_deg: float
    elevation_deg: float
    range_km: float


class HopAnswer(BaseModel):
    """One hop of a route; `path` are its two ends."""

    model_config = ConfigDict(populate_by_name=True)

    kind: Literal["uplink", "laser", "downlink", "fibre"]
    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]
    length_km: float
    delay_ms: float
    path: tuple[LonLatHeight, LonLatHeight]


class RouteDescription(BaseModel):
    """A route from a site to its landing; `satellites` are catalogue numbers."""

    delay_ms: float
    gateway: str | None
    point_of_presence: str | None
    satellites: list[int]
    hops: list[HopAnswer]


class SiteAnswer(BaseModel):
    """GET /api/sky/sites/{id}; `reason` says why there is no route."""

    site: str
    time: float
    slot: int
    lat_deg: float
    lon_deg: float
    height_m: float
    satellites: list[InView]
    route: RouteDescription | None
    alternative: RouteDescription | None
    reason: Text | None


class LaserAnswer(BaseModel):
    """The satellite at the other end of a laser link."""

    number: int
    name: str
    length_km: float
    lat_deg: float
    lon_deg: float
    height_km: float


class SatelliteAnswer(BaseModel):
    """GET /api/sky/satellites/{number}; `generation` and `status` as in `terms`."""

    number: int
    name: str
    generation: int
    shell: str | None
    status: int
    time: float
    lat_deg: float | None
    lon_deg: float | None
    height_km: float | None
    epoch: float
    age_days: float | None
    lasers: list[LaserAnswer]


class ClockAnswer(BaseModel):
    """GET and POST /api/sky/clock."""

    mode: Literal["now", "replay"]
    sky_time: float
    rate: float
    paused: bool
    rates: list[float]
    can_now: bool


class ClockWish(BaseModel):
    """The body of POST /api/sky/clock: any of its fields, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)

    mode: Literal["now", "replay"] | None = None
    rate: Annotated[float, Field(ge=min(RATES), le=max(RATES), allow_inf_nan=False)] | None = None
    paused: bool | None = None
    sky_time: Annotated[float, Field(ge=EARLIEST_S, lt=LATEST_S, allow_inf_nan=False)] | None = None
