"""A phone's side: what it makes of a message, and whether it shows it (3GPP TS 23.041, 8.2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from baluardo.emergency.broadcast.geometry import AirArea, contains, decode_area
from baluardo.emergency.broadcast.message import UPDATE_NUMBERS, Coding, SerialNumber
from baluardo.emergency.broadcast.pages import text_of_pages
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.errors import InvalidInputError

NEWER_WITHIN: Final = 8
"""Of update numbers: 0 to 15 go round, and up to eight ahead is newer (9.4.1.2.1)."""
FORGOTTEN_AFTER_S: Final = 86_400.0
"""A phone takes the same serial number for another message after a day: what phones do, the
standard leaves it open."""


def text_of(coding: int, pages: Sequence[bytes]) -> str:
    """Return the text of pages under a data coding scheme; InvalidInputError if there is none."""
    return text_of_pages(pages, Coding(coding))[0]


def language_of(coding: int, pages: Sequence[bytes]) -> str:
    """Return the language that the scheme or the pages name ("it"), empty if neither does."""
    scheme = Coding(coding)
    return scheme.language or text_of_pages(pages, scheme)[1]


def is_newer(update_number: int, held: int) -> bool:
    """Tell whether an update number comes after another, going round."""
    return 0 < (update_number - held) % UPDATE_NUMBERS <= NEWER_WITHIN


def heard_identifiers(
    profile: Profile,
    channels: Collection[Channel] = (Channel.PUBLIC,),
    off: Collection[str] = (),
) -> frozenset[int]:
    """Return what a phone of a country listens to.

    channels: an ordinary phone hears what is real; exercises and tests are asked for. off: ids of
    levels that were switched off; InvalidInputError for one that nobody can switch off.
    """
    heard: set[int] = set()
    for name in off:
        if not profile.level(name).opt_out:
            raise InvalidInputError(f"The level {name} cannot be switched off.")
    for level in profile.levels:
        if level.channel in channels and level.id not in off:
            heard |= {level.message_id, level.message_id_additional}
    return frozenset(heard)


@dataclass(slots=True)
class ReceivingPhone:
    """One phone: what it takes, where it is, and what it has shown."""

    identifiers: frozenset[int]
    """Message identifiers that it listens to."""
    position: tuple[float, float] | None = None
    """Latitude and longitude, degrees; None if it does not know."""
    _held: dict[tuple[int, int, int], tuple[int, float]] = field(default_factory=dict)

    def shows(self, message_id: int, serial: int, area: bytes, now: float) -> bool:
        """Tell whether a message just received is shown, and remember it.

        now: POSIX seconds. A repetition is not; an update is; nor is what holds elsewhere, for a
        phone that knows where it is: it may come there, and hears the message again then. An area
        that cannot be read keeps no warning from anybody.
        """
        if message_id not in self.identifiers:
            return False
        number = SerialNumber.of_int(serial)
        name = (message_id, number.geographical_scope, number.message_code)
        held = self._held.get(name)
        if (
            held is not None
            and now - held[1] < FORGOTTEN_AFTER_S
            and not is_newer(number.update_number, held[0])
        ):
            return False
        told = _area(area)
        if told.shapes and self.position is not None and not contains(told, *self.position):
            return False
        self._held[name] = (number.update_number, now)
        return True


def _area(octets: bytes) -> AirArea:
    try:
        return decode_area(octets)
    except InvalidInputError:
        return AirArea()
