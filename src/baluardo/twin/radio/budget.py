"""Link budgets: free space, carrier to noise, carrier to noise and interference.

Everything broadcasts like NumPy. Frequencies and bandwidths are Hz, distances km, ratios dB.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.radio.limits import (
    Floats,
    checked,
    common_shape,
    distance,
    elevation,
    numbers,
)

BOLTZMANN_DBW = float(10.0 * np.log10(1.380_649e-23))
"""Boltzmann's constant, dBW/K/Hz: exact in the SI, -228.599."""

SKY_TEMPERATURE_K = 275.0
"""Effective temperature of an absorbing medium (P.618-13, section 3)."""

EARTH_RADIUS_KM = 6_371.0
"""Radius of the sphere used for slant ranges in 3GPP TR 38.811, section 6.6.2."""


def slant_range_km(height_km: npt.ArrayLike, elevation_deg: npt.ArrayLike) -> Floats:
    """Return the distance to a satellite of a given height seen at an elevation, km.

    Spherical Earth; 3GPP TR 38.811 equation 6.6-3.
    """
    height, angle = distance("height_km", height_km), elevation(elevation_deg)
    common_shape(height_km=height, elevation_deg=angle)
    rise = EARTH_RADIUS_KM * np.sin(np.radians(angle))
    return np.asarray(np.sqrt(rise**2 + height**2 + 2.0 * EARTH_RADIUS_KM * height) - rise)


def free_space_db(frequency_hz: npt.ArrayLike, range_km: npt.ArrayLike) -> Floats:
    """Return the free-space loss between isotropic antennas, dB (ITU-R P.525-4, equation 3)."""
    frequency = checked("frequency_hz", frequency_hz, above=0.0)
    away_km = distance("range_km", range_km)
    common_shape(frequency_hz=frequency, range_km=away_km)
    return np.asarray(20.0 * np.log10(4.0 * np.pi * away_km * frequency / SPEED_OF_LIGHT_KM_S))


def spreading_db(range_km: npt.ArrayLike) -> Floats:
    """Return the loss from EIRP (dBW) to power flux density (dBW/m2) at a distance, dB."""
    metres = distance("range_km", range_km) * 1_000.0
    return np.asarray(10.0 * np.log10(4.0 * np.pi * metres**2))


def noise_dbw(temperature_k: npt.ArrayLike, bandwidth_hz: npt.ArrayLike) -> Floats:
    """Return the thermal noise power in a bandwidth, dBW."""
    temperature = checked("temperature_k", temperature_k, above=0.0)
    bandwidth = checked("bandwidth_hz", bandwidth_hz, above=0.0)
    common_shape(temperature_k=temperature, bandwidth_hz=bandwidth)
    return np.asarray(BOLTZMANN_DBW + 10.0 * np.log10(temperature * bandwidth))


def rain_noise_db(attenuation_db: npt.ArrayLike, temperature_k: npt.ArrayLike) -> Floats:
    """Return how much a receiver's noise rises when the path absorbs, dB.

    temperature_k is the system's without atmosphere; the medium adds 275 (1 - 10^(-A/10)) K
    (P.618-13, section 3).
    """
    attenuation = checked("attenuation_db", attenuation_db, least=0.0)
    temperature = checked("temperature_k", temperature_k, above=0.0)
    common_shape(attenuation_db=attenuation, temperature_k=temperature)
    added = SKY_TEMPERATURE_K * (1.0 - 10.0 ** (-attenuation / 10.0))
    return np.asarray(10.0 * np.log10(1.0 + added / temperature))


def cn_db(
    *,
    eirp_dbw: npt.ArrayLike,
    gt_db_k: npt.ArrayLike,
    frequency_hz: npt.ArrayLike,
    range_km: npt.ArrayLike,
    bandwidth_hz: npt.ArrayLike,
    losses_db: npt.ArrayLike = 0.0,
) -> Floats:
    """Return carrier to noise, dB (3GPP TR 38.821, section 6.1.3.1).

    eirp_dbw: of the carrier, in all of its bandwidth; losses_db: everything but free space.
    """
    eirp = checked("eirp_dbw", eirp_dbw)
    figure_of_merit = checked("gt_db_k", gt_db_k)
    bandwidth = checked("bandwidth_hz", bandwidth_hz, above=0.0)
    losses = checked("losses_db", losses_db, least=0.0)
    free_space = free_space_db(frequency_hz, range_km)
    common_shape(
        eirp_dbw=eirp,
        gt_db_k=figure_of_merit,
        frequency_and_range=free_space,
        bandwidth_hz=bandwidth,
        losses_db=losses,
    )
    return np.asarray(
        eirp + figure_of_merit - BOLTZMANN_DBW - free_space - losses - 10.0 * np.log10(bandwidth)
    )


def combine_db(*ratios_db: npt.ArrayLike) -> Floats:
    """Return the ratio of a carrier to the sum of several disturbances, dB.

    Each argument is the carrier over one disturbance (C/N, C/I, ...): their inverses add.
    Plus infinity stands for a disturbance that is not there.
    """
    if not ratios_db:
        raise InvalidInputError("ratios_db is empty: give at least one ratio.")
    total: Floats = np.zeros(())
    for ratio in ratios_db:
        array = numbers("ratios_db", ratio)
        if np.isnan(array).any() or (array == -np.inf).any():
            raise InvalidInputError("ratios_db holds what is not a number above minus infinity.")
        common_shape(ratios_db_before=total, ratios_db=array)
        total = total + 10.0 ** (-array / 10.0)
    with np.errstate(divide="ignore"):
        return np.asarray(-10.0 * np.log10(total))
