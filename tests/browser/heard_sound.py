"""What the ends of a call in tests' pages heard: a tone of 1 kHz, silence, or neither."""

from __future__ import annotations

from typing import Protocol

SILENT_RMS = 1e-3
"""60 dB below full scale: nothing anybody hears. The tone has 0.35."""
TONE_RMS = 0.1
TONE_SHARE = 0.95
SECONDS_TO_SETTLE = 20
LEAST_BLOCKS = 25
FADING_MS = 1_000
"""For what is under way, in buffers and in the concealment of an end."""
FADINGS = 4

Blocks = list[dict[str, float]]
"""Of every 10 ms how loud they were, and the part that is 1 kHz."""


class Hearing(Protocol):
    """A page that plays what comes."""

    def hear(self, milliseconds: int) -> Blocks:
        """Listen for a while."""


def is_tone(blocks: Blocks) -> bool:
    """Whether nearly all of it is loud, and 1 kHz."""
    good = [each["share"] > TONE_SHARE and each["rms"] > TONE_RMS for each in blocks]
    return len(good) >= LEAST_BLOCKS and sum(good) >= 0.9 * len(good)


def hears_a_tone(end: Hearing) -> bool:
    """Whether some second is a tone.

    Not the very first: on a busy machine buffers take a while to find their size.
    """
    return any(is_tone(end.hear(1_000)) for _ in range(SECONDS_TO_SETTLE))


def hears_nothing(end: Hearing) -> bool:
    """Whether no 10 ms of half a second are loud enough to be heard, once what was has faded.

    A browser that gets no turn for long keeps more in hand: it is listened to a few times.
    """
    for _ in range(FADINGS):
        end.hear(FADING_MS)
        if all(each["rms"] < SILENT_RMS for each in end.hear(500)):
            return True
    return False


def loudest(blocks: Blocks) -> float:
    """Return the largest loudness of any 10 ms."""
    assert blocks
    return max(each["rms"] for each in blocks)
