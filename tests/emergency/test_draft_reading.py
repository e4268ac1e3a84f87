"""Drafts read from JSON: taken as they were meant, or refused with one sentence."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from draft_world import of_template
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.cap.alert import MessageType, Response
from baluardo.emergency.channels import Channel
from baluardo.emergency.writing.draft import Draft
from baluardo.errors import InvalidInputError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2_000) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
KEYS = sorted(of_template("tsunami"))
TEXTS = ("language", "event", "headline", "description", "instruction", "broadcast")


def test_a_draft_is_taken() -> None:
    draft = Draft.of_object(of_template("tsunami"), "The draft")
    assert draft.channel is Channel.PUBLIC
    assert draft.response is Response.EVACUATE
    assert draft.message_type is MessageType.ALERT
    assert [info.language for info in draft.infos] == ["it", "en", "de", "fr", "sl"]


def test_it_comes_back_the_same() -> None:
    made = of_template("rain", onset=1_795_000_000.5, contact="Sala operativa")
    draft = Draft.of_object(made, "The draft")
    written = json.loads(json.dumps(draft.to_object()))
    assert Draft.of_object(written, "The draft") == draft
    assert written["infos"] == made["infos"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"spare": 1}, "unknown field 'spare'"),
    ({"channel": "all"}, "channel must be one of public, exercise, test; it is 'all'"),
    ({"channel": None}, "channel must be a text"),
    ({"level": "Level 1"}, "level must be a level such as level-1"),
    ({"message_type": "Cancel"}, "message_type must be Alert or Update"),
    ({"references": ["0a"]}, "references must be one warning for an Update, and none for an Alert"),
    ({"message_type": "Update"}, "references must be one warning for an Update"),
    ({"message_type": "Update", "references": ["no id"]}, "'no id' is no id of a warning"),
    ({"message_type": "Update", "references": ["0a", "0b"]}, "references must be a list"),
    ({"template": 5}, "template must be a text"),
    ({"area": None}, "area is no JSON object"),
    ({"area": {"kind": "moon"}}, "kind must be one of"),
    ({"area_name": "a\nb"}, "area_name must be one line"),
    ({"area_name": "x" * 121}, "area_name must be a text of at most 120"),
    ({"category": "Weather"}, "category must be one of"),
    ({"response": "Run"}, "response must be one of"),
    ({"urgency": "Now"}, "urgency must be one of"),
    ({"severity": "High"}, "severity must be one of"),
    ({"certainty": 1}, "certainty must be a text"),
    ({"onset": "soon"}, "onset must be a number"),
    ({"onset": -1}, "onset must be a time in POSIX seconds"),
    ({"expires_minutes": 0}, "expires_minutes must be 1 to 1,440"),
    ({"expires_minutes": 60.0}, "expires_minutes must be a whole number"),
    ({"expires_minutes": True}, "expires_minutes must be a whole number"),
    ({"web": "https://a\u0000"}, "web must be one line"),
    ({"infos": []}, "infos must be at least one text"),
    ({"infos": {}}, "infos must be a list"),
    ({"infos": [5]}, "infos[0] is no JSON object"),
]


@pytest.mark.parametrize(("changes", "sentence"), WRONG)
def test_a_wrong_field_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=re.escape(sentence)) as refused:
        Draft.of_object({**of_template("tsunami"), **changes}, "The draft")
    assert str(refused.value).startswith("The draft")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"language": "IT"}, "language must be a tag such as it"),
        ({"language": "en"}, "infos must be one text for each language"),
        ({"headline": "a\u2028b"}, "headline must be one line"),
        ({"description": "a\u0007"}, "description must be a text without control characters"),
        ({"broadcast": "half \ud800"}, "broadcast must be a text without control characters"),
        ({"instruction": "x" * 4_001}, "instruction must be a text of at most 4000"),
        ({"note": ""}, "unknown field 'note'"),
    ],
)
def test_a_wrong_text_is_named(texts: dict[str, str], sentence: str) -> None:
    made = of_template("tsunami")
    made["infos"][0] = {**made["infos"][0], **texts}
    with pytest.raises(InvalidInputError, match=re.escape(sentence)):
        Draft.of_object(made, "The draft")


def test_a_missing_field_is_named() -> None:
    for key in {*KEYS} - {"template", "onset", "web", "contact"}:
        made = of_template("tsunami")
        del made[key]
        with pytest.raises(InvalidInputError, match=key):
            Draft.of_object(made, "The draft")


@given(JSON)
def test_any_value_is_taken_or_refused(value: object) -> None:
    with pytest.raises(InvalidInputError):
        Draft.of_object(value, "The draft")


@given(st.sampled_from(KEYS), JSON)
def test_any_field_is_taken_or_refused(key: str, value: object) -> None:
    try:
        draft = Draft.of_object({**of_template("tsunami"), key: value}, "The draft")
    except InvalidInputError as refused:
        assert str(refused).isprintable()
        return
    assert Draft.of_object(draft.to_object(), "The draft") == draft


@given(st.sampled_from(TEXTS), st.text(max_size=40))
def test_any_text_is_taken_or_refused(name: str, value: str) -> None:
    made = of_template("tsunami")
    made["infos"][0] = {**made["infos"][0], name: value}
    try:
        draft = Draft.of_object(made, "The draft")
    except InvalidInputError:
        return
    assert Draft.of_object(draft.to_object(), "The draft") == draft
