"""SGP4 objects built from a catalogue's fields alone, for tests of exactness."""

from __future__ import annotations

import numpy as np
from sgp4.api import WGS72, Satrec

from baluardo.twin.sky.catalogue import Catalogue

TEN_MICROMETRES_KM = 1e-8


def satrec_of(catalogue: Catalogue, i: int) -> Satrec:
    """Return the SGP4 object of one satellite, initialised as the documentation of sgp4 says."""
    satellite = Satrec()
    satellite.sgp4init(
        WGS72,
        "i",
        0,
        (catalogue.epoch_jd[i] - 2_433_281.5) + catalogue.epoch_fraction[i],
        catalogue.bstar[i],
        catalogue.ndot[i],
        catalogue.nddot[i],
        catalogue.eccentricity[i],
        catalogue.arg_perigee[i],
        catalogue.inclination[i],
        catalogue.mean_anomaly[i],
        catalogue.mean_motion[i],
        catalogue.raan[i],
    )
    return satellite


def largest_difference_km(one: Satrec, other: Satrec, days: float = 10.0) -> float:
    """Return how far two satellites' TEME positions are apart at most, over days from an epoch."""
    jd = np.full(60, other.jdsatepoch)
    fraction = other.jdsatepochF + np.linspace(0.0, days, 60)
    errors, here, _ = one.sgp4_array(jd, fraction)
    errors_there, there, _ = other.sgp4_array(jd, fraction)
    assert np.array_equal(errors, errors_there)
    return float(np.nanmax(np.abs(here - there)))
