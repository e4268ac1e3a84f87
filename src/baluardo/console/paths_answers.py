"""What the console says about paths: the shape of each answer, for FastAPI and for readers.

Times are POSIX seconds UTC, angles degrees, lengths km, delays one way in milliseconds at a slot's
start, rates bit/s, rain mm/h, loss a share of 1. What does not exist (the delay of a path that is
out) is null. `levers` says of each group of values whose hand is on it: ours, contract or observed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from baluardo.terms import Lever

LeverName = Literal["ours", "contract", "observed"]

ReasonName = Literal["served", "nothing-in-view", "barred", "full", "no-fix", "no-landing", "faded"]
"""`rounds.Reason` in words, in its order."""


class Levers(BaseModel):
    """Whose hand is on what; the same for every site."""

    asked: LeverName = Lever.OURS.value
    priority: LeverName = Lever.CONTRACT.value
    landing_rule: LeverName = Lever.CONTRACT.value
    satellite: LeverName = Lever.OBSERVED.value
    delay: LeverName = Lever.OBSERVED.value
    rate: LeverName = Lever.OBSERVED.value
    loss: LeverName = Lever.OBSERVED.value
    handover: LeverName = Lever.OBSERVED.value
    landing: LeverName = Lever.OBSERVED.value
    rain: LeverName = Lever.OBSERVED.value


class ServingSatellite(BaseModel):
    """The satellite that serves, as the site sees it at the slot's start."""

    number: int
    name: str
    elevation_deg: float
    azimuth_deg: float
    range_km: float


class SlotAnswer(BaseModel):
    """What a site gets in a slot."""

    reason: ReasonName
    satellite: ServingSatellite | None
    handover: bool
    """The slot before had another satellite, or none."""
    in_view: int
    """Satellites that the site might use."""
    delay_up_ms: float | None
    delay_down_ms: float | None
    jitter_up_ms: float
    jitter_down_ms: float
    rate_up_bps: float
    rate_down_bps: float
    loss_up: float
    loss_down: float
    load: float
    """Share of the beam's time that others are given, 0 to 1."""
    gateway: str | None
    point_of_presence: str | None
    lasers: int
    rain_mm_h: float
    fade_down_db: float


class SeriesAnswer(BaseModel):
    """Slots in their order, parallel lists; a slot that is still to be worked out is null."""

    first_slot: int
    reason: list[ReasonName | None]
    satellite: list[int | None]
    """Catalogue numbers."""
    handover: list[bool | None]
    delay_up_ms: list[float | None]
    delay_down_ms: list[float | None]
    rate_up_bps: list[float | None]
    rate_down_bps: list[float | None]


class AskedAnswer(BaseModel):
    """What a site asks for."""

    down_bps: float
    up_bps: float
    priority: bool
    """Bought priority."""
    gateways: list[str] | None
    """The only gateways at which its traffic may land; null for all."""
    not_in_countries: list[str]


class SitePathsAnswer(BaseModel):
    """GET /api/paths/sites/{id}."""

    site: str
    time: float
    slot: int
    slot_start: float
    slot_end: float
    rain_seed: int | None
    """The simulated rain; null where all is dry."""
    asked: AskedAnswer
    now: SlotAnswer
    series: SeriesAnswer
    complete: bool
    """False while slots of the series are being worked out: ask again."""
    levers: Levers


class Serving(BaseModel):
    """Who serves a site in the slot."""

    site: str
    satellite: int | None
    reason: ReasonName


class SitesPathsAnswer(BaseModel):
    """GET /api/paths/sites: the serving satellite of every site."""

    time: float
    slot: int
    sites: list[Serving]
    lever: LeverName = Lever.OBSERVED.value


class CellsAnswer(BaseModel):
    """GET /api/paths/cells/{digest}: the cells themselves, which never change.

    `boundaries` has for each cell its corners, longitude and latitude in hundredths of a degree:
    the first corner as it is, each other one as the way from the corner before.
    """

    resolution: int
    numbers: list[str]
    """H3, hexadecimal."""
    boundaries: list[list[int]]


class LoadsAnswer(BaseModel):
    """GET /api/paths/cells: how each cell is served in the slot."""

    time: float
    slot: int
    cells: str
    """The digest that names the list of cells."""
    load_percent: list[int]
    """Of the fullest beam that serves the cell; -1 where none does."""
    reason: list[int]
    """Why a claim of the cell was refused, an index into `reasons`; 0 where all are served."""
    reasons: list[ReasonName]
    lever: LeverName = Lever.OBSERVED.value


class RainAnswer(BaseModel):
    """GET /api/paths/rain: rows from the south, each from the west; no rows where all is dry."""

    time: float
    slot: int
    seed: int | None
    south_deg: float
    west_deg: float
    step_deg: float
    columns: int
    tenths_mm_h: list[int]
    lever: LeverName = Lever.OBSERVED.value
