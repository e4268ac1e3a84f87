"""What the root helper answers: written by it, read by its client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.request_fields import (
    KEY_LETTERS,
    LARGEST_NUMBER,
    public_key,
    truth,
    whole,
)
from baluardo.network.links.requests import MOST_ANSWER_OCTETS, MOST_LANES, MOST_PEERS
from baluardo.trust.strict_json import JsonObject, write_json

LONGEST_SENTENCE: Final = 2_000

_WHAT: Final = "The root helper's answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: done, or refused with a sentence."""

    done: dict[str, object]
    refused: str | None = None
    remade: bool = False
    """The lane was lost, another stands: nothing of what was asked was done."""


@dataclass(frozen=True, slots=True)
class OpenedLane:
    """A lane as it is opened."""

    interface: str
    index: int
    port: int
    made: int
    in_kernel: bool


@dataclass(frozen=True, slots=True)
class PeerView:
    """What WireGuard tells of a peer."""

    public_key: str
    handshake: int
    """POSIX seconds of the latest one; 0 where there was none."""
    received: int
    """Octets."""
    sent: int
    """Octets."""
    keepalive_s: int
    """0 where it is off."""


@dataclass(frozen=True, slots=True)
class LaneView:
    """What WireGuard tells of a lane."""

    public_key: str
    """Its own; empty before it has a key."""
    port: int
    peers: tuple[PeerView, ...]


def write_answer(answer: Answer) -> bytes:
    """Return the message of an answer; LinkError if it is too large for one."""
    fields: dict[str, object] = {"done": answer.done}
    if answer.refused is not None:
        fields = {"refused": answer.refused[:LONGEST_SENTENCE], "remade": answer.remade}
    octets = write_json(fields)
    if len(octets) > MOST_ANSWER_OCTETS:
        raise LinkError(f"The answer is larger than {MOST_ANSWER_OCTETS:,} octets.")
    return octets


def read_answer(octets: bytes) -> Answer:
    """Return an answer; LinkError if it is none."""
    try:
        fields = JsonObject.parse(octets, MOST_ANSWER_OCTETS, _WHAT)
        if "refused" in fields.fields:
            sentence = fields.text("refused", LONGEST_SENTENCE)
            return Answer({}, sentence, fields.fields.get("remade") is True)
        return Answer(fields.inner("done").fields)
    except InvalidInputError as problem:
        raise LinkError(str(problem)) from None


def opened_fields(lanes: Iterable[OpenedLane]) -> dict[str, object]:
    """Return what an answer says of opened lanes."""
    return {"lanes": [asdict(each) for each in lanes]}


def opened_lanes(answer: Answer, lanes: int) -> tuple[OpenedLane, ...]:
    """Return the lanes of an answer; LinkError unless there are so many."""
    opened = []
    try:
        for item in JsonObject(answer.done, _WHAT).items("lanes", MOST_LANES):
            fields = JsonObject.of(item, _WHAT)
            opened.append(
                OpenedLane(
                    fields.text("interface", 15),
                    whole(fields, "index", 1, LARGEST_NUMBER),
                    whole(fields, "port", 1, 65_535),
                    whole(fields, "made", 1, LARGEST_NUMBER),
                    truth(fields, "in_kernel"),
                )
            )
    except InvalidInputError as problem:
        raise LinkError(str(problem)) from None
    if len(opened) != lanes:
        raise LinkError(f"The root helper opened {len(opened)} lanes, not {lanes}.")
    return tuple(opened)


def shown_fields(view: LaneView) -> dict[str, object]:
    """Return what an answer says of a lane and its peers."""
    return {**asdict(view), "peers": [asdict(each) for each in view.peers]}


def shown_lane(answer: Answer) -> LaneView:
    """Return what an answer says of a lane; LinkError if it does not."""
    fields = JsonObject(answer.done, _WHAT)
    try:
        return LaneView(
            fields.text("public_key", KEY_LETTERS),
            whole(fields, "port", 0, 65_535),
            tuple(
                peer_view(JsonObject.of(item, _WHAT)) for item in fields.items("peers", MOST_PEERS)
            ),
        )
    except InvalidInputError as problem:
        raise LinkError(str(problem)) from None


def peer_view(fields: JsonObject) -> PeerView:
    """Read what an answer says of a peer; InvalidInputError if it does not."""
    return PeerView(
        public_key(fields, "public_key"),
        whole(fields, "handshake", 0, LARGEST_NUMBER),
        whole(fields, "received", 0, LARGEST_NUMBER),
        whole(fields, "sent", 0, LARGEST_NUMBER),
        whole(fields, "keepalive_s", 0, 65_535),
    )
