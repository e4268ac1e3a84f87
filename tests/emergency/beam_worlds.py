"""Contacts made by dice, and readers of plans, for the tests of beams and handsets."""

from __future__ import annotations

import numpy as np

from baluardo.emergency.beams.contacts import PhoneContacts
from baluardo.emergency.beams.plan import BeamPlan
from baluardo.emergency.beams.wanted import CellWarning, Wanted


def random_contacts(
    seed: int, cells: int, satellites: int, dwells: int, *, chance: float = 0.4, most_beams: int = 3
) -> PhoneContacts:
    """Each satellite sees each cell in each dwell by chance."""
    dice = np.random.default_rng(seed)
    seen = dice.random((dwells, cells, satellites)) < chance
    dwell, cell, satellite = np.nonzero(seen)
    return PhoneContacts(
        starts=1_000.0 + 5.0 * np.arange(dwells),
        dwell_s=5.0,
        satellites=np.arange(satellites) + 100,
        beams=dice.integers(0, most_beams + 1, satellites),
        first=np.searchsorted(dwell, np.arange(dwells + 1)),
        cell=cell.astype(np.int32),
        satellite=satellite.astype(np.int32),
        rate_bps=dice.uniform(1e6, 5e6, cell.size).astype(np.float32),
        snr_db=dice.uniform(-3.0, 7.0, cell.size).astype(np.float32),
    )


def steady_contacts(
    cells: int, beams: int, dwells: int, *, snr_db: float = 5.0, dwell_s: float = 5.0
) -> PhoneContacts:
    """One satellite that sees every cell all the time."""
    return PhoneContacts(
        starts=1_000.0 + dwell_s * np.arange(dwells),
        dwell_s=dwell_s,
        satellites=np.array([42]),
        beams=np.array([beams]),
        first=np.arange(dwells + 1) * cells,
        cell=np.tile(np.arange(cells, dtype=np.int32), dwells),
        satellite=np.zeros(cells * dwells, dtype=np.int32),
        rate_bps=np.full(cells * dwells, 3e6, dtype=np.float32),
        snr_db=np.full(cells * dwells, snr_db, dtype=np.float32),
    )


def one_warning(people: np.ndarray, severity: int = 3, octets: float = 800.0) -> Wanted:
    """One warning for every cell."""
    cells = np.arange(len(people), dtype=np.int32)
    return Wanted.of(len(people), [CellWarning(cells, people, severity, octets)])


def lit_in(plan: BeamPlan, dwell: int) -> dict[int, int]:
    """Return the satellite of each lit cell in a dwell."""
    part = slice(int(plan.first[dwell]), int(plan.first[dwell + 1]))
    cells, satellites = plan.cell[part].tolist(), plan.satellite[part].tolist()
    assert len(set(cells)) == len(cells)
    return dict(zip(cells, satellites, strict=True))


def seen_in(contacts: PhoneContacts, dwell: int) -> dict[tuple[int, int], tuple[float, float]]:
    """Return rate and signal by cell and satellite of a dwell."""
    part = slice(int(contacts.first[dwell]), int(contacts.first[dwell + 1]))
    return {
        (c, s): (rate, snr)
        for c, s, rate, snr in zip(
            contacts.cell[part].tolist(),
            contacts.satellite[part].tolist(),
            contacts.rate_bps[part].tolist(),
            contacts.snr_db[part].tolist(),
            strict=True,
        )
    }
