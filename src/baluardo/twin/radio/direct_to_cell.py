"""Direct to cell: what an ordinary phone gets from a satellite, and where the beam lies.

LTE at 2 GHz from 360 km. The filed budget is far better than what phones measure; one constant
stands between them. The operator pre-compensates delay and Doppler for the centre of each beam
(filed), so what a phone feels is the difference from there. All of it is *contract*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.radio.budget import EARTH_RADIUS_KM, cn_db
from baluardo.twin.radio.limits import (
    Floats,
    checked,
    common_shape,
    distance,
    elevation,
    numbers,
    single,
    whole,
)

MEASURED_BELOW_FILED_DB = 24.0
"""What the filed budget promises too much, dB: the one figure fitted here. With it the 5 MHz beam
from 360 km carries the measured 3-4 Mbit/s outdoors (arXiv 2506.00283) at elevations of 36 to
47 deg. Likely parts: phones held low, shadow, power shared by beams, scan loss; applied both ways.
"""

CQI_BPS_HZ = (
    *(0.1523, 0.2344, 0.3770, 0.6016, 0.8770, 1.1758, 1.4766, 1.9141),
    *(2.4063, 2.7305, 3.3223, 3.9023, 4.5234, 5.1152, 5.5547),
)
"""Spectral efficiency by channel quality indicator 1 to 15 (3GPP TS 36.213, table 7.2.3-1)."""

CQI_SNR_DB = (-6.7, -4.7, -2.3, 0.2, 2.4, 4.3, 5.9, 8.1, 10.3, 11.7, 14.1, 16.3, 18.7, 21.0, 22.7)
"""Signal to noise at which each is received with 10 % block errors in white noise: the standard
leaves it to the receiver; these are the values of link-level simulation in wide use."""

BLOCK_HZ = 180e3
BLOCK_SYMBOLS_HZ = 12 * 14 * 1_000.0
"""Width of a resource block, and its symbols a second (3GPP TS 36.211, section 6.2.3)."""

BLOCKS = {1.4e6: 6, 3e6: 15, 5e6: 25, 10e6: 50, 15e6: 75, 20e6: 100}
"""Resource blocks by channel width, Hz (3GPP TS 36.101, table 5.6-1)."""

DATA_SHARE = 0.785
"""Symbols left after control and reference signals: the filed peaks of 4.4 and 18.3 Mbit/s in 1.4
and 5 MHz (FCC SAT-MOD-20230207-00021) over 5.5547 bit/s/Hz on 6 and 25 blocks: 0.786, 0.784."""

BUNDLED_SUBFRAMES = 4
"""A phone at its limit sends everything four times (bundling, 3GPP TS 36.321, section 5.4.2.1):
6 dB more, a quarter of the rate."""

GRAVITY_KM3_S2 = 398_600.4418
"""Geocentric gravitational constant (WGS-84)."""

EARTH_TURN_RAD_S = 7.292_115e-5
"""Rotation of the Earth (WGS-84)."""

MOST_BEAMS = 10_000
"""Our choice: more beams for phones than this on one satellite are a mistake."""


@dataclass(frozen=True, slots=True)
class DirectToCell:
    """The satellite, the phone and the channel."""

    down_hz: float = 1_992.5e6
    up_hz: float = 1_912.5e6
    """Filed for the United States; elsewhere a band of the local operator, 1.4 to 2.7 GHz."""
    channel_hz: float = 5e6
    """A key of BLOCKS; the filing names 1.4 and 5 MHz."""
    beams: int = 8
    """Beams for phones per satellite: not published."""
    satellite_eirp_dbw: float = 58.0
    satellite_gain_dbi: float = 38.0
    """Filed peaks (FCC SAT-MOD-20230207-00021)."""
    satellite_temperature_k: float = 500.0
    """Not published: a receiver that looks at the warm Earth."""
    beam_width_deg: float = 3.0
    """Width at -3 dB: within 7 % of the filed footprints at nadir and at 30 deg."""
    phone_gain_dbi: float = -5.0
    """Filed."""
    phone_noise_figure_db: float = 7.0
    phone_power_dbw: float = -7.0
    """3GPP TR 38.821 table 6.1.1.1-3: handheld, 23 dBm."""
    phone_blocks: int = 1
    """Resource blocks on which one phone transmits: the fewer, the stronger its signal in each."""
    polarisation_loss_db: float = 3.0
    """Circular from the satellite, linear in the phone."""
    measured_below_filed_db: float = MEASURED_BELOW_FILED_DB
    indoor_loss_db: float = 22.0
    """Median entry loss of a traditional building at 2 GHz (ITU-R P.2109-1): 13.9 dB, and
    0.212 dB for each of 40 deg of elevation."""

    def __post_init__(self) -> None:
        """Refuse impossible values with a sentence that names the field."""
        for field in ("down_hz", "up_hz", "satellite_temperature_k"):
            checked(field, getattr(self, field), above=0.0)
        whole("beams", self.beams, 1, MOST_BEAMS)
        for field in ("satellite_eirp_dbw", "satellite_gain_dbi", "phone_gain_dbi"):
            checked(field, getattr(self, field))
        checked("phone_power_dbw", self.phone_power_dbw)
        for field in (
            "phone_noise_figure_db",
            "polarisation_loss_db",
            "measured_below_filed_db",
            "indoor_loss_db",
        ):
            checked(field, getattr(self, field), least=0.0)
        if not isinstance(self.channel_hz, int | float) or self.channel_hz not in BLOCKS:
            widths = ", ".join(f"{width / 1e6:g}" for width in BLOCKS)
            raise InvalidInputError(f"channel_hz {self.channel_hz} is not one of {widths} MHz.")
        whole("phone_blocks", self.phone_blocks, 1, self.blocks)
        _check_width(self.beam_width_deg)

    @property
    def blocks(self) -> int:
        """Resource blocks of the channel."""
        return BLOCKS[self.channel_hz]


@dataclass(frozen=True, slots=True, eq=False)
class DirectLinks:
    """What beams give at their centres, arrays of the shape that was asked for."""

    snr_down_db: Floats
    snr_up_db: Floats
    down_bps: Floats
    """One beam, shared by all phones in it; outdoors."""
    up_bps: Floats
    """One beam, all its blocks in use by different phones."""
    phone_up_bps: Floats
    """One phone alone."""
    along_km: Floats
    across_km: Floats
    """Axes of the -3 dB footprint, away from the satellite and across."""
    outdoors: npt.NDArray[np.bool_]
    indoors: npt.NDArray[np.bool_]
    """Whether the lowest rate is received both ways there."""


def lte_bps_hz(snr_db: npt.ArrayLike) -> Floats:
    """Return the spectral efficiency at a signal-to-noise ratio, bit/s/Hz; 0 below CQI 1.

    Between two indicators the scheduler mixes both: linear in dB.
    """
    snr = numbers("snr_db", snr_db)
    if np.isnan(snr).any():
        raise InvalidInputError("snr_db nan is not a ratio in dB.")
    mixed = np.interp(snr, CQI_SNR_DB, CQI_BPS_HZ)
    return np.asarray(np.where(snr >= CQI_SNR_DB[0], mixed, 0.0))


def direct_links(
    elevation_deg: npt.ArrayLike, range_km: npt.ArrayLike, options: DirectToCell | None = None
) -> DirectLinks:
    """Return what phones at the centres of beams get, at elevations and ranges that broadcast."""
    o = options or DirectToCell()
    angle, away_km = _seen(elevation_deg, range_km)
    losses = o.polarisation_loss_db + o.measured_below_filed_db
    down = cn_db(
        eirp_dbw=o.satellite_eirp_dbw,
        gt_db_k=o.phone_gain_dbi - o.phone_noise_figure_db - 10.0 * np.log10(290.0),
        frequency_hz=o.down_hz,
        range_km=away_km,
        bandwidth_hz=o.blocks * BLOCK_HZ,
        losses_db=losses,
    )
    up = cn_db(
        eirp_dbw=o.phone_power_dbw + o.phone_gain_dbi,
        gt_db_k=o.satellite_gain_dbi - 10.0 * np.log10(o.satellite_temperature_k),
        frequency_hz=o.up_hz,
        range_km=away_km,
        bandwidth_hz=o.phone_blocks * BLOCK_HZ,
        losses_db=losses,
    )
    bundled_up = up + 10.0 * np.log10(BUNDLED_SUBFRAMES)
    best_up = np.maximum(lte_bps_hz(up), lte_bps_hz(bundled_up) / BUNDLED_SUBFRAMES)
    per_block_up = best_up * BLOCK_SYMBOLS_HZ * DATA_SHARE
    along, across = footprint_km(angle, away_km, o.beam_width_deg)
    weaker = np.minimum(down, bundled_up)
    return DirectLinks(
        snr_down_db=down,
        snr_up_db=up,
        down_bps=lte_bps_hz(down) * BLOCK_SYMBOLS_HZ * DATA_SHARE * o.blocks,
        up_bps=per_block_up * o.blocks,
        phone_up_bps=per_block_up * o.phone_blocks,
        along_km=along,
        across_km=across,
        outdoors=weaker >= CQI_SNR_DB[0],
        indoors=weaker - o.indoor_loss_db >= CQI_SNR_DB[0],
    )


def footprint_km(
    elevation_deg: npt.ArrayLike, range_km: npt.ArrayLike, beam_width_deg: float
) -> tuple[Floats, Floats]:
    """Return the axes of a beam's -3 dB footprint on a spherical Earth: along, across, km.

    elevation_deg, range_km: of the satellite from the beam's centre. A beam that spills over the
    horizon ends there.
    """
    degrees, away_km = _seen(elevation_deg, range_km)
    at_place = np.radians(degrees)
    _check_width(beam_width_deg)
    half = np.radians(beam_width_deg) / 2.0
    earth = EARTH_RADIUS_KM
    orbit = np.sqrt(earth**2 + away_km**2 + 2.0 * earth * away_km * np.sin(at_place))
    nadir = np.arcsin(np.minimum(earth * np.cos(at_place) / orbit, 1.0))

    def ground(angle: Floats) -> Floats:
        """Return the angle at the Earth's centre, signed, of a ray at an angle from nadir."""
        sine = np.clip(orbit * np.sin(angle) / earth, -1.0, 1.0)
        limb = np.arcsin(earth / orbit)
        return np.asarray(np.arcsin(sine) - np.clip(angle, -limb, limb))

    along = earth * (ground(nadir + half) - ground(nadir - half))
    return np.asarray(along), np.asarray(2.0 * away_km * np.tan(half))


def _seen(elevation_deg: npt.ArrayLike, range_km: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return elevations and ranges, checked, of one shape."""
    angle, away_km = elevation(elevation_deg), distance("range_km", range_km)
    shape = common_shape(elevation_deg=angle, range_km=away_km)
    return np.broadcast_to(angle, shape), np.broadcast_to(away_km, shape)


def _check_width(beam_width_deg: float) -> None:
    if not 0.0 < single("beam_width_deg", beam_width_deg, 0.0, 90.0, "degrees") < 90.0:
        raise InvalidInputError(f"beam_width_deg {beam_width_deg} is not above 0 and below 90.")


def _sight(
    places: Floats, position: Floats, velocity: Floats, carrier: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the way to the satellite, its length, position and velocity; all are checked."""
    vectors = {
        "places": checked("places", places),
        "position": checked("position", position),
        "velocity": checked("velocity", velocity),
    }
    for name, vector in vectors.items():
        if vector.ndim == 0 or vector.shape[-1] != 3:
            raise InvalidInputError(f"{name} has the shape {vector.shape}, not (..., 3).")
    common_shape(**vectors, carrier_hz=carrier[..., None])
    towards = vectors["position"] - vectors["places"]
    length = distance("distance to the satellite", np.linalg.norm(towards, axis=-1))
    return towards, length, vectors["position"], vectors["velocity"]


def doppler_shift_hz(
    places: Floats, position: Floats, velocity: Floats, carrier_hz: float
) -> Floats:
    """Return the Doppler shift at places, Hz, positive when the satellite comes closer.

    places, position, velocity: shapes (..., 3) that broadcast, km and km/s, Earth-fixed.
    """
    carrier = checked("carrier_hz", carrier_hz, above=0.0)
    towards, away_km, _, moving = _sight(places, position, velocity, carrier)
    receding = np.sum(towards * moving, axis=-1) / away_km
    return np.asarray(-carrier * receding / SPEED_OF_LIGHT_KM_S)


def doppler_rate_hz_s(
    places: Floats, position: Floats, velocity: Floats, carrier_hz: float
) -> Floats:
    """Return how fast the Doppler shift changes, Hz/s; arguments as for doppler_shift_hz.

    The satellite's acceleration is gravity's, seen from the turning Earth.
    """
    carrier = checked("carrier_hz", carrier_hz, above=0.0)
    towards, away_km, fixed, moving = _sight(places, position, velocity, carrier)
    turn = np.array([0.0, 0.0, EARTH_TURN_RAD_S])
    radius = np.linalg.norm(fixed, axis=-1, keepdims=True)
    acceleration = (
        -GRAVITY_KM3_S2 * fixed / radius**3
        - 2.0 * np.cross(turn, moving)
        - np.cross(turn, np.cross(turn, fixed))
    )
    receding = np.sum(towards * moving, axis=-1) / away_km
    change = np.sum(moving**2, axis=-1) - receding**2 + np.sum(towards * acceleration, axis=-1)
    return np.asarray(-carrier * change / away_km / SPEED_OF_LIGHT_KM_S)


def residual_doppler_hz(
    phones: Floats, beam_centre: Floats, position: Floats, velocity: Floats, carrier_hz: float
) -> Floats:
    """Return what is left at phones, Hz, after compensation for the centre of their beam.

    Shapes (..., 3) that broadcast, km and km/s, Earth-fixed.
    """
    here = doppler_shift_hz(phones, position, velocity, carrier_hz)
    centre = doppler_shift_hz(beam_centre, position, velocity, carrier_hz)
    common_shape(phones=here, beam_centre=centre)
    return np.asarray(here - centre)
