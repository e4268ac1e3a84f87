"""Measured rain: what is read, what is refused with which sentence, and that gaps stay gaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.radio import rain_records
from baluardo.twin.radio.rain_records import RainRecord, parse_rain_csv

NOON = 1_748_520_000.0
"""2025-05-29T12:00:00Z."""

TWO_GAUGES = b"""\xef\xbb\xbfTime, rate_mm_h, place\r
2025-05-29T12:00:00Z,0.4,Roma\r
2025-05-29T12:00:00Z,7,Ostia Lido\r
\r
2025-05-29 12:10Z,1.4,Roma\r
1748521200,,Roma\r
2025-05-29T12:30:00.5Z,2e0,Roma\r
"""


def test_gauges_are_told_apart():
    rome, ostia = parse_rain_csv(TWO_GAUGES, "rain.csv")
    assert (rome.place, ostia.place) == ("Roma", "Ostia Lido")
    assert rome.times.tolist() == [NOON, NOON + 600.0, NOON + 1_200.0, NOON + 1_800.5]
    assert rome.rates_mm_h[[0, 1, 3]].tolist() == [0.4, 1.4, 2.0]
    assert np.isnan(rome.rates_mm_h[2])
    assert ostia.times.tolist() == [NOON]
    assert ostia.rates_at([NOON, NOON + 1.0])[0] == 7.0
    assert np.isnan(ostia.rates_at(NOON + 1.0))


def test_one_gauge_needs_no_name():
    (record,) = parse_rain_csv(b"time,rate_mm_h\n0,1\n60,3", "rain.csv")
    assert record.place == ""
    assert record.rates_at([[0.0, 15.0], [30.0, 60.0]]).tolist() == [[1.0, 1.5], [2.0, 3.0]]


def test_gaps_stay_gaps():
    times = np.array([0.0, 600.0, 1_200.0, 7_200.0, 7_800.0])
    record = RainRecord("", times, np.array([1.0, 2.0, np.nan, 4.0, 5.0]))
    asked = [-1.0, 300.0, 600.0, 601.0, 1_200.0, 3_000.0, 7_200.0, 7_500.0, 7_801.0, np.nan]
    found = record.rates_at(asked)
    expected = [np.nan, 1.5, 2.0, np.nan, np.nan, np.nan, 4.0, 4.5, np.nan, np.nan]
    assert np.array_equal(found, expected, equal_nan=True)
    whole = RainRecord("", times, np.arange(5.0))
    assert np.isnan(whole.rates_at(3_000.0))
    assert np.isnan(whole.rates_at([-np.inf, np.inf])).all()
    assert whole.rates_at(4_200.0, longest_gap_s=6_000.0) == 2.5
    with pytest.raises(InvalidInputError, match="longest_gap_s -1"):
        whole.rates_at(0.0, longest_gap_s=-1.0)


def test_records_that_are_none_are_refused():
    for times, rates in (([], []), ([0.0, 1.0], [1.0]), ([[0.0]], [[1.0]])):
        with pytest.raises(InvalidInputError, match="times and rates_mm_h have shapes"):
            RainRecord("", np.array(times), np.array(rates))
    with pytest.raises(InvalidInputError, match="times does not grow"):
        RainRecord("", np.array([60.0, 0.0]), np.zeros(2))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 300.0), min_size=2, max_size=20), st.floats(0.0, 1.0))
def test_between_two_lines_is_between_their_rates(rates, part):
    record = RainRecord("", 60.0 * np.arange(len(rates)), np.array(rates))
    k = int(part * (len(rates) - 2))
    found = float(record.rates_at(60.0 * (k + part)))
    low, high = sorted(rates[k : k + 2])
    assert low - 1e-9 <= found <= high + 1e-9
    assert np.array_equal(record.rates_at(record.times), rates)


HEADER = b"time,rate_mm_h,place\n"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "rain.csv is empty"),
        (b" \n\n", "rain.csv is empty"),
        (HEADER, "rain.csv has no line below its header"),
        (b"time,rate\n0,1", "line 1: the columns are 'time,rate' instead of"),
        (b"0,1\n", "line 1: the columns are '0,1' instead of"),
        (HEADER + b"0,1", "line 2: 2 columns instead of 3"),
        (HEADER + b"0,1,Roma,x", "line 2: 4 columns instead of 3"),
        (HEADER + b"\n\nyesterday,1,Roma", "line 4: time 'yesterday' is neither like"),
        (HEADER + b"2025-05-29T12:00:00,1,Roma", "line 2: time '2025-05-29T12:00:00' is neither"),
        (HEADER + b"2025-02-30T12:00:00Z,1,Roma", "line 2: time .* is in no calendar"),
        (HEADER + b"2025-05-29T12:00:60Z,1,Roma", "line 2: time .* is in no calendar"),
        (HEADER + b"0001-01-01T12:00:00Z,1,Roma", "line 2: time .* is not between 1811 and"),
        (HEADER + b"1e300,1,Roma", "line 2: time '1e300' is not between 1811 and 2286"),
        (HEADER + b"nan,1,Roma", "line 2: time 'nan' is neither like"),
        (HEADER + b"0,1,Roma\n0,1,Roma", "line 3: time '0' is not after the line before"),
        (HEADER + b"0,-1,Roma", "line 2: rate_mm_h '-1' is not between 0 and 2,500"),
        (HEADER + b"0,2501,Roma", "line 2: rate_mm_h '2501' is not between"),
        (HEADER + b"0,nan,Roma", "line 2: rate_mm_h 'nan' is not a number"),
        (HEADER + b"0,inf,Roma", "line 2: rate_mm_h 'inf' is not a number"),
        (HEADER + b"0,1_0,Roma", "line 2: rate_mm_h '1_0' is not a number"),
        (HEADER + "0,\u0661,Roma".encode(), "line 2: rate_mm_h .* is not a number"),
        (HEADER + b"0,1e999,Roma", "line 2: rate_mm_h '1e999' is not between"),
        (HEADER + b"0,1,", "line 2: place '' is not a name"),
        (HEADER + b"0,1,Ro\x1bma", "line 2: place .* is not a name"),
        (HEADER + b"0,1," + b"x" * 81, "line 2: place .* is not a name"),
        (HEADER + b"0,1,Roma\n1,\xff,Roma", "line 3: no UTF-8 text"),
        (HEADER + b'0,"1",Roma', "line 2: quotation marks"),
        (HEADER + b"0,1," + b"x" * 300, "line 2: longer than 256 characters"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(data, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        parse_rain_csv(data, "rain.csv")


def test_files_made_to_hurt_are_refused(monkeypatch):
    monkeypatch.setattr(rain_records, "MOST_BYTES", 100)
    with pytest.raises(InvalidInputError, match="larger than"):
        parse_rain_csv(HEADER + b"0,1,Roma\n" * 50, "rain.csv")
    monkeypatch.undo()
    monkeypatch.setattr(rain_records, "MOST_LINES", 3)
    with pytest.raises(InvalidInputError, match="more than 3 lines"):
        parse_rain_csv(HEADER + b"\n\n\n\n", "rain.csv")
    monkeypatch.undo()
    monkeypatch.setattr(rain_records, "MOST_PLACES", 1)
    with pytest.raises(InvalidInputError, match="line 3: more than 1 places"):
        parse_rain_csv(HEADER + b"0,1,Roma\n0,1,Bari", "rain.csv")
