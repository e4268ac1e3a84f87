"""Calls to people of this site who had no device connected: a pure core, bounded whoever dials.

They are told to the first device of the person that attends here, and are kept until it has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from baluardo.calls.bodies import LONGEST_PATH, check_call, check_device
from baluardo.errors import InvalidInputError
from baluardo.protocol.message_fields import whole
from baluardo.terms import Precedence
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

KEPT_SECONDS: Final = 30 * 86_400
MOST_MISSED: Final = 5_000
MOST_OF_PERSON: Final = 50
"""That one person has missed."""
MOST_OF_CALLER: Final = 200
"""By one person who dialled, to whomever: their calls push out their own."""
MOST_BETWEEN: Final = 3
"""By one person to one other: who dials ten thousand times is told of three times."""
LARGEST_FILE: Final = 2 << 20

_Key = tuple[str, str]
"""Who was called, and the call: a device chooses its id."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A call that rang nowhere."""

    call: str
    caller: str
    """`person/anna.rossi`"""
    at: int
    """POSIX seconds."""
    precedence: Precedence
    emergency: bool

    def fields(self) -> dict[str, object]:
        """Return it as it is told and kept."""
        return {
            "call": self.call,
            "caller": self.caller,
            "at": self.at,
            "precedence": self.precedence.dsn,
            "emergency": self.emergency,
        }


class MissedCalls:
    """What the people of a site have missed. It reads no clock."""

    def __init__(self) -> None:
        """Begin without any."""
        self.number = 0
        """Grows with each change."""
        self._kept: dict[_Key, Missed] = {}
        """Oldest first, as are all below."""
        self._of_person: dict[str, dict[_Key, None]] = {}
        self._of_caller: dict[str, dict[_Key, None]] = {}

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._kept)

    def keep(self, person: str, missed: Missed) -> None:
        """Take note of a call to a person; the oldest go where there are too many."""
        key = person, missed.call
        if key in self._kept or missed.caller == person:
            return
        of_person = self._of_person.get(person, {})
        between = [each for each in of_person if self._kept[each].caller == missed.caller]
        if len(between) >= MOST_BETWEEN:
            self._drop(between[0])
        elif len(of_person) >= MOST_OF_PERSON:
            # An urgent call is not pushed out by others who only dial for a talk.
            self._drop(min(of_person, key=lambda each: _urgency(self._kept[each])))
        of_caller = self._of_caller.get(missed.caller, {})
        if len(of_caller) >= MOST_OF_CALLER:
            self._drop(next(iter(of_caller)))
        if len(self._kept) >= MOST_MISSED:
            self._drop(next(iter(self._kept)))
        self._kept[key] = missed
        self._of_person.setdefault(person, {})[key] = None
        self._of_caller.setdefault(missed.caller, {})[key] = None
        self.number += 1

    def of(self, person: str, now: float) -> tuple[Missed, ...]:
        """Return what a person has missed and was not told of, oldest first."""
        self.forget_old(now)
        return tuple(self._kept[each] for each in self._of_person.get(person, {}))

    def told(self, person: str, calls: Iterable[str]) -> None:
        """Let go of what a device of the person has now."""
        for call in calls:
            if (person, call) in self._kept:
                self._drop((person, call))

    def forget_old(self, now: float) -> None:
        """Let go of what nobody has come for in so long a time."""
        old = [key for key, each in self._kept.items() if now - each.at > KEPT_SECONDS]
        for key in old:
            self._drop(key)

    def to_octets(self) -> bytes:
        """Return the one written form of the file."""
        entries = [{"person": key[0], **each.fields()} for key, each in self._kept.items()]
        return write_json({"missed": entries})

    @classmethod
    def of_octets(cls, octets: bytes) -> MissedCalls:
        """Read the written form; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_FILE, "The list of missed calls")
        fields.only(("missed",))
        found = cls()
        for each in fields.items("missed", MOST_MISSED):
            person, missed = _entry(each)
            found.keep(person, missed)
        if found.to_octets() != octets:
            raise InvalidInputError("The list of missed calls is not in its one written form.")
        return found

    def _drop(self, key: _Key) -> None:
        missed = self._kept.pop(key)
        for index, name in ((self._of_person, key[0]), (self._of_caller, missed.caller)):
            del index[name][key]
            if not index[name]:
                del index[name]
        self.number += 1


def _urgency(missed: Missed) -> tuple[bool, int]:
    return missed.emergency, int(missed.precedence)


def _entry(value: object) -> tuple[str, Missed]:
    fields = JsonObject.of(value, "A missed call")
    fields.only(("person", "call", "caller", "at", "precedence", "emergency"))
    person, caller = fields.text("person", LONGEST_PATH), fields.text("caller", LONGEST_PATH)
    for name, each in (("person", person), ("caller", caller)):
        check_device(name, f"{each}/device")
    call = fields.text("call", 64)
    check_call(call)
    at = whole(fields, "at")
    if not 0 < at <= LARGEST_NUMBER:
        raise fields.wrong("at", "a time in POSIX seconds")
    emergency = fields.fields.get("emergency")
    if not isinstance(emergency, bool):
        raise fields.wrong("emergency", "true or false")
    return person, Missed(call, caller, at, Precedence.of(fields.text("precedence", 32)), emergency)
