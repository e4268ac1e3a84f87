"""When rounds are due: under traffic alone, between handshakes, again when they fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.tunnel.derivation import Role
from baluardo.network.tunnel.schedule import Schedule
from baluardo.network.tunnel.timers import (
    ALARM,
    AWAKE,
    FULL_SECONDS,
    LONGEST_IDLE_WAIT,
    LONGEST_WAIT,
    OVERDUE,
    REJECT_AFTER_TIME,
    RESPONDER_WAITS,
    ROUND_FROM,
    ROUND_UNTIL,
    TRAFFIC_SECONDS,
    WAKE_AGAIN,
)

START = 1_000.0


class Running:
    """A schedule with its first key and handshake behind it, and a clock."""

    def __init__(self, role: Role = Role.INITIATOR, spread: float = 0.5, lanes: int = 1) -> None:
        """Begin at the first handshake."""
        self.now = START
        self.schedule = Schedule(role, lanes, spread, self.now)
        self.octets = [0] * lanes
        self.handshakes = [0] * lanes
        self.round(resumed=False)
        for lane in range(lanes):
            self.handshake(lane)

    def round(self, resumed: bool = True) -> None:
        """Let a round end well."""
        for lane in range(len(self.octets)):
            self.schedule.installing(lane)
        self.schedule.accepted(resumed, self.now)

    def handshake(self, lane: int = 0) -> bool:
        """Let WireGuard make one."""
        self.handshakes[lane] += 1
        self.octets[lane] += 300
        return self.look(lane)

    def look(self, lane: int = 0) -> bool:
        """Observe a lane."""
        shown = self.handshakes[lane]
        return self.schedule.observe(lane, shown, self.octets[lane], self.now)

    def go(self, seconds: float, octets: int = 10_000, lane: int = 0) -> None:
        """Go on, looking every second, with so many octets a second."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.octets[lane] += octets
            self.look(lane)


@given(st.floats(0.0, 1.0))
def test_under_traffic_a_round_is_due_between_60_and_90_seconds(spread: float) -> None:
    running = Running(spread=spread)
    running.go(ROUND_FROM - 1.0)
    assert not running.schedule.is_due(running.now)
    running.go(ROUND_UNTIL - ROUND_FROM + 2.0)
    assert running.schedule.is_due(running.now)
    assert not running.schedule.full(running.now)
    running.round()
    running.go(25.0)
    assert not running.schedule.is_due(running.now), "one round for each handshake"
    running.handshake()
    running.go(ROUND_UNTIL + 1.0)
    assert running.schedule.is_due(running.now)


@pytest.mark.parametrize("octets", [0, 1, 3])
def test_an_idle_tunnel_costs_nothing_for_a_week(octets: int) -> None:
    """Not even with a keepalive now and then: 32 octets each 10 s are no traffic."""
    running = Running()
    running.go(600.0, octets=octets)
    for hour in range(1, 169):
        running.now = START + 600.0 + 3_600.0 * hour
        running.look()
        assert not running.schedule.is_due(running.now)
        assert not running.schedule.to_wake(running.now)
        assert not running.schedule.alarm(running.now)
    assert running.schedule.next_timer(running.now) is None


def test_lanes_whose_handshakes_alternate_are_both_renewed() -> None:
    running = Running(lanes=2)
    rounds = 0
    for second in range(1, 1_201):
        running.now += 1.0
        for lane, offset in ((0, 0), (1, 60)):
            running.octets[lane] += 10_000
            if (second - offset) % 120 == 0:
                running.handshake(lane)
            else:
                running.look(lane)
        if running.schedule.is_due(running.now):
            running.round()
            rounds += 1
    assert 9 <= rounds <= 20


def test_the_responder_asks_only_when_the_initiator_is_late() -> None:
    running = Running(Role.RESPONDER)
    running.go(OVERDUE + RESPONDER_WAITS - 1.0)
    assert not running.schedule.is_due(running.now)
    running.go(2.0)
    assert running.schedule.is_due(running.now)


def test_at_the_start_the_initiator_begins_and_the_responder_waits_a_little() -> None:
    for role, late in ((Role.INITIATOR, 0.0), (Role.RESPONDER, RESPONDER_WAITS)):
        schedule = Schedule(role, 1, 0.0, START)
        assert schedule.full(START)
        assert schedule.is_due(START) is (late == 0.0)
        assert schedule.next_timer(START - 1.0) == START + late
        assert schedule.is_due(START + late)
        assert not schedule.gate(0, START)


def test_a_day_later_the_next_round_is_full() -> None:
    running = Running()
    running.now += FULL_SECONDS
    assert running.schedule.full(running.now)
    assert not running.schedule.is_due(running.now), "but nothing is due for that alone"


def test_a_policy_makes_a_full_round_due_at_once_until_one_is_made() -> None:
    running = Running()
    running.schedule.want_full(running.now)
    assert running.schedule.is_due(running.now)
    running.round(resumed=True)
    assert running.schedule.is_due(running.now)
    running.round(resumed=False)
    assert not running.schedule.is_due(running.now)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40), st.booleans())
def test_failures_are_repeated_soon_and_with_bounds(chances: list[float], in_use: bool) -> None:
    running = Running()
    if in_use:
        running.go(5.0)
    running.schedule.want_full(running.now)
    for number, chance in enumerate(chances):
        if in_use:
            running.octets[0] += 10_000
            running.look()
        running.schedule.failed(chance, running.now)
        assert not running.schedule.is_due(running.now)
        at = running.schedule.next_timer(running.now)
        assert at is not None
        most = LONGEST_WAIT if in_use else LONGEST_IDLE_WAIT
        assert at - running.now <= min(most, 0.5 * 2**number) + 1e-6
        running.now = at + 0.001
        if not running.schedule.is_due(running.now):  # it was the time of a gate or of an alarm
            return


def test_the_gate_is_open_while_a_handshake_with_an_exchanged_key_is_young() -> None:
    running = Running()
    assert running.schedule.gate(0, running.now)
    running.go(REJECT_AFTER_TIME - 1.0)
    assert running.schedule.gate(0, running.now)
    at = running.schedule.next_timer(running.now)
    assert at == START + REJECT_AFTER_TIME
    running.go(1.0)
    assert not running.schedule.gate(0, running.now)
    schedule = Schedule(Role.INITIATOR, 1, 0.0, START)
    assert not schedule.observe(0, 99, 10_000, START), "made before any key of ours"
    assert not schedule.gate(0, START)
    schedule.installing(0)
    assert not schedule.observe(0, 99, 20_000, START + 1.0)
    assert not schedule.gate(0, START + 1.0)
    assert schedule.observe(0, 100, 20_000, START + 2.0)
    assert schedule.gate(0, START + 2.0)


def test_a_tunnel_at_rest_stays_open_and_shuts_if_it_cannot_wake() -> None:
    """WireGuard makes a handshake by itself when traffic comes; the slot holds an exchanged key."""
    running = Running()
    running.go(3_600.0, octets=0)
    assert running.schedule.gate(0, running.now)
    running.go(AWAKE - 1.0, octets=1_000)
    assert running.schedule.gate(0, running.now)
    running.handshake()
    running.go(60.0)
    assert running.schedule.gate(0, running.now)
    running.go(3_600.0, octets=0)
    running.go(AWAKE + 2.0, octets=1_000)
    assert not running.schedule.gate(0, running.now), "the other end has lost the key"
    running.schedule.want(running.now)
    running.go(20.0, octets=0)
    assert not running.schedule.gate(0, running.now)
    running.handshake()
    assert running.schedule.gate(0, running.now)


def test_a_lane_without_its_first_handshake_is_woken_until_it_has_one() -> None:
    """The packet that confirms a handshake to one end may be lost, and then nobody sends more."""
    schedule = Schedule(Role.RESPONDER, 1, 0.0, START)
    schedule.installing(0)
    schedule.accepted(resumed=False, now=START)
    now, woken = START, 0
    for _ in range(600):
        now += 1.0
        schedule.observe(0, 0, 0, now)
        woken += len(schedule.to_wake(now))
        at = schedule.next_timer(now)
        assert at is not None
        assert at <= now + LONGEST_IDLE_WAIT
    assert 12 <= woken <= 20, "every five seconds at first, once a minute in the end"
    assert schedule.observe(0, 7, 400, now + 1.0)
    assert schedule.gate(0, now + 1.0)
    assert not schedule.to_wake(now + 100.0)


def test_a_handshake_just_before_an_installation_confirms_nothing() -> None:
    running = Running()
    running.go(100.0)
    running.handshakes[0] += 1  # nobody has looked since
    running.round()
    running.now += 1.0
    assert not running.look()
    assert running.schedule.gate(0, running.now), "but its key was exchanged too"
    running.go(20.0)
    assert running.handshake()


def test_clocks_that_jump_change_nothing() -> None:
    """WireGuard writes handshakes by the wall clock: an earlier number is a new handshake too."""
    running = Running()
    running.handshakes[0] = 1_780_000_000
    running.go(10.0)
    running.handshakes[0] -= 86_400
    assert running.look()
    assert running.schedule.gate(0, running.now)
    assert running.schedule.age(running.now) == 0.0


def test_somebody_is_told_at_150_seconds_and_until_it_is_over() -> None:
    running = Running()
    running.round()
    running.go(ALARM - 1.0)
    assert not running.schedule.alarm(running.now)
    running.go(1.0)
    assert running.schedule.alarm(running.now)
    running.now += 10_000.0
    assert running.schedule.alarm(running.now), "people who gave up sending still have to know"
    running.handshake()
    assert not running.schedule.alarm(running.now)


def test_traffic_after_a_long_sleep_wakes_and_alarms_only_if_nothing_comes() -> None:
    running = Running()
    running.now += 3_600.0
    running.schedule.want(running.now)
    assert running.schedule.to_wake(running.now) == (0,)
    assert not running.schedule.is_due(running.now)
    assert not running.schedule.alarm(running.now)
    running.now += WAKE_AGAIN
    running.schedule.want(running.now)
    assert running.schedule.is_due(running.now), "the other end may have lost the key"
    asked = 0
    for _ in range(120):
        running.now += 1.0
        running.schedule.want(running.now)
        running.schedule.to_wake(running.now)
        if running.schedule.is_due(running.now):
            running.round()
            asked += 1
    assert 2 <= asked <= 6, "rounds that help nobody become rare"
    assert running.schedule.alarm(running.now)
    running.handshake()
    assert not running.schedule.alarm(running.now)
    assert not running.schedule.to_wake(running.now)


def test_traffic_that_comes_back_lets_wireguard_go_first() -> None:
    running = Running()
    running.now += 150.0
    running.octets[0] += 10_000
    running.look()
    assert not running.schedule.is_due(running.now)
    assert not running.schedule.alarm(running.now)
    running.go(WAKE_AGAIN * 2 + 1)
    assert running.schedule.is_due(running.now)
    running.go(TRAFFIC_SECONDS)
    assert running.schedule.alarm(running.now)


def test_what_no_schedule_has() -> None:
    with pytest.raises(InvalidInputError):
        Schedule(Role.INITIATOR, 0, 0.0, START)
    with pytest.raises(InvalidInputError):
        Schedule(Role.INITIATOR, 1, 1.5, START)
