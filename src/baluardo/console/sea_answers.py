"""What the console says about the sea: the shape of each question and answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from baluardo.console.fleet_answers import BothLanguages, RuleAsked
from baluardo.console.paths_answers import LeverName
from baluardo.fleet.coverage.sea_map import Layer
from baluardo.terms import Lever


class SeaAsked(BaseModel):
    """What is mapped, and where landing is trusted."""

    model_config = ConfigDict(extra="forbid")

    layer: Layer
    rule: RuleAsked = RuleAsked()


class CellAnswer(BaseModel):
    """A cell of the sea."""

    id: str
    """Of H3, resolution 4."""
    lat_deg: float
    lon_deg: float
    boundary: list[tuple[float, float]]
    """Corners, longitude and latitude in degrees, not closed."""


class SeaCellsAnswer(BaseModel):
    """GET /api/fleet/sea/cells: the cells, in the order of all values."""

    cells: list[CellAnswer]


class FrameAnswer(BaseModel):
    """A quarter of an hour."""

    start: float
    end: float
    values: list[float | None]
    """By cell; null where nothing ever passes."""


class WorstAnswer(BaseModel):
    """A cell at the bad end, and what the water is called."""

    cell: str
    name: BothLanguages
    lat_deg: float
    lon_deg: float
    value: float | None


class SeaAnswer(BaseModel):
    """POST /api/fleet/sea. Percent, milliseconds there and back, or Mbit/s."""

    time: float
    layer: Layer
    span: FrameAnswer
    """All that is prepared."""
    frames: list[FrameAnswer]
    """From now on."""
    worst: list[WorstAnswer]
    """Over the span, the worst first; of each water the worst cell alone."""
    rule_lever: LeverName = Lever.CONTRACT.value
    lever: LeverName = Lever.OBSERVED.value
