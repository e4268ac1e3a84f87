"""The table of modulations: rows of the standards, what an adaptive modem picks, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.modulation import (
    DVB_S2,
    DVB_S2X,
    EFFICIENCIES_BPS_HZ,
    MODCODS,
    THRESHOLDS_DB,
    efficiency,
)

BITS = {"QPSK": 2, "8PSK": 3, "8APSK": 3, "16APSK": 4, "32APSK": 5} | {
    "64APSK": 6,
    "128APSK": 7,
    "256APSK": 8,
}


@pytest.mark.parametrize("modcod", DVB_S2 + DVB_S2X, ids=lambda m: m.name)
def test_rows_agree_with_their_names(modcod):
    # Headers and the outer code's parity cost 0.6 to 2.2 % of bits x rate (ETSI EN 302 307-1,
    # section 5), most at QPSK 2/9: a digit mistyped shows here.
    constellation, rate = modcod.name.removesuffix("-L").split()
    above, below = rate.split("/")
    ideal = BITS[constellation] * int(above) / int(below)
    assert 0.975 < modcod.bps_hz / ideal < 1.0


@pytest.mark.parametrize("modcod", DVB_S2 + DVB_S2X, ids=lambda m: m.name)
def test_no_row_beats_shannon_nor_is_far_from_it(modcod):
    limit_db = 10 * np.log10(2**modcod.bps_hz - 1)
    assert 0.5 < modcod.es_n0_db - limit_db < 3.8


def test_number_of_rows():
    # EN 302 307-1 has 28 normal-frame rows, EN 302 307-2 table 20a 39 for the linear channel.
    assert (len(DVB_S2), len(DVB_S2X)) == (28, 39)


def test_the_chosen_rise_together():
    assert (np.diff(THRESHOLDS_DB) > 0).all()
    assert (np.diff(EFFICIENCIES_BPS_HZ) > 0).all()
    assert len(EFFICIENCIES_BPS_HZ) == len(THRESHOLDS_DB) + 1 == len(MODCODS) + 1


def test_thresholds_are_reached_exactly():
    assert np.array_equal(efficiency(THRESHOLDS_DB, 0.0), EFFICIENCIES_BPS_HZ[1:])
    assert np.array_equal(
        efficiency(np.nextafter(THRESHOLDS_DB, -np.inf), 0.0), EFFICIENCIES_BPS_HZ[:-1]
    )


def test_known_answers():
    # 32APSK 3/4 needs 12.73 dB, but 32APSK 11/15 with 12.17 is what 12.5 dB reach.
    assert efficiency(12.5, 0.0) == 3.620536
    assert efficiency(-3.0, 0.0) == 0.0
    assert efficiency(np.array([-np.inf, np.inf])).tolist() == [0.0, 5.900855]


@given(st.floats(-20, 40), st.floats(0, 5))
def test_equals_the_best_row_that_is_reached(cn, margin):
    reached = [m.bps_hz for m in DVB_S2 + DVB_S2X if m.es_n0_db <= cn - margin]
    assert efficiency(cn, margin) == max(reached, default=0.0)


def test_refusals():
    with pytest.raises(InvalidInputError, match="cn_db nan"):
        efficiency([1.0, np.nan])
    for margin in (-1.0, np.nan, np.inf):
        with pytest.raises(InvalidInputError, match="margin_db"):
            efficiency(1.0, margin)


def test_tables_cannot_be_overwritten():
    with pytest.raises(ValueError, match="read-only"):
        THRESHOLDS_DB[0] = 0.0
