"""Doors of written messages at an edge: what browsers ask, and what an authority answers."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from door import Door
from doors_of_attendance import PHONE, attend

from baluardo.edge.calls.browser_frames import MailAsk, read_attend, read_said
from baluardo.edge.mail.exchange import MailExchange
from baluardo.edge.mail.post import LARGEST_POST, post_of
from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.protocol.frames import HEAD_OCTETS, FrameType
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_messages import MailAnswer, MailWaiting
from baluardo.protocol.messages import decode, encode
from baluardo.trust.strict_json import parse_json, rewrite_json, write_json

GROUP = "0a" * 32
OCTETS = base64.b64encode(b"sealed").decode()
LARGEST = 1 << 20
DEVICES: dict[str, object] = {"kind": "devices", "people": ["person/anna"]}


def exchange() -> tuple[MailExchange, int]:
    """A browser that is believed, has one ask under way, and waits for its post."""
    core = MailExchange()
    core.opened(1.0)
    seat = core.sit(PHONE, read_attend(attend().decode()), 1.0)
    shown = core.next_message(1.0)
    assert shown is not None
    core.hear(MailAnswer(shown.id, {}), 1.0)
    core.ask(seat, MailAsk(1, DEVICES, 100), 1.0)
    for _ in range(2):
        assert core.next_message(1.0) is not None
    return core, seat


def told(core: MailExchange) -> int:
    """How many frames browsers are told; each is JSON."""
    frames = 0
    while (said := core.next_frame()) is not None:
        parse_json(said.frame.encode(), 2 * LARGEST, "A frame")
        frames += 1
    return frames


def asked(octets: bytes) -> None:
    """An ask that can be numbered is answered once, or forwarded as it came."""
    said = read_said(octets.decode("utf-8", "surrogateescape"))
    if not isinstance(said, MailAsk):
        return
    core, seat = exchange()
    core.ask(seat, MailAsk(said.number + 1, said.request, said.octets), 1.0)
    message, answers = core.next_message(1.0), told(core)
    assert (message is None) == (answers == 1)
    if message is not None:
        assert message.request == said.request
        assert message.request["kind"] not in {"attend", "collect", "leave"}


def heard(octets: bytes) -> None:
    """Whatever an authority says, an edge goes on."""
    message = decode(octets[0] if octets else 0, octets[1:])
    if isinstance(message, MailAnswer | MailWaiting):
        core, _ = exchange()
        core.hear(message, 1.0)
        assert told(core) <= 1
        core.handle_timer(1_000.0)
        told(core)
        core.closed()
        assert core.held == 0


def collected(octets: bytes) -> None:
    fields = parse_json(octets, LARGEST, "The answer")
    if not isinstance(fields, dict):
        raise InvalidInputError("This is no answer.")
    post = post_of(fields)
    assert (post.frame == "") == (post.last == 0)
    items = fields["items"]
    assert len(post.frame) < LARGEST_POST + 200 or not items or len(rewrite_json(items[0])) > 1_000


def asks() -> Sequence[bytes]:
    sent = {"kind": "send", "id": "0b" * 16, "group": GROUP, "to": [PHONE], "octets": OCTETS}
    taken = {"kind": "taken", "upto": 7, "items": GROUP}
    requests: list[dict[str, object]] = [DEVICES, sent, taken]
    requests.append({"kind": "publish", "packages": [OCTETS], "last_resort": ""})
    return [write_json({"type": "mail", "ask": 5, "request": each}) for each in requests]


def answer() -> dict[str, object]:
    fields = {"from": PHONE, "kind": "message", "group": GROUP, "at": 5, "notice": None}
    items = [{"number": number, **fields, "octets": OCTETS} for number in (3, 9)]
    return {"items": items, "more": True}


def answers() -> Sequence[bytes]:
    """An authority's messages, the type first: asks and post are under way as 2 and 3."""
    made = [MailAnswer(number, answer()) for number in (2, 3)]
    said = [*made, MailAnswer(2, None, MailRefusal.FULL, "So."), MailWaiting(PHONE)]
    return [bytes([each.type]) + encode(each)[HEAD_OCTETS:] for each in said]


_SAID = (InvalidInputError, CertificateError, ProfileError)
assert FrameType.MAIL_ANSWER.largest >= LARGEST

DOORS = (
    Door("edge-mail.asked", asked, (InvalidInputError,), asks),
    Door("edge-mail.heard", heard, _SAID, answers),
    Door("edge-mail.collected", collected, (InvalidInputError,), lambda: [write_json(answer())]),
)
