"""Everybody who reports, each believed by its own past."""

import pytest

from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks import followed
from baluardo.fleet.tracks.followed import Followed
from baluardo.fleet.tracks.report import PositionReport
from baluardo.fleet.tracks.verdicts import Verdict


def report(platform, seconds, lat_deg=37.0):
    return PositionReport(platform, 1.7e9 + seconds, lat_deg, 15.0)


def test_each_identity_has_a_past_of_its_own():
    everybody = Followed()
    assert everybody.take(report("a", 0)).verdict is Verdict.FIRST
    assert everybody.take(report("b", 0, 40.0)).verdict is Verdict.FIRST
    assert everybody.take(report("a", 10, 37.45)).verdict is Verdict.IMPOSSIBLE
    assert everybody.take(report("b", 10, 40.0)).verdict is Verdict.BELIEVED
    assert everybody.estimator("a").at(1.7e9 + 10).lat_deg == pytest.approx(37.0, abs=0.01)
    assert everybody.estimator("nobody") is None


def test_an_aircraft_may_go_where_a_ship_may_not():
    everybody = Followed()
    everybody.take(report("plane", 0), PlatformKind.AIRCRAFT)
    assert everybody.take(report("plane", 60, 37.1), PlatformKind.AIRCRAFT).believed
    everybody.take(report("ship", 0))
    assert not everybody.take(report("ship", 60, 37.1)).believed


def test_invented_identities_push_out_who_was_silent_longest(monkeypatch):
    monkeypatch.setattr(followed, "MOST_PLATFORMS", 100)
    everybody = Followed()
    everybody.take(report("silent", 0))
    everybody.take(report("speaks", 0))
    for k in range(98):
        everybody.take(report(f"forged {k}", 1))
    everybody.take(report("speaks", 2))
    everybody.take(report("one more", 3))
    assert len(everybody) == 100
    assert everybody.estimator("silent") is None
    assert everybody.estimator("speaks") is not None
