"""The sky's clock on a virtual machine clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.clock import (
    EARLIEST_S,
    LATEST_S,
    RATES,
    REPLAY_AFTER_S,
    Dated,
    Mode,
    Readings,
    SkyClock,
)

NOON = 1_748_520_000.0
"""2025-05-29T12:00:00Z."""
DAY = 86_400.0
FRESH = Dated(NOON)


def at(elapsed: float, wall_step: float = 0.0) -> Readings:
    """Readings some seconds after the start, the wall clock set by `wall_step` meanwhile."""
    return Readings(1_000.0 + elapsed, NOON + elapsed + wall_step)


def test_fresh_catalogue_shows_now() -> None:
    clock = SkyClock.started(FRESH, at(0))
    assert clock.mode is Mode.NOW
    assert clock.sky_time(at(90)) == NOON + 90


@pytest.mark.parametrize("days", [14.01, 3_000.0, -14.01])
def test_catalogue_far_from_the_present_is_replayed_from_its_epoch(days: float) -> None:
    epoch = NOON - days * DAY
    clock = SkyClock.started(Dated(epoch), at(0))
    assert clock.mode is Mode.REPLAY
    assert clock.sky_time(at(90)) == epoch + 90


def test_fourteen_days_are_still_now_and_shells_always_are() -> None:
    assert SkyClock.started(Dated(NOON - REPLAY_AFTER_S), at(0)).mode is Mode.NOW
    assert SkyClock.started(Dated(0.0, ageless=True), at(0)).mode is Mode.NOW


def test_catalogue_that_ages_while_running_falls_back_to_replay() -> None:
    clock = SkyClock.started(FRESH, at(0))
    later = at(REPLAY_AFTER_S + 1)
    clock = clock.followed(later)
    assert clock.mode is Mode.REPLAY
    assert clock.sky_time(later) == NOON


def test_replay_does_not_feel_the_wall_clock() -> None:
    clock = SkyClock.started(FRESH, at(0)).changed(at(0), sky_time=NOON - 500)
    for step in (-7_200.0, 7_200.0, 1e9):
        assert clock.followed(at(60, step)).sky_time(at(60, step)) == NOON - 440


@pytest.mark.parametrize("step", [-3_600.0, -1.5, 1.5, 3_600.0])
def test_now_follows_a_wall_clock_that_was_set_at_once(step: float) -> None:
    clock = SkyClock.started(FRESH, at(0)).followed(at(1, step))
    assert clock.sky_time(at(1, step)) == pytest.approx(NOON + 1 + step, abs=1e-6)


def test_now_takes_back_small_differences_without_ever_running_backwards() -> None:
    clock, before = SkyClock.started(FRESH, at(0)), NOON
    for second in range(1, 61):
        clock = clock.followed(at(second, -0.9))
        sky = clock.sky_time(at(second, -0.9))
        assert sky > before
        before = sky
    assert before == pytest.approx(NOON + 60 - 0.9, abs=0.01)


def test_monotonic_clock_that_stands_still_or_steps_back_holds_the_sky() -> None:
    clock = SkyClock.started(FRESH, at(0)).changed(at(0), rate=300.0)
    assert clock.sky_time(at(-5)) == NOON


def test_rates_pause_and_jump() -> None:
    clock = SkyClock.started(FRESH, at(0)).changed(at(10), rate=60.0)
    assert clock.mode is Mode.REPLAY
    assert clock.sky_time(at(20)) == NOON + 10 + 600
    clock = clock.changed(at(20), paused=True)
    assert clock.speed == 0.0
    assert clock.sky_time(at(500)) == NOON + 610
    clock = clock.changed(at(500), paused=False)
    assert clock.sky_time(at(501)) == NOON + 670
    clock = clock.changed(at(501), sky_time=NOON - DAY)
    assert clock.sky_time(at(502)) == NOON - DAY + 60
    clock = clock.changed(at(502), mode=Mode.NOW)
    assert clock.sky_time(at(503)) == NOON + 503
    assert clock.rate == 1.0


def test_replay_asked_for_from_now_begins_at_the_epoch() -> None:
    clock = SkyClock.started(Dated(NOON - DAY), at(0)).changed(at(5), mode=Mode.REPLAY)
    assert clock.sky_time(at(6)) == NOON - DAY + 1


def test_wishes_that_change_nothing_leave_now_alone() -> None:
    clock = SkyClock.started(FRESH, at(0))
    assert clock.changed(at(5), rate=1.0, paused=False) is clock


@pytest.mark.parametrize(
    "wish",
    [
        {"rate": 2.0},
        {"rate": math.nan},
        {"rate": -1.0},
        {"sky_time": math.inf},
        {"sky_time": math.nan},
        {"sky_time": EARLIEST_S - 1},
        {"sky_time": LATEST_S},
        {"mode": Mode.NOW, "rate": 10.0},
        {"mode": Mode.NOW, "paused": True},
        {"mode": Mode.NOW, "sky_time": NOON},
    ],
)
def test_impossible_wishes_are_refused(wish: dict[str, object]) -> None:
    clock = SkyClock.started(FRESH, at(0))
    with pytest.raises(InvalidInputError):
        clock.changed(at(1), **wish)  # type: ignore[arg-type]


def test_now_is_refused_for_an_old_catalogue() -> None:
    clock = SkyClock.started(Dated(NOON - 30 * DAY), at(0))
    with pytest.raises(InvalidInputError, match="14 days"):
        clock.changed(at(1), mode=Mode.NOW)


def test_replay_stands_still_at_the_end_of_time() -> None:
    clock = SkyClock.started(FRESH, at(0)).changed(at(0), sky_time=LATEST_S - 10, rate=300.0)
    assert clock.sky_time(at(3_600)) == LATEST_S


def test_new_catalogue_ends_a_forced_replay_but_not_a_chosen_one() -> None:
    forced = SkyClock.started(Dated(NOON - 30 * DAY), at(0))
    assert forced.with_catalogue(FRESH, at(5)).mode is Mode.NOW
    chosen = SkyClock.started(FRESH, at(0)).changed(at(0), sky_time=NOON - 100)
    exchanged = chosen.with_catalogue(Dated(NOON + 1), at(5))
    assert exchanged.mode is Mode.REPLAY
    assert exchanged.sky_time(at(5)) == NOON - 95


def test_the_same_old_catalogue_read_again_lets_its_replay_go_on() -> None:
    old = Dated(NOON - 30 * DAY)
    clock = SkyClock.started(old, at(0))
    later = at(7_200)
    assert clock.with_catalogue(old, later).sky_time(later) == old.epoch + 7_200


def test_another_old_catalogue_is_replayed_from_its_own_epoch() -> None:
    other = Dated(NOON - 20 * DAY)
    clock = SkyClock.started(Dated(NOON - 30 * DAY), at(0)).with_catalogue(other, at(5))
    assert clock.mode is Mode.REPLAY
    assert clock.sky_time(at(6)) == other.epoch + 1


@pytest.mark.parametrize("age_days", [0.0, 20.0, 30.0])
def test_what_a_person_chose_survives_every_new_catalogue(age_days: float) -> None:
    clock = SkyClock.started(Dated(NOON - 30 * DAY), at(0))
    clock = clock.changed(at(1), rate=60.0, paused=True, sky_time=NOON - 29 * DAY)
    clock = clock.with_catalogue(Dated(NOON - age_days * DAY), at(7_200))
    assert (clock.mode, clock.rate, clock.paused) == (Mode.REPLAY, 60.0, True)
    assert clock.sky_time(at(7_200)) == NOON - 29 * DAY


def test_now_goes_on_with_a_fresh_catalogue_and_ends_with_an_old_one() -> None:
    clock = SkyClock.started(FRESH, at(0))
    goes_on = clock.with_catalogue(Dated(NOON + 60), at(90))
    assert (goes_on.mode, goes_on.sky_time(at(90))) == (Mode.NOW, NOON + 90)
    ends = clock.with_catalogue(Dated(NOON - 30 * DAY), at(90))
    assert (ends.mode, ends.sky_time(at(90))) == (Mode.REPLAY, NOON - 30 * DAY)


WISHES = st.fixed_dictionaries(
    {},
    optional={
        "rate": st.sampled_from(RATES),
        "paused": st.booleans(),
        "sky_time": st.floats(NOON - 30 * DAY, NOON + 30 * DAY),
    },
)


@given(st.lists(st.tuples(WISHES, st.floats(0, 100), st.floats(-10, 10)), max_size=20))
def test_sky_time_runs_on_between_wishes(steps: list[tuple[dict, float, float]]) -> None:
    """Whatever was wished: time goes on at the clock's speed until the next wish."""
    clock, elapsed = SkyClock.started(FRESH, at(0)), 0.0
    for wish, wait, wall_step in steps:
        clock = clock.changed(at(elapsed, wall_step), **wish)
        before = clock.sky_time(at(elapsed, wall_step))
        if "sky_time" in wish:
            assert before == wish["sky_time"]
        elapsed += wait
        expected = before + clock.speed * wait
        assert clock.sky_time(at(elapsed, wall_step)) == pytest.approx(expected, abs=1e-3)
