"""What a text costs on the air, and what in it is probably a mistake."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.alphabet import Alphabet, alphabet_of
from baluardo.emergency.broadcast.message import Coding
from baluardo.emergency.broadcast.pages import pages_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.problem import Gravity
from baluardo.emergency.wording.linter import Offender, lint
from baluardo.emergency.wording.transliteration import offer_for, transliterated
from baluardo.errors import InvalidInputError

GOOD = "Terremoto a Norcia. Esci all'aperto e stai lontano dagli edifici. Perché è più sicuro."
CURLY, LONG_DASH, DOTS = "\u2019", "\u2014", "\u2026"


def codes(text: str, language: str = "it", channel: Channel = Channel.PUBLIC) -> set[str]:
    return {each.code for each in lint(text, language, channel).problems}


def test_a_good_text() -> None:
    found = lint(GOOD, "it")
    assert found.problems == ()
    assert found.offenders == ()
    assert found.transliterated is None
    assert (found.coding.name_shown, found.pages, found.characters) == ("GSM-7", 1, len(GOOD))
    assert found.left_on_page == 93 - len(GOOD)


def test_what_forces_ucs2() -> None:
    text = f"È crollato un ponte {LONG_DASH} non partire. L{CURLY}acqua sale{DOTS}"
    found = lint(text, "it")
    assert (found.coding, found.pages) == (Alphabet.UCS2, 2)
    assert found.offenders == (
        Offender(0, "È", "E'"),
        Offender(text.index(LONG_DASH), LONG_DASH, "-"),
        Offender(text.index(CURLY), CURLY, "'"),
        Offender(text.index(DOTS), DOTS, "..."),
    )
    assert found.transliterated == "E' crollato un ponte - non partire. L'acqua sale..."
    assert {each.code: each.gravity for each in found.problems} == {"text.ucs2": Gravity.WARNING}


@pytest.mark.parametrize(
    ("character", "offer"),
    [
        *(("À", "A'"), ("È", "E'"), ("Ì", "I'"), ("Ò", "O'"), ("Ù", "U'"), ("Á", "A'")),
        *(("É", "É"), ("€", "€"), ("á", "à"), ("ê", "e"), ("ç", "c"), ("č", "c"), ("Š", "S")),
        *(("\u201c", '"'), ("\u00ab", '"'), ("\u2011", "-"), ("\u00a0", " "), ("\t", " ")),
        *(("\ufb01", "fi"), ("²", "2"), ("œ", "oe"), ("e\u0300", "è"), ("E\u0300", "E'")),
        *(("\u200b", ""), ("\u202e", ""), ("ж", None), ("水", None), ("\u0300", None)),
    ],
)
def test_offers(character: str, offer: str | None) -> None:
    assert offer_for(character) == offer


def test_decomposed_letters_are_one() -> None:
    """As some keyboards and files write them."""
    text = unicodedata.normalize("NFD", "Perché è così.")
    found = lint(text, "it")
    assert found.transliterated == "Perché è così."
    assert [each.offer for each in found.offenders] == ["é", "è", "ì"]
    assert [text[each.at] for each in found.offenders] == ["e", "e", "i"]


def test_degrees() -> None:
    assert transliterated("35 °C a 12°") == "35 C a 12 gradi"


@given(text=st.text(max_size=300))
def test_never_raises_and_counts_as_the_air_does(text: str) -> None:
    for language in ("it", "sl"):
        found = lint(text, language)
        offered = found.transliterated
        assert offered is None or offered == transliterated(text)
        assert offered is not None or alphabet_of(text) is found.coding
        if found.coding is Alphabet.GSM7:
            assert offered is None
        for each in found.problems:
            assert each.text.it.isprintable()
            assert each.text.en.isprintable()
        try:
            pages = pages_of(text, Coding.of(found.coding, language))
        except InvalidInputError:
            assert any(each.gravity is Gravity.ERROR for each in found.problems)
        else:
            assert len(pages) == found.pages


def test_a_further_language_has_less_room() -> None:
    assert lint("š" * 41, "sl").pages == 1
    assert lint("š" * 41, "sl", additional=True).pages == 2
    assert lint("š" * 41, "sl", additional=True).left_on_page == 39


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("  ", "text.empty"),
        ("a" * 1_396, "text.too-long"),
        ("È" * 616, "text.too-long"),
        (GOOD * 5, "text.long"),
        ("Onda 🌊 in arrivo.", "text.beyond-ucs2"),
        ("Uno.\r\nDue.", "text.breaks"),
        ("Uno\u202e.", "text.hidden"),
        ("Uno\u200b.", "text.hidden"),
        ("Uno\x07.", "text.hidden"),
        ("Terremoto a {PLACE}.", "text.placeholder"),
        ("Terremoto a [luogo].", "text.placeholder"),
        ("Terremoto a XX.", "text.placeholder"),
        ("Terremoto a ____.", "text.placeholder"),
        ("Ritrovo: TBD.", "text.placeholder"),
        ("Lorem ipsum dolor.", "text.placeholder"),
        ("Questo è un test.", "text.test-word"),
        ("Messaggio di prova.", "text.test-word"),
        ("Leggi bit.ly/abc.", "text.short-link"),
        ("Leggi https://t.co/abc.", "text.short-link"),
        ("Leggi https://governo.it@ladro.example/.", "text.strange-link"),
        ("Leggi http://10.0.0.1/a.", "text.strange-link"),
        ("Leggi https://xn--prtezione-x4a.it.", "text.strange-link"),
        ("Leggi https://prot\u0435zione.it.", "text.strange-link"),
        ("Leggi http://www.protezionecivile.gov.it.", "text.plain-link"),
        ("Chiama 899 123456.", "text.premium-number"),
        ("Chiama +39 06 68201.", "text.telephone"),
        ("TERREMOTO A NORCIA. USCITE TUTTI ALL'APERTO E STATE LONTANI DAI MURI.", "text.capitals"),
        ("Esci all'aperto e", "text.unfinished"),
    ],
)
def test_mistakes(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ritrovo in piazza XX settembre alle 10.30, fino alle 12.45.",
        "Scossa del 30/10/2016, magnitudo 6.5: seguite altre scosse.",
        "Più notizie: https://www.protezionecivile.gov.it e alla radio.",
        "In caso di bisogno chiama il 112. Sono 1.500.000 le persone avvisate.",
        "Testimoni riferiscono di crolli. Evita la strada provinciale 476.",
    ],
)
def test_what_is_no_mistake(text: str) -> None:
    assert codes(text) == set()


def test_a_test_may_speak_of_a_test() -> None:
    assert "text.test-word" not in codes("Questo è un test.", channel=Channel.TEST)
    assert "text.test-word" not in codes("Sie sind auf der Prova-Brücke.", "de")
