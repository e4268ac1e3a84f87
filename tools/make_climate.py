"""Make src/baluardo/twin/radio/data/climate.npz from the maps that `itur` carries.

    python tools/make_climate.py

The maps are those of ITU-R P.837-7 (rain), P.839-4 (rain height), P.453-13 (wet refractivity),
P.836-6 (water vapour), P.840-8 (cloud water), P.1510-1 (temperature) and the line tables of
P.676-12. Rain rate and rain height keep every digit; the others are rounded to the steps below.

The monthly rain of P.837-7 takes 36 MB. What is wanted of it is the curve R(p) of each place, so
the curve is made here, at every point of the monthly maps, and put down in four numbers: the
probability of rain, and how far the curve goes along three directions in which the world's
curves differ most (principal components). `baluardo.twin.radio.rain_curve` undoes it.

Whole numbers are stored as differences from the sum of their neighbours west and south less the
one between, low and high octets apart: most are 0 then, and LZMA packs them well. The same input
always gives the same octets.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import itur.utils
import numba
import numpy as np
import numpy.typing as npt

SOURCE = Path(itur.utils.dataset_dir)
TARGET = Path(__file__).parent.parent / "src/baluardo/twin/radio/data/climate.npz"

LEVELS = (1, 2, 3, 5, 10, 20, 30, 50)
"""Exceedances, per cent of the year, of vapour and cloud; P.618-13 2.5 wants none below 1 %."""

RATE_STEP = 0.001
HEIGHT_STEP = 0.001
PROBABILITY_STEP = 1.0 / 400.0
"""Of the logarithm: 0.25 % of the probability of rain."""
LEAST_PROBABILITY = 1e-4
"""Per cent; places with less have none."""
SHAPE_STEP = 0.01
"""Of a component that is 1 where the curve is off by 1 in its logarithm, root mean square."""
REFRACTIVITY_STEP = 0.1
TEMPERATURE_STEP = 0.1
LEVEL_MAPS = (
    ("vapour", "836/v6_v_", 0.02),
    ("vapour_scale", "836/v6_vsch_", 0.01),
    ("humidity", "836/v6_rho_", 0.1),
    ("cloud", "840/v7_lred_", 0.001),
)
"""Name, file and step: kg/m2, km, g/m3, kg/m2."""

COMPONENTS = 3
QUANTILES = np.linspace(-2.8, 4.2, 19)
"""Standard normal quantiles at which curves are made: the share 0.997 to 0.00001 of rain."""

DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
SIGMA = 1.26
"""Spread of the logarithm of the rain rate within a month (P.837-7, Annex 1, step 8)."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def source(name: str) -> Floats:
    """Return one array of `itur`'s data."""
    with np.load(SOURCE / f"{name}.npz") as data:
        return np.asarray(data["arr_0"], dtype=np.float64)


def folded(steps: Integers) -> npt.NDArray[np.uint8]:
    """Return small signed numbers as octets, shape (3, n), lowest first, sign in the last bit."""
    flat = steps.ravel()
    unsigned = np.where(flat < 0, -2 * flat - 1, 2 * flat)
    return np.stack([unsigned & 0xFF, unsigned >> 8 & 0xFF, unsigned >> 16]).astype(np.uint8)


def planar_steps(grid: Integers) -> Integers:
    """Return a grid's differences from west + south - southwest."""
    return np.diff(np.diff(grid, axis=0, prepend=0), axis=1, prepend=0)


def halved_steps(grid: Integers) -> Integers:
    """Return the steps of a grid of odd sides: its odd points, then what is amid their means.

    P.837-7's rain rates are interpolated from a grid of twice the spacing, the odd points.
    """
    odd_rows = grid[1::2]
    base = odd_rows[:, 1::2]
    between = odd_rows[:, ::2] - amid(base.T).T
    rows = grid[::2] - amid(odd_rows)
    return np.concatenate([planar_steps(base).ravel(), between.ravel(), rows.ravel()])


def amid(rows: Integers) -> Integers:
    """Return n + 1 rows, each the mean of those of the n it lies between; the ends repeat."""
    padded = np.concatenate([rows[:1], rows, rows[-1:]])
    return np.asarray((padded[:-1] + padded[1:] + 1) >> 1)


def bilinear(grid: Floats, spacing_deg: float, lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Sample a grid that starts at -90, -180 at the crossings of latitudes and longitudes."""
    y, x = (lat_deg + 90.0) / spacing_deg, (lon_deg + 180.0) / spacing_deg
    i = np.clip(y.astype(int), 0, grid.shape[0] - 2)
    j = np.clip(x.astype(int), 0, grid.shape[1] - 2)
    fy, fx = (y - i)[:, None], x - j
    rows = grid[i] * (1.0 - fy) + grid[i + 1] * fy
    return np.asarray(rows[:, j] * (1.0 - fx) + rows[:, j + 1] * fx)


def monthly_rain() -> tuple[Floats, Floats]:
    """Return weight (per cent of the year) and ln(median rate) per month, shape (12, lat, lon)."""
    lat = np.clip(source("837/v7_lat_mt")[:, 0], -90.0, 90.0)
    lon = (source("837/v7_lon_mt")[0] + 180.0) % 360.0 - 180.0
    weights, medians = [], []
    for month, days in enumerate(DAYS, start=1):
        fall = source(f"837/v7_mt_month{month:02d}")
        kelvin = bilinear(source(f"1510/v1_t_month{month:02d}"), 0.75, lat, lon)
        rate = 0.5874 * np.exp(0.0883 * np.maximum(kelvin - 273.15, 0.0))
        percent = 100.0 * fall / (24.0 * days * rate)
        rate = np.where(percent > 70.0, 100.0 / 70.0 * fall / (24.0 * days), rate)
        weights.append(np.minimum(percent, 70.0) * days / 365.25)
        medians.append(np.log(rate) - 0.7938)
    return np.array(weights), np.array(medians)


@numba.njit(cache=True, parallel=True)
def curves(weights: Floats, medians: Floats, shares: Floats) -> Floats:
    """Return ln(rate) exceeded for given shares of the rain, shape (n, shares); shares fall."""
    n = weights.shape[1]
    out = np.zeros((n, len(shares)))
    for k in numba.prange(n):
        total = weights[:, k].sum()
        low = -12.0
        for s in range(len(shares)):
            high = 9.0
            for _ in range(40):
                middle = 0.5 * (low + high)
                above = 0.0
                for m in range(12):
                    z = (middle - medians[m, k]) / SIGMA
                    above += weights[m, k] * 0.5 * math.erfc(z * 0.7071067811865476)
                if above > shares[s] * total:
                    low = middle
                else:
                    high = middle
            out[k, s] = 0.5 * (low + high)
    return out


def rain_maps() -> dict[str, npt.NDArray[np.generic]]:
    """Return the probability of rain and the shape of its curve, both packed."""
    weights, medians = monthly_rain()
    grid = weights.shape[1:]
    probability = weights.sum(axis=0)
    wet = (probability > 2.0 * LEAST_PROBABILITY).ravel()
    shares = np.array([0.5 * math.erfc(z / math.sqrt(2.0)) for z in QUANTILES])
    logs = curves(weights.reshape(12, -1)[:, wet], medians.reshape(12, -1)[:, wet], shares)

    # Rare drizzle is of no account, and heavy rain of much: that is where curves must fit best.
    mean = logs.mean(axis=0)
    level = logs - mean
    offset = level.mean(axis=1, keepdims=True)
    level = level - offset
    thin = slice(None, None, 7)
    _, _, directions = np.linalg.svd(level[thin] / math.sqrt(level[thin].shape[0]), False)
    directions = directions[:COMPONENTS] * math.sqrt(len(QUANTILES))
    along = level @ directions.T / len(QUANTILES)
    shape = np.zeros((COMPONENTS, wet.size))
    shape[:, wet] = along.T
    middle = np.zeros(wet.size)
    middle[wet] = offset[:, 0]

    logarithm = np.log(np.maximum(probability, LEAST_PROBABILITY) / LEAST_PROBABILITY)
    return {
        "rain_probability": folded(planar_steps(whole(logarithm, PROBABILITY_STEP))),
        "rain_shape": np.stack(
            [
                folded(planar_steps(whole(part.reshape(grid), SHAPE_STEP)))
                for part in [middle, *shape]
            ]
        ),
        "rain_shape_curves": np.vstack([mean, np.ones(len(QUANTILES)), directions]),
        "rain_shape_quantiles": QUANTILES,
    }


def whole(values: Floats, step: float) -> Integers:
    """Return values in units of a step, rounded."""
    return np.asarray(np.round(values / step), dtype=np.int64)


def level_maps() -> dict[str, npt.NDArray[np.generic]]:
    """Return vapour and cloud at each exceedance, packed, south first, and the ground below."""
    packed: dict[str, npt.NDArray[np.generic]] = {}
    for name, file, step in LEVEL_MAPS:
        layers = []
        for level in LEVELS:
            grid = source(f"{file}{level}")[::-1].copy()
            # `itur`'s copy lacks most of the row next to the north pole.
            gaps = np.isnan(grid)
            grid[1:-1][gaps[1:-1]] = (0.5 * (grid[:-2] + grid[2:]))[gaps[1:-1]]
            layers.append(whole(grid, step))
        each = np.diff(np.array(layers), axis=0, prepend=0)
        packed[name] = np.stack([folded(planar_steps(layer)) for layer in each])
    return packed | {"vapour_ground": folded(planar_steps(whole(ground(), 0.001)))}


def ground() -> Floats:
    """Return the height, km, that P.836-6's vapour maps refer to, at their points, south first."""
    lat, lon = np.meshgrid(np.linspace(-90.0, 90.0, 161), np.linspace(0.0, 360.0, 321))
    topography = itur.models.itu836._ITU836_6()
    return np.asarray(topography.topo_alt(lat, lon % 360.0)).T


def packed_maps() -> dict[str, npt.NDArray[np.generic]]:
    """Return every array of the data file by its name."""
    rate = source("837/v7_r001")
    plain = {
        "rain_height": (source("839/v4_esa0height")[::-1] + 0.36, HEIGHT_STEP),
        "wet_refractivity": (source("453/v13_nwet_annual_50"), REFRACTIVITY_STEP),
        "temperature": (source("1510/v1_t_annual"), TEMPERATURE_STEP),
    }
    return (
        {"rain_rate": folded(halved_steps(whole(rate, RATE_STEP)))}
        | rain_maps()
        | {name: folded(planar_steps(whole(grid, step))) for name, (grid, step) in plain.items()}
        | level_maps()
        | {
            "levels": np.array(LEVELS, dtype=np.float64),
            "oxygen_lines": lines("oxygen"),
            "water_vapour_lines": lines("water_vapour"),
        }
    )


def lines(gas: str) -> Floats:
    """Return a table of spectral lines of P.676-12: frequency, GHz, and six coefficients."""
    return np.genfromtxt(SOURCE / f"676/v12_lines_{gas}.txt", delimiter=",", skip_header=1)


def main() -> None:
    """Write the package's data file; NumPy reads LZMA in a zip file, but does not write it."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in packed_maps().items():
            octets = io.BytesIO()
            np.save(octets, array)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_LZMA
            archive.writestr(entry, octets.getvalue())
            print(f"{name}: {archive.getinfo(entry.filename).compress_size:,} bytes")
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
