"""What is known of a bearer to one peer now, and what that makes it: usable, degraded or dead.

Silence. Under traffic something comes every 50 ms at the latest, so a cut leaves at most 50 ms of
silence unnoticed, and 180 ms of silence are 130 to 180 ms of traffic lost on the way out. What
comes in is lost for as long, and for the way to the cut and back to the peer by another bearer: 40
ms more over a low orbit or a fibre. 220 ms are below the 300 that issue 6 grants. Over a
geostationary satellite what is in flight towards the cut (up to 300 ms) is lost whatever anybody
does; finding out takes no longer than elsewhere.

A low orbit is disturbed at the edges of its slots, 75 ms before and 140 ms after (FACTS), at both
ends of a path at once. Silence that began there is borne until 90 ms after the edge is over, when
urgent probes must have passed, but for 300 ms at most; without a clock that tells the edges, any
silence is borne for 250 ms. So a cut in the 100 ms before a slot, less than 1 % of the time, costs
up to 300 ms on the way out and 40 more on the way in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.probe_way import Heard
from baluardo.network.bearers.telemetry import Telemetry
from baluardo.terms import Bilingual, slot_at, slot_start

SLOT_TAIL_SECONDS: Final = 0.075
SLOT_HEAD_SECONDS: Final = 0.140
"""Disturbed at the end and at the start of a slot (arXiv 2601.08439, FACTS)."""
SLOT_AFTER_SECONDS: Final = 0.09
"""Granted after it: 30 ms by which a hand-over delays what comes next, 3 urgent probes, and 15 ms
by which a trusted clock may be off."""
LOST_INTERVALS: Final = 3
"""Probes in a row whose loss is a death where probes are rare."""


class Kind(StrEnum):
    """What a bearer goes over."""

    FIBRE = "fibre"
    MOBILE = "mobile"
    LOW_ORBIT = "low-orbit"
    GEOSTATIONARY = "geostationary"
    OTHER = "other"


class Health(IntEnum):
    """What a bearer is good for, the best first."""

    USABLE = 0
    DEGRADED = 1
    UNKNOWN = 2
    """Nothing was heard by it yet."""
    DEAD = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """From when a bearer is degraded or dead. Defaults: ours, for voice (ITU-T G.114)."""

    silence_s: float = 0.18
    slot_silence_s: float = 0.30
    """At most, where the edge of a slot is the reason."""
    unclocked_silence_s: float = 0.25
    """Where it may be the reason, as no clock tells."""
    loss: float = 0.10
    """There and back over the window. The edges of slots make 4 % of it at most."""
    loss_again: float = 0.04
    """A degraded bearer is usable again from here down."""
    rtt_s: float = 0.4
    rtt_again_s: float = 0.32
    telemetry_drop: float = 0.25
    least_samples: int = 20

    def __post_init__(self) -> None:
        """Refuse limits without room between leaving and coming back."""
        silences = (self.silence_s, self.unclocked_silence_s, self.slot_silence_s)
        if not 0.05 <= silences[0] <= silences[1] <= silences[2] <= 5.0:
            raise InvalidInputError(
                "silence_s, unclocked_silence_s, slot_silence_s: 0.05 to 5 seconds, in this order."
            )
        if not 0.0 < self.loss_again < self.loss <= 1.0:
            raise InvalidInputError("loss_again and loss: above 0 and at most 1, in order.")
        if not 0.0 < self.rtt_again_s < self.rtt_s <= 10.0:
            raise InvalidInputError("rtt_again_s and rtt_s: above 0, at most 10 s, in order.")


@dataclass(frozen=True, slots=True)
class Bearer:
    """All that is known of one bearer to one peer at one moment."""

    name: str
    kind: Kind
    heard: Heard | None = None
    telemetry: Telemetry | None = None
    carrier: bool | None = None
    """Whether its interface has a carrier; None: not known."""
    barred: Bilingual | None = None
    """Why this peer's traffic must not take it (a landing that is not shown, say)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a bearer is good for now, and why."""

    name: str
    health: Health
    why: Bilingual
    barred: bool = False
    age_s: float | None = None
    """Since anything came by it."""


def judge(
    bearer: Bearer,
    now: float,
    limits: Limits | None = None,
    slot_clock: float | None = None,
    before: Health = Health.UNKNOWN,
) -> Standing:
    """Return where a bearer stands.

    `slot_clock`: POSIX seconds less those of `now`'s clock; None where no clock can be trusted, and
    then any moment may be the edge of a slot. `before`: what it was, as limits to come back differ.
    """
    limits = limits or Limits()
    if bearer.barred is not None:
        return Standing(bearer.name, Health.DEAD, bearer.barred, barred=True)
    health, why = _judged(bearer, now, limits, slot_clock, before)
    heard = bearer.heard
    return Standing(bearer.name, health, why, age_s=None if heard is None else heard.age_s)


def silence_limit(
    bearer: Bearer, start: float, limits: Limits, slot_clock: float | None = None
) -> float:
    """Seconds from which a silence that began at `start` is a death; `slot_clock` as in `judge`."""
    interval = 0.0 if bearer.heard is None else bearer.heard.interval_s
    limit = limits.silence_s
    if bearer.kind is Kind.LOW_ORBIT and slot_clock is None:
        limit = limits.unclocked_silence_s
    elif bearer.kind is Kind.LOW_ORBIT and slot_clock is not None:
        until = _edge_near(start + slot_clock, limit) + SLOT_HEAD_SECONDS + SLOT_AFTER_SECONDS
        limit = min(max(limit, until - start - slot_clock), limits.slot_silence_s)
    # One interval passes before the next probe, and each that is lost adds another one.
    return limit if 2 * interval < limit else LOST_INTERVALS * interval + limit


def is_slot_edge(posix: float) -> bool:
    """Whether a moment (POSIX seconds) lies in the disturbed part around a slot's start."""
    edge = _edge_near(posix, SLOT_TAIL_SECONDS)
    return edge - SLOT_TAIL_SECONDS <= posix <= edge + SLOT_HEAD_SECONDS


def _edge_near(posix: float, before: float) -> float:
    """Start of the slot at a moment, or of the next one if it begins within `before` seconds."""
    return slot_start(slot_at(posix + before))


def _judged(
    bearer: Bearer, now: float, limits: Limits, slot_clock: float | None, before: Health
) -> tuple[Health, Bilingual]:
    name, heard, telemetry = bearer.name, bearer.heard, bearer.telemetry
    if bearer.carrier is False:
        return Health.DEAD, Bilingual(
            f"{name}: l'interfaccia non ha portante.", f"{name}: its interface has no carrier."
        )
    if heard is None or not heard.ever:
        return Health.UNKNOWN, Bilingual(
            f"{name}: non si è ancora sentito nulla.", f"{name}: nothing was heard by it yet."
        )
    if heard.silent_s > silence_limit(bearer, now - heard.silent_s, limits, slot_clock):
        ms = round(heard.silent_s * 1e3)
        return Health.DEAD, Bilingual(
            f"{name}: silenzio da {ms} ms.", f"{name}: silent for {ms} ms."
        )
    if heard.unheard_s > silence_limit(bearer, now - heard.unheard_s, limits, slot_clock):
        ms = round(heard.unheard_s * 1e3)
        return Health.DEAD, Bilingual(
            f"{name}: l'altro capo non ci sente da {ms} ms.",
            f"{name}: the other end has not heard us for {ms} ms.",
        )
    if telemetry is not None and telemetry.is_news(now):
        if telemetry.outage is not None:
            return Health.DEGRADED, Bilingual(
                f"{name}: l'apparato dichiara un'interruzione ({telemetry.outage}).",
                f"{name}: its device tells of an outage ({telemetry.outage}).",
            )
        if telemetry.drop is not None and telemetry.drop > limits.telemetry_drop:
            part = round(100 * telemetry.drop)
            return Health.DEGRADED, Bilingual(
                f"{name}: l'apparato perde il {part} % dei suoi sondaggi.",
                f"{name}: its device loses {part} % of its pings.",
            )
    return _quality(name, heard, limits, before)


def _quality(name: str, heard: Heard, limits: Limits, before: Health) -> tuple[Health, Bilingual]:
    """Judge loss and delay, each with a limit to leave and a lower one to come back."""
    worse = before is Health.DEGRADED
    loss, rtt = heard.loss or 0.0, heard.rtt_s or 0.0
    enough = heard.samples >= limits.least_samples
    if enough and loss > (limits.loss_again if worse else limits.loss):
        part = round(100 * loss)
        return Health.DEGRADED, Bilingual(
            f"{name}: si perde il {part} % dei sondaggi.", f"{name}: {part} % of probes are lost."
        )
    if rtt > (limits.rtt_again_s if worse else limits.rtt_s):
        ms = round(rtt * 1e3)
        return Health.DEGRADED, Bilingual(
            f"{name}: andata e ritorno in {ms} ms.", f"{name}: {ms} ms there and back."
        )
    if heard.rtt_s is None:
        return Health.USABLE, Bilingual(f"{name}: si sente.", f"{name}: it is heard.")
    ms, part = round(rtt * 1e3), round(100 * loss)
    return Health.USABLE, Bilingual(
        f"{name}: {ms} ms andata e ritorno, perdita {part} %.",
        f"{name}: {ms} ms there and back, loss {part} %.",
    )
