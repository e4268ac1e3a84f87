"""Measured rain in the planner: near a gauge it counts, elsewhere and in gaps it does not."""

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.terms import Place
from baluardo.twin.paths.gauges import Gauge, MeasuredRain
from baluardo.twin.paths.ground import DRY_PERCENT
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.rain_records import parse_rain_csv

ROME = Place("Rome", 41.9, 12.5)
CSV = b"time,rate_mm_h\n0,0\n600,12\n1200,12\n1800,\n2400,0\n3000,0\n"


class Drizzle:
    """A weather that is the same everywhere."""

    def percent(self, lat_deg, lon_deg, time):  # noqa: ARG002 - the protocol's arguments
        return np.full(np.shape(lat_deg), 3.0)


@pytest.fixture(scope="module")
def gauge():
    return Gauge(ROME, parse_rain_csv(CSV, "rain.csv")[0])


def test_rain_near_a_gauge_comes_back_as_its_rate(gauge):
    percent = MeasuredRain([gauge]).percent([41.9, 41.95], [12.5, 12.5], 900.0)
    rates = rain_rate_exceeded_mm_h([41.9, 41.95], [12.5, 12.5], percent)
    assert rates == pytest.approx([12.0, 12.0], rel=1e-3)


def test_rain_far_from_gauges_is_what_the_rest_of_the_weather_says(gauge):
    assert MeasuredRain([gauge]).percent([45.0], [9.0], 900.0) == DRY_PERCENT
    assert MeasuredRain([gauge], Drizzle()).percent([45.0], [9.0], 900.0) == 3.0


def test_a_dry_gauge_is_dry_and_a_broken_one_says_nothing(gauge):
    weather = MeasuredRain([gauge], Drizzle())
    assert weather.percent([41.9], [12.5], 0.0) == DRY_PERCENT
    assert weather.percent([41.9], [12.5], 1800.0) == 3.0
    assert weather.percent([41.9], [12.5], 1e6) == 3.0


def test_the_nearest_gauge_speaks(gauge):
    other = Gauge(
        Place("other", 41.9, 12.56), parse_rain_csv(b"time,rate_mm_h\n0,1\n3000,1\n", "o")[0]
    )
    weather = MeasuredRain([gauge, other])
    rates = rain_rate_exceeded_mm_h(
        [41.9, 41.9], [12.5, 12.56], weather.percent([41.9, 41.9], [12.5, 12.56], 900.0)
    )
    assert rates == pytest.approx([12.0, 1.0], rel=1e-3)


def test_impossible_gauges_are_refused(gauge):
    with pytest.raises(InvalidInputError, match="No rain gauge"):
        MeasuredRain([])
    with pytest.raises(InvalidInputError, match="reach_km"):
        MeasuredRain([gauge], reach_km=0.0)
