"""Rain attenuation of many links: P.618-13 from the shipped maps, against `itur`.

Usage: python benchmarks/rain.py [--places N] [--repeats N]

Prints one JSON line. Both sides answer the same questions in the same run: latitude, longitude,
elevation and percent in, dB out, at 28.5 GHz for places spread over the Earth, maps loaded before
the clock starts. The answers are compared: `worst_db` is the largest difference between them.

`ratio` is for links in weather of their own, each with its own percent, which is what a slot
asks; `itur` takes one percent a call, so it is called once a link, for a sample of them.
`ratio_one_weather` has the same percent everywhere, the best case for `itur`. `clear_air_ns` and
`fade_ns` are a link's cost in a slot, once its place's climate is made (`climate_us`).

Exit status 1 when the answers differ by 0.01 dB or more, clear air takes 1,000 ns a link or more,
or the ratio is not above 10. Needs the test requirements, for `itur`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.twin.radio.attenuation import clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.climate import rain_height_km, rain_rate_001_mm_h
from baluardo.twin.radio.rain import rain_attenuation_db

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

Floats = npt.NDArray[np.float64]

FREQUENCY_HZ = 28.5e9
BANDS_HZ = (12e9, 14e9, 18.5e9, 28.5e9)
SAMPLE = 300
"""Links for which `itur` is called one by one."""


def places(n: int) -> tuple[Floats, Floats]:
    """Return n places spread evenly over the inhabited latitudes (a golden-angle spiral)."""
    k = np.arange(n)
    lat_deg = np.degrees(np.arcsin(np.sin(np.radians(70.0)) * (2.0 * (k + 0.5) / n - 1.0)))
    return np.asarray(lat_deg), np.asarray((k * 137.507_764) % 360.0 - 180.0)


def ours(lat: Floats, lon: Floats, elevation_deg: Floats, percent: Floats) -> Floats:
    """Return rain attenuation, dB."""
    return rain_attenuation_db(
        lat_deg=lat,
        rain_rate_001_mm_h=rain_rate_001_mm_h(lat, lon),
        rain_height_km=rain_height_km(lat, lon),
        station_height_km=0.0,
        elevation_deg=elevation_deg,
        frequency_hz=FREQUENCY_HZ,
        percent=percent,
    )


def peer() -> Callable[[Floats, Floats, Floats, float], Floats] | None:
    """Return the same by `itur`, for one percent a call, or None where it is not installed."""
    try:
        from itur.models.itu618 import rain_attenuation  # noqa: PLC0415 - the peer is optional
    except ImportError:
        return None

    def answer(lat: Floats, lon: Floats, elevation_deg: Floats, percent: float) -> Floats:
        zero = np.zeros(len(lat))
        ghz = FREQUENCY_HZ / 1e9
        # Its answer loses its axis when there is one place.
        values = rain_attenuation(lat, lon, ghz, elevation_deg, zero, percent).value
        return np.atleast_1d(np.asarray(values, dtype=np.float64))

    return answer


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Return the median time of a call after one that warms up."""
    call()
    spans = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        spans.append(time.perf_counter() - begin)
    return statistics.median(spans)


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--places", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # `itur` divides by dry places
    lat, lon = places(args.places)
    angles = np.linspace(10.0, 90.0, args.places)
    percent = 0.001 * 5_000.0 ** ((np.arange(args.places) * 0.618_034) % 1.0)
    one_s = seconds(lambda: ours(lat, lon, angles, np.array(0.01)), args.repeats)
    own_s = seconds(lambda: ours(lat, lon, angles, percent), args.repeats)
    line: dict[str, Any] = {
        "benchmark": "rain",
        "ratio": None,
        "ratio_one_weather": None,
        "ours_ns_per_link": round(own_s / args.places * 1e9, 1),
    }
    worst = ratio = None
    theirs = peer()
    if theirs is not None:
        answer = theirs
        few = np.arange(0, args.places, max(args.places // SAMPLE, 1))

        def each() -> Floats:
            rows = zip(few.tolist(), percent[few].tolist(), strict=True)
            return np.concatenate(
                [answer(lat[k : k + 1], lon[k : k + 1], angles[k : k + 1], p) for k, p in rows]
            )

        peer_one_s = seconds(lambda: answer(lat, lon, angles, 0.01), args.repeats)
        peer_own_s = seconds(each, args.repeats) / len(few)
        ratio = peer_own_s / (own_s / args.places)
        worst = max(
            np.abs(answer(lat, lon, angles, 0.01) - ours(lat, lon, angles, np.array(0.01))).max(),
            np.nanmax(np.abs(each() - ours(lat, lon, angles, percent)[few])),
        )
        line |= {
            "ratio": round(ratio, 1),
            "ratio_one_weather": round(peer_one_s / one_s, 2),
            "itur_ns_per_link": round(peer_own_s * 1e9, 1),
            "worst_db": float(f"{worst:.2g}"),
        }

    climate = climate_of(lat, lon)
    climate_s = seconds(lambda: climate_of(lat, lon), args.repeats)
    clear_s = seconds(lambda: [clear_air_db(climate, angles, f) for f in BANDS_HZ], args.repeats)
    fade_s = seconds(lambda: rain_fade_db(climate, angles, FREQUENCY_HZ, 0.01), args.repeats)
    clear_ns = clear_s / len(BANDS_HZ) / args.places * 1e9
    line |= {
        "climate_us": round(climate_s / args.places * 1e6, 2),
        "clear_air_ns": round(clear_ns, 1),
        "fade_ns": round(fade_s / args.places * 1e9, 1),
        "places": args.places,
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    missed = [
        name
        for name, bad in (
            ("worst_db", worst is not None and worst >= 0.01),
            ("clear_air_ns", clear_ns >= 1_000.0),
            ("ratio", ratio is not None and ratio <= 10.0),
        )
        if bad
    ]
    if missed:
        sys.stderr.write(f"Missed: {', '.join(missed)}.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
