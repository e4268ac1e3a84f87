"""What stands at the ends of user and gateway links: satellites, dishes, gateways, and their bands.

A *beam* is one channel of a satellite: 240 MHz down on both polarisations, 62.5 MHz up on one.
What the operator does not publish is a field with a default, and the field says why that value.
Every default is one for the whole world. The satellite's power, its beams and its channels are
*contract* or *observed*, never *ours*.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

from baluardo.errors import InvalidInputError
from baluardo.terms import Generation
from baluardo.twin.radio.limits import checked, single, whole, within
from baluardo.twin.radio.modulation import IMPLEMENTATION_MARGIN_DB

USER_DOWN_HZ = 11.70e9
USER_UP_HZ = 14.25e9
GATEWAY_DOWN_HZ = 18.55e9
GATEWAY_UP_HZ = 28.75e9
"""Centres of the filed bands: 10.7-12.7, 14.0-14.5, 17.8-19.3, 27.5-30.0 GHz (FCC 21-48)."""

FRAME_EFFICIENCY = (302.0 - 2.0) * (1_024.0 / 240e6) * 750.0 * (1_020.0 / 1_024.0)
"""Part of the channel's time and width that carries data, 0.956: of each 1/750 s frame of 240 MHz,
300 of 302 symbols, each 1,024 samples after 32 of prefix, with 4 of its 1,024 tones empty
(Humphreys et al., Signal structure of the Starlink Ku-band downlink, IEEE T-AES 2023, table I).
Assumed the same on the other three links."""

REFERENCE_BANDWIDTH_HZ = 4_000.0
"""Power densities are filed per 4 kHz (47 CFR 25.208)."""


class DishKind(IntEnum):
    """User terminals, by the row of the table that describes them."""

    STANDARD = 0
    HIGH_PERFORMANCE = 1
    MARITIME = 2
    """The high-performance panel mounted flat, as on ships and vehicles."""


@dataclass(frozen=True, slots=True)
class SatelliteRadio:
    """The radios of one generation of satellites."""

    user_down_beams: int
    """Published: 8 channels for v1.x, 48 beams for v2 mini (FACTS, Constellation)."""
    user_up_beams: int
    """v2 mini: 16, published. v1.x: 8, as many as 62.5 MHz channels fit into 14.0-14.5 GHz."""
    user_down_ci_db: float
    """Not published. Cross-polar 25 dB and other satellites' beams on the channel 28 dB make 23.
    48 beams on 8 channels add five beams of the same satellite, 25 dB down each: 17."""
    user_pfd_dbw_m2_4khz: float = -142.0
    """Power flux density held on the ground. The filings say that it is held constant as a beam is
    steered; 47 CFR 25.208 allows -140 from 25 deg up at 10.7-11.7 GHz. -142 is, to half a dB, the
    least that carries the published 17 Gbit/s of v1.x."""
    user_eirp_dbw_4khz: float = -15.0
    """Most that the beam can radiate, at full steering: from 630 km on the flux density falls."""
    user_gt_db_k: float = 9.0
    """Not published: 36 dBi (a 2.5 deg beam, one 24 km cell from 550 km) over 500 K (a receiver
    that looks at the Earth)."""
    user_up_ci_db: float = 14.0
    """Not published: dishes of other cells on the channel through the beam's side lobes 15.5 dB,
    intermodulation of the dish's own amplifiers 20 dB."""
    gateway_pfd_dbw_m2_4khz: float = -142.0
    """Not published: held, as for users; below the 47 CFR 25.208 limit at 17.8-19.3 GHz."""
    gateway_eirp_dbw_4khz: float = -14.0
    """Not published: the same reserve for steering, as for users."""
    gateway_gt_db_k: float = 10.0
    """Not published: a 0.3 m reflector of 60 % efficiency (37 dBi) over 500 K."""


@dataclass(frozen=True, slots=True)
class Dish:
    """A user terminal: a flat panel steered electronically."""

    eirp_dbw: float
    gain_dbi: float
    """Receive gain on boresight at 11.7 GHz."""
    tilt_deg: float = 20.0
    """Angle of the panel from the horizontal: a dish levelled by its owner faces about so; 0 on
    what moves. *Ours*."""
    tilt_azimuth_deg: float = 0.0
    """Where the tilted panel faces: north in the north of the world."""
    noise_temperature_k: float = 200.0
    """Not published: 1.5 dB of amplifier and feed (120 K), sky and ground spill-over 80 K."""
    scan_exponent: float = 1.2
    """Gain falls as cos^n of the angle off boresight: 1 by projection, 1.2 to 1.5 measured on
    printed arrays."""
    pointing_loss_db: float = 0.2
    """Not published: a tenth of the 3.5 deg beam off its centre costs 0.12 dB; rounded up."""
    polarisation_loss_db: float = 0.3
    """Not published: an axial ratio of 3 dB at one end, 1 dB at the other, on average."""


@dataclass(frozen=True, slots=True)
class GatewayRadio:
    """One antenna of a gateway; 8 of them stand at a site (FACTS, Ground)."""

    eirp_dbw: float = 66.5
    """Filed: 1.5 m reflectors fed with 50 W (FCC special temporary authority of 2020)."""
    bandwidth_up_hz: float = 2.1e9
    bandwidth_down_hz: float = 1.3e9
    """Filed spectrum (FACTS, Ground), used on both polarisations."""
    gain_dbi: float = 47.4
    """Receive gain of a 1.5 m reflector at 18.55 GHz, 65 % efficient."""
    noise_temperature_k: float = 250.0
    """Not published: 2 dB of amplifier and feed (170 K), clear sky and ground 80 K."""
    pointing_loss_db: float = 0.5
    polarisation_loss_db: float = 0.2
    """Not published: usual for a tracking reflector."""
    ci_db: float = 23.0
    """Not published: cross-polar 25 dB, other antennas of the site on other satellites 28 dB."""


V1_RADIO = SatelliteRadio(user_down_beams=8, user_up_beams=8, user_down_ci_db=23.0)
V2_MINI_RADIO = SatelliteRadio(user_down_beams=48, user_up_beams=16, user_down_ci_db=17.0)

STANDARD_DISH = Dish(eirp_dbw=39.2, gain_dbi=34.2)
"""EIRP: UT3-V2 as applied for in the modification of FCC SES-LIC-20230228-00228 (33.2 before it);
that this model is the standard dish is our reading. Gain: 0.594 x 0.383 m, 60 % efficient."""

HIGH_PERFORMANCE_DISH = Dish(eirp_dbw=43.6, gain_dbi=35.3)
"""EIRP: UT3-V1, the same file (42.1 before it), read as the large panel. Gain: 0.575 x 0.511 m,
60 % efficient."""

MARITIME_DISH = Dish(eirp_dbw=43.6, gain_dbi=35.3, tilt_deg=0.0)


@dataclass(frozen=True, slots=True)
class Radios:
    """Everything at the ends of links, with defaults; `links.Links` is made of it once."""

    satellites: tuple[SatelliteRadio, SatelliteRadio, SatelliteRadio, SatelliteRadio] = (
        V1_RADIO,
        V1_RADIO,
        V2_MINI_RADIO,
        V2_MINI_RADIO,
    )
    """By Generation. An UNKNOWN satellite counts as V1, the poorest; those for direct to cell
    carry the broadband payload of v2 mini."""
    dishes: tuple[Dish, ...] = (STANDARD_DISH, HIGH_PERFORMANCE_DISH, MARITIME_DISH)
    """By DishKind."""
    gateway: GatewayRadio = GatewayRadio()
    user_down_bandwidth_hz: float = 240e6
    user_down_polarisations: int = 2
    user_up_bandwidth_hz: float = 62.5e6
    user_up_polarisations: int = 1
    """Not published in words: a dish that sends on one polarisation at a time."""
    margin_db: float = IMPLEMENTATION_MARGIN_DB

    def __post_init__(self) -> None:
        """Refuse what no radio can be, with a sentence that names the field."""
        if len(self.satellites) != len(Generation):
            raise InvalidInputError(f"satellites has {len(self.satellites)} rows, not 4.")
        if not self.dishes:
            raise InvalidInputError("dishes is empty: describe at least one dish.")
        for owner, values in (
            ("", (self,)),
            ("gateway ", (self.gateway,)),
            ("satellite ", self.satellites),
            ("dish ", self.dishes),
        ):
            for value in values:
                _check_fields(owner, value)


_COUNTS = ("user_down_beams", "user_up_beams", "user_down_polarisations", "user_up_polarisations")
_ABOVE_NOTHING = (
    "user_down_bandwidth_hz",
    "user_up_bandwidth_hz",
    "bandwidth_up_hz",
    "bandwidth_down_hz",
    "noise_temperature_k",
)
_NOT_NEGATIVE = ("margin_db", "scan_exponent", "pointing_loss_db", "polarisation_loss_db")
_MOST_BEAMS, _MOST_HZ, _MOST_DB = 10_000, 1e15, 1_000.0
"""Our choice: more beams, hertz or kelvin, decibels or degrees than these are a mistake."""


def _check_fields(owner: str, value: object) -> None:
    """Refuse numbers that are not finite or out of their range: a NaN would be the best rate."""
    for field in (f.name for f in fields(value)):  # type: ignore[arg-type]
        number, name = getattr(value, field), f"{owner}{field}"
        if field in ("satellites", "dishes", "gateway"):
            continue
        if field in _COUNTS:
            whole(name, number, 1, _MOST_BEAMS)
        elif field == "tilt_deg":
            within(name, number, 0.0, 90.0, "degrees")
        elif field in _ABOVE_NOTHING:
            checked(name, single(name, number, 0.0, _MOST_HZ, ""), above=0.0)
        elif field in _NOT_NEGATIVE:
            single(name, number, 0.0, _MOST_DB, "")
        else:
            single(name, number, -_MOST_DB, _MOST_DB, "")
