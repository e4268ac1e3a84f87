"""A contact plan as the values that the wire and edges take: slots, and one path of segments."""

from __future__ import annotations

import numpy as np

from baluardo.fleet.contacts.plan import ContactPlan
from baluardo.terms import Path
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.segments import wire_path


def slots_of(plan: ContactPlan, model: PathModel | None = None) -> list[SlotPaths]:
    """Return a plan's slots as the planner tells them, each of one terminal.

    Whether the first slot is a hand-over is not known to a plan: it is taken for one. Load and rain
    fade, of which a plan keeps only what they leave of the rates, are 0.
    """
    model = model or PathModel()
    ways, served = plan.ways, plan.reason == Reason.SERVED
    satellite = ways.satellite[:, 0]
    handover = np.append(True, satellite[1:] != satellite[:-1]) & (satellite >= 0)
    out = np.zeros(1)

    def one(values: np.ndarray, k: int) -> np.ndarray:
        return values[k : k + 1, 0] if values.ndim > 1 else values[k : k + 1]

    return [
        SlotPaths(
            slot=plan.first_slot + k,
            names=(plan.platform.name,),
            reason=one(plan.reason, k),
            satellite=one(ways.satellite, k),
            handover=one(handover, k),
            in_view=one(plan.in_view, k),
            elevation_deg=one(ways.elevation_deg, k),
            azimuth_deg=one(ways.azimuth_deg, k),
            range_km=one(ways.range_km, k),
            gateway=one(ways.gateway, k),
            point=one(ways.point, k),
            lasers=one(ways.lasers, k),
            delay_up_s=one(ways.delay_up_s, k),
            delay_down_s=one(ways.delay_down_s, k),
            drift=one(ways.drift, k),
            jitter_up_s=np.full(1, model.jitter_up_s if served[k] else 0.0),
            jitter_down_s=np.full(1, model.jitter_down_s if served[k] else 0.0),
            rate_up_bps=one(ways.rate_up_bps, k),
            rate_down_bps=one(ways.rate_down_bps, k),
            loss_up=np.full(1, model.loss_up if served[k] else 1.0),
            loss_down=np.full(1, model.loss_down if served[k] else 1.0),
            load=out,
            rain_mm_h=one(plan.rain_mm_h, k),
            fade_down_db=out,
        )
        for k in range(len(plan))
    ]


def path_of(plan: ContactPlan, model: PathModel | None = None, seed: int = 0) -> Path:
    """Return what a platform's dish is offered over a plan, with the disturbed edges of slots."""
    return wire_path(slots_of(plan, model), 0, model, seed)
