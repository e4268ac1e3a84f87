"""Forecasts against formulas that a person can write down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from beam_worlds import one_warning, random_contacts, steady_contacts
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.emergency.beams.forecast import ReachForecast, forecast
from baluardo.emergency.beams.phones import AFTER_EARTHQUAKE, Phones
from baluardo.emergency.beams.plan import plan
from baluardo.errors import InvalidInputError

OUT_AND_WELL = Phones(
    outdoors_at_start=1.0,
    outdoors=1.0,
    open_sky=1.0,
    working=1.0,
    capable=1.0,
    positioned=1.0,
    searches=((60.0, 1.0),),
)
"""Everybody is outdoors with a good phone that looks once a minute."""


def changed(**fields: object) -> Phones:
    """Return OUT_AND_WELL with other values."""
    names = OUT_AND_WELL.__slots__
    return Phones(**({name: getattr(OUT_AND_WELL, name) for name in names} | fields))


def of_one_cell(phones: Phones, dwells: int, **world: float) -> ReachForecast:
    """Return the forecast for one cell that a beam lights all the time."""
    wanted = one_warning(np.array([1_000.0]))
    lit = plan(steady_contacts(1, 1, dwells, **world), wanted, phones)
    return forecast(lit, wanted.warnings[0], phones)


def test_a_phone_that_looks_once_a_minute_is_reached_within_it_unless_it_looks_too_late() -> None:
    found = of_one_cell(OUT_AND_WELL, 36)
    in_time = 1.0 - (0.5 + 4 * 0.08) / 5.0  # 800 octets are four pieces
    assert found.share[0] == 0.0
    assert found.share[6] == pytest.approx(0.5 * in_time)
    assert found.share[12] == pytest.approx(in_time)
    assert found.share[24] == pytest.approx(1.0 - (1.0 - in_time) ** 2)
    assert found.able == 1.0
    assert found.time_to_95_s == found.times_s[np.flatnonzero(found.share >= 0.95)[0]]
    assert np.diff(found.times_s).tolist() == [5.0] * 36


def test_shares_of_phones_multiply() -> None:
    found = of_one_cell(changed(working=0.9, capable=0.8, opted_out=0.1, open_sky=0.5), 12)
    whole = of_one_cell(OUT_AND_WELL, 12)
    assert found.share[12] == pytest.approx(0.9 * 0.8 * 0.9 * 0.5 * whole.share[12])
    assert found.able == pytest.approx(0.9 * 0.8 * 0.9)
    assert found.time_to_95_s is None


def test_what_lasts_too_short_is_said_with_none() -> None:
    found = of_one_cell(OUT_AND_WELL, 3)
    assert found.time_to_95_s is None
    assert found.time_to_95_of_able_s is None


def test_of_those_who_can_be_reached_95_percent_may_be_reached_though_not_of_all() -> None:
    found = of_one_cell(changed(capable=0.6), 60)
    assert found.time_to_95_s is None
    assert found.time_to_95_of_able_s == of_one_cell(OUT_AND_WELL, 60).time_to_95_s


def test_indoors_the_building_decides() -> None:
    """Loss is normal in dB: a margin of one deviation above the median reaches 84 %."""
    phones = changed(
        outdoors_at_start=0.0, outdoors=0.0, indoor_loss_db=10.0, indoor_deviation_db=4.0
    )
    found = of_one_cell(phones, 600, snr_db=-6.7 + 14.0)
    assert found.share[-1] == pytest.approx(0.8413, abs=1.0 / 128)
    nothing = of_one_cell(phones, 600, snr_db=-6.7 - 30.0)
    assert nothing.share[-1] == 0.0
    assert nothing.able == 0.0
    assert nothing.time_to_95_of_able_s is None


def test_people_come_out_slowly() -> None:
    """Only those outdoors hear, every dwell: a chain of two states that a matrix can follow."""
    phones = changed(
        outdoors_at_start=0.2,
        outdoors=0.6,
        moving_s=120.0,
        indoor_loss_db=90.0,
        searches=((5.0, 1.0),),
    )
    found = of_one_cell(phones, 40)
    stays = math.exp(-5.0 / 120.0)
    walk = 0.6 * np.array([[1.0, 1.0], [0.0, 0.0]]) + 0.4 * np.array([[0.0, 0.0], [1.0, 1.0]])
    walk = walk + stays * (np.eye(2) - walk)
    in_time = 1.0 - (0.5 + 4 * 0.08) / 5.0
    state, reached = np.array([0.2, 0.8]), 0.0
    for k in range(40):
        reached += state[0] * in_time
        assert found.share[k + 1] == pytest.approx(reached)
        state = walk @ (state * [1.0 - in_time, 1.0])


def test_who_does_not_know_where_he_is_waits() -> None:
    phones = changed(positioned=0.0, position_wait_s=12.0)
    whole, late = of_one_cell(OUT_AND_WELL, 20), of_one_cell(phones, 20)
    assert late.share[3:].tolist() == pytest.approx(whole.share[:-3].tolist())
    assert late.share[:3].tolist() == [0.0] * 3


def test_whose_ground_network_stands_is_warned_by_it_or_not_at_all() -> None:
    wanted = one_warning(np.array([600.0, 400.0]))
    lost = np.array([1.0, 0.0])
    phones = changed(ground_after_s=20.0, working=0.5)
    lit = plan(steady_contacts(2, 2, 24), wanted, phones, ground_lost=lost)
    found = forecast(lit, wanted.warnings[0], phones, ground_lost=lost)
    assert found.by_cell[3, 1] == 0.0
    assert found.by_cell[4:, 1].tolist() == [0.5] * 21
    assert found.able == pytest.approx(0.5)
    alone = forecast(lit, wanted.warnings[0], changed(working=0.5), ground_lost=lost)
    assert alone.by_cell[:, 1].tolist() == [0.0] * 25
    assert alone.able == pytest.approx(0.3)
    assert found.share.tolist() == pytest.approx((found.by_cell @ [0.6, 0.4]).tolist())


def test_longer_messages_are_heard_by_fewer() -> None:
    short, long = (
        forecast(lit, wanted.warnings[0], OUT_AND_WELL).share[-1]
        for wanted in (one_warning(np.ones(1), octets=100.0), one_warning(np.ones(1), octets=6e3))
        for lit in [plan(steady_contacts(1, 1, 6), wanted, OUT_AND_WELL)]
    )
    assert long < short


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    outdoors=st.floats(0.0, 1.0),
    at_start=st.floats(0.0, 1.0),
    moving_s=st.floats(1.0, 1e5),
    periods=st.lists(st.floats(1.0, 400.0), min_size=1, max_size=4),
)
def test_reach_only_grows_and_never_beyond_who_is_able(
    seed: int, outdoors: float, at_start: float, moving_s: float, periods: list[float]
) -> None:
    phones = Phones(
        outdoors_at_start=at_start,
        outdoors=outdoors,
        moving_s=moving_s,
        searches=tuple((p, 1.0 / len(periods)) for p in periods),
    )
    contacts = random_contacts(seed, 6, 3, 40)
    wanted = one_warning(np.random.default_rng(seed).uniform(1.0, 1e4, 6))
    found = forecast(plan(contacts, wanted, phones), wanted.warnings[0], phones)
    assert (np.diff(found.by_cell, axis=0) >= -1e-12).all()
    assert (np.diff(found.share) >= -1e-12).all()
    assert (found.by_cell <= phones.able + 1e-12).all()
    assert found.share[-1] <= found.able + 1e-12


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"outdoors": 1.1}, "outdoors"),
        ({"working": float("nan")}, "working"),
        ({"moving_s": 0.0}, "moving_s"),
        ({"indoor_deviation_db": -1.0}, "indoor_deviation_db"),
        ({"least_snr_db": float("inf")}, "least_snr_db"),
        ({"searches": ()}, "searches"),
        ({"searches": ((60.0, 0.5),)}, "add up"),
        ({"searches": ((-1.0, 1.0),)}, "searches"),
        ({"ground_after_s": -1.0}, "ground_after_s"),
        ({"segment_octets": 0}, "segment_octets"),
    ],
)
def test_impossible_phones_are_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        changed(**fields)


def test_after_an_earthquake_more_people_are_outdoors() -> None:
    assert AFTER_EARTHQUAKE.outdoors > Phones().outdoors
    assert Phones().indoors_reached(-6.7 + 22.0) == pytest.approx(0.5)
    assert changed(indoor_deviation_db=0.0).indoors_reached(20.0) == 1.0
