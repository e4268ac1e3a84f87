"""The keys of one neighbour's probes, through key rounds that its two ends never end together.

A key that is given is proven once a probe came that was sealed with it: the other end has it too.
Until then every probe leaves once with each key from the newest back to the newest proven one, for
nobody can know whether the other end has taken the new key, has not yet, or never will because the
answer of the round was lost. Whatever it has, it understands one of them, at once and however long
the way; what it does not understand it drops, and a probe that it understands twice is answered
twice, which changes nothing. So no probe is lost, no time is waited, and the doubling ends within a
round trip of both ends having the key.

What arrives is tried with every key that goes by its tag, the newest first. The one before the
newest stays until the next round, and so does the last one that was proven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import SealError
from baluardo.trust.probe_seal import ProbeSeal
from baluardo.trust.secret import Secret

MOST_ROUNDS: Final = 3
"""Rounds whose keys are held: the newest, the one before, and one that is proven."""


@dataclass(slots=True)
class _Round:
    """What one key round gave; its tags may be those of the round before."""

    sent_tag: int
    sealing: ProbeSeal
    received_tag: int
    opening: ProbeSeal
    is_proven: bool = False


class ProbeKeys:
    """What seals probes to one neighbour, and opens those from it."""

    def __init__(self) -> None:
        """Begin without any."""
        self._rounds: list[_Round] = []
        """The newest first."""

    @property
    def is_there(self) -> bool:
        """Whether a round has given any."""
        return bool(self._rounds)

    @property
    def sent_tag(self) -> int:
        """The tag of the newest; 0 where there is none."""
        return self._rounds[0].sent_tag if self._rounds else 0

    @property
    def received_tags(self) -> tuple[int, ...]:
        """Tags that are accepted, the newest first, each once."""
        return tuple(dict.fromkeys(each.received_tag for each in self._rounds))

    def take(self, send_key: Secret, receive_key: Secret, send_tag: int, receive_tag: int) -> None:
        """Take the keys of a round; each key is given once."""
        new = _Round(send_tag, ProbeSeal(send_key), receive_tag, ProbeSeal(receive_key))
        rounds = [new, *self._rounds]
        older = rounds[MOST_ROUNDS - 1 :]
        kept = next((each for each in older if each.is_proven), older[0]) if older else None
        self._rounds = rounds[: MOST_ROUNDS - 1] + ([] if kept is None else [kept])

    def seal(self, payload: bytes) -> list[tuple[int, bytes]]:
        """Return what is to leave: tags, and the payload sealed. SealError if a key is used up."""
        leaving = []
        for each in self._rounds:
            leaving.append((each.sent_tag, each.sealing.seal(payload)))
            if each.is_proven:
                break
        return leaving

    def open(self, tag: int, octets: bytes) -> bytes:
        """Return the payload; SealError where no key of this tag has sealed it, or seen before."""
        for each in self._rounds:
            if each.received_tag == tag:
                try:
                    payload = each.opening.open(octets)
                except SealError:
                    continue
                each.is_proven = True
                return payload
        raise SealError("A probe was not sealed with a key of its tag, or came before.")
