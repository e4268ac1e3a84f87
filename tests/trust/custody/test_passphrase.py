"""Passphrases from a terminal, a descriptor and a file; never shown, never from elsewhere."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import CustodyError, SourceError
from baluardo.trust.custody.passphrase import (
    MOST_OCTETS,
    from_descriptor,
    from_file,
    from_terminal,
    passphrase,
)
from baluardo.trust.secret import Secret

GOOD = "una frase di molte parole"


def test_two_keyboards_type_the_same() -> None:
    composed, apart = "perch\u00e9 no, domani", "perche\u0301 no, domani"
    assert passphrase(composed) == passphrase(apart)
    assert passphrase("\uff41\ufb01") == Secret(b"afi")  # full width, and a ligature


@pytest.mark.parametrize("text", ["", "a\tb", "line\nline", "nul\0", "\u202eturned", "\ud800"])
def test_what_cannot_be_typed_again(text: str) -> None:
    with pytest.raises(CustodyError, match=r"empty|cannot be typed"):
        passphrase(text)


def test_new_ones_are_long() -> None:
    with pytest.raises(CustodyError, match="12 characters or more; this one has 11"):
        passphrase("elevenchars", new=True)
    assert len(passphrase("twelve chars", new=True)) == 12
    assert len(passphrase("old")) == 3
    with pytest.raises(CustodyError, match="longer than 1,024 octets"):
        passphrase("x" * (MOST_OCTETS + 1))


@given(st.text())
def test_any_text_is_taken_as_nfkc_or_refused(text: str) -> None:
    try:
        taken = passphrase(text)
    except CustodyError as refused:
        assert text == "" or text not in str(refused) or len(text) < 20
    else:
        assert taken.reveal().decode() == unicodedata.normalize("NFKC", text)


def typing(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    left, prompts = list(answers), []

    def read(prompt: str) -> str:
        prompts.append(prompt)
        return left.pop(0)

    return read, prompts


def test_a_new_one_is_typed_twice() -> None:
    read, prompts = typing(GOOD, GOOD)
    assert from_terminal("Passphrase", new=True, read=read) == Secret(GOOD.encode())
    assert prompts == ["Passphrase: ", "Passphrase, again: "]
    read, _ = typing(GOOD, GOOD + "!")
    with pytest.raises(CustodyError, match=r"The two passphrases differ\. Nothing was done"):
        from_terminal("Passphrase", new=True, read=read)
    read, prompts = typing("short")
    with pytest.raises(CustodyError, match="12 characters"):
        from_terminal("Passphrase", new=True, read=read)
    read, prompts = typing("short")
    assert from_terminal("PIN of token x", read=read) == Secret(b"short")
    assert len(prompts) == 1


def seen(_prompt: str) -> str:
    warnings.warn("what is typed is shown", getpass.GetPassWarning, stacklevel=1)
    return GOOD


def nobody(_prompt: str) -> str:
    raise EOFError


def test_without_a_terminal_nothing_is_typed() -> None:
    with pytest.raises(CustodyError, match="Passphrase: there is no terminal to ask on"):
        from_terminal("Passphrase", read=seen)


def test_who_ends_the_input_gives_none() -> None:
    with pytest.raises(CustodyError, match="Passphrase: none was given"):
        from_terminal("Passphrase", read=nobody)


ASK = """
from baluardo.errors import CustodyError
from baluardo.trust.custody.passphrase import from_terminal
try:
    print("<", len(from_terminal("Passphrase of x", new=True)), ">")
except CustodyError as problem:
    print(problem)
"""


def test_a_real_terminal_shows_nothing() -> None:
    """What stands on the screen has the prompts, and not what was typed."""
    screen, keyboard = os.openpty()
    own_terminal = "import os; os.open(os.ttyname(0), os.O_RDWR)\n"
    with subprocess.Popen(
        [sys.executable, "-c", own_terminal + ASK],
        stdin=keyboard,
        stdout=keyboard,
        stderr=keyboard,
        start_new_session=True,
    ) as child:
        shown = b""
        for prompt in (b"Passphrase of x: ", b"Passphrase of x, again: "):
            while prompt not in shown:
                shown += os.read(screen, 1_000)
            os.write(screen, f"{GOOD}\n".encode())
        while b">" not in shown:
            shown += os.read(screen, 1_000)
    os.close(keyboard)
    os.close(screen)
    assert child.returncode == 0
    assert f"< {len(GOOD)} >".encode() in shown
    assert GOOD.encode() not in shown


def test_no_terminal_at_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=f"{GOOD}\n{GOOD}\n",
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
    )
    assert "there is no terminal to ask on" in done.stdout
    assert done.stderr == ""


def pipe(octets: bytes) -> int:
    reader, writer = os.pipe()
    os.write(writer, octets)
    os.close(writer)
    return reader


def test_a_descriptor_gives_one_line_and_keeps_the_next() -> None:
    descriptor = pipe(f"{GOOD}\n1234\r\nlast".encode())
    try:
        assert from_descriptor(descriptor, new=True) == Secret(GOOD.encode())
        assert from_descriptor(descriptor) == Secret(b"1234")
        assert from_descriptor(descriptor) == Secret(b"last")
        with pytest.raises(CustodyError, match=r"File descriptor \d+: The passphrase is empty"):
            from_descriptor(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"\xff\xfe\n", "no UTF-8"),
        (b"x" * 3_000, "longer than 1,024"),
        (b"short\n", "12 characters"),
        (b"\n", "empty"),
    ],
)
def test_a_descriptor_with_no_passphrase(octets: bytes, reason: str) -> None:
    descriptor = pipe(octets)
    try:
        with pytest.raises(CustodyError, match=reason):
            from_descriptor(descriptor, new=True)
    finally:
        os.close(descriptor)


def test_a_descriptor_that_is_closed() -> None:
    descriptor = pipe(b"")
    os.close(descriptor)
    with pytest.raises(CustodyError, match="No passphrase can be read from file descriptor"):
        from_descriptor(descriptor)


def private(path: Path, octets: bytes) -> Path:
    path.write_bytes(octets)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_file(tmp_path: Path, end: bytes) -> None:
    path = private(tmp_path / "phrase", GOOD.encode() + end)
    assert from_file(path, new=True) == Secret(GOOD.encode())


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "phrase: The passphrase is empty"),
        (b"\nsecond", "more than one line"),
        (b"first line\nsecond", "more than one line"),
        (b"\xff" * 20, "no UTF-8"),
        (b"y" * 5_000, "longer than 1,024"),
        (b"short", "12 characters"),
    ],
)
def test_files_with_no_passphrase(tmp_path: Path, octets: bytes, reason: str) -> None:
    with pytest.raises(CustodyError, match=reason):
        from_file(private(tmp_path / "phrase", octets), new=True)


def test_a_file_that_others_may_read(tmp_path: Path) -> None:
    path = private(tmp_path / "phrase", GOOD.encode())
    path.chmod(0o644)
    with pytest.raises(CustodyError, match=r"phrase may be read by others.*chmod 600"):
        from_file(path)
    with pytest.raises(SourceError, match="The passphrase file"):
        from_file(tmp_path / "none")
