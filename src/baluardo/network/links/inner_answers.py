"""What the root helper tells of the inner layer: written by it, read by its client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.answers import Answer
from baluardo.network.links.esp.layer import EspEvent, EspStatus
from baluardo.network.links.inner_requests import LONGEST_NAME
from baluardo.network.links.request_fields import LARGEST_NUMBER, truth, whole
from baluardo.trust.strict_json import JsonObject

MOST_INNER_PEERS: Final = 256
"""Our choice: each is an IKE SA, or two, of charons that are asked for all of them every second."""
MOST_EVENTS: Final = 64
"""In one answer; the rest comes with the next."""
LONGEST_EVENT: Final = 500

_WHAT: Final = "The root helper's answer"


@dataclass(frozen=True, slots=True)
class InnerView:
    """What happened since the last time, and where each peer stands now."""

    events: tuple[EspEvent, ...]
    peers: Mapping[str, EspStatus]
    """By name."""


def inner_view_fields(
    events: Sequence[EspEvent], peers: Mapping[str, EspStatus]
) -> dict[str, object]:
    """Return what an answer says of the inner layer."""
    return {
        "events": [
            {
                "peer": each.peer,
                "text": printable(each.text)[:LONGEST_EVENT],
                "alarm": each.alarm,
            }
            for each in events
        ],
        "peers": [
            {
                "name": name,
                "established": each.established,
                "epoch": each.epoch,
                "age_s": each.age_s,
                "rekeys": each.rekeys,
                "octets_in": each.octets_in,
                "octets_out": each.octets_out,
            }
            for name, each in peers.items()
        ],
    }


def inner_view(answer: Answer) -> InnerView:
    """Return what an answer says of the inner layer; LinkError if it does not."""
    fields = JsonObject(answer.done, _WHAT)
    try:
        events = [JsonObject.of(each, _WHAT) for each in fields.items("events", MOST_EVENTS)]
        peers = [JsonObject.of(each, _WHAT) for each in fields.items("peers", MOST_INNER_PEERS)]
        return InnerView(
            tuple(
                EspEvent(_peer_name(each), each.text("text", LONGEST_EVENT), truth(each, "alarm"))
                for each in events
            ),
            {each.text("name", LONGEST_NAME): _status(each) for each in peers},
        )
    except InvalidInputError as problem:
        raise LinkError(str(problem)) from None


def _peer_name(fields: JsonObject) -> str:
    return "" if fields.fields.get("peer") == "" else fields.text("peer", LONGEST_NAME)


def _status(fields: JsonObject) -> EspStatus:
    def number(name: str) -> int:
        return whole(fields, name, 0, LARGEST_NUMBER)

    return EspStatus(
        truth(fields, "established"),
        None if fields.fields.get("epoch") is None else number("epoch"),
        number("age_s"),
        number("rekeys"),
        number("octets_in"),
        number("octets_out"),
    )
