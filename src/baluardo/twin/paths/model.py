"""Every global constant of the delay, rate and loss model, in one table.

Each field says where its value comes from. *Fitted* ones were fitted once, to the operator's own
figures for Italy (FACTS, Ground), and are used unchanged everywhere: docs/validation.md has what
they then predict. Nothing is fitted for a country or a place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from baluardo.errors import InvalidInputError
from baluardo.terms import SLOT_SECONDS


@dataclass(frozen=True, slots=True)
class PathModel:
    """The constants; delays in s, one way where not said otherwise."""

    # Delay
    base_delay_s: float = 0.01367
    """Fitted, to Italy's median delay (32.8 ms; FACTS, Ground). There and back: all that is neither
    distance, nor scheduling, nor queue (frames, coding, processing in dish, satellite, gateway and
    point of presence)."""
    base_up_share: float = 0.5
    """Part of the base that lies on the way up. Not published: half."""
    scheduling_s: float = 0.00516
    """Fitted, to the width between Italy's 20 % tails (12.6 ms). Scale of the wait for a place in
    the frame's schedule, which stays for a slot: the sum of `scheduling_rounds` exponential waits
    of this mean, there and back."""
    scheduling_rounds: int = 2
    """Ours: one wait to ask for room, one to be given it."""
    scheduling_up_share: float = 0.8
    """A dish must ask for room upwards; downwards the satellite knows its queue. Not published;
    one-way measurements find the way up more affected (Garcia et al., LEO-NET 2025)."""
    queue_s: float = 1.0 / 750.0
    """Mean wait where a beam is half full; grows as load / (1 - load). Ours: what is served at a
    time is one frame of 1/750 s (Humphreys et al., IEEE T-AES 2023)."""
    jitter_up_s: float = 0.0025
    """Deviation from packet to packet inside a slot. Parallel bands a few milliseconds apart are
    reported (arXiv 2307.00402, section 4)."""
    jitter_down_s: float = 0.0010

    # Rate
    share_down: float = 0.2537
    """Fitted, to Italy's median rate down (204 Mbit/s). Part of a channel's frames that one dish
    may take when nobody else asks."""
    share_up: float = 0.1223
    """Fitted, to Italy's median rate up (23 Mbit/s). Likewise upwards."""
    highest_load: float = 0.95
    """Loads count up to here in waits and shares. Ours: the operator's scheduler sheds the rest."""

    # Edges of a slot
    head_s: float = 0.140
    """Disturbed at the start of a slot (arXiv 2601.08439)."""
    tail_s: float = 0.075
    """Disturbed at its end (same)."""
    edge_jitter_s: float = 0.015
    """Deviation of the delay in the disturbed parts. Ours: their 99th percentile error of
    prediction stays below 50 ms (same)."""
    handover_delay_s: float = 0.030
    """Added in the head of a slot that changes the satellite: 30-50 ms there and back are
    reported (Huston, APNIC, 2024); the lower end, on the way up."""
    handover_loss: float = 0.5
    """Loss in that head: up to one half is reported (Kassem et al., IMC 2022)."""
    edge_loss: float = 0.03
    """Loss in the other disturbed parts. Ours."""

    # Loss inside a slot
    loss_down: float = 0.0040
    loss_up: float = 0.0045
    """Mean loss in the middle of a slot, set to what is reported of a whole stream with room
    to spare (Michel et al., IMC 2022: 0.40, 0.45 %); with the edges a stream loses about 0.9 %."""
    burst_s: float = 0.050
    """Mean length of a bad state. No fitted two-state parameters are published; most runs of losses
    there are short (same paper)."""
    burst_loss: float = 0.5
    """Loss inside a bad state. Ours; the share of time in it follows from the mean loss."""

    def __post_init__(self) -> None:
        """Refuse values that are negative or no numbers, and shares above one."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0.0):
                raise InvalidInputError(f"{field.name} {value} is not a number of at least 0.")
        for name in (
            *("base_up_share", "scheduling_up_share", "share_down", "share_up", "handover_loss"),
            *("edge_loss", "loss_down", "loss_up", "burst_loss"),
        ):
            if getattr(self, name) > 1.0:
                raise InvalidInputError(f"{name} {getattr(self, name)} is above 1.")
        for name in ("loss_down", "loss_up"):
            loss = getattr(self, name)
            if loss > 0.0 and not loss < self.burst_loss:
                raise InvalidInputError(f"{name} {loss} is not below burst_loss {self.burst_loss}.")
        if not self.burst_s >= 0.001:
            raise InvalidInputError(f"burst_s {self.burst_s} is not at least 0.001 s.")
        if not self.head_s + self.tail_s < SLOT_SECONDS:
            raise InvalidInputError(
                f"head_s {self.head_s} and tail_s {self.tail_s} are not, together, below the "
                f"{SLOT_SECONDS} s of a slot."
            )
        rounds = self.scheduling_rounds
        if rounds != int(rounds) or not 1 <= rounds <= 16:
            raise InvalidInputError(f"scheduling_rounds {rounds} is not a whole number, 1 to 16.")
        if not self.highest_load < 1.0:
            raise InvalidInputError(f"highest_load {self.highest_load} is not below 1.")
