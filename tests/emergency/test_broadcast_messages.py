"""From a CAP alert to messages, and what a phone makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.geometry import decode_area
from baluardo.emergency.broadcast.message import BroadcastMessage, SerialNumber
from baluardo.emergency.broadcast.of_alert import messages_of
from baluardo.emergency.broadcast.receiving import (
    FORGOTTEN_AFTER_S,
    ReceivingPhone,
    heard_identifiers,
    is_newer,
    language_of,
    text_of,
)
from baluardo.emergency.cap.alert import (
    BROADCAST_TEXT,
    Alert,
    Category,
    Certainty,
    Info,
    MessageType,
    Named,
    Scope,
    Severity,
    Urgency,
)
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.errors import InvalidInputError
from baluardo.geo.polygons import Polygon

ITALY = Profile.load("IT")
SERIAL = SerialNumber(1, 7, 0)
NOW = 1_477_840_000.0
NORCIA = Polygon((np.array([[12.9, 42.6], [13.3, 42.6], [13.3, 43.0], [12.9, 43.0]]),))
TEXTS = {
    "it-IT": "Terremoto a Norcia. Esci all'aperto.",
    "en-GB": "Earthquake at Norcia. Go into the open.",
    "de": "Erdbeben in Norcia. Gehen Sie ins Freie.",
    "sl": "Potres v Norciji. Pojdite na odprto, počakajte.",
}


def info(language: str, words: str | None) -> Info:
    return Info(
        *((Category.GEO,), "Terremoto", Urgency.IMMEDIATE, Severity.EXTREME, Certainty.OBSERVED),
        language=language,
        headline="Titolo.",
        instruction="Esci.",
        parameters=() if words is None else (Named(BROADCAST_TEXT, words),),
    )


def alert(*infos: Info) -> Alert:
    return Alert(
        *("IT-ALERT-1", "sala@italia.example", datetime.fromtimestamp(NOW, UTC)),
        *(Channel.PUBLIC.status, MessageType.ALERT, Scope.PUBLIC),
        infos=infos or tuple(info(*each) for each in TEXTS.items()),
    )


def made(
    of: Alert | None = None,
    channel: Channel = Channel.PUBLIC,
    level: str = "level-1",
    polygons: Sequence[Polygon] = (NORCIA,),
) -> tuple[BroadcastMessage, ...]:
    return messages_of(of or alert(), channel, level, ITALY, SERIAL, tuple(polygons))


def test_each_language_has_its_message() -> None:
    first, *others = made()
    assert (first.message_id, first.language, first.serial) == (4_370, "it", SERIAL)
    assert [each.language for each in others] == ["en", "de", "sl"]
    assert {each.message_id for each in others} == {4_383}
    assert [each.coding.dcs for each in (first, *others)] == [0x02, 0x01, 0x00, 0x11]
    for each, (tag, text) in zip((first, *others), TEXTS.items(), strict=True):
        assert text_of(each.coding.dcs, each.pages) == text == each.text
        assert language_of(each.coding.dcs, each.pages) == tag[:2]
        assert decode_area(each.area).shapes
        assert each.repetition_s == ITALY.repetition_s


def test_languages_of_one_identifier_are_no_repetitions() -> None:
    messages = made()
    assert len({(each.message_id, each.serial) for each in messages}) == len(messages)
    phone = ReceivingPhone(heard_identifiers(ITALY))
    assert all(shown(phone, each) for each in messages)
    assert not any(shown(phone, each) for each in messages)


def test_an_update_keeps_the_codes_of_its_languages() -> None:
    fewer = messages_of(
        alert(info("sl", TEXTS["sl"]), info("it", "Ora.")),
        *(Channel.PUBLIC, "level-1", ITALY, replace(SERIAL, update_number=1), (NORCIA,)),
    )
    codes = {each.language: each.serial.message_code for each in made()}
    assert {each.language: each.serial.message_code for each in fewer} == {
        language: codes[language] for language in ("it", "sl")
    }


def test_words_where_none_are_for_phones() -> None:
    (only,) = made(alert(info("it", None)))
    assert only.text == "Titolo.\nEsci."
    (only,) = made(alert(info("it", "Prima.\r\nPoi.")))
    assert only.text == "Prima.\nPoi."


@pytest.mark.parametrize(
    ("channel", "level", "primary", "word"),
    [
        (Channel.EXERCISE, "exercise", 4_381, "ESERCITAZIONE"),
        (Channel.TEST, "test", 4_380, "PROVA TECNICA"),
    ],
)
def test_exercises_say_so(channel: Channel, level: str, primary: int, word: str) -> None:
    first, *others = made(None, channel, level)
    assert first.message_id == primary
    assert first.text.startswith(word)
    assert all(each.text.startswith(ITALY.look(channel).words[each.language]) for each in others)
    (again,) = made(alert(info("it", first.text)), channel, level)
    assert again.text == first.text  # who wrote it already is not corrected
    with pytest.raises(InvalidInputError, match=f"begins as those of the channel {channel.value}"):
        made(alert(info("it", first.text)))
    with pytest.raises(InvalidInputError, match="belongs to the channel"):
        made(None, Channel.PUBLIC, level)


def test_what_cannot_be_broadcast() -> None:
    with pytest.raises(InvalidInputError, match="stands twice"):
        made(alert(info("it", "Uno."), info("it-CH", "Due.")))
    with pytest.raises(InvalidInputError, match="broadcasts it, en, de, fr, sl, not 'el'"):
        made(alert(info("el", "Uno.")))
    with pytest.raises(InvalidInputError, match="15 are the most"):
        made(alert(info("it", "a" * 1_396)))
    many = np.stack([np.cos(np.arange(101) / 16.2), np.sin(np.arange(101) / 16.2)], axis=1)
    with pytest.raises(InvalidInputError, match="simplify"):
        made(polygons=(Polygon((many,)),))


def shown(phone: ReceivingPhone, message: BroadcastMessage, after_s: float = 0.0) -> bool:
    return phone.shows(message.message_id, message.serial.to_int(), message.area, NOW + after_s)


def test_repetitions_are_shown_once() -> None:
    phone, message = ReceivingPhone(heard_identifiers(ITALY)), made()[0]
    assert [shown(phone, message, 5.0 * k) for k in range(4)] == [True, False, False, False]
    later = replace(message, serial=replace(SERIAL, update_number=1))
    assert [shown(phone, each, 30.0) for each in (later, message, later)] == [True, False, False]
    assert shown(phone, message, FORGOTTEN_AFTER_S + 30.0)


@given(held=st.integers(0, 15))
def test_update_numbers_go_round(held: int) -> None:
    """TS 23.041, 9.4.1.2.1: up to eight ahead is newer."""
    newer = [ahead for ahead in range(16) if is_newer((held + ahead) % 16, held)]
    assert newer == list(range(1, 9))


def test_a_phone_elsewhere_shows_it_when_it_comes() -> None:
    phone, message = ReceivingPhone(heard_identifiers(ITALY), (41.9, 12.5)), made()[0]
    assert not shown(phone, message)
    phone.position = (42.79, 13.09)
    assert shown(phone, message)


@pytest.mark.parametrize("area", [b"", b"\x07\x00broken"])
def test_no_area_and_a_broken_one_keep_nobody_from_it(area: bytes) -> None:
    phone = ReceivingPhone(heard_identifiers(ITALY), (41.9, 12.5))
    assert shown(phone, replace(made()[0], area=area))


def test_ordinary_phones_hear_what_is_real() -> None:
    heard = heard_identifiers(ITALY)
    assert {4_370, 4_383, 4_371, 4_384, 4_375, 4_388, 4_379, 4_392} == heard
    exercise = made(None, Channel.EXERCISE, "exercise")[0]
    assert not shown(ReceivingPhone(heard), exercise)
    takes_part = heard_identifiers(ITALY, (Channel.PUBLIC, Channel.EXERCISE))
    assert shown(ReceivingPhone(takes_part), exercise)


def test_levels_switched_off() -> None:
    heard = heard_identifiers(ITALY, off=("level-2",))
    assert 4_371 not in heard
    assert 4_384 not in heard
    assert not shown(ReceivingPhone(heard), made(level="level-2")[0])
    with pytest.raises(InvalidInputError, match="level-1 cannot be switched off"):
        heard_identifiers(ITALY, off=("level-1",))
