"""What calls may take of a path: by what was measured, and what is expected, on a virtual clock."""

from __future__ import annotations

import asyncio
from pathlib import Path as FilePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.admission import Admission, AdmissionSettings, Request, Verdict
from baluardo.calls.call_rate import SiteRate, call_rate_bps
from baluardo.calls.causes import Cause
from baluardo.edge.calls.path_room import KEPT_SECONDS, SHARE, PathRoom, call_rate
from baluardo.edge.configuration import Bearer, BearerKind
from baluardo.edge.tunnels.bearers_known import KnownBearers
from baluardo.network.bearers.rate import BELIEVED_SECONDS, RateControl
from baluardo.network.bearers.rate_limits import RateLimits
from baluardo.network.bearers.telemetry import Telemetry
from baluardo.terms import Precedence, Role, slot_start

HERE, THERE = "office/rome", "ship/bergamini"
SLOT = 100
MBPS = 1e6


class Path:
    """A site's path on a clock that a test turns."""

    def __init__(self) -> None:
        self.now, self.slot = 1_000.0, SLOT
        self.carries: tuple[str, float | None] | None = ("sky", 10 * MBPS)
        self.expected: dict[tuple[str, int], float] = {}
        self.trusted = True
        self.room = PathRoom(
            HERE,
            lambda: self.carries,
            lambda bearer, slot: self.expected.get((bearer, slot)),
            lambda: self.slot if self.trusted else None,
            lambda: self.now,
        )

    def after(self, seconds: float) -> None:
        """Let time pass, looked at each second."""
        for _ in range(round(seconds)):
            self.now += 1.0
            self.room.look()

    def up_bps(self, slot: int = SLOT) -> float | None:
        rate = self.room.capacity(HERE, slot)
        assert rate is None or rate.up_bps == rate.down_bps
        return None if rate is None else rate.up_bps


def test_calls_may_take_their_share_of_what_the_bearer_carries() -> None:
    path = Path()
    assert path.room.capacity(HERE, SLOT) == SiteRate(SHARE * 10 * MBPS, SHARE * 10 * MBPS)
    assert path.up_bps(SLOT + 2) == SHARE * 10 * MBPS


def test_the_path_of_another_site_is_not_judged_here() -> None:
    assert Path().room.capacity(THERE, SLOT) is None


def test_a_path_of_which_nothing_is_known_is_not_judged() -> None:
    path = Path()
    path.carries = None
    assert path.up_bps() is None
    path.carries = ("sky", MBPS)
    path.after(1)
    path.carries = None
    path.after(KEPT_SECONDS)
    assert path.up_bps() == SHARE * MBPS
    path.after(1)
    assert path.up_bps() is None


def test_a_moments_dip_takes_nothing_and_a_lasting_one_counts() -> None:
    path = Path()
    path.after(1)
    path.carries = ("sky", 64e3)
    path.after(KEPT_SECONDS)
    assert path.up_bps() == SHARE * 10 * MBPS
    path.after(1)
    assert path.up_bps() == SHARE * 64e3


def test_what_another_bearer_carried_says_nothing() -> None:
    path = Path()
    path.after(1)
    path.carries = ("mobile", MBPS)
    path.after(1)
    assert path.up_bps() == SHARE * MBPS


@pytest.mark.parametrize(
    ("now", "then", "share"),
    [
        (4.0, 1.0, 0.25),  # a fall counts in its relation
        (1.0, 4.0, 1.0),  # a rise promises nothing
        (4.0, 0.0, 1.0),  # no passage is expected: calls are kept through that
        (0.0, 4.0, 1.0),
        (None, 4.0, 1.0),
        (4.0, None, 1.0),
    ],
)
def test_a_forecast_counts_by_its_falls(
    now: float | None, then: float | None, share: float
) -> None:
    path = Path()
    for slot, expected in ((SLOT, now), (SLOT + 1, then)):
        if expected is not None:
            path.expected["sky", slot] = expected * MBPS
    assert path.up_bps(SLOT) == SHARE * 10 * MBPS
    assert path.up_bps(SLOT + 1) == pytest.approx(share * SHARE * 10 * MBPS)


def test_a_slot_that_gives_less_is_judged_as_it_begins_by_what_the_one_before_gave() -> None:
    path = Path()
    path.expected = {("sky", SLOT): 8 * MBPS, ("sky", SLOT + 1): 2 * MBPS}
    path.after(5)
    path.slot += 1
    assert path.up_bps(SLOT + 1) == pytest.approx(SHARE * 2.5 * MBPS)


def test_without_trusted_time_no_forecast_is_used() -> None:
    path = Path()
    path.trusted = False
    path.expected = {("sky", SLOT): 8 * MBPS, ("sky", SLOT + 1): 2 * MBPS}
    assert path.up_bps(SLOT + 1) == SHARE * 10 * MBPS


def test_asking_often_keeps_little() -> None:
    path = Path()
    for _ in range(1_000):
        path.up_bps()
    assert len(path.room._seen) == 1
    path.after(200)
    assert len(path.room._seen) <= KEPT_SECONDS + 1


def admission_of(path: Path) -> Admission:
    settings = AdmissionSettings(emergency_floor=0)
    return Admission(path.room.capacity, lambda _: Precedence.FLASH_OVERRIDE, settings)


def request(call: str, precedence: Precedence = Precedence.ROUTINE) -> Request:
    return Request(call, "person/anna", precedence, sites=(HERE, THERE))


def test_a_call_is_refused_where_the_path_carries_less_than_a_call() -> None:
    path, now = Path(), slot_start(SLOT) + 1.0
    path.carries = ("sky", 64e3)
    admission = admission_of(path)
    refused = admission.ask(request("a"), now)
    assert (refused.verdict, refused.cause) == (Verdict.REFUSED, Cause.NO_ROOM)
    path.carries = ("sky", 2.5 * call_rate_bps() / SHARE)
    path.after(1)
    for call, verdict in (("b", "admitted"), ("c", "admitted"), ("d", "refused")):
        assert admission.ask(request(call), now).verdict.value == verdict


def test_a_call_is_refused_where_the_next_slot_is_expected_to_carry_less() -> None:
    path, now = Path(), slot_start(SLOT) + 1.0
    path.carries = ("sky", MBPS)
    path.expected = {("sky", SLOT): 100 * MBPS, ("sky", SLOT + 1): 5 * MBPS}
    assert admission_of(path).ask(request("a"), now).cause is Cause.NO_ROOM


def test_calls_stay_through_an_outage_of_two_slots_and_yield_to_a_path_that_stays_narrow() -> None:
    path, now = Path(), slot_start(SLOT) + 1.0
    admission = admission_of(path)
    assert admission.ask(request("a"), now).verdict is Verdict.ADMITTED
    path.carries = ("sky", 64e3)  # as pacing falls while a dish tells of an outage
    for slot in (SLOT + 1, SLOT + 2):
        path.after(15)
        path.slot = slot
        assert admission.handle_timer(slot_start(slot)) == []
    path.after(15)
    (yields,) = admission.handle_timer(slot_start(SLOT + 3))
    assert yields.cause is Cause.PREEMPTED_BY_PATH


def test_what_a_call_takes_grows_with_a_second_layer_and_with_copies() -> None:
    routine = call_rate(Precedence.ROUTINE, two_layers=False)
    assert call_rate(Precedence.FLASH, two_layers=False) == 2 * routine
    assert call_rate(Precedence.ROUTINE, two_layers=True) > routine


def test_a_path_that_was_unknown_a_moment_ago_is_not_judged() -> None:
    path = Path()
    path.carries = ("sky", None)
    path.after(1)
    path.carries = ("sky", 64e3)  # the first cut gives up much
    path.after(KEPT_SECONDS)
    assert path.up_bps() is None
    path.after(1)
    assert path.up_bps() == SHARE * 64e3
    path.carries = ("sky", None)
    assert path.up_bps() == SHARE * 64e3
    path.after(1)
    assert path.up_bps() is None


STRETCH = st.tuples(
    st.sampled_from(["idle", "call", "bulk", "late", "outage"]),
    st.floats(50e3, 50e6),
    st.sampled_from([None, 0.0, 50e3, 2e6, 40e6]),
    st.integers(1, 40),
)
TICK = 0.1
DEMAND = {"bulk": 1e9, "call": 130e3}
KEYS_BPS = 5e3


@settings(max_examples=40, deadline=None)
@given(st.lists(STRETCH, max_size=6), st.booleans())
def test_whatever_was_before_a_wide_path_that_nothing_presses_on_has_room(
    stretches: list[tuple[str, float, float | None, int]], is_told: bool
) -> None:
    told_bps = 20 * MBPS if is_told else None
    control = RateControl(RateLimits(start_bps=told_bps or 5e6, ceiling_bps=told_bps or 1e9))
    path, backlog = Path(), 0.0
    last = ("idle", 20 * MBPS, 2e6, round(BELIEVED_SECONDS) + 5)
    for what, gives, forecast, seconds in (*stretches, last):
        for tick in range(round(seconds / TICK)):
            path.now += TICK
            rate, demand = control.rate_bps(path.now), DEMAND.get(what, KEYS_BPS)
            sent = min(rate, demand)
            backlog = min(gives, max(0.0, backlog + (sent - gives) * TICK))
            if what == "outage":
                control.telemetry(Telemetry(at=path.now, outage="NO_SATS"))
            control.forecast(forecast, path.now)
            control.press(demand > rate, path.now)
            late = 0.02 * (tick % 60) if what == "late" else 0.0
            control.measure(0.06 + backlog / gives + late, path.now)
            path.carries = ("sky", control.path_bps(path.now, told_bps))
            if tick % 10 == 0:
                path.room.look()
    up_bps = path.up_bps()
    assert up_bps is None or up_bps > call_rate_bps()


def test_looks_go_on_after_one_that_failed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("baluardo.edge.calls.path_room.LOOK_SECONDS", 0.002)
    looks = 0

    def carries() -> tuple[str, float | None] | None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise KeyError("bearer")
        return "sky", MBPS

    async def act() -> None:
        room = PathRoom(HERE, carries)
        async with room.running(), asyncio.timeout(30.0):
            while looks < 3:
                await asyncio.sleep(0.002)
            assert room.capacity(HERE, SLOT) == SiteRate(SHARE * MBPS, SHARE * MBPS)

    asyncio.run(act())
    assert "KeyError: 'bearer'" in caplog.text


def test_a_bearer_carries_what_it_was_told_and_otherwise_what_is_known(tmp_path: FilePath) -> None:
    forecast = tmp_path / "dish.csv"
    forecast.write_text(f"slot,rate_up_bps\n{SLOT},8000000\n")
    told = Bearer("sky", BearerKind.WIRE, "sky0", Role.PRIMARY, rate_up_mbps=20.0)
    untold = Bearer("lan", BearerKind.INTERFACE, "eth0", Role.ALTERNATE, forecast=forecast)
    known = KnownBearers([told, untold])
    assert known.path_bps("sky") == known.rate_bps("sky")
    assert known.path_bps("lan") is None
    known._rates["lan"].forecast(4e6, 1.0)
    assert known.path_bps("lan") is None
    known._rates["lan"].forecast(1e6, 2.0)  # it fell, and the rate with it
    assert known.path_bps("lan") == known.rate_bps("lan")

    assert known.expected_bps("lan", SLOT) is None
    known.forecasts["lan"].look()
    assert known.expected_bps("lan", SLOT) == 8e6
    assert known.expected_bps("lan", SLOT - 1) is known.expected_bps("lan", SLOT + 1) is None
    assert known.expected_bps("sky", SLOT) is None
