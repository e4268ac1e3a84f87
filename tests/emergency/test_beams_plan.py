"""Plans of beams: what no plan may do, in what order cells come, and against an exact one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from beam_worlds import lit_in, one_warning, random_contacts, seen_in, steady_contacts
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.emergency.beams.contacts import PhoneContacts
from baluardo.emergency.beams.matching import NOBODY, serve
from baluardo.emergency.beams.phones import Phones
from baluardo.emergency.beams.plan import PlanOptions, Standing, plan, standing_after
from baluardo.emergency.beams.wanted import CellWarning, Wanted
from baluardo.errors import InvalidInputError


def exact_total(contacts: PhoneContacts, dwell: int, worth: np.ndarray) -> tuple[float, int]:
    """Return the greatest worth of cells that beams can light at once, and how many those are."""
    optimize = pytest.importorskip("scipy.optimize")
    beams = np.repeat(np.arange(len(contacts.beams)), contacts.beams)
    value = np.zeros((len(worth), beams.size + len(worth)))  # the last columns: no beam
    for cell, satellite in seen_in(contacts, dwell):
        value[cell, : beams.size][beams == satellite] = worth[cell]
    rows, columns = optimize.linear_sum_assignment(value, maximize=True)
    total = value[rows, columns]
    return float(total.sum()), int((total > 0.0).sum())


def served(contacts: PhoneContacts, dwell: int, worth: np.ndarray) -> set[int]:
    """Return the cells that the matching serves in one dwell, by their worth."""
    part = slice(int(contacts.first[dwell]), int(contacts.first[dwell + 1]))
    cells, begins = np.unique(contacts.cell[part], return_index=True)
    ends = np.append(begins[1:], part.stop - part.start)
    n = len(contacts.beams)
    used, closed = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    choice = np.full(cells.size, NOBODY)
    count = serve(
        *(cells.size, worth[cells], begins, ends, contacts.satellite[part], contacts.snr_db[part]),
        *(contacts.beams, used, np.zeros((n, len(worth)), np.int32), closed, choice),
        *(len(worth), True),
    )
    found = cells[choice != NOBODY]
    assert count == found.size == used.sum()
    assert (used <= contacts.beams).all()
    for row in np.flatnonzero(choice != NOBODY).tolist():
        assert begins[row] <= choice[row] < ends[row]
    chosen = contacts.satellite[part][choice[choice != NOBODY]]
    assert np.bincount(chosen, minlength=n).tolist() == used.tolist()
    return set(found.tolist())


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    cells=st.integers(1, 25),
    satellites=st.integers(1, 7),
    chance=st.floats(0.02, 0.9),
)
def test_no_other_set_of_cells_is_worth_more(
    seed: int, cells: int, satellites: int, chance: float
) -> None:
    contacts = random_contacts(seed, cells, satellites, 1, chance=chance)
    worth = np.random.default_rng(seed).uniform(1.0, 100.0, cells)
    ours = served(contacts, 0, worth)
    best, count = exact_total(contacts, 0, worth)
    assert sum(worth[c] for c in ours) == pytest.approx(best)
    assert len(ours) == count


worlds = st.tuples(
    st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 6), st.floats(0.05, 0.9)
)


@settings(deadline=None, max_examples=60)
@given(worlds)
def test_a_plan_keeps_to_the_contacts_and_the_beams(world: tuple[int, int, int, float]) -> None:
    seed, cells, satellites, chance = world
    contacts = random_contacts(seed, cells, satellites, 12, chance=chance)
    dice = np.random.default_rng(seed)
    people = dice.uniform(0.0, 1e5, cells)
    usual = dice.uniform(0.0, 10.0, cells)
    found = plan(contacts, one_warning(people), usual=usual)
    for k in range(contacts.dwells):
        pairs = seen_in(contacts, k)
        lit = lit_in(found, k)
        assert all((c, s) in pairs for c, s in lit.items())
        busy = np.bincount(list(lit.values()), minlength=satellites)
        assert busy.tolist() == found.warned_beams[k].tolist()
        assert (found.warned_beams[k] + found.commercial_beams[k] <= contacts.beams).all()
        # No beam is wasted: as many cells as can be lit at once are lit.
        assert len(lit) == exact_total(contacts, k, np.ones(cells))[1]
    for k, part in enumerate(np.split(np.arange(len(found.cell)), found.first[1:-1])):
        pairs = seen_in(contacts, k)
        for e in part.tolist():
            rate, snr = pairs[int(found.cell[e]), int(found.satellite[e])]
            assert (rate, snr) == (found.rate_bps[e], found.snr_db[e])


@settings(deadline=None, max_examples=60)
@given(worlds)
def test_the_more_severe_warning_comes_first(world: tuple[int, int, int, float]) -> None:
    """Its cells get what the beams can give them, whatever there is besides."""
    seed, cells, satellites, chance = world
    contacts = random_contacts(seed, cells, satellites, 4, chance=chance)
    dice = np.random.default_rng(seed)
    severe = np.flatnonzero(dice.random(cells) < 0.4).astype(np.int32)
    other = np.arange(cells, dtype=np.int32)
    many = dice.uniform(1e6, 1e8, cells)
    wanted = Wanted.of(
        cells,
        [
            CellWarning(severe, dice.uniform(1.0, 10.0, severe.size), 5, 500.0),
            CellWarning(other, many, 2, 500.0),
        ],
    )
    # Nobody steps back after a few visits: a phone looks once in an hour.
    found = plan(contacts, wanted, Phones(searches=((3_600.0, 1.0),)))
    worth = np.zeros(cells)
    worth[severe] = 1.0
    for k in range(contacts.dwells):
        lit = lit_in(found, k)
        assert len(set(lit) & set(severe.tolist())) == exact_total(contacts, k, worth)[1]


def test_all_severe_cells_are_lit_where_beams_suffice() -> None:
    contacts = steady_contacts(cells=20, beams=6, dwells=10)
    severe = np.array([3, 7, 11, 15, 19], dtype=np.int32)
    other = np.arange(20, dtype=np.int32)
    wanted = Wanted.of(
        20,
        [
            CellWarning(severe, np.full(5, 10.0), 4, 500.0),
            CellWarning(other, np.full(20, 1e6), 1, 500.0),
        ],
    )
    found = plan(contacts, wanted)
    for k in range(10):
        assert set(severe.tolist()) < set(lit_in(found, k))


def test_among_equally_severe_more_people_come_first() -> None:
    people = np.array([5.0, 50.0, 500.0, 5_000.0])
    found = plan(steady_contacts(4, beams=2, dwells=1), one_warning(people))
    assert set(lit_in(found, 0)) == {2, 3}


def test_people_whom_the_ground_reaches_do_not_count() -> None:
    people, lost = np.array([1e6, 10.0]), np.array([0.0, 1.0])
    found = plan(steady_contacts(2, beams=1, dwells=1), one_warning(people), ground_lost=lost)
    assert set(lit_in(found, 0)) == {1}


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32),
    cells=st.integers(2, 60),
    beams=st.integers(1, 8),
    rounds=st.integers(1, 6),
)
def test_no_cell_starves(seed: int, cells: int, beams: int, rounds: int) -> None:
    """However uneven people are, no cell waits much longer than it was promised."""
    people = np.random.default_rng(seed).pareto(0.3, cells).clip(0.0, 1e8)
    sweep = -(-cells // beams)
    dwells = 6 * (rounds + 2) * sweep
    found = plan(
        steady_contacts(cells, beams, dwells),
        one_warning(people),
        Phones(searches=((36_000.0, 1.0),)),
        options=PlanOptions(fair_rounds=rounds),
    )
    visits = np.repeat(np.arange(dwells), np.diff(found.first))
    for cell in range(cells):
        mine = np.concatenate([[-1], visits[found.cell == cell], [dwells]])
        assert np.diff(mine).max() <= (rounds + 1) * sweep + 1


def test_beams_sweep_where_they_are_fewer_than_cells() -> None:
    """Equal cells are lit in turn: each once before any comes again."""
    found = plan(steady_contacts(cells=12, beams=3, dwells=8), one_warning(np.full(12, 100.0)))
    for first in (0, 4):
        turn = [c for k in range(first, first + 4) for c in lit_in(found, k)]
        assert sorted(turn) == list(range(12))


def test_who_is_reached_makes_room_for_the_less_severe() -> None:
    people_out = Phones(outdoors_at_start=1.0, outdoors=1.0, open_sky=1.0, searches=((5.0, 1.0),))
    wanted = Wanted.of(
        2,
        [
            CellWarning(np.array([0], dtype=np.int32), np.array([1e6]), 9, 300.0),
            CellWarning(np.array([1], dtype=np.int32), np.array([1.0]), 1, 300.0),
        ],
    )
    found = plan(steady_contacts(2, beams=1, dwells=6), wanted, people_out)
    order = [next(iter(lit_in(found, k))) for k in range(6)]
    assert order[:2] == [0, 0]
    assert 1 in order


def test_the_usual_load_takes_what_is_left_and_the_rest_is_counted() -> None:
    contacts = steady_contacts(cells=10, beams=6, dwells=5)
    warned = CellWarning(np.array([0, 1, 2, 3], dtype=np.int32), np.full(4, 100.0), 3, 500.0)
    usual = np.full(10, 1.0)
    found = plan(contacts, Wanted.of(10, [warned]), usual=usual)
    assert found.warned_beams[:, 0].tolist() == [4] * 5
    assert found.commercial_beams[:, 0].tolist() == [2] * 5
    assert found.displaced_beams.tolist() == [4] * 5
    assert found.displaced_bps.tolist() == pytest.approx([4 * 3e6] * 5)
    quiet = plan(contacts, Wanted.of(10, []), usual=usual)
    assert quiet.first[-1] == 0
    assert quiet.commercial_beams[:, 0].tolist() == [6] * 5
    assert quiet.displaced_beams.tolist() == [0] * 5


def test_the_usual_load_is_swept_by_its_weight() -> None:
    usual = np.array([8.0, 4.0, 2.0, 1.0, 0.0])
    found = plan(steady_contacts(5, beams=2, dwells=200), Wanted.of(5, []), usual=usual)
    assert found.commercial_beams.sum() == 400


def test_a_plan_is_the_same_every_time() -> None:
    contacts = random_contacts(4, 40, 6, 30)
    people = np.random.default_rng(4).uniform(0.0, 1e4, 40)
    one, two = (plan(contacts, one_warning(people), usual=people) for _ in range(2))
    for name in ("first", "cell", "satellite", "snr_db", "commercial_beams", "displaced_bps"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


def test_a_plan_goes_on_where_another_ended() -> None:
    people = np.full(12, 100.0)
    whole = plan(steady_contacts(12, beams=3, dwells=8), one_warning(people))
    first = plan(steady_contacts(12, beams=3, dwells=3), one_warning(people))
    rest = steady_contacts(12, beams=3, dwells=5)
    rest = replace(rest, starts=rest.starts + 15.0)
    second = plan(rest, one_warning(people), standing=first.standing)
    assert [*first.cell.tolist(), *second.cell.tolist()] == whole.cell.tolist()
    assert second.standing.outdoors.tolist() == pytest.approx(whole.standing.outdoors.tolist())
    assert second.standing.lit_at.tolist() == pytest.approx(whole.standing.lit_at.tolist())


@settings(deadline=None, max_examples=30)
@given(world=worlds, played=st.integers(0, 12))
def test_what_was_played_is_counted_from_the_plan(
    world: tuple[int, int, int, float], played: int
) -> None:
    """The compiled loop keeps the same account, and a plan over fewer dwells ends there too."""
    seed, cells, satellites, chance = world
    contacts = random_contacts(seed, cells, satellites, 12, chance=chance)
    wanted, phones = one_warning(np.random.default_rng(seed).uniform(0.0, 1e5, cells)), Phones()
    before = Standing.fresh(cells, phones, float(contacts.starts[0]))
    made = plan(contacts, wanted, phones)
    some, whole = (standing_after(made, n, wanted, phones, before) for n in (played, 12))
    for name in ("outdoors", "indoors", "lit_at"):
        assert getattr(whole, name).tolist() == pytest.approx(getattr(made.standing, name).tolist())
    assert whole.outdoors_now == pytest.approx(made.standing.outdoors_now)
    assert ((some.outdoors + some.indoors) >= (whole.outdoors + whole.indoors) - 1e-12).all()
    with pytest.raises(InvalidInputError, match="not part of a plan"):
        standing_after(made, 13, wanted, phones, before)


def test_nothing_to_see_is_an_empty_plan() -> None:
    found = plan(steady_contacts(0, beams=3, dwells=4), one_warning(np.array([10.0, 20.0])))
    assert found.first.tolist() == [0] * 5
    assert not found.seen.any()
    assert np.isnan(found.lit()).all()


def test_what_cannot_be_planned_is_refused() -> None:
    contacts = steady_contacts(cells=3, beams=1, dwells=2)
    people = np.ones(3)
    with pytest.raises(InvalidInputError, match="beyond the 2"):
        plan(contacts, one_warning(np.ones(2)))
    with pytest.raises(InvalidInputError, match="to hear, and a beam stays"):
        plan(contacts, one_warning(people, octets=50_000.0))
    with pytest.raises(InvalidInputError, match="ground_lost"):
        plan(contacts, one_warning(people), ground_lost=np.full(3, 1.5))
    with pytest.raises(InvalidInputError, match="usual"):
        plan(contacts, one_warning(people), usual=np.array([1.0, -1.0, 0.0]))
    with pytest.raises(InvalidInputError, match="fair_rounds"):
        PlanOptions(fair_rounds=0)
    with pytest.raises(InvalidInputError, match="enough"):
        PlanOptions(enough=0.0)
