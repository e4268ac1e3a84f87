"""Names of the Mediterranean's waters, for places at sea.

A place bears the name of the water whose middle is nearest to it: the names are those of the
International Hydrographic Organization (S-23, 3rd edition, sheet 28) and of gulfs and straits in
use; the middles are ours, read off a map, and stand for no boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baluardo.geo.ellipsoid import earth_fixed
from baluardo.terms import Bilingual


@dataclass(frozen=True, slots=True)
class Water:
    """A part of the sea and about where its middle is, degrees."""

    name: Bilingual
    lat_deg: float
    lon_deg: float


WATERS = (
    Water(Bilingual("Stretto di Gibilterra", "Strait of Gibraltar"), 35.95, -5.5),
    Water(Bilingual("Mare di Alborán", "Alboran Sea"), 35.9, -3.0),
    Water(Bilingual("Golfo di Valencia", "Gulf of Valencia"), 39.5, 0.2),
    Water(Bilingual("Mare delle Baleari", "Balearic Sea"), 40.3, 2.5),
    Water(Bilingual("Mare d'Algeria", "waters off Algeria"), 37.6, 3.0),
    Water(Bilingual("Golfo del Leone", "Gulf of Lion"), 42.6, 4.2),
    Water(Bilingual("Mar di Sardegna", "Sea of Sardinia"), 40.0, 6.5),
    Water(Bilingual("Mar Ligure", "Ligurian Sea"), 43.5, 9.0),
    Water(Bilingual("Mar Tirreno settentrionale", "northern Tyrrhenian Sea"), 41.8, 11.3),
    Water(Bilingual("Mar Tirreno meridionale", "southern Tyrrhenian Sea"), 39.2, 13.2),
    Water(Bilingual("Canale di Sicilia", "Strait of Sicily"), 36.8, 12.0),
    Water(Bilingual("Golfo di Hammamet", "Gulf of Hammamet"), 36.0, 11.2),
    Water(Bilingual("Golfo di Gabès", "Gulf of Gabes"), 34.0, 11.0),
    Water(Bilingual("Acque di Malta", "waters off Malta"), 35.5, 14.8),
    Water(Bilingual("Golfo della Sirte", "Gulf of Sidra"), 31.8, 18.0),
    Water(Bilingual("Mare Adriatico settentrionale", "northern Adriatic Sea"), 44.7, 13.2),
    Water(Bilingual("Mare Adriatico centrale", "central Adriatic Sea"), 43.0, 15.3),
    Water(Bilingual("Mare Adriatico meridionale", "southern Adriatic Sea"), 41.6, 17.8),
    Water(Bilingual("Mar Ionio settentrionale", "northern Ionian Sea"), 38.9, 18.2),
    Water(Bilingual("Mar Ionio meridionale", "southern Ionian Sea"), 35.8, 18.5),
    Water(Bilingual("Mare di Libia", "Libyan Sea"), 33.8, 22.5),
    Water(Bilingual("Mare di Creta", "Sea of Crete"), 36.0, 25.0),
    Water(Bilingual("Egeo settentrionale", "northern Aegean Sea"), 39.8, 25.0),
    Water(Bilingual("Egeo centrale", "central Aegean Sea"), 38.0, 25.3),
    Water(Bilingual("Acque d'Egitto", "waters off Egypt"), 32.2, 28.5),
    Water(Bilingual("Mare di Levante occidentale", "western Levantine Sea"), 34.3, 28.8),
    Water(Bilingual("Golfo di Adalia", "Gulf of Antalya"), 36.3, 30.8),
    Water(Bilingual("Mare di Levante orientale", "eastern Levantine Sea"), 33.6, 33.5),
    Water(Bilingual("Mare di Cilicia", "Cilician Sea"), 36.0, 34.0),
)


def water_at(lat_deg: float, lon_deg: float) -> Water:
    """Return the water whose middle is nearest to a place of the Mediterranean."""
    middles = earth_fixed(
        np.array([w.lat_deg for w in WATERS]),
        np.array([w.lon_deg for w in WATERS]),
        np.zeros(len(WATERS)),
    )
    here = earth_fixed(np.array([lat_deg]), np.array([lon_deg]), np.zeros(1))[0]
    return WATERS[int(np.argmin(np.linalg.norm(middles - here, axis=1)))]
