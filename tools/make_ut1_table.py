"""Write src/baluardo/twin/sky/data/ut1.csv from the IERS bulletins that astropy-iers-data carries.

Usage: python tools/make_ut1_table.py

Source: IERS finals2000A (Bulletin A: measured up to its date, predicted for a year after). The
table holds UT1-TAI, which has no leap-second jumps, once a week from 2015-12-01 on.
"""

from __future__ import annotations

import csv
from pathlib import Path

import astropy_iers_data

FIRST_MJD = 57_357
STEP_DAYS = 7
LEAP_SECOND_MJD = 57_754
"""2017-01-01, when TAI-UTC went from 36 s to 37 s; none has been announced since."""

TARGET = Path(__file__).parent.parent / "src/baluardo/twin/sky/data/ut1.csv"


def main() -> None:
    """Read columns 8-15 (MJD) and 59-68 (UT1-UTC) of finals2000A.all and write the table."""
    bulletin = Path(astropy_iers_data.IERS_A_FILE).read_text(encoding="ascii")
    rows = []
    for line in bulletin.splitlines():
        mjd, value = int(float(line[7:15])), line[58:68].strip()
        if mjd >= FIRST_MJD and (mjd - FIRST_MJD) % STEP_DAYS == 0 and value:
            tai_minus_utc = 36 if mjd < LEAP_SECOND_MJD else 37
            rows.append((mjd, f"{float(value) - tai_minus_utc:.5f}", line[57]))
    with TARGET.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("mjd", "ut1_minus_tai_s", "measured_or_predicted"))
        writer.writerows(rows)
    print(f"{TARGET.name}: {len(rows)} weeks, MJD {rows[0][0]} to {rows[-1][0]}")


if __name__ == "__main__":
    main()
