"""Every template of Italy, filled: nothing is wrong with it, and it is short on the air."""

from __future__ import annotations

import pytest
from draft_world import composed, found_in, norcia, of_template, profile, templates, values

from baluardo.emergency.broadcast.alphabet import Alphabet
from baluardo.emergency.broadcast.of_alert import words_of
from baluardo.emergency.cap.alert import Response
from baluardo.emergency.channels import Channel
from baluardo.emergency.wording.linter import lint
from baluardo.emergency.writing.checks import Known
from baluardo.emergency.writing.languages import telling_words
from baluardo.emergency.writing.templates import Template

ALL = [each.id for each in templates().list()]
every_template = pytest.mark.parametrize("name", ALL)
RISKS = {
    *("earthquake", "tsunami", "dam", "vesuvius", "campi-flegrei", "vulcano", "stromboli"),
    *("nuclear", "seveso", "chemical", "rain", "wildfire", "attack", "network-outage"),
    *("all-clear", "correction", "exercise", "test"),
}
VOLCANOES = {"vesuvius", "campi-flegrei", "vulcano", "stromboli"}
"""Where no second language has its place by law."""
LONGEST_SENTENCE = 26
"""Words: who is afraid reads short sentences."""


def test_there_is_one_for_each_risk() -> None:
    assert {each.risk for each in templates().list()} == RISKS


@every_template
def test_nothing_is_wrong_with_it_filled(name: str) -> None:
    template = templates().get(name)
    assert found_in(of_template(name), known=Known(template=template)) == {}


@every_template
def test_nothing_is_wrong_with_it_as_an_exercise(name: str) -> None:
    level = "test" if name == "test" else "exercise"
    channel = "test" if name == "test" else "exercise"
    made = of_template(name, channel=channel, level=level)
    assert found_in(made, known=Known(template=templates().get(name))) == {}


@every_template
def test_it_stops_while_a_gap_is_left(name: str) -> None:
    made = {**of_template(name), "infos": templates().get(name).draft_object()["infos"]}
    assert found_in(made)["text.placeholder"] == "error"


@every_template
def test_it_keeps_to_gsm_7_and_four_pages(name: str) -> None:
    template = templates().get(name)
    for channel in {template.channel, Channel.EXERCISE}:
        made = of_template(name, channel=channel.value)
        for info in composed(made)[1].infos:
            first = info.language == "it"
            linted = lint(words_of(info), info.language, channel, additional=not first)
            assert linted.coding is Alphabet.GSM7, (info.language, linted.offenders)
            assert linted.pages <= 4, (info.language, channel, linted.characters)


@every_template
def test_languages_tell_themselves(name: str) -> None:
    template = templates().get(name)
    expected = {"it", "en"} if template.risk in VOLCANOES else {"it", "en", "de", "fr", "sl"}
    assert set(template.languages) == expected
    for language, texts in template.texts.items():
        tells = telling_words(" ".join(texts.values()))
        assert max(tells, key=lambda each: tells[each]) == language, tells


@every_template
def test_sentences_are_short_and_say_who_speaks(name: str) -> None:
    speakers = {
        "it": "Protezione Civile",
        "en": "Civil Protection",
        "de": "Zivilschutz",
        "fr": "Protection civile",
        "sl": "Civilna za",
    }
    for language, texts in templates().get(name).texts.items():
        for part in ("description", "broadcast"):
            assert speakers[language] in texts[part], (language, part)
        for text in texts.values():
            for sentence in text.replace(": ", ". ").split(". "):
                assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


@every_template
def test_phones_are_told_where_and_when(name: str) -> None:
    template = templates().get(name)
    for texts in template.texts.values():
        for gap in ("{PLACE}", "{TIME}"):
            assert gap in texts["broadcast"]
            assert gap in texts["headline"] + texts["description"]


def test_level_and_channel_are_the_profiles() -> None:
    for template in templates().list():
        assert profile().permits(template.channel, template.level), template.id


def test_what_must_reach_everybody_cannot_be_switched_off() -> None:
    for name in ("tsunami", "dam", "nuclear", "attack", "correction"):
        assert not profile().level(templates().get(name).level).opt_out


def test_an_all_clear_asks_for_nothing_new() -> None:
    assert templates().get("all-clear").response is Response.ALL_CLEAR


def test_values_are_the_same_in_every_language() -> None:
    template: Template = templates().get("earthquake")
    filled = template.filled(values(template))
    for info in filled["infos"]:
        assert "Norcia e Castelluccio" in info["broadcast"]
        assert "6.1" in info["broadcast"]
    assert norcia().people.sum() > 1_000.0
