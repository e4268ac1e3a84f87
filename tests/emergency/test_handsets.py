"""A population of handsets: held against the forecast, and what each of them does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from beam_worlds import one_warning, random_contacts, steady_contacts

from baluardo.emergency.beams.forecast import forecast
from baluardo.emergency.beams.phones import AFTER_EARTHQUAKE, Phones
from baluardo.emergency.beams.plan import plan
from baluardo.emergency.beams.wanted import CellWarning, Wanted
from baluardo.emergency.reach.curve import Difference, compare, curve
from baluardo.emergency.reach.handsets import NEVER, populate, simulate
from baluardo.errors import InvalidInputError

MOST_DEVIATIONS = 4.5
"""A count is this far from its expectation, or further, once in 150,000; a curve's points hang
together, and the seeds below stay."""

GUST = Phones(
    outdoors_at_start=0.7,
    outdoors=0.2,
    moving_s=200.0,
    searches=((5.0, 0.1), (20.0, 0.4), (95.0, 0.5)),
    opted_out=0.2,
    positioned=0.6,
    position_wait_s=40.0,
    ground_after_s=33.0,
    indoor_loss_db=8.0,
)
"""Everything that the model has, at once."""


def apart(
    believed: Phones, real: Phones, seed: int, *, dwells: int = 120, count: int = 200_000
) -> Difference:
    """Simulate real phones, forecast believed ones, under the same plan; return the difference."""
    cells = 30
    dice = np.random.default_rng(seed)
    people, beside = dice.uniform(0.0, 1e5, cells), dice.uniform(0.0, 3e4, cells)
    lost = dice.random(cells)
    wanted = one_warning(people)
    beams = plan(random_contacts(seed, cells, 6, dwells), wanted, believed, ground_lost=lost)
    expected = forecast(beams, wanted.warnings[0], believed, octets=wanted.octets, ground_lost=lost)
    handsets = populate(people, count, seed, real, people_beside=beside, ground_lost=lost)
    received = simulate(beams, handsets, real, octets=wanted.octets)
    return compare(curve(handsets, received), expected, wanted.warnings[0].cells)


@pytest.mark.parametrize("phones", [Phones(), AFTER_EARTHQUAKE, GUST])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_simulation_and_forecast_agree(phones: Phones, seed: int) -> None:
    found = apart(phones, phones, seed)
    assert found.deviations < MOST_DEVIATIONS
    assert found.cell_deviations < MOST_DEVIATIONS
    assert abs(found.share) < 0.01


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_sky": 0.78},
        {"outdoors": 0.3},
        {"outdoors_at_start": 0.55},
        {"moving_s": 20.0},
        {"indoor_loss_db": 10.0},
        {"least_snr_db": -5.0},
        {"searches": ((5.0, 0.1), (20.0, 0.4), (120.0, 0.5))},
        {"acquire_s": 1.0},
        {"working": 0.87},
        {"capable": 0.87},
        {"opted_out": 0.23},
        {"positioned": 0.7},
        {"position_wait_s": 60.0},
        {"ground_after_s": 60.0},
    ],
)
def test_a_wrong_parameter_is_noticed(wrong: dict[str, object]) -> None:
    found = apart(replace(GUST, **wrong), GUST, 1, count=1_000_000)
    assert found.deviations > 1.5 * MOST_DEVIATIONS


def test_handsets_hang_on_the_seed_alone() -> None:
    people = np.array([10.0, 0.0, 300.0, 5.0])
    wanted = one_warning(people)
    beams = plan(random_contacts(1, 4, 3, 60), wanted, GUST)
    one, two, other = (populate(people, 120_000, seed, GUST) for seed in (5, 5, 6))
    first = simulate(beams, one, GUST, octets=wanted.octets, threads=1)
    second = simulate(beams, two, GUST, octets=wanted.octets, threads=3)
    third = simulate(beams, other, GUST, octets=wanted.octets)
    for name in ("heard", "shown", "duplicates", "fenced_off"):
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert not np.array_equal(first.heard, third.heard)


def test_handsets_are_where_people_are() -> None:
    people, beside = np.array([1.0, 0.0, 3.0, 6.0]), np.array([1.0, 0.0, 0.0, 9.0])
    handsets = populate(people, 10_000, 3, people_beside=beside, languages={"it": 3.0, "de": 1.0})
    assert np.bincount(handsets.cell).tolist() == pytest.approx([1_000, 0, 1_500, 7_500], abs=1)
    assert (np.diff(handsets.cell) >= 0).all()
    inside = np.bincount(handsets.cell[handsets.inside], minlength=4)
    assert inside.tolist() == pytest.approx([500, 0, 1_500, 3_000], abs=200)
    assert (handsets.language == 1).mean() == pytest.approx(0.25, abs=0.02)
    assert len(handsets) == 10_000


def every(phones: Phones = GUST, dwells: int = 60, **more: object):
    """Return handsets and what they received under a beam that never leaves them."""
    wanted = one_warning(np.array([1_000.0]))
    handsets = populate(np.array([1_000.0]), 20_000, 9, phones, **more)
    beams = plan(steady_contacts(1, 1, dwells), wanted, phones)
    return handsets, simulate(beams, handsets, phones, octets=wanted.octets)


def test_a_repeated_serial_is_heard_but_shown_once() -> None:
    handsets, received = every()
    again = received.duplicates > 0
    assert again.any()
    assert (received.heard[again] != NEVER).all()
    quick = again & (handsets.period == 0)
    assert received.duplicates[quick].max() <= 60 - 1
    assert curve(handsets, received).duplicates == int(received.duplicates.sum())


def test_the_fence_silences_only_who_knows_to_be_outside() -> None:
    handsets, received = every(people_beside=np.array([1_000.0]))
    air = ~handsets.grounded
    heard = air & (received.heard != NEVER) & ~handsets.opted_out
    beside = heard & ~handsets.inside
    assert received.fenced_off[beside & handsets.positioned].all()
    assert (received.shown[beside & handsets.positioned] == NEVER).all()
    assert not received.fenced_off[handsets.inside].any()
    waited = heard & ~handsets.positioned & (received.shown != NEVER)
    assert (received.shown[waited] - received.heard[waited] == 8).all()
    counted = curve(handsets, received)
    assert counted.shown_beside > 0
    assert counted.fenced_off == int((beside & handsets.positioned).sum())


def test_who_opted_out_or_has_no_working_phone_is_shown_nothing() -> None:
    handsets, received = every()
    assert (received.shown[handsets.opted_out | ~handsets.working] == NEVER).all()
    assert (received.heard[~handsets.working] == NEVER).all()
    assert (
        received.heard[handsets.working & ~handsets.capable & ~handsets.grounded] == NEVER
    ).all()


def test_whose_ground_network_stands_does_not_look_up() -> None:
    handsets, received = every(ground_lost=np.array([0.0]))
    assert handsets.grounded.all()
    assert set(received.heard[handsets.working].tolist()) == {7}
    assert not received.duplicates.any()
    handsets, received = every(replace(GUST, ground_after_s=None), ground_lost=np.array([0.0]))
    assert (received.heard == NEVER).all()


def test_languages_are_counted() -> None:
    handsets, received = every(languages={"it": 0.7, "de": 0.2, "zh": 0.1})
    own = received.own_language(handsets, ("it", "de", "en"))
    shown = received.shown != NEVER
    assert own == {
        "it": int((shown & (handsets.language == 0)).sum()),
        "de": int((shown & (handsets.language == 1)).sum()),
    }
    assert own["it"] > own["de"] > 0


def test_a_warning_reaches_only_its_own_cells() -> None:
    people = np.array([1_000.0, 1_000.0])
    warning = CellWarning(np.array([1], dtype=np.int32), people[1:], 3, 500.0)
    other = CellWarning(np.array([0], dtype=np.int32), people[:1], 3, 500.0)
    wanted = Wanted.of(2, [warning, other])
    beams = plan(steady_contacts(2, 2, 30), wanted)
    handsets = populate(people, 10_000, 1)
    received = simulate(beams, handsets, octets=wanted.octets, goes_to=np.array([False, True]))
    heard = received.heard != NEVER
    assert not heard[handsets.cell == 0].any()
    assert heard[handsets.cell == 1].any()


def test_the_curve_is_what_handsets_show() -> None:
    handsets, received = every(dwells=24)
    counted = curve(handsets, received)
    for k in (0, 5, 24):
        shown = (received.shown != NEVER) & (received.shown <= k) & handsets.inside
        assert counted.share[k] == pytest.approx(shown.sum() / handsets.inside.sum())
        assert counted.at(5.0 * k) == counted.share[k]
        assert counted.by_cell[k, 0] == pytest.approx(counted.share[k])
    assert counted.at(-0.1) == 0.0
    assert counted.at(1e9) == counted.share[-1]
    assert counted.time_to_95_s is None


def test_what_does_not_fit_is_refused() -> None:
    people = np.array([1.0, 2.0])
    handsets = populate(people, 10, 1)
    wanted = one_warning(np.ones(3))
    beams = plan(steady_contacts(3, 1, 2), wanted)
    with pytest.raises(InvalidInputError, match="3 cells and the handsets of 2"):
        simulate(beams, handsets, octets=wanted.octets)
    with pytest.raises(InvalidInputError, match="somebody to carry"):
        populate(np.zeros(2), 10, 1)
    with pytest.raises(InvalidInputError, match="seed"):
        populate(people, 10, -1)
    with pytest.raises(InvalidInputError, match="languages"):
        populate(people, 10, 1, languages={"it": -1.0})
    three = populate(np.ones(3), 10, 1)
    received = simulate(beams, three, octets=wanted.octets)
    with pytest.raises(InvalidInputError, match="asked about"):
        curve(populate(np.ones(3), 20, 1), received)
    expected = forecast(plan(steady_contacts(3, 1, 4), wanted), wanted.warnings[0])
    with pytest.raises(InvalidInputError, match="different times"):
        compare(curve(three, received), expected, wanted.warnings[0].cells)
