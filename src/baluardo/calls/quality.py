"""How a call sounds: the E-model of ITU-T G.107 (06/2015), from delay and loss to R and MOS.

Everything about telephones, rooms and echo is at the recommendation's defaults (table 3): with them
and a perfect network R is 93.2 and MOS 4.41. Reports of the receivers give delay, loss and how the
losses lie; each direction has a figure of its own.

Of codecs, G.711 and G.729A are of ITU-T G.113 (11/2007) appendix I. That recommendation has no
values for Opus on this scale: those in `OPUS` are ours, and chosen low. At 32 kbit/s nothing of the
narrow-band reference is lost (Ie 0); concealment of a lost packet is taken to be worse than that of
G.711 with its appendix I (Bpl 25.1), as frames depend on the ones before them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Codec:
    """What a codec costs: impairment of its own, and how much loss it bears."""

    name: str
    ie: float
    """Equipment impairment factor."""
    bpl: float
    """Packet-loss robustness factor."""


G711: Final = Codec("G.711", 0.0, 4.3)
G711_CONCEALED: Final = Codec("G.711 with packet-loss concealment", 0.0, 25.1)
G729A: Final = Codec("G.729A with voice activity detection", 11.0, 19.0)
OPUS: Final = Codec("Opus, 32 kbit/s", 0.0, 15.0)
"""Ours; see the top of this module."""


@dataclass(frozen=True, slots=True)
class Telephony:
    """What is no network: table 3 of G.107, with its defaults."""

    slr: float = 8.0
    """Loudness of sending, dB; the names are the recommendation's."""
    rlr: float = 2.0
    stmr: float = 15.0
    d_r: float = 3.0
    d_s: float = 3.0
    telr: float = 65.0
    """Loudness of the talker's echo, dB."""
    wepl: float = 110.0
    """Weighted loss of the echo path, dB."""
    qdu: float = 1.0
    """Units of quantisation distortion."""
    n_c: float = -70.0
    """Noise of circuits, dBm0p."""
    n_for: float = -64.0
    """Noise floor at the receiver, dBmp."""
    p_s: float = 35.0
    """Noise of the room at the sender, dB(A)."""
    p_r: float = 35.0
    advantage: float = 0.0
    """A: what people put up with for reaching somebody at all."""
    delay_sensitivity: float = 1.0
    """sT: 1 is the default class of users."""
    least_delay_ms: float = 100.0
    """mT: delay up to this is not noticed."""


DEFAULTS: Final = Telephony()


@dataclass(frozen=True, slots=True)
class Reception:
    """What one end received, and from how far."""

    delay_s: float
    """One way, from mouth to ear: jitter buffer and packets included."""
    loss: float = 0.0
    """Packets that were not played, 0 to 1: lost, or too late."""
    burst_ratio: float = 1.0
    """BurstR: 1 where losses lie as chance has it, above where they come together."""

    def __post_init__(self) -> None:
        """Refuse what nobody can receive."""
        if not (math.isfinite(self.delay_s) and self.delay_s >= 0.0):
            raise InvalidInputError(f"delay_s {self.delay_s} is not a finite number of at least 0.")
        if not 0.0 <= self.loss <= 1.0:
            raise InvalidInputError(f"loss {self.loss} is not between 0 and 1.")
        if not (math.isfinite(self.burst_ratio) and self.burst_ratio > 0.0):
            raise InvalidInputError(f"burst_ratio {self.burst_ratio} is not a number above 0.")


@dataclass(frozen=True, slots=True)
class Quality:
    """How one end hears the other."""

    r: float
    """Rating, up to about 93."""
    mos: float
    """Mean opinion score for conversation, 1 to 4.5."""


def quality(
    reception: Reception, back_delay_s: float, codec: Codec = OPUS, about: Telephony = DEFAULTS
) -> Quality:
    """Return how the receiving end hears; `back_delay_s` is the way of its own voice."""
    r = rating(reception, back_delay_s, codec, about)
    return Quality(r, mos_of(r))


def both_ways(
    here: Reception, there: Reception, codec: Codec = OPUS, about: Telephony = DEFAULTS
) -> tuple[Quality, Quality]:
    """Return how each of two ends hears, from what each received."""
    return (
        quality(here, there.delay_s, codec, about),
        quality(there, here.delay_s, codec, about),
    )


def rating(
    reception: Reception, back_delay_s: float, codec: Codec, about: Telephony = DEFAULTS
) -> float:
    """Return R = Ro - Is - Id - Ie-eff + A (clause 7.1)."""
    noise = _noise(about)
    ro = 15.0 - 1.5 * (about.slr + noise)
    delays = _Delays(1_000.0 * reception.delay_s, 1_000.0 * (reception.delay_s + back_delay_s))
    simultaneous = _simultaneous(ro, noise, delays, about)
    delayed = _delayed(ro, noise, delays, about)
    return ro - simultaneous - delayed - effective_ie(reception, codec) + about.advantage


def effective_ie(reception: Reception, codec: Codec) -> float:
    """Return Ie-eff, what codec and loss take away together (clause 7.5)."""
    percent = 100.0 * reception.loss
    share = percent / (percent / reception.burst_ratio + codec.bpl) if percent else 0.0
    return codec.ie + (95.0 - codec.ie) * share


def mos_of(r: float) -> float:
    """Return the mean opinion score of a rating (annex B); 1 where the cubic dips below."""
    if r <= 0.0:
        return 1.0
    if r >= 100.0:
        return 4.5
    return max(1.0, 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6)


def burst_ratio(packets: int, lost: int, bursts: int) -> float:
    """Return BurstR: the mean length of the losses, by what chance alone would make it.

    `bursts` is how many runs of lost packets there were. 1 where nothing, or all, was lost.
    """
    if not 0 <= lost <= packets or not (bursts <= lost and (bursts > 0) == (lost > 0)):
        raise InvalidInputError(
            f"{lost:,} packets in {bursts:,} bursts cannot have been lost of {packets:,}."
        )
    if lost in {0, packets}:
        return 1.0
    return lost / bursts * (1.0 - lost / packets)


@dataclass(frozen=True, slots=True)
class _Delays:
    """Milliseconds."""

    one_way: float
    """T, and Ta: no part of the way is without echo."""
    round_trip: float
    """Tr."""


def _noise(about: Telephony) -> float:
    """No, all noise added at the 0 dBr point, dBm0p (clause 7.2)."""
    olr = about.slr + about.rlr
    lstr = about.stmr + about.d_r
    sender = about.p_s - about.slr - about.d_s - 100.0
    sender += 0.004 * (about.p_s - olr - about.d_s - 14.0) ** 2
    room = about.p_r + 10.0 * math.log10(1.0 + 10.0 ** ((10.0 - lstr) / 10.0))
    receiver = about.rlr - 121.0 + room + 0.008 * (room - 35.0) ** 2
    floor = about.n_for + about.rlr
    powers = (math.pow(10.0, each / 10.0) for each in (about.n_c, sender, receiver, floor))
    return 10.0 * math.log10(sum(powers))


def _simultaneous(ro: float, noise: float, delays: _Delays, about: Telephony) -> float:
    """Is: what comes with the voice: loudness, side tone, quantisation (clause 7.3)."""
    olr = about.slr + about.rlr
    x = (olr + 0.2 * (64.0 + noise - about.rlr)) / 8.0
    loudness = 20.0 * (math.pow(1.0 + x**8, 1 / 8) - x)
    q = 37.0 - 15.0 * math.log10(about.qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y = (ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0
    z = 46.0 / 30.0 - g / 40.0
    quantisation = 15.0 * math.log10(1.0 + math.pow(10.0, y) + math.pow(10.0, z))
    return loudness + _side_tone(delays.one_way, about) + quantisation


def _side_tone(one_way: float, about: Telephony) -> float:
    """Ist, what a side tone too loud or too faint takes away."""
    echo = math.exp(-one_way / 4.0) * math.pow(10.0, -about.telr / 10.0)
    heard = -10.0 * math.log10(math.pow(10.0, -about.stmr / 10.0) + echo)
    return (
        12.0 * math.pow(1.0 + ((heard - 13.0) / 6.0) ** 8, 1 / 8)
        - 28.0 * math.pow(1.0 + ((heard + 1.0) / 19.4) ** 35, 1 / 35)
        - 13.0 * math.pow(1.0 + ((heard - 3.0) / 33.0) ** 13, 1 / 13)
        + 29.0
    )


def _delayed(ro: float, noise: float, delays: _Delays, about: Telephony) -> float:
    """Id: echo of the talker, echo of the listener, and delay itself (clause 7.4)."""
    listener = 10.5 * (about.wepl + 7.0) * math.pow(delays.round_trip + 1.0, -0.25)
    half = (ro - listener) / 2.0
    return (
        _talker_echo(noise, delays.one_way, about)
        + half
        + math.sqrt(half**2 + 169.0)
        + _delay_alone(delays.one_way, about)
    )


def _talker_echo(noise: float, one_way: float, about: Telephony) -> float:
    """Idte, with what the side tone hides or adds."""
    if one_way < 1.0:
        return 0.0
    spread = math.log10((1.0 + one_way / 10.0) / (1.0 + one_way / 150.0))
    terv = about.telr - 40.0 * spread + 6.0 * math.exp(-0.3 * one_way**2)
    side_tone = _side_tone(one_way, about)
    if about.stmr < 9.0:
        terv += side_tone / 2.0
    half = (-1.5 * (noise - about.rlr) - (80.0 + 2.5 * (terv - 14.0))) / 2.0
    echo = (half + math.sqrt(half**2 + 100.0) - 1.0) * (1.0 - math.exp(-one_way))
    return math.hypot(echo, side_tone) if about.stmr > 20.0 else echo


def _delay_alone(one_way: float, about: Telephony) -> float:
    """Idd, what delay takes away where there is no echo at all."""
    if one_way <= about.least_delay_ms:
        return 0.0
    x = math.log2(one_way / about.least_delay_ms)
    power = 6.0 * about.delay_sensitivity
    return 25.0 * (
        math.pow(1.0 + math.pow(x, power), 1.0 / power)
        - 3.0 * math.pow(1.0 + math.pow(x / 3.0, power), 1.0 / power)
        + 2.0
    )
