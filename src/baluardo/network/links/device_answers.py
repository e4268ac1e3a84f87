"""What the root helper tells of plain devices: written by it, read by its client."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.answers import Answer, PeerView, peer_view
from baluardo.network.links.device_requests import MOST_DEVICES
from baluardo.network.links.request_fields import truth, whole
from baluardo.trust.strict_json import JsonObject

_WHAT: Final = "The root helper's answer"


@dataclass(frozen=True, slots=True)
class DevicesView:
    """What WireGuard tells of the devices, and whether their packets are passed on."""

    port: int
    """UDP, outside."""
    forwards: bool
    """Whether the hosts' namespace passes packets on: otherwise devices reach the machine alone."""
    devices: tuple[PeerView, ...]


def devices_view_fields(view: DevicesView) -> dict[str, object]:
    """Return what an answer says of the devices."""
    return {**asdict(view), "devices": [asdict(each) for each in view.devices]}


def devices_view(answer: Answer) -> DevicesView:
    """Return what an answer says of the devices; LinkError if it does not."""
    fields = JsonObject(answer.done, _WHAT)
    try:
        return DevicesView(
            whole(fields, "port", 1, 65_535),
            truth(fields, "forwards"),
            tuple(
                peer_view(JsonObject.of(each, _WHAT))
                for each in fields.items("devices", MOST_DEVICES)
            ),
        )
    except InvalidInputError as problem:
        raise LinkError(str(problem)) from None
