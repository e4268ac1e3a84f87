"""Drafts made into alerts: CAP that can be written, marked where it is no real one, taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from draft_world import SENDER, SENT, changed, composed, of_template, profile

from baluardo.emergency.broadcast.alphabet import Alphabet, alphabet_of
from baluardo.emergency.broadcast.of_alert import words_of
from baluardo.emergency.cap.alert import (
    Alert,
    MessageType,
    Response,
    Scope,
    Status,
    Urgency,
)
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Gravity
from baluardo.emergency.writing.draft import identifier_for
from baluardo.emergency.writing.local_time import local_time, time_shown
from baluardo.emergency.writing.taking_back import cancel_of
from baluardo.errors import InvalidInputError

LATER = SENT + timedelta(minutes=20)
LANGUAGES = ["it", "en", "de", "fr", "sl"]


def cancelled(alert: Alert) -> Alert:
    return cancel_of(alert, "Boe in errore", profile(), SENDER, "IT-ALERT-2", LATER)


def test_an_alert_says_what_the_draft_says() -> None:
    draft, alert = composed(of_template("tsunami"))
    assert (alert.status, alert.scope) == (Status.ACTUAL, Scope.PUBLIC)
    assert alert.message_type is MessageType.ALERT
    assert alert.sent == SENT
    info = alert.infos[0]
    assert info.headline == draft.infos[0].headline
    assert words_of(info) == draft.infos[0].broadcast
    assert info.expires == SENT + timedelta(minutes=180)
    assert info.responses == (Response.EVACUATE,)
    assert info.sender_name == "IT-alert"
    assert info.areas[0].description == "Norcia e Castelluccio"
    assert read_alert(write_alert(alert), "It") == alert


def test_phones_get_headline_and_instruction_where_nothing_else_is_written() -> None:
    _, alert = composed(changed(of_template("tsunami"), "en", broadcast=""))
    assert words_of(alert.infos[1]).startswith("Tsunami coming: Norcia e Castelluccio\nLeave")


@pytest.mark.parametrize(("channel", "status"), [("exercise", "Exercise"), ("test", "Test")])
def test_what_is_not_real_says_so_in_every_language(channel: str, status: str) -> None:
    _, alert = composed(of_template("tsunami", channel=channel, level=channel))
    assert alert.status.value == status
    for info in alert.infos:
        word = profile().look(Channel(channel)).words[info.language]
        for text in (info.headline, info.description, words_of(info)):
            assert text is not None
            assert text.startswith(f"{word} ")
            assert text.endswith(f" {word}")


def test_identifiers_tell_the_channel() -> None:
    made = {identifier_for(profile(), each, SENT, "0a") for each in Channel}
    assert made == {
        "IT-ALERT-20261123T164000Z-0a",
        "IT-EXERCISE-20261123T164000Z-0a",
        "IT-TEST-20261123T164000Z-0a",
    }


def test_a_language_that_the_country_has_not_is_refused() -> None:
    made = of_template("tsunami")
    made["infos"][1]["language"] = "es"
    with pytest.raises(InvalidInputError, match="not es"):
        composed(made)


def test_a_cancel_tells_everybody_who_was_told() -> None:
    _, alert = composed(of_template("tsunami"))
    cancel = cancelled(alert)
    assert cancel.message_type is MessageType.CANCEL
    assert cancel.references == (alert.reference,)
    assert cancel.note == "Boe in errore"
    assert [info.language for info in cancel.infos] == LANGUAGES
    assert words_of(cancel.infos[0]) == (
        "IT-alert: Il messaggio delle 17:40 non vale più (Maremoto, Norcia e Castelluccio). "
        "Non seguire più le sue indicazioni. Segui chi lavora sul posto."
    )
    for before, info in zip(alert.infos, cancel.infos, strict=True):
        assert info.areas == before.areas
        assert info.urgency is Urgency.PAST
        assert info.responses == (Response.NONE,)
        assert "17:40" in words_of(info)
        assert alphabet_of(words_of(info)) is Alphabet.GSM7
        assert info.headline != before.headline
    assert cancel.references == (alert.reference,)
    assert [info.language for info in cancel.infos] == [info.language for info in alert.infos]
    wrong = problems_of(cancel, LATER.timestamp())
    assert not [each for each in wrong if each.gravity is Gravity.ERROR]
    assert read_alert(write_alert(cancel), "It") == cancel


def test_a_cancel_of_an_exercise_is_one_itself() -> None:
    _, alert = composed(of_template("tsunami", channel="exercise", level="exercise"))
    cancel = cancelled(alert)
    assert cancel.status is Status.EXERCISE
    for info in cancel.infos:
        word = profile().look(Channel.EXERCISE).words[info.language]
        assert words_of(info).startswith(f"{word} {word} IT-alert")
        assert words_of(info).count(word) == 3
        assert (info.headline or "").count(word) == 3


def test_a_cancel_near_the_end_still_reaches_who_comes_late() -> None:
    _, alert = composed(of_template("tsunami", expires_minutes=21))
    for info in cancelled(alert).infos:
        assert info.expires == LATER + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("utc", "clock"),
    [
        # When clocks change: directive 2000/84/EC, last Sundays of March and October, 01:00 UTC.
        ((2026, 3, 29, 0, 59), "01:59"),
        ((2026, 3, 29, 1, 0), "03:00"),
        ((2026, 10, 25, 0, 59), "02:59"),
        ((2026, 10, 25, 1, 0), "02:00"),
        ((2026, 7, 1, 23, 30), "01:30"),
        ((2027, 3, 28, 1, 0), "03:00"),
    ],
)
def test_times_are_those_on_peoples_clocks(utc: tuple[int, ...], clock: str) -> None:
    moment = datetime(utc[0], utc[1], utc[2], utc[3], utc[4], tzinfo=UTC)
    assert time_shown(moment, "IT") == clock


def test_where_clocks_are_not_known_times_are_utc() -> None:
    assert local_time(SENT, "JP") is None
    assert time_shown(SENT, "JP") == "16:40 UTC"
