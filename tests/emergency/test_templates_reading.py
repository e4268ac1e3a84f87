"""Templates read strictly and filled: no gap is left, nothing strange gets into one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from draft_world import templates, values
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.writing.templates import Template, Templates
from baluardo.errors import InvalidInputError, SourceError, UnknownError

TEXT = """version = 1
id = "hail"
risk = "hail"
name = { it = "Grandine", en = "Hail" }
channel = "public"
level = "level-3"
category = "Met"
response = "Shelter"
urgency = "Immediate"
severity = "Severe"
certainty = "Likely"
expires_minutes = 60
expires_least = 30
expires_most = 120
fields = ["PLACE", { name = "SIZE", label = { it = "Chicchi, cm", en = "Stones, cm" }, kind = \
"number", example = "4" }]

[texts.it]
event = "Grandine"
headline = "Grandine a {PLACE}"
description = "Chicchi di {SIZE} cm."
instruction = "Resta al chiuso."
broadcast = "Grandine a {PLACE}, {SIZE} cm. Resta al chiuso."

[texts.en]
event = "Hail"
headline = "Hail in {PLACE}"
description = "Stones of {SIZE} cm."
instruction = "Stay indoors."
broadcast = "Hail in {PLACE}, {SIZE} cm. Stay indoors."
"""


def parsed(old: str = "", new: str = "") -> Template:
    assert old in TEXT
    return Template.parse(TEXT.replace(old, new, 1).encode(), "hail.toml")


def test_a_good_one_is_read_and_filled() -> None:
    filled = parsed().filled({"PLACE": " Bra ", "SIZE": "4"})
    assert filled["infos"][1]["broadcast"] == "Hail in Bra, 4 cm. Stay indoors."
    assert filled["expires_minutes"] == 60
    assert parsed().fields[1].to_object() == {
        "name": "SIZE",
        "label": {"it": "Chicchi, cm", "en": "Stones, cm"},
        "kind": "number",
        "required": True,
    }


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version = 1", "version = 2", "version must be 1"),
        ('id = "hail"', 'id = "Hail!"', "id must be small letters"),
        ('risk = "hail"', 'risk = "hail"\nspare = 1', "unknown field 'spare'"),
        ('channel = "public"', 'channel = "all"', "channel must be one of public, exercise, test"),
        ('category = "Met"', 'category = "Weather"', "category must be one of"),
        ("expires_minutes = 60", "expires_minutes = 600", "expires_minutes must be 30 to 120"),
        ("expires_minutes = 60", "expires_minutes = true", "expires_minutes must be 1 to 1,440"),
        ('fields = ["PLACE"', 'fields = ["WHERE"', "'WHERE' is none of PLACE, TIME, UNTIL"),
        ('name = "SIZE"', 'name = "size"', "name must be a new name in capital letters"),
        ('example = "4"', 'example = "big"', "must be a number such as 6.1"),
        ('event = "Grandine"', 'event = " "', "event must be a text"),
        ("Chicchi di {SIZE} cm.", "Chicchi di {DEPTH} cm.", "there is no field DEPTH"),
        ("Hail in {PLACE}, {SIZE} cm.", "Hail in {PLACE}.", "broadcast leaves out SIZE"),
        ("Stones of {SIZE} cm.", "Stones of {size} cm.", "gaps are written as {PLACE}"),
        ("[texts.en]", "[texts.english]", "must be there in it and in en"),
    ],
)
def test_a_wrong_one_is_refused_with_a_sentence(old: str, new: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(sentence)) as refused:
        parsed(old, new)
    assert str(refused.value).startswith("hail.toml")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "is empty"),
        ("{PLACE}", "without links or brackets"),
        ("x" * 61, "at most 60 characters"),
        ("Bra\nAlba", "one line"),
        ("https://evil.example", "without links"),
        ("Bra\u202e", "one line"),
    ],
)
def test_a_strange_value_is_refused(value: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        parsed().filled({"PLACE": value, "SIZE": "4"})


def test_a_value_for_no_gap_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no gap 'WHEN'"):
        parsed().filled({"PLACE": "Bra", "SIZE": "4", "WHEN": "now"})


@given(st.text(max_size=70))
def test_no_value_leaves_a_gap(value: str) -> None:
    template = templates().get("tsunami")
    try:
        filled = template.filled({**values(template), "PLACE": value})
    except InvalidInputError:
        return
    assert not any(set("{}") & set(text) for info in filled["infos"] for text in info.values())


def test_a_state_adds_its_own(tmp_path: Path) -> None:
    (tmp_path / "hail.toml").write_text(TEXT, encoding="utf-8")
    own = TEXT.replace('id = "hail"', 'id = "tsunami"').replace('"Grandine", en', '"Onda", en')
    (tmp_path / "wave.toml").write_text(own, encoding="utf-8")
    found = templates().with_folder(tmp_path)
    assert len(found.list()) == len(templates().list()) + 1
    assert found.get("tsunami").name.it == "Onda"
    assert found.find("snow") is None
    with pytest.raises(UnknownError, match="'snow'"):
        found.get("snow")


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    with pytest.raises(InvalidInputError, match="Two templates have the id hail"):
        templates().with_folder(tmp_path)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no templates"):
        Templates.load("XX")
    with pytest.raises(SourceError, match="no templates"):
        Templates.load("../it")
    with pytest.raises(SourceError, match="no folder"):
        templates().with_folder(tmp_path / "none")
