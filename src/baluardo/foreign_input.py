"""What comes from outside: reading files without being held, and showing what was found safely."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from pathlib import Path

from baluardo.errors import InvalidInputError, SourceError

LARGEST_SHOWN_BITS = 64
LONGEST_SHOWN = 80


class _Short(reprlib.Repr):
    """Python's own notation, cut short in depth and in length."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = 48

    def repr_int(self, value: int, level: int) -> str:  # noqa: ARG002  # the base's arguments
        """Show a whole number; Python itself refuses to write those of thousands of digits."""
        if value.bit_length() > LARGEST_SHOWN_BITS:
            return "a whole number of more than 19 digits"
        return repr(value)


_SHORT = _Short()


def quoted(value: object) -> str:
    """Show a value from outside in a sentence: one line, escaped, cut short, whatever it is."""
    shown = _SHORT.repr(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[: LONGEST_SHOWN - 3]}..."


def printable(name: str) -> str:
    """Return a name fit for terminals, pages and JSON: what cannot be shown becomes U+FFFD.

    File names may hold line breaks, and octets that are no UTF-8 (as lone surrogates).
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def read_file(path: Path, most_bytes: int, what: str = "") -> bytes:
    """Return a regular file's octets, one more than `most_bytes` at most, for its reader to refuse.

    `what`, such as "The scenario", stands before the path in sentences. SourceError if there is no
    such file or it cannot be read; pipes and devices are refused, as they could be waited for.
    """
    shown = f"{what} {printable(str(path))}".lstrip()
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"{shown} is not a regular file.")
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except OSError as problem:
        raise SourceError(f"{shown} cannot be read: {problem.strerror or problem}.") from None
    except ValueError:
        raise SourceError(f"{shown} cannot be the name of a file.") from None


def numbered_lines(
    data: bytes,
    source: str,
    *,
    most_bytes: int,
    longest_line: int,
    most_lines: int | None = None,
    quotation_marks: bool = False,
) -> Iterator[tuple[int, str]]:
    """Yield number and text of every line that is not blank, stripped; at least one.

    The door of every reader of lines: UTF-8, no longer than it may be. Quotation marks are refused
    unless allowed, since a reader that splits at commas would take them for text. InvalidInputError
    names the line.
    """
    if len(data) > most_bytes:
        raise InvalidInputError(f"{source} is larger than {most_bytes:,} octets.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        broken = data.count(b"\n", 0, problem.start) + 1
        raise InvalidInputError(f"{source}, line {broken}: no UTF-8 text.") from None
    if not text.strip():
        raise InvalidInputError(f"{source} is empty.")
    if most_lines is not None and text.count("\n") > most_lines:
        raise InvalidInputError(f"{source} has more than {most_lines:,} lines.")
    for number, line in enumerate(text.split("\n"), start=1):
        where = f"{source}, line {number}"
        if len(line) > longest_line:
            raise InvalidInputError(f"{where}: longer than {longest_line:,} characters.")
        if '"' in line and not quotation_marks:
            raise InvalidInputError(f"{where}: quotation marks are not understood; leave them out.")
        if line.strip():
            yield number, line.strip()
