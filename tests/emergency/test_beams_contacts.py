"""Columns that are no contacts are refused: compiled loops would read beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from baluardo.emergency.beams.contacts import DWELL_S, PhoneContacts
from baluardo.emergency.beams.wanted import CellWarning, Wanted
from baluardo.errors import InvalidInputError
from baluardo.terms import SLOT_SECONDS


def contacts() -> PhoneContacts:
    """Two dwells: two cells under two satellites, then one cell under one."""
    return PhoneContacts(
        starts=np.array([100.0, 105.0]),
        dwell_s=5.0,
        satellites=np.array([7, 9]),
        beams=np.array([1, 2]),
        first=np.array([0, 3, 4]),
        cell=np.array([0, 0, 1, 0], dtype=np.int32),
        satellite=np.array([0, 1, 1, 0], dtype=np.int32),
        rate_bps=np.full(4, 3e6, dtype=np.float32),
        snr_db=np.array([1.0, 2.0, 3.0, 4.0], dtype=np.float32),
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"starts": np.empty(0)}, "no dwell"),
        ({"dwell_s": 0.0}, "dwell_s"),
        ({"dwell_s": float("nan")}, "dwell_s"),
        ({"starts": np.array([100.0, 106.0])}, "one dwell apart"),
        ({"cell": np.zeros(3, dtype=np.int32)}, "one length"),
        ({"beams": np.array([1])}, "one length"),
        ({"beams": np.array([1, -1])}, "fewer than 0 beams"),
        ({"first": np.array([0, 4])}, "first"),
        ({"first": np.array([0, 5, 4])}, "first"),
        ({"first": np.array([1, 3, 4])}, "first"),
        ({"cell": np.array([0, 0, -1, 0], dtype=np.int32)}, "a cell is not"),
        ({"satellite": np.array([0, 2, 1, 0], dtype=np.int32)}, "not there"),
        ({"snr_db": np.full(4, np.nan, dtype=np.float32)}, "finite"),
        ({"cell": np.array([1, 0, 0, 0], dtype=np.int32)}, "ascend"),
        ({"satellite": np.array([1, 1, 1, 0], dtype=np.int32)}, "ascend"),
    ],
)
def test_columns_that_do_not_fit_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        replace(contacts(), **change)


def test_an_object_with_the_same_columns_is_taken_over() -> None:
    one = contacts()
    other = PhoneContacts.of(one)
    assert other.dwells == 2
    assert other.cell is one.cell


def test_dwells_divide_the_slot() -> None:
    assert SLOT_SECONDS % DWELL_S == 0.0


def test_warnings_are_laid_over_each_other() -> None:
    one = CellWarning(np.array([0, 1], dtype=np.int32), np.array([10.0, 20.0]), 3, 400.0)
    two = CellWarning(np.array([1, 3], dtype=np.int32), np.array([30.0, 5.0]), 1, 100.0)
    both = Wanted.of(4, [one, two])
    assert both.severity.tolist() == [3, 3, -1, 1]
    assert both.people.tolist() == [10.0, 30.0, 0.0, 5.0]
    assert both.octets.tolist() == [400.0, 500.0, 0.0, 100.0]
    assert both.of_cell(1) == (0, 1)
    with pytest.raises(InvalidInputError, match="beyond the 2"):
        Wanted.of(2, [two])


@pytest.mark.parametrize(
    ("cells", "people", "severity", "octets", "words"),
    [
        ([0], [1.0, 2.0], 1, 10.0, "one length"),
        ([0, 0], [1.0, 2.0], 1, 10.0, "twice"),
        ([-1], [1.0], 1, 10.0, "not between 0"),
        ([0], [float("nan")], 1, 10.0, "people"),
        ([0], [1.0], 16, 10.0, "severity"),
        ([0], [1.0], 1, 0.0, "cannot be broadcast"),
    ],
)
def test_warnings_that_nobody_can_plan_for_are_refused(
    cells: list[int], people: list[float], severity: int, octets: float, words: str
) -> None:
    with pytest.raises(InvalidInputError, match=words):
        CellWarning(np.array(cells, dtype=np.int32), np.array(people), severity, octets)
