"""What went wrong elsewhere is found in a draft; each case changes one thing in a good one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from draft_world import changed, composed, found_in, of_template, square, templates

from baluardo.emergency.cap.alert import Status
from baluardo.emergency.writing.checks import Known
from baluardo.emergency.writing.languages import telling_words

PAIR = ("it", "en")


def draft(template: str = "tsunami", **changes: Any) -> dict[str, Any]:
    """Return a good draft in two languages."""
    made = of_template(template, **changes)
    return {**made, "infos": [each for each in made["infos"] if each["language"] in PAIR]}


def said(old: str, new: str, language: str = "it", template: str = "tsunami") -> dict[str, Any]:
    """Return a draft of which one language says something else, wherever it said it."""
    made = draft(template)
    info = next(each for each in made["infos"] if each["language"] == language)
    assert any(old in text for text in info.values())
    texts = {name: text.replace(old, new) for name, text in info.items() if name != "language"}
    return changed(made, language, **texts)


def test_nothing_is_wrong_with_the_draft_itself() -> None:
    assert found_in(draft()) == {}


# A drill sent as real (Hawaii, 2018), and the reverse.


@pytest.mark.parametrize(
    ("old", "new", "language", "code", "gravity"),
    [
        ("Maremoto in", "ESERCITAZIONE maremoto in", "it", "channel.drill-words", "error"),
        ("Civil Protection:", "This is a drill.", "en", "channel.drill-words", "error"),
        ("Civil Protection:", "THIS IS AN EXERCISE.", "en", "channel.drill-words", "error"),
        ("Civil Protection:", "After the drill of today:", "en", "channel.drill-hint", "warning"),
        ("Civil Protection:", "This is not a drill.", "en", "channel.drill-hint", "warning"),
    ],
)
def test_a_drill_is_not_sent_as_real(
    old: str, new: str, language: str, code: str, gravity: str
) -> None:
    assert found_in(said(old, new, language))[code] == gravity


def test_caution_is_no_exercise() -> None:
    assert found_in(said("Civil Protection:", "Civil Protection: exercise caution.", "en")) == {}


@pytest.mark.parametrize(
    ("words", "language"),
    [("This is not a drill.", "en"), ("Questa non è un'esercitazione.", "it")],
)
def test_a_drill_does_not_call_itself_real(words: str, language: str) -> None:
    made = changed(draft(channel="exercise", level="exercise"), language, instruction=words)
    assert found_in(made)["channel.real-words"] == "error"


def test_a_level_belongs_to_its_channel() -> None:
    assert found_in(draft(level="exercise"))["level.channel"] == "error"
    assert found_in(draft(channel="test"))["level.channel"] == "error"


# The text of a template sent live (Milwaukee).


@pytest.mark.parametrize("name", ["event", "headline", "description", "instruction", "broadcast"])
def test_a_placeholder_stops_it_wherever_it_stands(name: str) -> None:
    made = changed(draft(), "en", **{name: "Tsunami near {PLACE}."})
    assert found_in(made)["text.placeholder"] == "error"
    assert found_in({**draft(), "area_name": "{PLACE}"})["text.placeholder"] == "error"


# Languages that contradict each other.


@pytest.mark.parametrize(
    ("old", "new", "gravity"),
    [("17:40", "17:50", "error"), ("112", "113", "error"), ("6.1", "6.2", "warning")],
)
def test_numbers_agree_between_languages(old: str, new: str, gravity: str) -> None:
    made = said(old, new, "en", "earthquake")
    assert found_in(made)["language.numbers-differ"] == gravity


def test_times_may_be_written_as_the_language_does() -> None:
    assert found_in(said("17:40", "17.40", "en")) == {}


def test_a_text_in_the_wrong_language_is_found() -> None:
    made = draft()
    italian = made["infos"][0]
    wrong = changed(made, "en", **{k: v for k, v in italian.items() if k != "language"})
    found = found_in(wrong)
    assert found["language.wrong"] == "error"
    assert found["language.same-text"] == "error"


def test_words_that_two_languages_share_tell_neither() -> None:
    assert set(telling_words("la un in da se").values()) == {0}


def test_the_countrys_language_must_be_there() -> None:
    made = draft()
    found = found_in({**made, "infos": made["infos"][1:]})
    assert found["language.first-missing"] == "error"
    assert found["language.alone"] == "warning"


@pytest.mark.parametrize(
    ("lon", "lat", "there"), [(11.3, 46.4, True), (7.2, 45.7, True), (12.4, 41.8, False)]
)
def test_where_people_speak_another_language_it_is_asked_for(
    lon: float, lat: float, there: bool
) -> None:
    assert ("language.spoken-there" in found_in(draft(), square(lon, lat))) is there


# What a text must have.


@pytest.mark.parametrize(
    ("name", "code", "gravity"),
    [
        ("headline", "text.no-headline", "error"),
        ("instruction", "text.no-instruction", "error"),
        ("description", "text.no-description", "warning"),
        ("event", "event.empty", "error"),
    ],
)
def test_an_empty_part_is_found(name: str, code: str, gravity: str) -> None:
    assert found_in(changed(draft(), "en", **{name: ""}))[code] == gravity


def test_nothing_at_all_for_phones_is_found() -> None:
    made = changed(draft(), "en", broadcast="", headline="", instruction="")
    assert found_in(made)["text.empty"] == "error"


def test_a_long_headline_is_shown() -> None:
    made = changed(draft(), "en", headline="Tsunami coming to the coast now. " * 6)
    assert found_in(made)["text.long-headline"] == "warning"


# The text and the response.


@pytest.mark.parametrize(
    ("response", "instruction", "gravity"),
    [
        ("Shelter", "Evacuate the town.", "error"),
        ("Shelter", "Do not evacuate. Stay indoors.", None),
        ("Shelter", "Stay indoors. Evacuate when you are told to.", "warning"),
        ("Evacuate", "Stay indoors.", "error"),
        ("Evacuate", "Leave the area at once.", None),
        ("AllClear", "Stay indoors.", "error"),
        ("Monitor", "Stay indoors.", None),
    ],
)
def test_the_text_asks_for_the_response_chosen(
    response: str, instruction: str, gravity: str | None
) -> None:
    made = changed(draft(response=response), "en", instruction=instruction)
    assert found_in(made).get("response.contradicts") == gravity


@pytest.mark.parametrize(
    ("language", "instruction"),
    [
        ("it", "Evacuate subito la costa."),
        ("de", "Verlassen Sie das Gebiet."),
        ("fr", "Quittez la zone."),
        ("sl", "Zapustite območje."),
    ],
)
def test_every_language_is_held_against_the_response(language: str, instruction: str) -> None:
    made = changed(of_template("tsunami", response="Shelter"), language, instruction=instruction)
    assert found_in(made)["response.contradicts"] == "error"


# Links.


@pytest.mark.parametrize(
    ("web", "code", "gravity"),
    [
        ("http://www.protezionecivile.gov.it", "link.not-https", "error"),
        ("www.protezionecivile.gov.it", "link.not-https", "error"),
        ("https://", "link.not-https", "error"),
        ("https://[bad", "link.not-https", "error"),
        ("https://gov.it@evil.example", "link.not-https", "error"),
        ("https://evilgov.it", "link.domain", "warning"),
        ("https://mappe.ingv.it/norcia", "", ""),
    ],
)
def test_links_lead_to_sites_that_people_may_trust(web: str, code: str, gravity: str) -> None:
    found = found_in(draft(web=web))
    assert {key: each for key, each in found.items() if key.startswith("link")} == (
        {code: gravity} if code else {}
    )


def test_links_in_texts_are_looked_at() -> None:
    made = said("https://www.protezionecivile.gov.it", "https://evil.example", "en")
    assert found_in(made)["link.domain"] == "warning"


# How long, how grave.


@pytest.mark.parametrize(("minutes", "code"), [(5, "expires.short"), (1_000, "expires.long")])
def test_an_end_that_does_not_fit_the_risk_is_shown(minutes: int, code: str) -> None:
    known = Known(template=templates().get("tsunami"))
    assert found_in(draft(expires_minutes=minutes), known=known)[code] == "warning"
    assert found_in(draft(expires_minutes=minutes))[code] == "warning"


def test_an_end_that_the_text_contradicts_is_shown() -> None:
    assert found_in(draft(expires_minutes=60))["expires.text-differs"] == "warning"
    assert "expires.text-differs" not in found_in(draft(expires_minutes=190))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"severity": "Moderate"}, "level.high"),
        ({"certainty": "Unlikely"}, "level.high"),
        ({"level": "level-3"}, "level.low"),
        ({"level": "level-4", "severity": "Severe"}, "level.low"),
        ({"urgency": "Past"}, "urgency.past"),
    ],
)
def test_gravity_and_level_belong_together(changes: dict[str, Any], code: str) -> None:
    assert found_in(draft(**changes)) == {code: "warning"}


# Sent before.


def test_a_second_press_is_stopped() -> None:
    _, first = composed(draft())
    first = replace(first, identifier="IT-ALERT-0", sent=first.sent - timedelta(minutes=3))
    assert found_in(draft(), known=Known(recent=(first,)))["double.sent"] == "error"
    elsewhere = square(13.4)
    assert found_in(draft(), elsewhere, Known(recent=(first,)))["double.sent"] == "warning"
    old = replace(first, sent=first.sent - timedelta(minutes=20))
    assert found_in(draft(), known=Known(recent=(old,))) == {}


def test_an_update_is_held_against_what_it_updates() -> None:
    _, first = composed(of_template("tsunami"))
    first = replace(first, identifier="IT-ALERT-0", sent=first.sent - timedelta(minutes=30))
    update = draft(message_type="Update", references=["0a"])
    found = found_in(update, known=Known(referenced=(first,)))
    assert found["update.language-missing"] == "error"
    assert found["update.template"] == "warning"
    drill = replace(first, status=Status.EXERCISE)
    assert found_in(update, known=Known(referenced=(drill,)))["update.channel"] == "error"
    _, pair = composed(draft())
    assert found_in(update, known=Known(referenced=(pair,)))["update.same-text"] == "warning"


def test_an_update_without_a_reference_is_stopped() -> None:
    update = draft(message_type="Update", references=["0a"])
    assert found_in(update)["references.missing"] == "error"


# The wrong area (Anchorage), and far too many people.


def test_an_area_that_no_text_names_is_shown() -> None:
    assert found_in(draft(area_name="Anchorage"))["area.not-in-text"] == "warning"


def test_ten_times_the_usual_people_are_shown() -> None:
    assert found_in(draft(), known=Known(usual_people=50.0))["area.unusual"] == "warning"
    assert found_in(draft(), known=Known(usual_people=1e6)) == {}
