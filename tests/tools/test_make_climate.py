"""How maps are packed: whatever the tool packs, the package unpacks to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from baluardo.twin.radio.maps import _halved, _planar, _unfolded
from make_climate import amid, folded, halved_steps, planar_steps


def test_octets_carry_signed_numbers() -> None:
    numbers = np.array([0, 1, -1, 127, -128, 40_000, -40_000, 8_000_000, -8_000_000])
    np.testing.assert_array_equal(_unfolded(folded(numbers)), numbers)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (31, 17)])
def test_planar_grids_come_back(shape: tuple[int, int]) -> None:
    grid = np.random.default_rng(1).integers(-30_000, 160_000, shape)
    np.testing.assert_array_equal(_planar(folded(planar_steps(grid)), *shape), grid)


def test_halved_grids_come_back() -> None:
    grid = np.random.default_rng(2).integers(0, 160_000, (21, 41))
    np.testing.assert_array_equal(_halved(folded(halved_steps(grid)), 21, 41), grid)


def test_a_grid_interpolated_from_its_odd_points_packs_to_nothing_else() -> None:
    odd = 2 * np.random.default_rng(3).integers(0, 1_000, (5, 7))
    grid = np.empty((11, 15), dtype=np.int64)
    grid[1::2, 1::2] = odd
    grid[1::2, ::2] = amid(odd.T).T
    grid[::2] = amid(grid[1::2])
    assert not halved_steps(grid)[odd.size :].any()
