"""The CSV door, given any octets and injured good ones: taken, or refused with a sentence."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.rain_records import HARDEST_RAIN_MM_H, parse_rain_csv

GOOD = (
    b"time,rate_mm_h,place\n2025-05-29T12:00:00Z,0.4,Roma\n2025-05-29T12:10:00Z,,Roma\n"
    b"1748521200,12.5,Bari\n1748521800.5,2e1,Bari\n"
)


def knock(octets):
    """Whatever is taken is sound; whatever is not is refused in one line that names the file."""
    try:
        records = parse_rain_csv(octets, "rain.csv")
    except InvalidInputError as refusal:
        sentence = str(refusal)
        assert sentence.startswith("rain.csv")
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert len(sentence) < 300
        return False
    assert records
    for record in records:
        assert record.times.shape == record.rates_mm_h.shape
        assert np.isfinite(record.times).all()
        assert (np.diff(record.times) > 0.0).all()
        measured = record.rates_mm_h[~np.isnan(record.rates_mm_h)]
        assert ((measured >= 0.0) & (measured <= HARDEST_RAIN_MM_H)).all()
        assert np.array_equal(record.rates_at(record.times), record.rates_mm_h, equal_nan=True)
    return True


def test_good_octets_are_taken():
    assert knock(GOOD)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
@example(b"\0")
@example(b"\xff" * 5_000)
@example(b"," * 100_000)
@example(b"\n" * 100_000)
@example(b"time,rate_mm_h\n" + b"9" * 250 + b",1")
@example(b"time,rate_mm_h\n1e-999,1e-999")
@example(b"time,rate_mm_h\n\r0,1\r\x0b\x1c\n")
@example(b"time,rate_mm_h\n9999-12-31T23:59:59.999999999999Z,1")
def test_any_octets(octets):
    knock(octets)


@settings(max_examples=300, deadline=None)
@given(
    where=st.integers(0, len(GOOD) - 1),
    cut=st.integers(0, 12),
    put=st.binary(max_size=8) | st.sampled_from([b"\n", b",", b"-", b"e", b'"', b"Z", b"\x1b["]),
)
def test_injured_octets(where, cut, put):
    knock(GOOD[:where] + put + GOOD[where + cut :])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(max_size=12)
            | st.sampled_from(["0", "1", "2.5", "2025-05-29T12:00:00Z", "Roma", "", "nan", "-0"]),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_any_table(rows):
    knock(b"time,rate_mm_h,place\n" + "\n".join(map(",".join, rows)).encode("utf-8", "replace"))


def test_every_beginning():
    for end in range(len(GOOD)):
        knock(GOOD[:end])
