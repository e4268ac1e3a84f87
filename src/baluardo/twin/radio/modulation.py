"""Adaptive modulation and coding: the spectral efficiency that a carrier-to-noise ratio allows.

The operator's own table is not published. DVB-S2 and DVB-S2X stand in for it: the same kind of
code on the same kind of constellation, with thresholds that anybody can look up. They are ideal
(quasi error free, linear channel, no synchronisation loss); a margin takes account of real modems.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.limits import Floats, numbers, single

IMPLEMENTATION_MARGIN_DB = 1.0
"""Default distance of a real modem from the ideal thresholds, dB. Not published for this operator;
modems sold for DVB-S2X state 0.5 to 1.5 dB."""


@dataclass(frozen=True, slots=True)
class ModCod:
    """One modulation with one code: bit/s per symbol/s, and the ideal Es/N0 that it needs."""

    name: str
    bps_hz: float
    es_n0_db: float


def _modcods(rows: tuple[tuple[str, float, float], ...]) -> tuple[ModCod, ...]:
    return tuple(ModCod(*row) for row in rows)


DVB_S2 = _modcods(
    (
        ("QPSK 1/4", 0.490243, -2.35),
        ("QPSK 1/3", 0.656448, -1.24),
        ("QPSK 2/5", 0.789412, -0.30),
        ("QPSK 1/2", 0.988858, 1.00),
        ("QPSK 3/5", 1.188304, 2.23),
        ("QPSK 2/3", 1.322253, 3.10),
        ("QPSK 3/4", 1.487473, 4.03),
        ("QPSK 4/5", 1.587196, 4.68),
        ("QPSK 5/6", 1.654663, 5.18),
        ("QPSK 8/9", 1.766451, 6.20),
        ("QPSK 9/10", 1.788612, 6.42),
        ("8PSK 3/5", 1.779991, 5.50),
        ("8PSK 2/3", 1.980636, 6.62),
        ("8PSK 3/4", 2.228124, 7.91),
        ("8PSK 5/6", 2.478562, 9.35),
        ("8PSK 8/9", 2.646012, 10.69),
        ("8PSK 9/10", 2.679207, 10.98),
        ("16APSK 2/3", 2.637201, 8.97),
        ("16APSK 3/4", 2.966728, 10.21),
        ("16APSK 4/5", 3.165623, 11.03),
        ("16APSK 5/6", 3.300184, 11.61),
        ("16APSK 8/9", 3.523143, 12.89),
        ("16APSK 9/10", 3.567342, 13.13),
        ("32APSK 3/4", 3.703295, 12.73),
        ("32APSK 4/5", 3.951571, 13.64),
        ("32APSK 5/6", 4.119540, 14.28),
        ("32APSK 8/9", 4.397854, 15.69),
        ("32APSK 9/10", 4.453027, 16.05),
    )
)
"""ETSI EN 302 307-1 V1.4.1, table 13: normal frames, no pilots."""

DVB_S2X = _modcods(
    (
        ("QPSK 2/9", 0.434841, -2.85),
        ("QPSK 13/45", 0.567805, -2.03),
        ("QPSK 9/20", 0.889135, 0.22),
        ("QPSK 11/20", 1.088581, 1.45),
        ("8APSK 5/9-L", 1.647211, 4.73),
        ("8APSK 26/45-L", 1.713601, 5.13),
        ("8PSK 23/36", 1.896173, 6.12),
        ("8PSK 25/36", 2.062148, 7.02),
        ("8PSK 13/18", 2.145136, 7.49),
        ("16APSK 1/2-L", 1.972253, 5.97),
        ("16APSK 8/15-L", 2.104850, 6.55),
        ("16APSK 5/9-L", 2.193247, 6.84),
        ("16APSK 26/45", 2.281645, 7.51),
        ("16APSK 3/5", 2.370043, 7.80),
        ("16APSK 3/5-L", 2.370043, 7.41),
        ("16APSK 28/45", 2.458441, 8.10),
        ("16APSK 23/36", 2.524739, 8.38),
        ("16APSK 2/3-L", 2.635236, 8.43),
        ("16APSK 25/36", 2.745734, 9.27),
        ("16APSK 13/18", 2.856231, 9.71),
        ("16APSK 7/9", 3.077225, 10.65),
        ("16APSK 77/90", 3.386618, 11.99),
        ("32APSK 2/3-L", 3.289502, 11.10),
        ("32APSK 32/45", 3.510192, 11.75),
        ("32APSK 11/15", 3.620536, 12.17),
        ("32APSK 7/9", 3.841226, 13.05),
        ("64APSK 32/45-L", 4.206428, 13.98),
        ("64APSK 11/15", 4.338659, 14.81),
        ("64APSK 7/9", 4.603122, 15.47),
        ("64APSK 4/5", 4.735354, 15.87),
        ("64APSK 5/6", 4.933701, 16.55),
        ("128APSK 3/4", 5.163248, 17.73),
        ("128APSK 7/9", 5.355556, 18.53),
        ("256APSK 29/45-L", 5.065690, 16.98),
        ("256APSK 2/3-L", 5.241514, 17.24),
        ("256APSK 31/45-L", 5.417338, 18.10),
        ("256APSK 32/45", 5.593162, 18.59),
        ("256APSK 11/15-L", 5.768987, 18.84),
        ("256APSK 3/4", 5.900855, 19.57),
    )
)
"""ETSI EN 302 307-2 V1.1.1, table 20a: normal frames, no pilots. L: made for a linear channel."""


def best(modcods: tuple[ModCod, ...]) -> tuple[ModCod, ...]:
    """Return those that no other beats, by rising threshold: each carries more than all before."""
    chosen: list[ModCod] = []
    for modcod in sorted(modcods, key=lambda m: (m.es_n0_db, -m.bps_hz)):
        if not chosen or modcod.bps_hz > chosen[-1].bps_hz:
            chosen.append(modcod)
    return tuple(chosen)


MODCODS = best(DVB_S2 + DVB_S2X)
"""What an adaptive modem would choose among the two standards."""


def _fixed(values: list[float]) -> Floats:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


THRESHOLDS_DB = _fixed([m.es_n0_db for m in MODCODS])
"""Ideal Es/N0 of each of MODCODS, dB, ascending, shape (n,)."""

EFFICIENCIES_BPS_HZ = _fixed([0.0, *(m.bps_hz for m in MODCODS)])
"""Efficiency with k thresholds reached, shape (n + 1,): 0 below the first. In a compiled loop:
EFFICIENCIES_BPS_HZ[np.searchsorted(THRESHOLDS_DB, cn_db - margin_db, side="right")]."""


def efficiency(cn_db: npt.ArrayLike, margin_db: float = IMPLEMENTATION_MARGIN_DB) -> Floats:
    """Return the spectral efficiency at a carrier-to-noise ratio, bit/s/Hz, same shape; 0: outage.

    cn_db: over the symbol rate; infinities are allowed, NaN is refused. margin_db: 0 or more.
    """
    margin_db = single("margin_db", margin_db, 0.0, 1e3, "dB")
    ratio = numbers("cn_db", cn_db)
    if np.isnan(ratio).any():
        raise InvalidInputError("cn_db nan is not a ratio in dB.")
    reached = np.searchsorted(THRESHOLDS_DB, ratio - margin_db, side="right")
    return np.asarray(EFFICIENCIES_BPS_HZ[reached])
