"""Jamming: jammer to signal, the margin left, and how near a jammer must come to break a link.

J/S = EIRPj - EIRPs + Ls - Lj + G(to jammer) - G(to signal) + 10 log(Bs/Bj);
margin = processing gain - required C/N - implementation loss - J/S; the burn-through range is
where the margin is 0 (Adamy, EW 101, Artech House 2001). Thermal noise is not in the
margin: it is that of a link which would be far above its threshold undisturbed. Nor is terrain: a
hill between jammer and dish helps more than is said here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import local_frames, places_earth_fixed
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Place
from baluardo.twin.radio.budget import EARTH_RADIUS_KM, free_space_db
from baluardo.twin.radio.limits import Floats, checked, common_shape, single, within
from baluardo.twin.radio.modulation import IMPLEMENTATION_MARGIN_DB, THRESHOLDS_DB

Bools = npt.NDArray[np.bool_]

EFFECTIVE_RADIUS_FACTOR = 4.0 / 3.0
"""Effective over true Earth radius for the median atmosphere (ITU-R P.834-9, section 3)."""


_MOST_DBI = 1_000.0
"""Our choice: no antenna has more gain, and none less than its opposite."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An antenna by three numbers: main lobe, side lobes, width at -3 dB."""

    main_dbi: float
    side_dbi: float
    beam_width_deg: float

    def __post_init__(self) -> None:
        """Refuse impossible patterns with a sentence that names the field."""
        single("main_dbi", self.main_dbi, -_MOST_DBI, _MOST_DBI, "dBi")
        single("side_dbi", self.side_dbi, -_MOST_DBI, _MOST_DBI, "dBi")
        if self.side_dbi > self.main_dbi:
            raise InvalidInputError(
                f"side_dbi {self.side_dbi} is above main_dbi {self.main_dbi}: exchange them."
            )
        if not single("beam_width_deg", self.beam_width_deg, 0.0, 360.0, "degrees") > 0.0:
            raise InvalidInputError(
                f"beam_width_deg {self.beam_width_deg} is not above 0 and at most 360."
            )

    def gain_dbi(self, off_axis_deg: npt.ArrayLike) -> Floats:
        """Return the gain at an angle off the axis, dBi: a parabola, then the side lobes.

        3GPP TR 38.901, table 7.3-1: 12 dB at one beam width.
        """
        angle = within("off_axis_deg", off_axis_deg, -360.0, 360.0, "degrees")
        lobe = self.main_dbi - 12.0 * (angle / self.beam_width_deg) ** 2
        return np.asarray(np.maximum(lobe, self.side_dbi))


DISH_PATTERN = Pattern(main_dbi=34.2, side_dbi=0.0, beam_width_deg=3.5)
"""Standard dish at 11.7 GHz: gain as in radios.py, width 65 wavelengths over its mean side of
0.48 m. Side lobes are not published: 0 dBi is a lightly tapered panel far from its beam."""

SATELLITE_PATTERN = Pattern(main_dbi=36.0, side_dbi=6.0, beam_width_deg=2.5)
"""User uplink beam: gain and width as behind the G/T in radios.py; side lobes 30 dB down, the level
of a tapered array (not published)."""


@dataclass(frozen=True, slots=True)
class Jammer:
    """A jammer: where it is, how strong, where it points. Defaults: aimed at its victim."""

    place: Place
    """Height with its mast or aircraft, taken as above the sea for the horizon."""
    power_w: float
    antenna: Pattern
    bandwidth_hz: float
    aimed: bool = True
    """Whether its main lobe is on the victim; else its side lobes are."""

    def __post_init__(self) -> None:
        """Refuse no or negative power and bandwidth."""
        checked("power_w", self.power_w, above=0.0)
        checked("bandwidth_hz", self.bandwidth_hz, above=0.0)

    @property
    def eirp_dbw(self) -> float:
        """Power radiated towards the victim, dBW."""
        gain = self.antenna.main_dbi if self.aimed else self.antenna.side_dbi
        return float(10.0 * np.log10(self.power_w) + gain)


@dataclass(frozen=True, slots=True)
class Link:
    """The link under attack: its signal and what its receiver stands."""

    signal_eirp_dbw: float
    """In all of bandwidth_hz, towards the receiver."""
    frequency_hz: float
    bandwidth_hz: float
    receiver: Pattern
    processing_gain_db: float = 0.0
    """Spreading and repetition: none in a plain broadband link."""
    required_cn_db: float = float(THRESHOLDS_DB[0])
    """The most robust rate of the table: below it the link is lost."""
    implementation_loss_db: float = IMPLEMENTATION_MARGIN_DB

    def __post_init__(self) -> None:
        """Refuse impossible values with a sentence that names the field."""
        checked("signal_eirp_dbw", self.signal_eirp_dbw)
        checked("required_cn_db", self.required_cn_db)
        checked("frequency_hz", self.frequency_hz, above=0.0)
        checked("bandwidth_hz", self.bandwidth_hz, above=0.0)
        checked("processing_gain_db", self.processing_gain_db, least=0.0)
        checked("implementation_loss_db", self.implementation_loss_db, least=0.0)

    @property
    def tolerated_js_db(self) -> float:
        """J/S at which the margin is 0."""
        return self.processing_gain_db - self.required_cn_db - self.implementation_loss_db


@dataclass(frozen=True, slots=True, eq=False)
class Jamming:
    """What a jammer does to a link, arrays by moment or satellite."""

    visible: Bools
    """Whether the jammer is over the horizon of the receiver."""
    js_db: Floats
    """Minus infinity where it is not visible."""
    margin_db: Floats
    """Negative: the link is lost. Infinite where the jammer is not visible."""
    range_km: Floats
    """From jammer to receiver."""
    burn_through_km: Floats
    """At this distance in the same direction the margin is 0, horizon aside: nearer, it breaks."""


def js_db(
    *,
    jammer_eirp_dbw: npt.ArrayLike,
    jammer_range_km: npt.ArrayLike,
    jammer_bandwidth_hz: npt.ArrayLike,
    signal_eirp_dbw: npt.ArrayLike,
    signal_range_km: npt.ArrayLike,
    signal_bandwidth_hz: npt.ArrayLike,
    gain_to_jammer_db: npt.ArrayLike,
    gain_to_signal_db: npt.ArrayLike,
    frequency_hz: npt.ArrayLike,
) -> Floats:
    """Return jammer to signal in the receiver, dB, over free space; arguments broadcast.

    A jammer narrower than the signal puts all of its power into it: the last term is at most 0.
    """
    js_without_path = _unspread_js_db(
        jammer_eirp_dbw,
        signal_eirp_dbw,
        gain_to_jammer_db,
        gain_to_signal_db,
        signal_bandwidth_hz,
        jammer_bandwidth_hz,
    )
    signal_loss = free_space_db(frequency_hz, signal_range_km)
    jammer_loss = free_space_db(frequency_hz, jammer_range_km)
    common_shape(
        eirp_gain_and_bandwidth=js_without_path,
        signal_range_km=signal_loss,
        jammer_range_km=jammer_loss,
    )
    return np.asarray(js_without_path + signal_loss - jammer_loss)


def _unspread_js_db(
    jammer_eirp_dbw: npt.ArrayLike,
    signal_eirp_dbw: npt.ArrayLike,
    gain_to_jammer_db: npt.ArrayLike,
    gain_to_signal_db: npt.ArrayLike,
    signal_bandwidth_hz: npt.ArrayLike,
    jammer_bandwidth_hz: npt.ArrayLike,
) -> Floats:
    """Return J/S without the losses of the two paths, dB, after checking every argument."""
    arrays = {
        "jammer_eirp_dbw": checked("jammer_eirp_dbw", jammer_eirp_dbw),
        "signal_eirp_dbw": checked("signal_eirp_dbw", signal_eirp_dbw),
        "gain_to_jammer_db": checked("gain_to_jammer_db", gain_to_jammer_db),
        "gain_to_signal_db": checked("gain_to_signal_db", gain_to_signal_db),
        "signal_bandwidth_hz": checked("signal_bandwidth_hz", signal_bandwidth_hz, above=0.0),
        "jammer_bandwidth_hz": checked("jammer_bandwidth_hz", jammer_bandwidth_hz, above=0.0),
    }
    common_shape(**arrays)
    jammer, signal, to_jammer, to_signal, signal_hz, jammer_hz = arrays.values()
    inside = np.minimum(10.0 * np.log10(signal_hz / jammer_hz), 0.0)
    return np.asarray((jammer - signal) + (to_jammer - to_signal) + inside)


def radio_horizon_km(height_m: npt.ArrayLike, other_height_m: npt.ArrayLike = 0.0) -> Floats:
    """Return how far two antennas over a smooth sea see each other, km.

    Heights in metres above it; Earth of 4/3 its radius, so 4.12 (sqrt h1 + sqrt h2).
    """
    one = np.sqrt(checked("height_m", height_m, least=0.0))
    other = np.sqrt(checked("other_height_m", other_height_m, least=0.0))
    common_shape(height_m=one, other_height_m=other)
    return np.asarray(
        np.sqrt(2.0 * EFFECTIVE_RADIUS_FACTOR * EARTH_RADIUS_KM / 1_000.0) * (one + other)
    )


def burn_through_km(
    link: Link,
    jammer: Jammer,
    signal_range_km: npt.ArrayLike,
    gain_to_jammer_db: npt.ArrayLike,
    gain_to_signal_db: npt.ArrayLike,
) -> Floats:
    """Return the distance of a jammer at which the margin is 0, km, over free space.

    Closed form: the loss on the jammer's path that leaves just the J/S that is tolerated.
    """
    at_one_place = _unspread_js_db(
        jammer.eirp_dbw,
        link.signal_eirp_dbw,
        gain_to_jammer_db,
        gain_to_signal_db,
        link.bandwidth_hz,
        jammer.bandwidth_hz,
    )
    signal_loss = free_space_db(link.frequency_hz, signal_range_km)
    common_shape(gains=at_one_place, signal_range_km=signal_loss)
    needed_db = at_one_place + signal_loss - link.tolerated_js_db
    wavelength_km = SPEED_OF_LIGHT_KM_S / link.frequency_hz
    return np.asarray(10.0 ** (needed_db / 20.0) * wavelength_km / (4.0 * np.pi))


def jam_dish(link: Link, jammer: Jammer, dish: Place, satellites: Floats) -> Jamming:
    """Return what a jammer does to a dish that follows satellites, shape (n,).

    satellites: positions, shape (n, 3), km, Earth-fixed: one satellite over time, or several.
    The jammer is seen from the dish if both are within their radio horizons.
    """
    positions = _positions(satellites)
    at_dish, at_jammer = places_earth_fixed([dish, jammer.place])
    to_signal, signal_range = _directions(positions - at_dish)
    up = local_frames(dish.lat_deg, dish.lon_deg)[0, 2]
    if not (to_signal @ up > 0.0).all():
        raise InvalidInputError(f"satellites: one is under the horizon of {dish.name}.")
    to_jammer, jammer_range = _directions((at_jammer - at_dish)[None, :])
    horizon = radio_horizon_km(max(dish.height_m, 0.0), max(jammer.place.height_m, 0.0))
    visible = np.broadcast_to(jammer_range <= horizon, signal_range.shape)
    angle = _angle_deg(to_signal, to_jammer)
    return _effect(link, jammer, signal_range, jammer_range, angle, visible)


def jam_satellite(link: Link, jammer: Jammer, user: Place, satellites: Floats) -> Jamming:
    """Return what a jammer does to the uplink of a user to satellites, shape (n,).

    satellites: as for jam_dish; the receiving beam is centred on the user. The jammer reaches a
    satellite that is over its own horizon.
    """
    positions = _positions(satellites)
    at_user, at_jammer = places_earth_fixed([user, jammer.place])
    to_user, signal_range = _directions(at_user - positions)
    up = local_frames(user.lat_deg, user.lon_deg)[0, 2]
    if not (to_user @ up < 0.0).all():
        raise InvalidInputError(f"satellites: one is under the horizon of {user.name}.")
    to_jammer, jammer_range = _directions(at_jammer - positions)
    above = local_frames(jammer.place.lat_deg, jammer.place.lon_deg)[0, 2]
    dip = np.sqrt(2.0 * max(jammer.place.height_m, 0.0) / (EARTH_RADIUS_KM * 1_000.0))
    visible = -(to_jammer @ above) >= -np.sin(dip)
    angle = _angle_deg(to_user, to_jammer)
    return _effect(link, jammer, signal_range, jammer_range, angle, visible)


def _effect(
    link: Link,
    jammer: Jammer,
    signal_range: Floats,
    jammer_range: Floats,
    off_axis_deg: Floats,
    visible: Bools,
) -> Jamming:
    gain = link.receiver.gain_dbi(off_axis_deg)
    ratio = js_db(
        jammer_eirp_dbw=jammer.eirp_dbw,
        jammer_range_km=jammer_range,
        jammer_bandwidth_hz=jammer.bandwidth_hz,
        signal_eirp_dbw=link.signal_eirp_dbw,
        signal_range_km=signal_range,
        signal_bandwidth_hz=link.bandwidth_hz,
        gain_to_jammer_db=gain,
        gain_to_signal_db=link.receiver.main_dbi,
        frequency_hz=link.frequency_hz,
    )
    ratio = np.where(visible, ratio, -np.inf)
    return Jamming(
        visible=np.array(visible),
        js_db=ratio,
        margin_db=link.tolerated_js_db - ratio,
        range_km=np.broadcast_to(jammer_range, signal_range.shape).copy(),
        burn_through_km=burn_through_km(link, jammer, signal_range, gain, link.receiver.main_dbi),
    )


def _positions(satellites: Floats) -> Floats:
    positions = checked("satellites", satellites)
    if positions.ndim != 2 or positions.shape[1] != 3:
        raise InvalidInputError(f"satellites has the shape {positions.shape}, not (n, 3).")
    return positions


def _directions(vectors: Floats) -> tuple[Floats, Floats]:
    length = np.linalg.norm(vectors, axis=-1)
    if not (length > 0.0).all():
        raise InvalidInputError("jammer, receiver and satellite must stand at different places.")
    return vectors / length[:, None], length


def _angle_deg(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.degrees(np.arccos(np.clip(np.sum(one * other, axis=-1), -1.0, 1.0))))
