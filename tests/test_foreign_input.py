"""What comes from outside, shown and read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baluardo.errors import SourceError
from baluardo.foreign_input import LONGEST_SHOWN, printable, quoted, read_file

HUGE = 1 << 20_000
"""More digits than Python is willing to write."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
@example("\ud800\x1b[31m\n" * 1_000)
def test_any_value_is_shown_in_one_line(value: object) -> None:
    shown = quoted(value)
    assert shown.isprintable()
    assert len(shown) <= LONGEST_SHOWN


def test_large_values_are_not_written_out_to_be_cut() -> None:
    """In full, this one has a million million characters."""
    assert len(quoted([["x" * 1_000_000] * 1_000] * 1_000)) <= LONGEST_SHOWN


@pytest.mark.parametrize("wrapped", [False, True])
def test_whole_numbers_that_python_does_not_write(wrapped: bool) -> None:
    for value in (HUGE, -HUGE, 1 << 64):
        shown = quoted({"a": [[value]]} if wrapped else value)
        assert "a whole number of more than 19 digits" in shown
    assert quoted(-(1 << 64) + 1) == "-18446744073709551615"


def test_plain_values_are_shown_as_they_are_written() -> None:
    for value in (7.5, -3, True, "Rome", "", [12.0, "a"], {"id": 3}):
        assert quoted(value) == repr(value)


@given(st.text())
@example(os.fsdecode(b"cat\xff.tle"))
def test_any_name_can_be_printed_and_sent(name: str) -> None:
    assert printable(name).isprintable()
    assert printable(name).encode().decode() == printable(name)
    assert len(printable(name)) == len(name)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", 5) == b"12345"
    assert read_file(tmp_path / "a", 3) == b"1234"
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "pipe", "pipe is not a regular file"),
        (tmp_path, "is not a regular file"),
        (tmp_path / "none", "none cannot be read: No such file"),
        (tmp_path / "a" / "b", "cannot be read: Not a directory"),
        (Path("a\0b"), "cannot be the name of a file"),
    ):
        with pytest.raises(SourceError, match=f"^The plan .*{words}"):
            read_file(path, 5, "The plan")
