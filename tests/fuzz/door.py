"""A door is a function that takes hostile octets: it refuses them with a sentence, or takes them.

Anything else that comes out (another exception, a sentence that breaks a terminal) is a bug.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

LONGEST_SENTENCE = 2_000
LONGEST_INPUT = 1 << 20

TOKENS = (
    *(b"\0", b"\xff" * 8, b"\n", b"\r\n", b" ", b'"', b"{", b"[" * 300, b"}", b"=", b".", b"+"),
    *(b"nan", b"1e999", b"-1", b"9" * 400, b"null", b"true", b"\\ud800", b"\xed\xa0\x80"),
    *(b"-----BEGIN CERTIFICATE-----\n", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80", b"\xe2\x80\xae"),
)


@dataclass(frozen=True)
class Door:
    """One way in."""

    name: str
    enter: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    """What it may raise."""
    make_samples: Callable[[], Sequence[bytes]]
    """Makes inputs that are taken."""

    @cached_property
    def samples(self) -> tuple[bytes, ...]:
        """Inputs that are taken; made once."""
        return tuple(self.make_samples())

    def knock(self, octets: bytes) -> bool:
        """Whether the octets were taken; anything but a proper refusal goes through."""
        try:
            self.enter(octets)
        except self.refusals as refusal:
            sentence = str(refusal)
            if not sentence or len(sentence) > LONGEST_SENTENCE:
                raise AssertionError(f"a refusal of {len(sentence)} characters") from refusal
            if not all(line.isprintable() for line in sentence.split("\n")):
                raise AssertionError(f"a refusal that cannot be shown: {sentence!r}") from refusal
            return False
        return True


def mutated(sample: bytes, other: bytes, chance: random.Random) -> bytes:
    """A sample with one to four injuries; `other` is what pieces are taken from."""
    octets = bytearray(sample)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(octets))
        end = min(len(octets), at + chance.choice((1, 2, 4, 16, 64, 1_000)))
        injury = chance.randint(0, 8)
        if injury == 0 and at < len(octets):
            octets[at] ^= 1 << chance.randint(0, 7)
        elif injury == 1:
            del octets[at:end]
        elif injury == 2:
            del octets[at:]
        elif injury == 3:
            octets[at:at] = octets[at:end] * chance.choice((1, 2, 30))
        elif injury == 4:
            octets[at:at] = chance.choice(TOKENS)
        elif injury == 5:
            octets[at:end] = chance.choice(TOKENS)
        elif injury == 6:
            start = chance.randint(0, len(other))
            octets[at:end] = other[start : start + end - at]
        elif injury == 7 and at < len(octets):  # a length or a count that lies
            octets[at] = chance.choice((0, 1, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFE, 0xFF))
        else:
            octets[at:at] = chance.randbytes(chance.choice((1, 3, 20)))
    return bytes(octets[:LONGEST_INPUT])
