"""The messages of a key round: one octet that says version and kind, then fields of fixed length.

    OFFER   epoch (8), tag (4), check (16)   by the initiator, first on the channel
    ANSWER  tag (4), check (16)              by the responder, its key installed
    DONE    check (8)                        by the initiator, its key installed
    OLD     epoch (8)                        by the responder: its newest; offer a larger one
    REFUSE  reason (1)                       by either end; the round is over

Numbers are big-endian. A round has at most five messages; whatever is not exactly one of them ends
it. They travel inside a channel (`trust.channel`), which authenticates and hides them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from baluardo.errors import InvalidInputError

VERSION: Final = 1
CHECK_OCTETS: Final = 16
LAST_CHECK_OCTETS: Final = 8
"""Of the last message: whoever hears it has seen a longer check before."""
MOST_EPOCH: Final = 2**63 - 1
MOST_TAG: Final = 2**32 - 1
LONGEST_MESSAGE: Final = 1 + 8 + 4 + CHECK_OCTETS

_EPOCH_OCTETS: Final = 8
_TAG_OCTETS: Final = 4


class Reason(IntEnum):
    """Why an end refuses."""

    KEYS_DIFFER = 1
    """The two ends do not compute the same: one has an old card of the other."""
    NOT_INSTALLED = 2
    """WireGuard did not take the key."""
    UNEXPECTED = 3
    """A message that does not fit the state."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The initiator names an epoch, its tag for probes, and shows that it has the keys."""

    epoch: int
    tag: int
    """By which the responder is to mark what it sends to the initiator."""
    check: bytes

    def __post_init__(self) -> None:
        """Refuse values that no octets could carry."""
        _check_epoch(self.epoch)
        _check_fields(self.tag, self.check)


@dataclass(frozen=True, slots=True)
class Answer:
    """The responder has the same keys, and has installed its own."""

    tag: int
    """By which the initiator is to mark what it sends to the responder."""
    check: bytes

    def __post_init__(self) -> None:
        """Refuse values that no octets could carry."""
        _check_fields(self.tag, self.check)


@dataclass(frozen=True, slots=True)
class Done:
    """The initiator has installed its key too."""

    check: bytes

    def __post_init__(self) -> None:
        """Refuse a check of another length."""
        if len(self.check) != LAST_CHECK_OCTETS:
            raise InvalidInputError(f"The last check has {LAST_CHECK_OCTETS} octets.")


@dataclass(frozen=True, slots=True)
class Old:
    """The epoch offered is not newer than this one."""

    epoch: int

    def __post_init__(self) -> None:
        """Refuse values that no octets could carry."""
        _check_epoch(self.epoch)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The round is over, for this reason."""

    reason: Reason


Message = Offer | Answer | Done | Old | Refuse


class _Kind(IntEnum):
    OFFER = 1
    ANSWER = 2
    DONE = 3
    OLD = 4
    REFUSE = 5


_LENGTHS: Final = {
    _Kind.OFFER: LONGEST_MESSAGE,
    _Kind.ANSWER: 1 + _TAG_OCTETS + CHECK_OCTETS,
    _Kind.DONE: 1 + LAST_CHECK_OCTETS,
    _Kind.OLD: 1 + _EPOCH_OCTETS,
    _Kind.REFUSE: 2,
}


def encode(message: Message) -> bytes:
    """Return a message's octets."""
    match message:
        case Offer(epoch, tag, check):
            return _head(_Kind.OFFER) + epoch.to_bytes(8, "big") + tag.to_bytes(4, "big") + check
        case Answer(tag, check):
            return _head(_Kind.ANSWER) + tag.to_bytes(4, "big") + check
        case Done(check):
            return _head(_Kind.DONE) + check
        case Old(epoch):
            return _head(_Kind.OLD) + epoch.to_bytes(8, "big")
        case Refuse(reason):
            return _head(_Kind.REFUSE) + bytes([reason])


def take(octets: bytes) -> tuple[Message, int] | None:
    """Read the message at the start of what came, and how long it is; None while incomplete.

    InvalidInputError for another version, an unknown kind, or a value that no sender writes.
    """
    if not octets:
        return None
    version, number = divmod(octets[0], 16)
    if version != VERSION:
        raise InvalidInputError(
            f"A key round of version {version} was refused; version {VERSION} is spoken here. "
            "The older of the two edges has to be updated."
        )
    try:
        kind = _Kind(number)
    except ValueError:
        raise InvalidInputError(f"A key round has no message of kind {number}.") from None
    length = _LENGTHS[kind]
    if len(octets) < length:
        return None
    return _read(kind, octets[1:length]), length


def _read(kind: _Kind, body: bytes) -> Message:
    number = int.from_bytes(body[:_EPOCH_OCTETS], "big")
    match kind:
        case _Kind.OFFER:
            tag = int.from_bytes(body[_EPOCH_OCTETS:-CHECK_OCTETS], "big")
            return Offer(number, tag, body[-CHECK_OCTETS:])
        case _Kind.ANSWER:
            return Answer(int.from_bytes(body[:_TAG_OCTETS], "big"), body[_TAG_OCTETS:])
        case _Kind.DONE:
            return Done(body)
        case _Kind.OLD:
            return Old(number)
        case _Kind.REFUSE:
            try:
                return Refuse(Reason(number))
            except ValueError:
                raise InvalidInputError(f"A refusal has no reason {number}.") from None


def _head(kind: _Kind) -> bytes:
    return bytes([VERSION << 4 | kind])


def _check_epoch(epoch: int) -> None:
    if not 0 < epoch <= MOST_EPOCH:
        raise InvalidInputError(f"An epoch is a number from 1 to {MOST_EPOCH}.")


def _check_fields(tag: int, check: bytes) -> None:
    if not 0 < tag <= MOST_TAG:
        raise InvalidInputError(f"A tag is a number from 1 to {MOST_TAG}.")
    if len(check) != CHECK_OCTETS:
        raise InvalidInputError(f"A check has {CHECK_OCTETS} octets.")
