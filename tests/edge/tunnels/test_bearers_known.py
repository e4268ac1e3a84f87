"""Pacing by round trips: whose are compared, and when a queue may be ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from baluardo.edge.configuration import Bearer, BearerKind
from baluardo.edge.tunnels import bearers_known
from baluardo.edge.tunnels.bearers_known import KnownBearers
from baluardo.network.bearers.bearer import SLOT_TAIL_SECONDS
from baluardo.network.bearers.probes import Answered
from baluardo.network.bearers.rate import RateControl
from baluardo.terms import Role, slot_start

FIBRE, SKY = "fibre", "sky"
NEAR, FAR = 0.030, 0.120


@dataclass
class Measured:
    """What `SiteBearers` tells of round trips; the real one would need hours of them."""

    active: str = FIBRE
    trips: list[Answered] = field(default_factory=list)

    def number(self, bearer: str) -> int:
        """Where the bearer stands."""
        return (FIBRE, SKY).index(bearer)

    def take_round_trips(self, bearer: str) -> Sequence[Answered]:
        """Those that were not taken yet."""
        assert bearer == self.active
        taken, self.trips = self.trips, []
        return taken


@dataclass
class Pressed:
    """What the engine tells of traffic: it sends as fast as it is let, or a little."""

    rate: float = 0.0
    sent: float = 0.0
    share: float = 1.0

    def is_pressed(self) -> bool:
        """Whether packets wait."""
        return self.share >= 1.0

    def sent_octets(self, _bearer: int) -> int:
        """What has left."""
        return int(self.sent)

    def set_rate(self, rate: float) -> None:
        """Pace by this from now on."""
        self.rate = rate


class Hours:
    """A virtual clock over the part under test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(bearers_known.time, "monotonic", lambda: self.now)
        bearers = (_bearer(FIBRE, 100.0), _bearer(SKY, None))
        self.known = KnownBearers(bearers)
        self.bearers, self.engine = Measured(), Pressed()
        self.clock: float | None = None

    def restart(self, *bearers: Bearer) -> None:
        """Begin anew with these."""
        self.known.close()
        self.known = KnownBearers(bearers)

    def go(self, *trips: tuple[str, float]) -> float:
        """Let 50 ms pass in which these round trips were measured; return the rate."""
        self.now += 0.05
        self.engine.sent += self.engine.share * self.engine.rate * 0.05 / 8
        self.bearers.trips = [
            Answered(peer, self.bearers.active, 0, trip, self.now) for peer, trip in trips
        ]
        self.known.measure(self.bearers, self.engine, self.clock)  # type: ignore[arg-type]
        return self.engine.rate


def _bearer(name: str, mbps: float | None) -> Bearer:
    role = {FIBRE: Role.PRIMARY, SKY: Role.ALTERNATE}[name]
    return Bearer(name, BearerKind.INTERFACE, f"{name}0", role, rate_up_mbps=mbps)


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hours]:
    """A clock of its own."""
    made = Hours(monkeypatch)
    yield made
    made.known.close()


def test_round_trips_to_others_are_no_queue(hours: Hours) -> None:
    first = hours.go(("near", NEAR))
    for turn in range(400):
        trips = [("far", FAR)] if turn % 3 else [("near", NEAR)]
        hours.go(*trips)
    assert hours.engine.rate >= 0.7 * first  # a drain, at most
    control = RateControl()
    control.press(True, 0.0)
    for turn in range(400):  # the control: as if they were all of one neighbour
        control.measure(FAR if turn % 3 else NEAR, 0.05 * turn)
    assert control.rate_bps(20.0) < 5e6


def test_a_queue_of_ours_lowers_the_rate(hours: Hours) -> None:
    first = hours.go(("near", NEAR))
    for _ in range(60):
        hours.go(("near", NEAR))
    for turn in range(40):
        hours.go(("near", NEAR + min(0.05, 0.002 * turn)))
    assert hours.engine.rate < 0.8 * first


def test_a_queue_of_ours_is_seen_by_neighbours_at_different_distances(hours: Hours) -> None:
    ends, gives, queue = (("near", NEAR), ("middle", 0.07), ("far", FAR)), 50e6, 0.0
    queues = []
    for turn in range(2_400):  # one answer a turn: each wakes who measures
        peer, trip = ends[turn % 3]
        rate = hours.go((peer, trip + queue))
        queue = min(1.0, max(0.0, queue + 0.05 * (rate - gives) / gives))
        queues.append(queue)
    later = sorted(queues[1_000:])
    assert later[int(0.95 * len(later))] < 0.06
    assert hours.engine.rate > 0.5 * gives


def test_one_late_neighbour_is_no_queue(hours: Hours) -> None:
    first = hours.go(("near", NEAR))
    for turn in range(400):
        late = ("late", NEAR + 0.02 + 0.02 * (turn % 5))
        hours.go(("near", NEAR), late)
    assert hours.engine.rate >= 0.7 * first  # a drain, at most


def test_a_queue_that_others_make_does_not(hours: Hours) -> None:
    first = hours.go(("near", NEAR))
    hours.engine.share = 0.01
    for turn in range(200):
        hours.go(("near", NEAR + min(0.05, 0.002 * turn)))
    assert hours.engine.rate == first


def test_what_was_measured_before_a_switch_does_not_lower_the_rate(hours: Hours) -> None:
    first = hours.go(("near", NEAR))
    hours.now += 60.0  # on another bearer; this one was probed all the time
    hours.engine.sent += first * 60.0 / 8
    hours.bearers.trips = [
        Answered("near", FIBRE, 0, NEAR + (0.05 if turn % 100 > 50 else 0.0), at)
        for turn, at in enumerate(hours.now - 60.0 + 0.25 * n for n in range(240))
    ]
    hours.known.measure(hours.bearers, hours.engine, hours.clock)  # type: ignore[arg-type]
    assert hours.engine.rate == first


def test_the_edge_of_a_slot_is_no_queue(hours: Hours) -> None:
    hours.bearers.active = SKY
    hours.clock = slot_start(118_232_000) - hours.now - 4.0 - SLOT_TAIL_SECONDS
    rates = []
    for turn in range(100):
        edge = 80 <= turn < 84
        rates.append(hours.go(("near", 0.2 if edge else NEAR)))
    assert min(rates[80:]) >= 0.7 * rates[79]
    assert max(rates) >= rates[0]


def test_traffic_leaves_room_for_probes_and_a_floor(hours: Hours) -> None:
    assert hours.go(("near", NEAR)) == pytest.approx(98e6 - bearers_known.PROBES_BPS)
    for _ in range(2_000):
        hours.go(("near", 0.5))
        hours.go(("near", 1.0))
    assert hours.engine.rate >= 9e6


SLOTS_BPS = (20e6, 20e6, 8e6, 8e6)
"""What the sky gives in four slots: it falls to less than a half in the middle."""
FIRST_SLOT = 118_232_000


def gives_at(elapsed: float) -> float:
    """What passes, bit/s."""
    return SLOTS_BPS[min(int(elapsed // 15), len(SLOTS_BPS) - 1)]


def worst_queue_at_the_fall(hours: Hours, forecast: Path | None, *, trusted: bool = True) -> float:
    """Upload through a bottleneck as the sky gives it; the worst queue (s) around the fall."""
    hours.restart(_bearer(FIBRE, None), replace(_bearer(SKY, None), forecast=forecast))
    if forecast is not None:
        hours.known.forecasts[SKY].look()
    hours.bearers.active = SKY
    began = hours.now
    hours.clock = slot_start(FIRST_SLOT) - began if trusted else None
    waiting = worst = 0.0
    under_way: list[tuple[float, float]] = []
    while (elapsed := hours.now - began) < 15.0 * len(SLOTS_BPS) - 0.1:
        trip = NEAR + waiting / gives_at(elapsed)
        under_way.append((elapsed + trip, trip))
        back = [each for each in under_way if each[0] <= elapsed]
        under_way = under_way[len(back) :]
        rate = hours.go(*(("near", trip) for _, trip in back))
        gives = gives_at(elapsed + 0.05)
        waiting = max(0.0, waiting + 0.05 * (rate - gives))
        if elapsed > 25.0:
            worst = max(worst, waiting / gives)
    return worst


def test_a_forecast_fall_fills_no_queue(hours: Hours, tmp_path: Path) -> None:
    file = tmp_path / "dish.csv"
    rows = (f"{FIRST_SLOT + n},{round(0.6 * bps)}\n" for n, bps in enumerate(SLOTS_BPS))
    file.write_text("slot,rate_up_bps\n" + "".join(rows))  # wrong by a factor, right in its change
    told = worst_queue_at_the_fall(hours, file)
    untold = worst_queue_at_the_fall(hours, None)
    untrusted = worst_queue_at_the_fall(hours, file, trusted=False)
    assert told < 0.03
    assert untold > 0.3
    assert untrusted > 0.3


def test_a_forecast_that_cannot_be_read_changes_nothing(hours: Hours, tmp_path: Path) -> None:
    file = tmp_path / "dish.csv"
    file.write_text("slot,rate_up_bps\n1,fast\n")
    told = worst_queue_at_the_fall(hours, file)
    problem = hours.known.forecasts[SKY].problem
    assert problem is not None
    assert "line 2" in problem.en
    assert told == pytest.approx(worst_queue_at_the_fall(hours, None), rel=0.05)
