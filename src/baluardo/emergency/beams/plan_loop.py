"""The compiled loop of `plan`: dwell by dwell, who asks, who gets a beam, and who is then left."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from baluardo.emergency.beams.matching import NOBODY, serve
from baluardo.emergency.beams.wanted import MOST_SEVERITY

_SNR_STEP_DB = 0.25
_SNR_FROM_DB, _SNR_TO_DB = -40.0, 80.0
"""Of the table of who is reached indoors."""

_TIER = 4e9
_OVERDUE = 2e9
_PER_DWELL = 5e4
LONGEST_WAIT = 20_000
_MOST_GAIN = 9e8
"""How a key is made of tier, wait and people: each outweighs all that follows it."""


def snr_steps() -> list[float]:
    """Return the signals, dB, for which `indoors_reached` is asked."""
    steps = round((_SNR_TO_DB - _SNR_FROM_DB) / _SNR_STEP_DB)
    return [_SNR_FROM_DB + k * _SNR_STEP_DB for k in range(steps + 1)]


def snr_place(snr_db: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return where signals stand in `snr_steps`: at the step below."""
    steps = (snr_db - _SNR_FROM_DB) / _SNR_STEP_DB
    return np.clip(steps, 0.0, len(snr_steps()) - 1.0).astype(np.int64)


@numba.njit(cache=True, nogil=True)
def dwell_by_dwell(  # type: ignore[no-untyped-def]  # numba infers the types of a tuple of arrays
    first,
    cell,
    satellite,
    rate,
    snr,
    beams,
    severity,
    people,
    reach,
    usual,
    open_sky,
    least_snr,
    indoors_reached,
    tends_to,
    decay,
    fair_rounds,
    left_over,
    outdoors_now,
    outdoors,
    indoors,
    last,
):
    dwells, cells, n = first.size - 1, severity.size, beams.size
    widest = 1
    for s in range(n):
        widest = max(widest, min(beams[s], cells))
    room, asked = _room(first, cell, satellite, beams, severity)
    total = room.sum()
    patience = fair_rounds * max(1, -(-asked.sum() // max(total, 1)))
    out_first = np.zeros(dwells + 1, np.int64)
    out_satellite = np.empty(total, np.int32)
    out_cell = np.empty(total, np.int32)
    out_entry = np.empty(total, np.int64)
    warned = np.zeros((dwells, n), np.int32)
    commercial = np.zeros((dwells, n), np.int32)
    displaced = np.zeros(dwells, np.int32)
    displaced_bps = np.zeros(dwells)
    seen = np.zeros(cells, np.bool_)
    keys, keys_usual, keys_before = np.empty(cells), np.empty(cells), np.empty(cells)
    row_cell = np.empty(cells, np.int64)
    row_begin, row_end = np.empty(cells, np.int64), np.empty(cells, np.int64)
    choice, usual_choice = np.empty(cells, np.int64), np.empty(cells, np.int64)
    used, usual_used = np.empty(n, np.int64), np.empty(n, np.int64)
    closed = np.empty(n, np.bool_)
    occupant = np.empty((n, widest), np.int32)
    here = np.full(n, -1)  # the last dwell in which a satellite saw a cell
    age, age_before = np.ones(cells), np.ones(cells)
    trade = usual.max() > 0.0
    count = 0
    for k in range(dwells):
        rows, e = 0, first[k]
        fresh = outdoors_now
        while e < first[k + 1]:
            c, best = cell[e], snr[e]
            row_cell[rows], row_begin[rows] = c, e
            while e < first[k + 1] and cell[e] == c:
                best = max(best, snr[e])
                here[satellite[e]] = k
                e += 1
            row_end[rows] = e
            keys[rows] = 0.0
            if severity[c] >= 0:
                at = (best - _SNR_FROM_DB) / _SNR_STEP_DB
                through = indoors_reached[int(min(max(at, 0.0), indoors_reached.size - 1.0))]
                sky = open_sky if best >= least_snr else 0.0
                hear = sky * outdoors[c] + max(0.0, indoors[c] - (1 - fresh) * (1 - through))
                key = (severity[c] + 1) * _TIER + min(people[c] * reach[c] * hear, _MOST_GAIN)
                if hear > left_over * (sky * fresh + (1 - fresh) * through):
                    key += (MOST_SEVERITY + 1) * _TIER
                    if k - last[c] > patience:
                        key += _OVERDUE + _PER_DWELL * min(k - last[c], LONGEST_WAIT)
                keys[rows] = key
                seen[c] |= best >= least_snr
            rows += 1
        used[:] = 0
        closed[:] = False
        choice[:rows] = NOBODY
        serve(
            *(rows, keys, row_begin, row_end, satellite, snr, beams),
            *(used, occupant, closed, choice, room[k], True),
        )
        for row in range(rows):
            if choice[row] == NOBODY:
                continue
            c, e = row_cell[row], choice[row]
            out_satellite[count], out_cell[count], out_entry[count] = satellite[e], c, e
            count += 1
            last[c] = k
            at = (snr[e] - _SNR_FROM_DB) / _SNR_STEP_DB
            through = indoors_reached[int(min(max(at, 0.0), indoors_reached.size - 1.0))]
            if snr[e] >= least_snr:
                outdoors[c] *= 1.0 - reach[c] * open_sky
            indoors[c] -= reach[c] * max(0.0, indoors[c] - (1 - fresh) * (1 - through))
        out_first[k + 1] = count
        warned[k] = used
        if trade:
            free, everything = 0, 0
            for s in range(n):
                if here[s] == k:
                    free += beams[s] - used[s]
                    everything += beams[s]
            for row in range(rows):
                c = row_cell[row]
                keys_usual[row] = usual[c] * age[c] if choice[row] == NOBODY else 0.0
                keys_before[row] = usual[c] * age_before[c]
            usual_choice[:rows] = NOBODY
            now = serve(
                *(rows, keys_usual, row_begin, row_end, satellite, snr, beams),
                *(used, occupant, closed, usual_choice, free, False),
            )
            for s in range(n):
                commercial[k, s] = used[s] - warned[k, s]
            bps = _settle(rows, row_cell, usual_choice, rate, age)
            usual_choice[:rows] = NOBODY
            usual_used[:] = 0
            before = serve(
                *(rows, keys_before, row_begin, row_end, satellite, snr, beams),
                *(usual_used, occupant, closed, usual_choice, everything, False),
            )
            displaced[k] = before - now
            displaced_bps[k] = _settle(rows, row_cell, usual_choice, rate, age_before) - bps
        for c in range(cells):
            both = outdoors[c] + indoors[c]
            outdoors[c] = tends_to * both + (outdoors[c] - tends_to * both) * decay
            indoors[c] = both - outdoors[c]
        outdoors_now = tends_to + (outdoors_now - tends_to) * decay
    return (
        out_first,
        out_satellite[:count],
        out_cell[:count],
        out_entry[:count],
        warned,
        commercial,
        displaced,
        displaced_bps,
        seen,
        outdoors_now,
    )


@numba.njit(cache=True, nogil=True)
def _settle(rows, row_cell, choice, rate, age):  # type: ignore[no-untyped-def]
    """Return the rate of the chosen entries; who got none is a dwell older."""
    bps = 0.0
    for row in range(rows):
        c = row_cell[row]
        if choice[row] == NOBODY:
            age[c] += 1.0
        else:
            age[c] = 1.0
            bps += rate[choice[row]]
    return bps


@numba.njit(cache=True, nogil=True)
def _room(first, cell, satellite, beams, severity):  # type: ignore[no-untyped-def]
    """Return for each dwell how many warned cells can be lit at most, and how many are seen."""
    dwells = first.size - 1
    room, asked = np.zeros(dwells, np.int64), np.zeros(dwells, np.int64)
    by_satellite = np.zeros(beams.size, np.int64)
    for k in range(dwells):
        by_satellite[:] = 0
        before = -1
        for e in range(first[k], first[k + 1]):
            if severity[cell[e]] < 0:
                continue
            if cell[e] != before:
                asked[k] += 1
                before = cell[e]
            if by_satellite[satellite[e]] < beams[satellite[e]]:
                by_satellite[satellite[e]] += 1
                room[k] += 1
        room[k] = min(room[k], asked[k])
    return room, asked
