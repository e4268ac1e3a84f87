"""The rule behind the map of users, on a few settlements; the shipped file is the tool's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import make_subscribers


def place(number: int, code: str, lat: float, lon: float, population: int) -> dict[str, Any]:
    return {
        "geonameid": number,
        "countrycode": code,
        "latitude": lat,
        "longitude": lon,
        "population": population,
        "timezone": "Europe/Rome" if code == "IT" else "Europe/Paris",
    }


PLACES = [
    place(1, "IT", 41.90, 12.50, 2_300_000),  # a city
    place(2, "IT", 41.93, 12.55, 9_000),  # its suburb
    place(3, "IT", 41.50, 16.20, 9_000),  # a town that stands alone
    place(4, "IT", 35.50, 12.61, 6_000),  # an island
    place(5, "FR", 43.30, 5.37, 800_000),
    place(6, "FR", 44.90, 3.50, 0),  # a village that nobody counted
    place(7, "CH", 46.20, 7.30, 30_000),  # no market below
]
PEOPLE = {"IT": 2_400_000, "FR": 850_000, "CH": 30_000}
LICENCE: dict[str, Any] = {
    "total_users": 10_000,
    "income": {"high": {"users_per_1000": 3.0, "markets": ["IT", "FR", "XK"]}},
    "figures": {"IT": {"users": 4_000, "kind": "published", "source": "made up"}},
}


def built(places: list[dict[str, Any]] | None = None, fewest: float = 0.0) -> dict[str, Any]:
    return make_subscribers.build(places or PLACES, PEOPLE, LICENCE, fewest)


def users_near(arrays: dict[str, Any], lat: float, lon: float, rings: int = 2) -> float:
    disk = h3.grid_disk(h3.latlng_to_cell(lat, lon, 5), rings)
    return float(arrays["users_hundredths"][np.isin(arrays["numbers"], disk)].sum()) / 100.0


def test_totals_and_order() -> None:
    arrays = built()
    assert arrays["countries"].tolist() == ["FR", "IT"]
    by_country = np.bincount(arrays["country"], arrays["users_hundredths"])
    assert by_country.tolist() == [600_000, 400_000]
    assert (np.diff(arrays["numbers"].astype(np.int64)) > 0).all()
    assert set(arrays["utc_offset_h"].tolist()) == {1.0}


def test_order_of_the_input_does_not_matter() -> None:
    forwards, backwards = built(), built(PLACES[::-1])
    for name, column in forwards.items():
        assert column.dtype == backwards[name].dtype
        assert column.tolist() == backwards[name].tolist()


def test_a_suburb_is_city_and_a_town_alone_is_not() -> None:
    settlements = make_subscribers.settlements_of(PLACES, {})
    with_suburb = make_subscribers.shares_of(settlements)
    alone = make_subscribers.settlements_of([PLACES[2]], {})
    town = make_subscribers.shares_of(alone).people.sum()
    without = make_subscribers.settlements_of([PLACES[0], *PLACES[2:]], {})
    suburb = with_suburb.people.sum() - make_subscribers.shares_of(without).people.sum()
    # 9,000 people on seven cells are 5 per km2, of whom 9 in 10 have no good network.
    assert town == pytest.approx(9_000 / (1.0 + 9_000 / (7 * 252.9) / 50.0), rel=0.001)
    assert 0.0 < suburb < 0.01 * town


def test_ten_times_the_people_are_fewer_than_ten_times_the_users() -> None:
    shares = [
        make_subscribers.shares_of(
            make_subscribers.settlements_of([place(1, "IT", 41.5, 16.2, people)], {})
        ).people.sum()
        for people in (1_000, 10_000, 100_000, 1_000_000)
    ]
    gains = np.array(shares[1:]) / np.array(shares[:-1])
    assert (gains > 1.0).all()
    assert (np.diff(gains) < 0.0).all()


def test_a_lonely_island_keeps_its_users_on_land() -> None:
    """All cells around Lampedusa's own have their centre in the sea."""
    arrays = built()
    assert users_near(arrays, 35.50, 12.61, rings=0) == users_near(arrays, 35.50, 12.61) > 0.0


def test_spread_reaches_two_rings_and_no_further() -> None:
    shares = make_subscribers.shares_of(make_subscribers.settlements_of([PLACES[5]], {}))
    own = h3.latlng_to_cell(44.90, 3.50, 5)
    assert sorted(shares.cells.tolist()) == sorted(h3.grid_disk(own, 2).tolist())
    first = np.isin(shares.cells, h3.grid_ring(own, 1))
    total = shares.people.sum()
    assert shares.people[shares.cells == own][0] == pytest.approx(0.5 * total)
    assert shares.people[first].sum() == pytest.approx(0.3 * total)


def test_uncounted_people_live_around_every_settlement() -> None:
    settlements = make_subscribers.settlements_of(PLACES, {"FR": 900_500})
    french = settlements.country == settlements.countries.index("FR")
    assert settlements.people[french].tolist() == [850_000.0, 50_500.0]


def test_a_cell_of_two_countries_goes_to_the_larger() -> None:
    there = [place(1, "IT", 44.0, 10.8, 20_000), place(2, "FR", 44.01, 10.81, 5_000)]
    shares = make_subscribers.shares_of(make_subscribers.settlements_of(there, {}))
    assert set(shares.country.tolist()) == {1}


def test_a_country_that_is_no_market_has_no_users() -> None:
    assert users_near(built(), 46.20, 7.30) == 0.0


def test_figure_without_settlements_is_refused() -> None:
    with pytest.raises(ValueError, match="XK"):
        make_subscribers.national_users(
            {"IT": 5.0}, LICENCE | {"figures": {"XK": {"users": 10}, "IT": {"users": 5}}}
        )


def test_small_cells_join_the_strongest_neighbour() -> None:
    middle = h3.latlng_to_cell(44.90, 3.50, 5)
    cells = np.sort(h3.grid_disk(middle, 1))
    users = np.arange(1.0, 8.0)
    users[cells == middle] = 100.0
    after = make_subscribers.joined(cells, users, 50.0)
    assert after[cells == middle][0] == pytest.approx(users.sum())
    assert np.count_nonzero(after) == 1
    assert make_subscribers.joined(cells[:1], users[:1], 50.0).tolist() == [1.0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 40.0), min_size=19, max_size=19), st.floats(0.0, 20.0))
def test_joining_keeps_everybody(users: list[float], fewest: float) -> None:
    cells = np.sort(h3.grid_disk(h3.latlng_to_cell(44.90, 3.50, 5), 2))
    before = np.array(users)
    after = make_subscribers.joined(cells, before, fewest)
    assert after.sum() == pytest.approx(before.sum())
    assert (after[before >= fewest] >= before[before >= fewest]).all()


@settings(max_examples=50)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=50), st.integers(0, 10**9))
def test_whole_shares_add_up(weights: list[float], total: int) -> None:
    exact = np.array(weights) * (total / np.sum(weights))
    shares = make_subscribers.whole_shares(np.array(weights), total)
    assert shares.sum() == total
    assert (np.abs(shares - exact) <= 1.0 + 1e-6).all()


def test_shipped_file_is_what_the_tool_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole world, from the pinned settlements."""
    shipped, made = make_subscribers.TARGET, tmp_path / "subscribers.npz"
    monkeypatch.setattr(make_subscribers, "TARGET", made)
    monkeypatch.setattr(sys, "argv", ["make_subscribers.py"])
    make_subscribers.main()
    with np.load(made) as new, np.load(shipped) as old:
        assert sorted(new.files) == sorted(old.files)
        for name in set(new.files) - {"users_hundredths"}:
            assert np.array_equal(new[name], old[name]), name
        # Another processor may add up in another order and round a hundredth elsewhere.
        steps = new["users_hundredths"].astype(int) - old["users_hundredths"].astype(int)
        assert np.abs(steps).max() <= 1
