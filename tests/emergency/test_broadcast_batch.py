"""Many texts at once: octet by octet what each gives alone, and refused where it alone is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.alphabet import BASIC, EXTENSION, alphabet_of
from baluardo.emergency.broadcast.batch import encode_batch
from baluardo.emergency.broadcast.message import Coding
from baluardo.emergency.broadcast.pages import pages_of
from baluardo.errors import InvalidInputError

PLAIN = "".join(character for character in BASIC if character not in "\r\x1b")
plain = st.text(PLAIN, min_size=1, max_size=400)
escaped = st.text(PLAIN[:40] + "".join(EXTENSION), min_size=1, max_size=400)
wide = st.text(
    st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",), exclude_characters="\r"),
    min_size=1,
    max_size=300,
)


def alone(text: str) -> tuple[bytes, ...]:
    return pages_of(text, Coding.of(alphabet_of(text), ""))


@given(st.lists(plain | escaped | wide, max_size=12))
def test_a_batch_is_what_each_text_gives_alone(texts: list[str]) -> None:
    assert encode_batch(texts) == [alone(text) for text in texts]


@pytest.mark.parametrize("size", [1, 7, 8, 92, 93, 94, 186, 1_394, 1_395])
@pytest.mark.parametrize("end", ["", "a", "\u20ac", "\u00e0"])
def test_lengths_round_a_page(size: int, end: str) -> None:
    text = "x" * (size - 2 * len(end)) + end
    if text:
        assert encode_batch([text, "between", text]) == [alone(text), alone("between"), alone(text)]


def test_many_texts_are_taken_in_turns() -> None:
    texts = [
        f"{n} " + ("\u010d" if n % 7 == 0 else "\u20ac" if n % 5 == 0 else "a") for n in range(700)
    ]
    assert encode_batch(texts) == [alone(text) for text in texts]


def test_nothing_is_nothing() -> None:
    assert encode_batch([]) == []


@pytest.mark.parametrize(
    "wrong",
    ["", "a\rb", "\u010d\r", "x" * 1_396, "\u010d" * 616, "\U0001f525", "\ud83d", "\u20ac" * 691],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_first_text_that_is_wrong_is_refused_as_alone(wrong: str, place: int) -> None:
    with pytest.raises(InvalidInputError) as refused_alone:
        alone(wrong)
    texts = ["a", "b\u010d"]
    texts.insert(place, wrong)
    with pytest.raises(InvalidInputError) as refused:
        encode_batch(texts)
    assert str(refused.value) == str(refused_alone.value)
