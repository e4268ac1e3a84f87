"""What is broadcast of a CAP alert: one message for each language, by rule alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from baluardo.emergency.broadcast.alphabet import alphabet_of
from baluardo.emergency.broadcast.geometry import area_of_polygons, encode_area
from baluardo.emergency.broadcast.message import (
    MESSAGE_CODES,
    BroadcastMessage,
    Coding,
    SerialNumber,
)
from baluardo.emergency.broadcast.pages import pages_of
from baluardo.emergency.cap.alert import BROADCAST_TEXT, Alert, Info
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.polygons import Polygon

CODES_OF_A_LANGUAGE: Final = 256
"""How far apart the message codes of two further languages are: they share an identifier, and a
phone takes two messages of one identifier and serial number for one."""


def messages_of(
    alert: Alert,
    channel: Channel,
    level: str,
    profile: Profile,
    serial: SerialNumber,
    polygons: Sequence[Polygon],
) -> tuple[BroadcastMessage, ...]:
    """Return the messages of an alert, the country's first language on the primary identifier.

    serial: of the first two; each language has the same code in updates and in the cancel.
    polygons: what phones are to judge by; holes are not told. InvalidInputError for a text or an
    area that cannot be broadcast, a language twice or unknown to the profile, a text of an exercise
    on the public channel.
    """
    primary, additional = profile.identifiers(channel, level)
    area = encode_area(area_of_polygons(polygons, profile.maximum_wait_s))
    infos = {language_of(info): info for info in alert.infos}
    if len(infos) != len(alert.infos):
        raise InvalidInputError("A language stands twice in this alert: phones get one of each.")
    for language in infos:
        if language not in profile.languages:
            raise InvalidInputError(
                f"{profile.name} broadcasts {', '.join(profile.languages)}, not {quoted(language)}."
            )
    made: list[BroadcastMessage] = []
    for place, language in enumerate(profile.languages):
        if language not in infos:
            continue
        text = profile.marked(channel, language, words_of(infos[language]))
        profile.check_words(channel, text)
        further = bool(made)
        coding = Coding.of(alphabet_of(text), language, additional=further)
        made.append(
            BroadcastMessage(
                message_id=additional if further else primary,
                serial=_serial(serial, place) if further else serial,
                coding=coding,
                language=language,
                text=text,
                pages=pages_of(text, coding, language),
                area=area,
                repetition_s=profile.repetition_s,
                broadcasts=0,
            )
        )
    return tuple(made)


def _serial(serial: SerialNumber, place: int) -> SerialNumber:
    """Return the serial number of a further language by its place among the country's."""
    further = CODES_OF_A_LANGUAGE * max(0, place - 1)
    return replace(serial, message_code=(serial.message_code + further) % MESSAGE_CODES)


def words_of(info: Info) -> str:
    """Return the words for phones: those written for them, else headline and instruction."""
    written = info.parameter(BROADCAST_TEXT)
    if written is None:
        parts = (info.headline or info.event, info.instruction)
        written = "\n".join(part for part in parts if part)
    # An XML reader leaves the line feed alone of what another system wrote as two characters.
    return written.replace("\r\n", "\n").replace("\r", "\n")


def language_of(info: Info) -> str:
    """Return the primary tag of a text's language: "it" of "it-IT"."""
    return info.language.partition("-")[0].lower()
