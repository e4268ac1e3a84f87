"""A contact plan as slots and as a path, against the planner that the wire is fed by."""

import numpy as np
import pytest
from fleet_ground import mission, planner_of

from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.as_slots import path_of, slots_of
from baluardo.fleet.motion.seaway import mask_of
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Obstruction, Place
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.segments import wire_path
from baluardo.twin.paths.world import World


@pytest.fixture(scope="module")
def planner(default_catalogue):
    return planner_of(default_catalogue, slots=10, loads=True)


def lived(planner, there):
    """Return the slots of the twin's own planner, which knows nothing of contact plans."""
    p, where = there.platform, there.where
    world = World(ComputedEphemeris(planner.near.sky), subscribers())
    by_slot = Planner(world.around(where.lat_deg, where.lon_deg))
    return [
        by_slot.paths(
            there.first_slot + k,
            [
                Terminal(
                    p.name,
                    Place(
                        p.name,
                        float(where.lat_deg[k]),
                        float(where.lon_deg[k]),
                        float(where.height_m[k]),
                    ),
                    mask_of(p, float(where.heading_deg[k]), 0),
                    p.rule,
                    p.dish,
                    p.down_bps,
                    p.up_bps,
                    p.contract,
                )
            ],
        )
        for k in range(len(where))
    ]


def test_a_plan_feeds_the_wire_as_the_planner_does(planner):
    mast = (Obstruction(150.0, 210.0, 60.0), Obstruction(345.0, 15.0, 40.0))
    there = mission(planner, superstructure=mast)
    plan = planner.plan(there)
    expected = lived(planner, there)
    for ours, theirs in zip(slots_of(plan)[1:], expected[1:], strict=True):
        for name in ("slot", "names"):
            assert getattr(ours, name) == getattr(theirs, name)
        for name in ("satellite", "gateway", "point", "lasers", "handover", "reason", "in_view"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
        for name in ("delay_up_s", "delay_down_s", "drift", "rate_up_bps", "rate_down_bps"):
            assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9), name
    path, model = path_of(plan), PathModel()
    fed = wire_path(expected, 0, model)
    assert path.start == fed.start
    assert path.end == fed.end
    for time in np.arange(path.start + 16.0, path.end, 0.37).tolist():
        one, other = path.at(time), fed.at(time)
        assert one.up.delay_s == pytest.approx(other.up.delay_s, abs=1e-12)
        assert one.down.loss == other.down.loss
        assert one.start == other.start


def test_a_part_of_a_plan_is_the_plan_of_the_part(planner):
    plan = planner.plan(mission(planner))
    part = plan.part(range(plan.first_slot + 3, plan.first_slot + 7))
    assert len(part) == 4
    assert part.start == plan.start + 45.0
    assert np.array_equal(part.ways.satellite, plan.ways.satellite[3:7])
    assert np.array_equal(part.where.lat_deg, plan.where.lat_deg[3:7])
    assert np.array_equal(part.sigma_s, plan.sigma_s[3:7])
    for wrong in (range(plan.first_slot - 1, plan.first_slot + 2), range(5, 5)):
        with pytest.raises(InvalidInputError, match="not all of"):
            plan.part(wrong)
