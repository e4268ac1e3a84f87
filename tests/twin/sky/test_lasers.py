"""The laser graph: what it promises about reach, lives, one component, and purity."""

import subprocess
import sys

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import EQUATORIAL_RADIUS_KM
from baluardo.terms import Status, slot_at, slot_start
from baluardo.twin.sky.laser_pairing import NOBODY
from baluardo.twin.sky.laser_statistics import (
    LaserLives,
    largest_component_share,
    laser_lives,
)
from baluardo.twin.sky.lasers import (
    AFT,
    EAST,
    FORE,
    PLAN_SLOTS,
    WEST,
    LaserOptions,
    LaserState,
    Layout,
    anchor_slot,
    links_at,
    sample_times,
)
from baluardo.twin.sky.sky import Failures, Sky, SkyOptions


@pytest.fixture(scope="module", params=["default", "real"])
def sky(request):
    return Sky(request.getfixturevalue(f"{request.param}_catalogue"))


def test_links_hold_to_the_rules(sky):
    snapshot = sky.snapshot(sky.catalogue.epoch)
    links, positions = snapshot.links, snapshot.positions
    options = sky.options.lasers
    linked = links.neighbours != NOBODY
    assert not linked[~snapshot.operational].any()
    assert np.isinf(links.lengths[~linked]).all()
    a, _ = np.nonzero(linked)
    b = links.neighbours[linked]
    assert snapshot.operational[b].all()
    length = np.linalg.norm(positions[a] - positions[b], axis=1)
    assert np.allclose(length, links.lengths[linked], atol=1e-9)
    assert length.max() <= options.max_range_km
    # Clearance by sampling the segments, which errs only towards too high.
    for part in np.linspace(0.0, 1.0, 21):
        radius = np.linalg.norm(positions[a] * (1 - part) + positions[b] * part, axis=1)
        assert radius.min() >= EQUATORIAL_RADIUS_KM + options.min_clearance_km - 1e-6
    pairs = list(zip(a.tolist(), b.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs), "two satellites are linked twice"
    assert {(y, x) for x, y in pairs} == set(pairs), "a link goes one way only"
    assert np.array_equal(
        np.sort(np.flatnonzero(links.neighbours[:, FORE] != NOBODY)),
        np.sort(links.neighbours[links.neighbours[:, AFT] != NOBODY, AFT]),
    )


def test_nine_in_ten_are_one_component(sky):
    for hour in (0, 5, 11):
        snapshot = sky.snapshot(sky.catalogue.epoch + 3600.0 * hour)
        assert largest_component_share(snapshot.links, snapshot.operational) >= 0.9


def test_cross_links_live_ten_minutes_and_more(sky):
    first = anchor_slot(slot_at(sky.catalogue.epoch))
    lives = laser_lives(
        sky.snapshot(slot_start(slot)).links
        for slot in range(first + PLAN_SLOTS - 60, first + PLAN_SLOTS + 60)
    )
    assert lives.slots == 120
    assert lives.median_life_s >= 600.0
    assert lives.largest_change > 0, "an anchor lies within these slots: something must change"
    assert lives.median_changes <= 5


def test_lives_are_counted_as_defined():
    def state(*pairs):
        neighbours = np.full((4, 4), NOBODY, dtype=np.int32)
        for west, east in pairs:
            neighbours[west, EAST], neighbours[east, WEST] = east, west
        return LaserState(neighbours, np.ones((4, 4)))

    # 0-1 lives four slots, 2-3 one slot; then 1-2 two slots, still up at the end.
    lives = laser_lives(
        [
            state((0, 1), (2, 3)),
            state((0, 1)),
            state((0, 1), (1, 2)),
            state((0, 1), (1, 2)),
        ]
    )
    assert lives == LaserLives(slots=4, median_life_s=30.0, median_changes=1.0, largest_change=1)


def test_components_are_counted_as_defined():
    neighbours = np.full((5, 4), NOBODY, dtype=np.int32)
    neighbours[0, EAST], neighbours[3, WEST] = 3, 0
    neighbours[3, FORE], neighbours[4, AFT] = 4, 3
    state = LaserState(neighbours, np.ones((5, 4)))
    assert largest_component_share(state, np.ones(5, dtype=np.bool_)) == pytest.approx(0.6)
    assert largest_component_share(state, np.zeros(5, dtype=np.bool_)) == 0.0


def test_a_second_process_agrees_without_talking(sky, tmp_path):
    time = sky.catalogue.epoch + 1234.0
    mine = sky.snapshot(time).links
    catalogue = sky.catalogue
    np.savez(
        tmp_path / "catalogue.npz",
        **{k: v for k, v in vars(catalogue).items() if isinstance(v, np.ndarray)},
    )
    # The other one starts later, in another hour, and only then asks for the same slot.
    program = f"""
import numpy as np
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky
arrays = dict(np.load(r"{tmp_path / "catalogue.npz"}"))
n = len(arrays["numbers"])
sky = Sky(Catalogue(source="other", names=tuple(map(str, range(n))), shell_names=(),
                    ageless={catalogue.ageless}, **arrays))
sky.snapshot({time!r} + 7200.0).links
np.save(r"{tmp_path / "links.npy"}", sky.snapshot({time!r}).links.neighbours)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    assert np.array_equal(np.load(tmp_path / "links.npy"), mine.neighbours)


def test_asking_backwards_changes_nothing(default_catalogue):
    times = default_catalogue.epoch + np.array([0.0, 7200.0, 3600.0, 15.0, 0.0])
    forth, back = Sky(default_catalogue), Sky(default_catalogue)
    there = {t: forth.snapshot(t).links.neighbours for t in times}
    for t in reversed(times):
        assert np.array_equal(back.snapshot(t).links.neighbours, there[t])


@pytest.mark.parametrize(("layout", "most"), [("grid", 4), ("three", 3), ("ring", 2)])
def test_layouts_use_only_their_terminals(default_catalogue, layout, most):
    options = SkyOptions(lasers=LaserOptions(layout=Layout(layout)))
    snapshot = Sky(default_catalogue, options).snapshot(default_catalogue.epoch)
    degree = (snapshot.links.neighbours != NOBODY).sum(axis=1)
    assert degree.max() == most
    if layout != "ring":
        assert largest_component_share(snapshot.links, snapshot.operational) >= 0.9


def test_a_failed_satellite_or_laser_links_nobody(default_catalogue):
    plain = Sky(default_catalogue).snapshot(default_catalogue.epoch)
    victim = 1000
    partner = int(plain.links.neighbours[victim, FORE])
    numbers = default_catalogue.numbers
    dead = Failures(satellites=frozenset({int(numbers[victim])}))
    snapshot = Sky(default_catalogue, SkyOptions(failures=dead)).snapshot(default_catalogue.epoch)
    assert snapshot.status[victim] == Status.FAILED
    assert (snapshot.links.neighbours[victim] == NOBODY).all()
    assert not (snapshot.links.neighbours == victim).any()
    cut = Failures(lasers=frozenset({(int(numbers[partner]), int(numbers[victim]))}))
    snapshot = Sky(default_catalogue, SkyOptions(failures=cut)).snapshot(default_catalogue.epoch)
    assert partner not in snapshot.links.neighbours[victim]
    assert victim not in snapshot.links.neighbours[partner]
    assert (snapshot.links.neighbours[victim] != NOBODY).sum() == 3


def test_a_tighter_reach_takes_links_away(default_catalogue):
    sky = Sky(default_catalogue)
    snapshot = sky.snapshot(default_catalogue.epoch)
    plan = sky.laser_plan(snapshot.slot)
    near = links_at(
        plan, snapshot.positions, snapshot.operational, LaserOptions(max_range_km=1_000.0)
    )
    assert 0 < (near.neighbours != NOBODY).sum() < (snapshot.links.neighbours != NOBODY).sum()


def test_samples_span_the_hour():
    times = sample_times(PLAN_SLOTS * 7)
    assert times[0] == slot_start(PLAN_SLOTS * 7)
    assert times[-1] == slot_start(PLAN_SLOTS * 8)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LaserOptions(max_range_km=0.0), "max_range_km"),
        (lambda: LaserOptions(min_clearance_km=-1.0), "min_clearance_km"),
        (lambda: LaserOptions(bridge_every=-1), "bridge_every"),
    ],
)
def test_impossible_options_are_refused_by_name(make, field):
    with pytest.raises(InvalidInputError, match=field):
        make()
