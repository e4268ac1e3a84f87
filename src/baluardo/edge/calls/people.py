"""Who sits at which site, and where everybody was last seen: a pure core, the same at every edge.

The newest attendance of a person says where they are, whoever tells it. It stays known when their
devices leave, so that a call to somebody who is away is refused as such.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.calls.bodies import LONGEST_PATH, check_device, check_leg, is_device, person_of
from baluardo.edge.calls.attendance import Attendance
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted, read_file
from baluardo.protocol.message_fields import whole
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

MOST_PEOPLE: Final = 10_000
MOST_DEVICES: Final = 16
"""Of one person at a time, wherever they are."""
LARGEST_FILE: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Seen:
    """Where somebody has attended last."""

    site: str
    at: int
    """POSIX seconds."""

    @property
    def order(self) -> tuple[int, str]:
        """By which two are compared: every edge chooses the same of two in one second."""
        return self.at, self.site


class People:
    """The people of a community as one edge knows them."""

    def __init__(self, site: str, seen: Mapping[str, Seen] | None = None) -> None:
        """Begin with nobody present; `seen` is where people were, by `person/NAME`."""
        self.site = site
        self.number = 0
        """Grows with each change."""
        self._seen = dict(seen or {})
        self._present: dict[str, dict[str, Attendance]] = {}
        """By person and device."""
        self._envelopes: dict[str, Envelope] = {}
        """Of those who sit here, by device."""
        self._changed: set[str] = set()
        """People of whom something else is to be told than when that was last asked."""

    # Directory of the switchboard

    def site_of(self, person: str) -> str | None:
        """Return the edge of the site where a person has attended last; None for nobody."""
        seen = self._seen.get(person)
        return None if seen is None else seen.site

    def devices_of(self, person: str) -> tuple[str, ...]:
        """Return the devices of a person that sit here, who came last first."""
        here = [each for each in self._present.get(person, {}).values() if each.site == self.site]
        return tuple(each.device for each in sorted(here, key=lambda one: (-one.at, one.device)))

    # Who comes and goes

    def attend(self, attendance: Attendance, envelope: Envelope) -> None:
        """Seat a device here; InvalidInputError if it was elsewhere later than it says it is here.

        `envelope` is what other edges are shown.
        """
        held = self._held(attendance.device)
        if held is not None and held.site != self.site and _order(held) > _order(attendance):
            raise InvalidInputError(
                f"{attendance.device} has attended at {held.site} later than it says now: its "
                "clock was set back. Set it right, and connect again."
            )
        person = person_of(attendance.device)
        seen = self._seen.get(person)
        if seen is not None and seen.site != self.site and seen.order > _order(attendance):
            raise InvalidInputError(
                f"{person} has attended at {seen.site} later than {attendance.device} says that "
                "it is now: she would be sought there. Set the clock right, or wait a few minutes, "
                "and connect again."
            )
        self._take(attendance)
        self._envelopes[attendance.device] = envelope

    def hear(self, attendance: Attendance) -> bool:
        """Take somebody's place by the word of their site; tell whether a device has left here.

        What is older than what is known changes nothing. InvalidInputError if there is no room.
        """
        held = self._held(attendance.device)
        if attendance.site == self.site or (
            held is not None and _order(held) >= _order(attendance)
        ):
            return False
        self._take(attendance)
        return self._envelopes.pop(attendance.device, None) is not None

    def leave(self, device: str) -> None:
        """Take a device off its seat here."""
        self.left(self.site, device)

    def left(self, site: str, device: str) -> bool:
        """Take a device off its seat at a site, by that site's word; false if it has none there."""
        held = self._held(device)
        if held is None or held.site != site:
            return False
        self._remove(held)
        return True

    def is_at(self, device: str, site: str) -> bool:
        """Whether a device sits at a site."""
        held = self._held(device)
        return held is not None and held.site == site

    def devices_at(self, site: str) -> list[str]:
        """Return every device that sits at a site."""
        return [each.device for each in self._everybody() if each.site == site]

    def judge(self, stands: Callable[[Attendance], bool]) -> list[str]:
        """Take everybody off who is not permitted to sit any more; return who sat here."""
        gone = [each for each in self._everybody() if not stands(each)]
        for each in gone:
            self._remove(each)
        return [each.device for each in gone if each.site == self.site]

    # What is told

    def roster(self) -> list[Envelope]:
        """Return the attendances of everybody who sits here."""
        return list(self._envelopes.values())

    def view(self) -> list[dict[str, object]]:
        """Return everybody as browsers are told, in alphabetical order; no device is who is away.

        Only devices at the site where the person is: no other would ring.
        """
        return [self._entry(person, seen) for person, seen in sorted(self._seen.items())]

    def take_changed(self) -> dict[str, dict[str, object] | None]:
        """Return by person what `view` tells differently since the last call; None: nobody now."""
        changed = {
            person: None if (seen := self._seen.get(person)) is None else self._entry(person, seen)
            for person in sorted(self._changed)
        }
        self._changed.clear()
        return changed

    def _entry(self, person: str, seen: Seen) -> dict[str, object]:
        devices = sorted(
            each.device.rpartition("/")[2]
            for each in self._present.get(person, {}).values()
            if each.site == seen.site
        )
        return {"person": person, "site": seen.site, "devices": devices}

    # On the disk

    @property
    def seen(self) -> dict[str, Seen]:
        """Where people were seen, as it is now."""
        return dict(self._seen)

    def to_octets(self) -> bytes:
        """Return where people were seen, in the one written form of the file."""
        return octets_of(self._seen)

    @classmethod
    def of_octets(cls, site: str, octets: bytes) -> People:
        """Read the written form; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_FILE, "The list of people")
        fields.only(("people",))
        people = cls(site, dict(map(_seen, fields.items("people", MOST_PEOPLE))))
        if people.to_octets() != octets:
            raise InvalidInputError("The list of people is not in its one written form.")
        return people

    @classmethod
    def read(cls, site: str, path: Path) -> People:
        """Read a file; nobody is known without one. SourceError or InvalidInputError if damaged."""
        if not path.exists():
            return cls(site)
        return cls.of_octets(site, read_file(path, LARGEST_FILE, "The list of people"))

    # Inside

    def _held(self, device: str) -> Attendance | None:
        return self._present.get(person_of(device), {}).get(device)

    def _everybody(self) -> list[Attendance]:
        return list(itertools.chain.from_iterable(d.values() for d in self._present.values()))

    def _take(self, attendance: Attendance) -> None:
        person, device = attendance.person, attendance.device
        devices = self._present.get(person, {})
        if device not in devices and len(devices) >= MOST_DEVICES:
            raise InvalidInputError(f"{person} has {MOST_DEVICES} devices connected: refused.")
        seen, new = self._seen.get(person), Seen(attendance.site, attendance.at)
        if seen is None:
            self._make_room()
        if seen is None or new.order > seen.order:
            self._seen[person] = new
        self._present.setdefault(person, {})[device] = attendance
        self._changed.add(person)
        self.number += 1

    def _make_room(self) -> None:
        """Forget who was seen longest ago, of those who are away."""
        if len(self._seen) < MOST_PEOPLE:
            return
        away = [person for person in self._seen if person not in self._present]
        if not away:
            raise InvalidInputError(f"{MOST_PEOPLE:,} people are present already: refused.")
        oldest = min(away, key=lambda person: self._seen[person].order)
        del self._seen[oldest]
        self._changed.add(oldest)

    def _remove(self, attendance: Attendance) -> None:
        devices = self._present[attendance.person]
        del devices[attendance.device]
        if not devices:
            del self._present[attendance.person]
        if attendance.site == self.site:
            self._envelopes.pop(attendance.device, None)
        self._changed.add(attendance.person)
        self.number += 1


def octets_of(people: Mapping[str, Seen]) -> bytes:
    """Return where people were seen, in the one written form of the file."""
    entries = [
        {"person": person, "site": seen.site, "at": seen.at}
        for person, seen in sorted(people.items())
    ]
    return write_json({"people": entries})


def _order(attendance: Attendance) -> tuple[int, str]:
    return Seen(attendance.site, attendance.at).order


def _seen(value: object) -> tuple[str, Seen]:
    fields = JsonObject.of(value, "A person of the list")
    fields.only(("person", "site", "at"))
    person, site = fields.text("person", LONGEST_PATH), fields.text("site", LONGEST_PATH)
    check_device("person", f"{person}/device")
    check_leg(site)
    if is_device(site):
        raise InvalidInputError(f"site {quoted(site)} is a device, and no site.")
    at = whole(fields, "at")
    if not 0 < at <= LARGEST_NUMBER:
        raise fields.wrong("at", "a time in POSIX seconds")
    return person, Seen(site, at)
