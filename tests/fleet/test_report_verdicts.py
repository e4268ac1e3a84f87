"""Which reports are believed, and what is told of those that are not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.estimate import AHEAD_S, LATE_S, Estimator
from baluardo.fleet.tracks.plane import LocalPlane
from baluardo.fleet.tracks.report import PositionReport
from baluardo.fleet.tracks.rivals import AGREEING
from baluardo.fleet.tracks.verdicts import Verdict

START = 1.7e9
HOME = LocalPlane(37.0, 17.0)


def at(seconds, east_m=0.0, north_m=0.0, **more):
    return PositionReport("247000001", START + seconds, *HOME.place(east_m, north_m), **more)


def under_way(estimator, first=0, last=600, step=10, east_m=0.0):
    """Report a ship that goes north at 8 m/s."""
    for t in range(first, last, step):
        told = at(t, east_m, 8.0 * t, speed_m_s=8.0, course_deg=0.0)
        assert estimator.take(told).believed
    return told


@pytest.fixture
def estimator():
    return Estimator(PlatformKind.SHIP)


def test_a_jump_of_50_km_is_told_and_not_believed(estimator):
    under_way(estimator)
    before = estimator.at(START + 620)
    taken = estimator.take(at(605, 50_000.0))
    assert taken.verdict is Verdict.IMPOSSIBLE
    assert not taken.believed
    assert "50" in taken.reason.en
    assert taken.reason.it != taken.reason.en
    assert estimator.at(START + 620) == before
    assert estimator.take(at(610, 0.0, 8.0 * 610)).verdict is Verdict.BELIEVED


def test_what_its_kind_can_do_is_believed():
    for kind, metres in ((PlatformKind.SHIP, 200.0), (PlatformKind.HELICOPTER, 900.0)):
        estimator = Estimator(kind)
        under_way(estimator)
        assert estimator.take(at(600, metres, 8.0 * 590)).believed
    assert not Estimator(PlatformKind.SHIP).in_two_places


def test_a_platform_that_is_really_elsewhere_is_believed_again(estimator):
    under_way(estimator)
    verdicts = [
        estimator.take(at(600 + 10 * k, 50_000.0, 60.0 * k)).verdict for k in range(AGREEING)
    ]
    assert verdicts == [Verdict.IMPOSSIBLE] * (AGREEING - 1) + [Verdict.MOVED]
    estimate = estimator.at(START + 640)
    assert estimate.holds(*HOME.place(50_000.0, 240.0))
    assert estimator.take(at(640, 50_000.0, 240.0)).verdict is Verdict.BELIEVED
    assert not estimator.in_two_places


def test_reports_that_jump_about_agree_with_nothing(estimator):
    under_way(estimator)
    for k in range(12):
        taken = estimator.take(at(600 + 10 * k, 50_000.0 * (1 + k), -40_000.0 * k * k))
        assert taken.verdict is Verdict.IMPOSSIBLE
    assert estimator.at(START + 720).holds(*HOME.place(0.0, 8.0 * 720))


def test_two_transmitters_under_one_identity_are_told(estimator):
    under_way(estimator)
    told = set()
    for t in range(600, 1_200, 10):
        assert estimator.take(at(t, 0.0, 8.0 * t)).verdict is Verdict.BELIEVED
        told.add(estimator.take(at(t + 5, 70_000.0, 5.0 * t)).verdict)
    assert told == {Verdict.IMPOSSIBLE, Verdict.TWO_PLACES}
    assert estimator.in_two_places
    taken = estimator.take(at(1_205, 70_000.0, 5.0 * 1_200))
    assert "Two places at once" in taken.reason.en
    assert "due luoghi" in taken.reason.it
    assert estimator.at(START + 1_200).holds(*HOME.place(0.0, 8.0 * 1_200))
    # The first falls silent: the other is all there is.
    verdicts = [
        estimator.take(at(1_215 + 10 * k, 70_000.0, 5.0 * (1_215 + 10 * k))).verdict
        for k in range(AGREEING)
    ]
    assert Verdict.MOVED in verdicts
    assert not estimator.in_two_places


def test_the_future_is_refused(estimator):
    under_way(estimator)
    now = START + 600
    taken = estimator.take(at(600 + AHEAD_S + 1, 0.0, 5_288.0), now)
    assert taken.verdict is Verdict.FUTURE
    assert "future" in taken.reason.en
    assert estimator.take(at(600 + AHEAD_S - 1, 0.0, 5_272.0), now).believed


def test_a_repeated_report_is_refused(estimator):
    last = under_way(estimator)
    assert estimator.take(last).verdict is Verdict.REPEATED
    assert estimator.take(at(300, 0.0, 8.0 * 300)).verdict is Verdict.REPEATED
    other = estimator.take(at(300, 9_000.0, 8.0 * 300))
    assert other.verdict is Verdict.IMPOSSIBLE


def test_a_late_report_changes_what_follows_as_if_it_had_been_in_time():
    early, late = Estimator(PlatformKind.SHIP), Estimator(PlatformKind.SHIP)
    reports = [at(t, 0.0, 8.0 * t) for t in range(0, 100, 10)]
    for report in reports:
        early.take(report)
    for report in reports[:5] + reports[6:]:
        late.take(report)
    assert late.at(START + 120) != early.at(START + 120)
    assert late.take(reports[5]).verdict is Verdict.LATE
    one, other = late.at(START + 120), early.at(START + 120)
    assert (one.lat_deg, one.lon_deg) == pytest.approx((other.lat_deg, other.lon_deg), abs=1e-9)


def test_what_comes_too_late_is_refused(estimator):
    under_way(estimator, 0, 3_000)
    taken = estimator.take(at(2_990 - LATE_S - 5, 0.0, 16_680.0))
    assert taken.verdict is Verdict.STALE
    assert "older" in taken.reason.en
    assert estimator.take(at(2_985, 40_000.0)).verdict is Verdict.IMPOSSIBLE


def test_a_speed_that_a_ship_cannot_have_is_left_out(estimator):
    under_way(estimator)
    assert estimator.take(at(600, 0.0, 4_800.0, speed_m_s=50.0, course_deg=90.0)).believed
    assert estimator.at(START + 600).speed_m_s == pytest.approx(8.0, abs=0.5)


reports = st.builds(
    PositionReport,
    platform=st.just("x"),
    time=st.one_of(st.floats(-1e6, 1e6), st.integers(0, 50).map(float)),
    lat_deg=st.floats(-90.0, 90.0),
    lon_deg=st.floats(-180.0, 180.0),
    speed_m_s=st.none() | st.floats(0.0, 1_000.0),
    course_deg=st.none() | st.floats(0.0, 360.0),
    deviation_m=st.none() | st.floats(0.0, 1e6),
)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(PlatformKind), told=st.lists(reports, max_size=30))
def test_whatever_is_reported_estimates_stay_finite(kind, told):
    estimator = Estimator(kind)
    for report in told:
        taken = estimator.take(report)
        assert taken.believed or taken.reason is not None
    if estimator.last_time is None:
        return
    for age in (0.0, 10.0, 3_600.0):
        estimate = estimator.at(estimator.last_time + age)
        (ee, en), (_, nn) = estimate.covariance
        assert -90.0 <= estimate.lat_deg <= 90.0
        assert -180.0 <= estimate.lon_deg <= 180.0
        assert 0.0 < ee * nn - en * en < float("inf")
        assert 0.0 <= estimate.course_deg < 360.0 + 1e-9
