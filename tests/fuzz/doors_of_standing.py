"""Doors of warnings that sensors set off: what officers sign, what sensors say and are told."""

from __future__ import annotations

import json
from collections.abc import Sequence

from door import Door
from good_alerts import alert_octets

from baluardo.edge.sensor_alarm import Counted
from baluardo.errors import InvalidInputError
from baluardo.protocol.warnings import StandingWarning, alarm_of
from baluardo.trust.strict_json import JsonObject

LARGEST = 1 << 20


def standing(octets: bytes) -> None:
    """A standing warning that is taken comes back the same."""
    found = StandingWarning.of_body(JsonObject.parse(octets, LARGEST, "The body").fields)
    if StandingWarning.of_body(found.to_body()) != found:
        raise AssertionError("a standing warning changed on its way")


def answer(octets: bytes) -> None:
    """What an authority answers to a sensor is signed by nobody."""
    Counted.of_answer(JsonObject.parse(octets, LARGEST, "The answer"))


def bodies() -> Sequence[bytes]:
    sensors = {"sensors": ["office/buoy", "ship/tender"], "needed": 2, "until": 1_800_000_000.5}
    body = {"channel": "exercise", "level": "exercise", **sensors}
    return [json.dumps({**body, "alert": each.decode()}).encode() for each in alert_octets()]


def alarms() -> Sequence[bytes]:
    said = {"standing": "0f" * 16, "reading": "0.8 m in 40 s, è un'onda", "time": 1_800_000_000.0}
    return [json.dumps(said).encode()]


def answers() -> Sequence[bytes]:
    told = {"standing": "0f" * 16, "agreed": 2, "needed": 2}
    return [json.dumps({**told, "warning": each}).encode() for each in (None, "a1" * 16)]


DOORS = (
    Door("warning.standing", standing, (InvalidInputError,), bodies),
    Door("warning.alarm", alarm_of, (InvalidInputError,), alarms),
    Door("warning.alarm-answer", answer, (InvalidInputError,), answers),
)
