"""What comes from outside: reading files without being held, and showing what was found safely."""

from __future__ import annotations

import reprlib
from pathlib import Path

from baluardo.errors import SourceError

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
