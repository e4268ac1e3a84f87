"""What a browser at a site and its edge say to each other, as text of a WebSocket: strict JSON.

| said by | `type` | |
|---|---|---|
| edge | `challenge` | first: `edge` and `challenge` |
| browser | `attend` | its `attendance`, an envelope over both |
| edge | `attending` | which `device` sits here now |
| both | `call` | a `message` of `calls/messages.py` |
| browser | `report` | what it received of a `call` since the last one (`receiver_reports.py`) |
| edge | `people` | everybody; then, with `left`, what has changed (`shown_people.py`) |
| edge | `slot` | when ways by satellite are disturbed next: `in_ms`, `hold_ms` |
| browser | `mail` | a `request` to the authority about written messages, and its number: `ask` |
| edge | `mailed` | what became of that `ask`: an `answer`, or a `refusal` and a `sentence` |
| edge | `post` | `items` that wait for this device, oldest first, and whether there are `more` |
| edge | `missed` | `calls` to this person while they had no device connected, oldest first |
| browser | `noted` | the `calls` of those, by id, that it has kept |
| edge | `problem` | a `sentence`: why something was refused |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import fields as fields_of
from typing import Final

from baluardo.calls.bodies import CALL_ID_OCTETS, check_call
from baluardo.calls.receiver_reports import ReceiverReport
from baluardo.edge.calls.missed_calls import MOST_OF_PERSON
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.mail_fields import LARGEST_REQUEST
from baluardo.protocol.message_fields import LONGEST_SENTENCE, whole
from baluardo.terms import slot_at, slot_start
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject, rewrite_json, write_json

LARGEST_FRAME: Final = 128 * 1_024
"""Octets that a browser may say at once; everybody there is may take an edge more."""
LARGEST_MAIL_FRAME: Final = LARGEST_REQUEST
"""The same of written messages, once the browser has attended."""
MOST_ASK: Final = (1 << 31) - 1

HOLD_MS: Final = 60
"""Sound that a receiver is to keep in hand while a slot begins. Our choice: a hand-over delays
packets by 30 ms, a disturbed edge by 15 ms (standard deviation; `twin.paths.model`)."""

REPORT_FIELDS: Final = tuple(each.name for each in fields_of(ReceiverReport))


def challenge_frame(edge: str, challenge: str) -> str:
    """Return what an edge says first."""
    return _frame({"type": "challenge", "edge": edge, "challenge": challenge})


def attending_frame(device: str) -> str:
    """Return what tells a browser that it sits here."""
    return _frame({"type": "attending", "device": device})


def call_frame(message: bytes) -> str:
    """Return a message of a call, which is a JSON object already."""
    return f'{{"message":{message.decode()},"type":"call"}}'


def person_entry(entry: dict[str, object]) -> str:
    """Return a person as `people_frame` takes one."""
    return _frame(entry)


def people_frame(entries: Iterable[str], left: Iterable[str] | None = None) -> str:
    """Return everybody; or, with those who are known no more (`person/NAME`), what has changed."""
    gone = "" if left is None else f'"left":[{",".join(map(json.dumps, left))}],'
    return f'{{{gone}"people":[{",".join(entries)}],"type":"people"}}'


def slot_frame(posix: float) -> str:
    """Return what tells a browser at a trusted time when a slot begins next, and what to do then.

    Milliseconds and not a time: the browser's clock may be minutes off.
    """
    ahead = slot_start(slot_at(posix) + 1) - posix
    return _frame({"type": "slot", "in_ms": int(1e3 * ahead), "hold_ms": HOLD_MS})


def missed_frame(calls: Iterable[Mapping[str, object]]) -> str:
    """Return what tells a browser of calls that rang nowhere (`missed_calls.Missed.fields`)."""
    return _frame({"type": "missed", "calls": list(map(dict, calls))})


def problem_frame(sentence: str) -> str:
    """Return why something was refused."""
    return _frame({"type": "problem", "sentence": sentence[:LONGEST_SENTENCE]})


def mailed_frame(ask: int, answer: Mapping[str, object]) -> str:
    """Return what tells a browser the authority's answer, whose fields were all checked."""
    return rewrite_json({"type": "mailed", "ask": ask, "answer": answer}).decode()


def unmailed_frame(ask: int, refusal: str, sentence: str) -> str:
    """Return what tells a browser why there is none."""
    sentence = sentence[:LONGEST_SENTENCE]
    return _frame({"type": "mailed", "ask": ask, "refusal": refusal, "sentence": sentence})


def post_frame(items: Iterable[str], *, more: bool) -> str:
    """Return what tells a browser what waits for its device: items that are JSON already."""
    return f'{{"items":[{",".join(items)}],"more":{json.dumps(more)},"type":"post"}}'


def read_attend(text: str) -> Envelope:
    """Return the attendance that a browser sends; nothing of it is genuine yet.

    InvalidInputError if it is none, CertificateError or ProfileError from `Envelope.of_object`.
    """
    fields = _read(text, "attend", "attendance")
    return Envelope.of_object(fields.fields.get("attendance"))


@dataclass(frozen=True, slots=True)
class Reported:
    """What a browser has received of a call."""

    call: str
    report: ReceiverReport


@dataclass(frozen=True, slots=True)
class MailAsk:
    """What a browser asks of the authority about written messages."""

    number: int
    """The browser's own; the answer bears it."""
    request: dict[str, object] = field(repr=False)
    """Nothing of it is judged yet."""
    octets: int
    """That it takes about."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A browser has kept these missed calls."""

    calls: tuple[str, ...]


def read_said(text: str) -> bytes | Reported | MailAsk | Noted:
    """Return what a browser that sits here says: a message's octets, a report, an ask, a receipt.

    InvalidInputError if it is none of them.
    """
    fields = _parse(text, LARGEST_MAIL_FRAME)
    if fields.fields.get("type") == "mail":
        return _asked(fields, len(text))
    if len(text) > LARGEST_FRAME:
        raise InvalidInputError(f"The frame is larger than {LARGEST_FRAME:,} octets.")
    if fields.fields.get("type") == "report":
        return _reported(fields)
    if fields.fields.get("type") == "noted":
        return _noted(fields)
    return rewrite_json(_only(fields, "call", "message").inner("message").fields)


def _asked(fields: JsonObject, octets: int) -> MailAsk:
    fields.only(("type", "ask", "request"))
    number = whole(fields, "ask")
    if not 1 <= number <= MOST_ASK:
        raise fields.wrong("ask", f"a number from 1 to {MOST_ASK}")
    return MailAsk(number, fields.inner("request").fields, octets)


def _reported(fields: JsonObject) -> Reported:
    fields.only(("type", "call", *REPORT_FIELDS))
    call = fields.text("call", 2 * CALL_ID_OCTETS)
    check_call(call)
    report = ReceiverReport(
        fields.number("seconds"),
        _count(fields, "received"),
        _count(fields, "lost"),
        fields.number("round_trip_ms"),
        fields.number("jitter_ms"),
        fields.number("concealed"),
        fields.number("buffer_ms"),
    )
    return Reported(call, report)


def _noted(fields: JsonObject) -> Noted:
    fields.only(("type", "calls"))
    calls = []
    for each in fields.items("calls", MOST_OF_PERSON):
        if not isinstance(each, str):
            raise fields.wrong("calls", "a list of calls' ids")
        check_call(each)
        calls.append(each)
    return Noted(tuple(calls))


def _count(fields: JsonObject, name: str) -> int:
    value = fields.number(name)
    if not value.is_integer():
        raise fields.wrong(name, "a whole number")
    return int(value)


def _read(text: str, kind: str, body: str) -> JsonObject:
    return _only(_parse(text), kind, body)


def _parse(text: str, largest: int = LARGEST_FRAME) -> JsonObject:
    octets = text.encode("utf-8", "surrogatepass")  # which the reader refuses
    return JsonObject.parse(octets, largest, "The frame")


def _only(fields: JsonObject, kind: str, body: str) -> JsonObject:
    if fields.text("type", 16) != kind:
        raise InvalidInputError(
            f"The frame is of type {quoted(fields.fields['type'])}, where {kind} must come."
        )
    fields.only(("type", body))
    return fields


def _frame(value: dict[str, object]) -> str:
    return write_json(value).decode()
