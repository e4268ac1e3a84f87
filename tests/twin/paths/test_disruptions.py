"""What is taken away is felt from the next slot on, by name, and given back likewise."""

import math

import numpy as np
import pytest

from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, slot_at, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind, failed_in
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.sky.sky import Sky

ROME = Terminal("Rome", Place("Rome", 41.9, 12.5))
SHIP = Terminal("frigate", Place("frigate", 36.0, 17.0), contract=True)
TERMINALS = (ROME, SHIP)


@pytest.fixture(scope="module")
def ephemeris(default_catalogue):
    return ComputedEphemeris(Sky(default_catalogue))


@pytest.fixture(scope="module")
def some():
    users = subscribers()
    return users.select(users.in_country("IT"))


@pytest.fixture
def world(ephemeris, some):
    def make(*disruptions):
        return World(ephemeris, some, SlotOptions(disruptions=disruptions))

    return make


@pytest.fixture(scope="module")
def first(default_catalogue):
    return slot_at(default_catalogue.epoch) + 40


def broken(kind, name, slot, slots=2):
    """Return a disruption that begins 4 s into the slot before `slot`, felt for so many slots."""
    start = slot_start(slot) - 11.0
    return Disruption(DisruptionKind(kind), str(name), start, start + slots * 15.0)


def test_what_begins_in_a_slot_is_felt_in_the_next():
    begins = Disruption(DisruptionKind.GATEWAY, "Milano", slot_start(10), slot_start(12))
    assert [bool(failed_in([begins], s).gateways) for s in range(9, 14)] == [0, 1, 1, 0, 0]
    later = Disruption(DisruptionKind.GATEWAY, "Milano", slot_start(10) + 0.001, slot_start(12))
    assert [bool(failed_in([later], s).gateways) for s in range(9, 14)] == [0, 0, 1, 0, 0]
    always = Disruption(DisruptionKind.GATEWAY, "Milano")
    assert all(failed_in([always], s).gateways for s in (-(10**6), 0, 10**9))


def test_a_failed_satellite_serves_nobody_from_the_next_slot(ephemeris, world, first):
    numbers = ephemeris.sky.catalogue.numbers
    before = [world().assign(first + k, TERMINALS) for k in range(4)]
    lost = int(before[1].terminals.satellite[0])
    failing = world(broken("satellite", numbers[lost], first + 1, 2))
    after = [failing.assign(first + k, TERMINALS) for k in range(4)]
    for k in (0, 3):
        assert np.array_equal(after[k].commercial.satellite, before[k].commercial.satellite)
        assert np.array_equal(after[k].used, before[k].used)
    for k in (1, 2):
        assert not after[k].used[lost].any()
        assert lost not in after[k].commercial.satellite
        assert lost not in after[k].terminals.satellite
        assert after[k].failed.satellites == {int(numbers[lost])}
    assert after[1].terminals.satellite[0] >= 0  # routed around


def test_without_any_shell_nothing_is_in_view(ephemeris, world, first):
    catalogue = ephemeris.sky.catalogue
    one = catalogue.shell_names[0]
    answer = world(Disruption(DisruptionKind.SHELL, one)).assign(first, TERMINALS)
    assert not answer.used[catalogue.shell == 0].any()
    assert answer.used[catalogue.shell != 0].any()
    dark = world(*(Disruption(DisruptionKind.SHELL, name) for name in catalogue.shell_names))
    answer = dark.assign(first, TERMINALS)
    assert not answer.used.any()
    assert (answer.commercial.reason == Reason.NOTHING_IN_VIEW).all()
    paths = Planner(dark).paths(first, TERMINALS)
    assert (paths.reason == Reason.NOTHING_IN_VIEW).all()
    assert np.isinf(paths.round_trip_s).all()
    assert (paths.rate_down_bps == 0.0).all()
    assert (paths.gateway == -1).all()


def test_a_failed_gateway_lands_nobody_from_the_next_slot(ephemeris, world, first):
    ground = ephemeris.sky.ground
    whole = Planner(world())
    before = [whole.paths(first + k, TERMINALS) for k in range(3)]
    names = {ground.gateways[g].place.name for g in before[1].gateway}
    planner = Planner(world(*(broken("gateway", name, first + 1, 1) for name in names)))
    after = [planner.paths(first + k, TERMINALS) for k in range(3)]
    for k in (0, 2):
        assert np.array_equal(after[k].delay_up_s, before[k].delay_up_s)
        assert np.array_equal(after[k].gateway, before[k].gateway)
    # The customer's satellite stays; the way down from it grows longer.
    assert np.array_equal(after[1].satellite, before[1].satellite)
    assert not {ground.gateways[g].place.name for g in after[1].gateway} & names
    assert (after[1].delay_up_s > before[1].delay_up_s).all()
    nothing = Planner(
        world(*(Disruption(DisruptionKind.GATEWAY, g.place.name) for g in ground.gateways))
    ).paths(first, TERMINALS)
    assert (nothing.reason == Reason.NO_LANDING).all()
    assert np.isinf(nothing.delay_up_s).all()


def test_a_failed_point_of_presence_moves_the_exit_to_the_next_nearest(ephemeris, world, first):
    points = ephemeris.sky.ground.points_of_presence
    before = Planner(world()).paths(first, TERMINALS)
    assert [points[p].place.name for p in before.point] == ["Milan", "Sofia"]
    failing = Planner(world(broken("point-of-presence", "Milan", first, 1)))
    after = failing.paths(first, TERMINALS)
    assert [points[p].place.name for p in after.point] == ["Sofia", "Sofia"]
    assert after.delay_up_s[0] != before.delay_up_s[0]
    assert after.delay_up_s[1] == before.delay_up_s[1]
    again = failing.paths(first + 1, TERMINALS)
    assert points[again.point[0]].place.name == "Milan"
    nothing = Planner(
        world(*(Disruption(DisruptionKind.POINT_OF_PRESENCE, p.place.name) for p in points))
    ).paths(first, TERMINALS)
    assert (nothing.reason == Reason.NO_LANDING).all()


def test_a_dish_without_its_position_is_mute_from_the_next_slot(world, first):
    failing = world(broken("position-fix", "frigate", first + 1, 1))
    answers = [failing.assign(first + k, TERMINALS).terminals for k in range(3)]
    assert [a.reason.tolist() for a in answers] == [[0, 0], [0, Reason.NO_FIX], [0, 0]]
    assert answers[1].satellite[1] == -1
    paths = Planner(failing).paths(first + 1, TERMINALS)
    assert paths.reason[1] == Reason.NO_FIX
    assert paths.loss_up[1] == 1.0
    # Coming back is a hand-over, for who was there all the time it need not be.
    assert Planner(failing).paths(first + 2, TERMINALS).handover[1]


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("shell", "low", "No shell is called 'low'"),
        ("gateway", "milano", "No gateway is called 'milano'. Known: Aerzen"),
        ("point-of-presence", "Rome", "No point of presence is called 'Rome'. Known: Frankfurt"),
        ("satellite", "44714", "No satellite has the catalogue number 44714"),
        ("satellite", "STARLINK-1007", "'STARLINK-1007' is no catalogue number"),
        ("satellite", "", "'' is no catalogue number"),
        ("satellite", "-5", "'-5' is no catalogue number"),
    ],
)
def test_names_that_the_sky_does_not_have_are_refused_at_once(world, kind, name, why):
    # Also where the disruption lies far in the future.
    with pytest.raises(BaluardoError, match=why):
        world(Disruption(DisruptionKind(kind), name, 9e9, math.inf))


def test_a_terminal_that_is_not_there_is_refused(world, first):
    failing = world(Disruption(DisruptionKind.POSITION_FIX, "frigat"))
    with pytest.raises(InvalidInputError, match=r"No terminal is called 'frigat'. Known: Rome, "):
        failing.assign(first, TERMINALS)
    assert len(failing.assign(first).terminals) == 0


@pytest.mark.parametrize(
    ("start", "end"), [(5.0, 5.0), (6.0, 5.0), (math.nan, 1.0), (0.0, math.nan)]
)
def test_a_disruption_ends_after_it_begins(start, end):
    with pytest.raises(InvalidInputError, match="is not after start"):
        Disruption(DisruptionKind.GATEWAY, "Milano", start, end)
