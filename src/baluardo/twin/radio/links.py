"""What user and gateway links carry: bit/s/Hz from the geometry and the weather of the moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Generation
from baluardo.twin.radio.budget import BOLTZMANN_DBW, SKY_TEMPERATURE_K
from baluardo.twin.radio.limits import Floats, checked, common_shape, distance, elevation
from baluardo.twin.radio.modulation import EFFICIENCIES_BPS_HZ, THRESHOLDS_DB
from baluardo.twin.radio.radios import (
    FRAME_EFFICIENCY,
    GATEWAY_DOWN_HZ,
    GATEWAY_UP_HZ,
    REFERENCE_BANDWIDTH_HZ,
    USER_DOWN_HZ,
    USER_UP_HZ,
    Radios,
)

_WIDEST_SCAN_COSINE = float(np.cos(np.radians(80.0)))
"""An element's gain does not vanish along the panel: the cosine law is held beyond 80 degrees."""

_MOST_FADE_DB = 1_000.0
"""Our choice: what is weakened more has no bit left; beyond 3,000 dB there is no such number."""


def _linear(decibels: npt.ArrayLike) -> Floats:
    return np.asarray(10.0 ** (np.asarray(decibels, dtype=np.float64) / 10.0))


def _isotropic_area_db(frequency_hz: float) -> float:
    """Effective area of an isotropic antenna, dB m2."""
    wavelength_m = SPEED_OF_LIGHT_KM_S * 1_000.0 / frequency_hz
    return float(10.0 * np.log10(wavelength_m**2 / (4.0 * np.pi)))


_PER_HZ_DB = float(10.0 * np.log10(REFERENCE_BANDWIDTH_HZ))
_SPREADING_AT_1_KM_DB = float(10.0 * np.log10(4.0 * np.pi * 1e6))


class Links:
    """Links with everything that does not change worked out: make once, ask each slot.

    All arguments broadcast like NumPy: generation (Generation) and dish (DishKind) are integers,
    range_km above 0, elevation_deg 0 to 90 at the place, attenuation_db of the atmosphere at this
    link's frequency, 0 or more. Answers have the broadcast shape. InvalidInputError otherwise.
    Efficiencies are net of FRAME_EFFICIENCY; 0 means that the link is out.
    """

    def __init__(self, radios: Radios | None = None) -> None:
        """Prepare the tables: rows by generation, columns by dish."""
        r = self.radios = radios or Radios()
        # Thresholds as linear ratios, margin included: no logarithm is then needed per link.
        self._thresholds = _linear(THRESHOLDS_DB + r.margin_db)
        self._efficiencies = EFFICIENCIES_BPS_HZ * FRAME_EFFICIENCY
        self._temperature_k = np.array([d.noise_temperature_k for d in r.dishes])
        self._scan_exponent = np.array([d.scan_exponent for d in r.dishes])
        tilt = np.radians([d.tilt_deg for d in r.dishes])
        self._tilt_cosine, self._tilt_sine = np.cos(tilt), np.sin(tilt)
        self._tilt_azimuth_deg = np.array([d.tilt_azimuth_deg for d in r.dishes])
        self._prepare_user_links()
        self._prepare_gateway_links()

    def _prepare_user_links(self) -> None:
        r, satellites = self.radios, self.radios.satellites
        losses = np.array([d.pointing_loss_db + d.polarisation_loss_db for d in r.dishes])
        gt = np.array([d.gain_dbi for d in r.dishes]) - 10.0 * np.log10(self._temperature_k)
        receive = gt - losses - BOLTZMANN_DBW - _PER_HZ_DB + _isotropic_area_db(USER_DOWN_HZ)
        pfd = np.array([s.user_pfd_dbw_m2_4khz for s in satellites])
        most = np.array([s.user_eirp_dbw_4khz for s in satellites]) - _SPREADING_AT_1_KM_DB
        self._down_held = _linear(pfd[:, None] + receive)
        self._down_most = _linear(most[:, None] + receive)
        self._down_ic = 1.0 / _linear([s.user_down_ci_db for s in satellites])
        eirp = np.array([d.eirp_dbw for d in r.dishes]) - losses
        fixed = (
            _isotropic_area_db(USER_UP_HZ)
            - _SPREADING_AT_1_KM_DB
            - BOLTZMANN_DBW
            - 10.0 * np.log10(r.user_up_bandwidth_hz)
        )
        self._up = _linear(np.array([[s.user_gt_db_k] for s in satellites]) + eirp + fixed)
        self._up_ic = 1.0 / _linear([s.user_up_ci_db for s in satellites])

    def _prepare_gateway_links(self) -> None:
        g, satellites = self.radios.gateway, self.radios.satellites
        losses = g.pointing_loss_db + g.polarisation_loss_db
        gt = g.gain_dbi - 10.0 * np.log10(g.noise_temperature_k)
        receive = gt - losses - BOLTZMANN_DBW - _PER_HZ_DB + _isotropic_area_db(GATEWAY_DOWN_HZ)
        pfd = np.array([s.gateway_pfd_dbw_m2_4khz for s in satellites])
        most = np.array([s.gateway_eirp_dbw_4khz for s in satellites])
        self._gateway_down_held = _linear(pfd + receive)
        self._gateway_down_most = _linear(most - _SPREADING_AT_1_KM_DB + receive)
        self._gateway_up = _linear(
            np.array([s.gateway_gt_db_k for s in satellites])
            + g.eirp_dbw
            - losses
            + _isotropic_area_db(GATEWAY_UP_HZ)
            - _SPREADING_AT_1_KM_DB
            - BOLTZMANN_DBW
            - 10.0 * np.log10(2.0 * g.bandwidth_up_hz)  # the power is shared by two polarisations
        )
        self._gateway_ic = float(1.0 / _linear(g.ci_db))

    def scan_cosine(
        self,
        dish: npt.ArrayLike,
        elevation_deg: npt.ArrayLike,
        azimuth_deg: npt.ArrayLike | None = None,
    ) -> Floats:
        """Return the cosine of the angle between a dish's boresight and a satellite.

        azimuth_deg is the satellite's; without it, the mean over all azimuths.
        """
        kind, angle = self._dish(dish), np.radians(elevation(elevation_deg))
        azimuth = checked("azimuth_deg", 0.0 if azimuth_deg is None else azimuth_deg)
        common_shape(dish=kind, elevation_deg=angle, azimuth_deg=azimuth)
        cosine = np.sin(angle) * self._tilt_cosine[kind]
        if azimuth_deg is not None:
            turn = np.radians(azimuth - self._tilt_azimuth_deg[kind])
            cosine = cosine + np.cos(angle) * np.cos(turn) * self._tilt_sine[kind]
        return np.asarray(np.maximum(cosine, _WIDEST_SCAN_COSINE))

    def user_down_bps_hz(
        self,
        generation: npt.ArrayLike,
        dish: npt.ArrayLike,
        range_km: npt.ArrayLike,
        elevation_deg: npt.ArrayLike,
        attenuation_db: npt.ArrayLike = 0.0,
        azimuth_deg: npt.ArrayLike | None = None,
    ) -> Floats:
        """Return the net spectral efficiency from a satellite to a dish, bit/s/Hz/polarisation.

        Rain weakens the interference as it weakens the signal: both come along the same path.
        """
        row, kind = _generation(generation), self._dish(dish)
        squared, fade = _range_squared(range_km), _fade(attenuation_db)
        scan = self.scan_cosine(kind, elevation_deg, azimuth_deg)
        common_shape(generation=row, range_km=squared, attenuation_db=fade, dish_and_angles=scan)
        signal = np.minimum(self._down_held[row, kind], self._down_most[row, kind] / squared)
        scan = scan ** self._scan_exponent[kind]
        noise = 1.0 + SKY_TEMPERATURE_K * (1.0 - fade) / self._temperature_k[kind]
        return self._net(1.0 / (noise / (signal * scan * fade) + self._down_ic[row]))

    def user_up_bps_hz(
        self,
        generation: npt.ArrayLike,
        dish: npt.ArrayLike,
        range_km: npt.ArrayLike,
        elevation_deg: npt.ArrayLike,
        attenuation_db: npt.ArrayLike = 0.0,
        azimuth_deg: npt.ArrayLike | None = None,
    ) -> Floats:
        """Return the net spectral efficiency from a dish to a satellite, bit/s/Hz.

        Rain at the dish weakens its signal only: other cells' dishes interfere unweakened.
        """
        row, kind = _generation(generation), self._dish(dish)
        squared, fade = _range_squared(range_km), _fade(attenuation_db)
        scan = self.scan_cosine(kind, elevation_deg, azimuth_deg)
        common_shape(generation=row, range_km=squared, attenuation_db=fade, dish_and_angles=scan)
        signal = self._up[row, kind] / squared * scan ** self._scan_exponent[kind]
        return self._net(fade / (1.0 / signal + self._up_ic[row]))

    def gateway_down_bps_hz(
        self,
        generation: npt.ArrayLike,
        range_km: npt.ArrayLike,
        attenuation_db: npt.ArrayLike = 0.0,
    ) -> Floats:
        """Return the net spectral efficiency satellite to gateway, bit/s/Hz/polarisation."""
        row, squared, fade = _gateway_path(generation, range_km, attenuation_db)
        signal = np.minimum(self._gateway_down_held[row], self._gateway_down_most[row] / squared)
        temperature = self.radios.gateway.noise_temperature_k
        noise = 1.0 + SKY_TEMPERATURE_K * (1.0 - fade) / temperature
        return self._net(1.0 / (noise / (signal * fade) + self._gateway_ic))

    def gateway_up_bps_hz(
        self,
        generation: npt.ArrayLike,
        range_km: npt.ArrayLike,
        attenuation_db: npt.ArrayLike = 0.0,
    ) -> Floats:
        """Return the net spectral efficiency gateway to satellite, bit/s/Hz/polarisation."""
        row, squared, fade = _gateway_path(generation, range_km, attenuation_db)
        signal = self._gateway_up[row] / squared
        return self._net(1.0 / (1.0 / (signal * fade) + self._gateway_ic))

    @property
    def user_down_beam_hz(self) -> float:
        """Hz of a downlink beam, its polarisations added: times bit/s/Hz it gives bit/s."""
        return self.radios.user_down_bandwidth_hz * self.radios.user_down_polarisations

    @property
    def user_up_beam_hz(self) -> float:
        """Hz of an uplink beam, its polarisations added."""
        return self.radios.user_up_bandwidth_hz * self.radios.user_up_polarisations

    @property
    def gateway_up_hz(self) -> float:
        """Hz of one gateway antenna upwards, both polarisations added."""
        return 2.0 * self.radios.gateway.bandwidth_up_hz

    def user_down_beams(self, generation: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return how many downlink beams each satellite has."""
        beams = np.array([s.user_down_beams for s in self.radios.satellites], dtype=np.int64)
        return np.asarray(beams[_generation(generation)])

    def user_up_beams(self, generation: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Return how many uplink beams each satellite has."""
        beams = np.array([s.user_up_beams for s in self.radios.satellites], dtype=np.int64)
        return np.asarray(beams[_generation(generation)])

    def _net(self, ratio: Floats) -> Floats:
        return np.asarray(
            self._efficiencies[np.searchsorted(self._thresholds, ratio, side="right")]
        )

    def _dish(self, dish: npt.ArrayLike) -> npt.NDArray[np.intp]:
        return _index("dish", dish, len(self.radios.dishes))


def _generation(generation: npt.ArrayLike) -> npt.NDArray[np.intp]:
    return _index("generation", generation, len(Generation))


def _index(field: str, value: npt.ArrayLike, count: int) -> npt.NDArray[np.intp]:
    try:
        array = np.asarray(value)
    except ValueError:
        raise InvalidInputError(f"{field} is not an array: its rows differ in length.") from None
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InvalidInputError(f"{field} is not made of whole numbers.")
    if array.size and (array.min() < 0 or array.max() >= count):
        raise InvalidInputError(f"{field} is not made of numbers from 0 to {count - 1}.")
    return array.astype(np.intp)


def _range_squared(range_km: npt.ArrayLike) -> Floats:
    return np.asarray(np.square(distance("range_km", range_km)))


def _fade(attenuation_db: npt.ArrayLike) -> Floats:
    attenuation = checked("attenuation_db", attenuation_db, least=0.0)
    return np.asarray(np.exp(np.minimum(attenuation, _MOST_FADE_DB) * (-np.log(10.0) / 10.0)))


def _gateway_path(
    generation: npt.ArrayLike, range_km: npt.ArrayLike, attenuation_db: npt.ArrayLike
) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
    """Return the row of the tables, the square of the range and the fade as a ratio."""
    row, squared, fade = _generation(generation), _range_squared(range_km), _fade(attenuation_db)
    common_shape(generation=row, range_km=squared, attenuation_db=fade)
    return row, squared, fade
