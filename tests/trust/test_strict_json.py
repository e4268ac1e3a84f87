"""JSON with one meaning: what two readers could take differently is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.trust.strict_json import (
    DEEPEST,
    JsonObject,
    parse_json,
    write_json,
)

REFUSED = {
    "nothing": b"",
    "a name twice": b'{"a":1,"a":1}',
    "a name twice, written differently": b'{"a":1,"\\u0061":2}',
    "a name twice deep inside": b'[{"b":{"a":1,"a":2}}]',
    "NaN": b"[NaN]",
    "infinity": b"[Infinity]",
    "minus infinity": b"[-Infinity]",
    "a number beyond doubles": b"[1e999]",
    "a fraction beyond whole numbers": b"[9007199254740993.0]",
    "a whole number beyond 2^53": b"[9007199254740992]",
    "the same below": b"[-9007199254740992]",
    "a number of many digits": b"[" + b"9" * 5000 + b"]",
    "half a character": b'["\\ud800"]',
    "half a character as a name": b'{"\\uDC00":1}',
    "octets that are no UTF-8": b'["\xff"]',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a comment": b"{} // so",
    "two values": b"{}{}",
    "a comma too many": b"[1,]",
    "single quotes": b"{'a':1}",
    "a control character": b'["\n"]',
    "leading zeros": b"[01]",
    "an open string": b'["',
    "an open string of quotes": b'["' + b'\\"' * 50_000,
    "an open string that ends in a backslash": b'["\\',
}


@pytest.mark.parametrize("octets", REFUSED.values(), ids=REFUSED.keys())
def test_refused(octets: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"^It ") as problem:
        parse_json(octets, 1 << 20, "It")
    assert len(str(problem.value)) < 200


@pytest.mark.parametrize("bomb", [b"[", b'{"a":', b'[{"]":'])
def test_depth_is_bounded_before_anything_is_built(bomb: bytes) -> None:
    with pytest.raises(InvalidInputError, match="nested"):
        parse_json(bomb * 100_000, 1 << 20, "It")


def test_the_deepest_passes() -> None:
    value = parse_json(b"[" * DEEPEST + b"]" * DEEPEST, 1 << 20, "It")
    for _ in range(DEEPEST - 1):
        assert isinstance(value, list)
        (value,) = value
    assert value == []
    with pytest.raises(InvalidInputError, match="nested"):
        parse_json(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), 1 << 20, "It")


def test_brackets_in_texts_do_not_count() -> None:
    text = '[{"\\' * 40
    assert parse_json(json.dumps([text]).encode(), 1 << 20, "It") == [text]


def test_accepted() -> None:
    octets = ' {"a": [1, -0.5, true, null, "\\ud83d\\ude00", "é"], "b": 9007199254740991} '.encode()
    assert parse_json(octets, 100, "It") == {
        "a": [1, -0.5, True, None, "\U0001f600", "é"],
        "b": 2**53 - 1,
    }
    with pytest.raises(InvalidInputError, match="larger than 10 octets"):
        parse_json(octets, 10, "It")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), inner)
    ),
    max_leaves=10,
)


@given(values)
def test_round_trip(value: object) -> None:
    octets = write_json(value)
    assert parse_json(octets, len(octets), "It") == value
    assert write_json(parse_json(octets, len(octets), "It")) == octets


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53, {1: 2}, (1, 2), "\ud800", b"", {"a": {1}}, [1, [2**53]]],
)
def test_only_what_can_be_read_is_written(value: object) -> None:
    with pytest.raises(InvalidInputError):
        write_json(value)


@given(st.binary(max_size=100))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        value = parse_json(octets, 100, "It")
    except InvalidInputError:
        return
    assert value == json.loads(octets)


def test_fields_of_the_wrong_kind_are_named() -> None:
    fields = JsonObject.parse(b'{"t":"x","n":1,"y":true,"l":[1],"o":{},"b":"e30="}', 99, "It")
    assert (fields.text("t", 1), fields.number("n"), fields.items("l", 1)) == ("x", 1.0, [1])
    assert (fields.octets("b", 2), fields.inner("o").fields) == (b"{}", {})
    fields.only("tnylob")
    for ask in (
        lambda: fields.text("t", 0),
        lambda: fields.text("n", 9),
        lambda: fields.number("y"),
        lambda: fields.number("t"),
        lambda: fields.items("l", 0),
        lambda: fields.items("o", 9),
        lambda: fields.octets("b", 1),
        lambda: fields.octets("t", 9),
        lambda: fields.inner("l"),
        lambda: fields.text("absent", 9),
        lambda: fields.only("tnylo"),
        lambda: JsonObject.parse(b"[]", 9, "It"),
    ):
        with pytest.raises(InvalidInputError, match=r"^It"):
            ask()
