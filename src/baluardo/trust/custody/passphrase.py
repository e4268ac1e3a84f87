"""How a passphrase comes in: from a terminal, a file descriptor or a file.

Never from the command line or the environment, which other programs of the machine can read.
Text is taken as NFKC (UAX #15), so that a passphrase typed on another keyboard or system is the
same octets. A token's PIN comes the same ways.
"""

from __future__ import annotations

import getpass
import os
import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Final

from baluardo.errors import CustodyError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.custody.private_file import check_private
from baluardo.trust.secret import Secret

FEWEST_CHARACTERS: Final = 12
"""Of a passphrase that is being made. Our choice; SP 800-63B asks for 8 at least."""
MOST_OCTETS: Final = 1_024

_FILE = "The passphrase file"


def passphrase(text: str, *, new: bool = False) -> Secret:
    """Return a passphrase from its text; CustodyError if it is unfit, `new` ones also if short."""
    plain = unicodedata.normalize("NFKC", text)
    if not plain:
        raise CustodyError("The passphrase is empty.")
    if not plain.isprintable():
        raise CustodyError("The passphrase has a character that cannot be typed again for sure.")
    if new and len(plain) < FEWEST_CHARACTERS:
        raise CustodyError(
            f"A new passphrase has {FEWEST_CHARACTERS} characters or more; this one has "
            f"{len(plain)}. Several words are easier to keep than odd signs."
        )
    octets = plain.encode()
    if len(octets) > MOST_OCTETS:
        raise CustodyError(f"The passphrase is longer than {MOST_OCTETS:,} octets.")
    return Secret(octets)


def from_terminal(
    prompt: str, *, new: bool = False, read: Callable[[str], str] = getpass.getpass
) -> Secret:
    """Ask on the terminal without showing what is typed; a `new` passphrase is asked for twice.

    CustodyError if there is no terminal: what is typed would be seen.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            first = passphrase(read(f"{prompt}: "), new=new)
            if new and passphrase(read(f"{prompt}, again: ")) != first:
                raise CustodyError("The two passphrases differ. Nothing was done; start again.")
        except EOFError:
            raise CustodyError(f"{prompt}: none was given. Nothing was done.") from None
        except (getpass.GetPassWarning, OSError, UnicodeError):
            raise CustodyError(
                f"{prompt}: there is no terminal to ask on. Give it through a file or a file "
                "descriptor."
            ) from None
    return first


def from_descriptor(descriptor: int, *, new: bool = False) -> Secret:
    """Read one line from a file descriptor, and not an octet more: the next secret may follow."""
    line = bytearray()
    try:
        while (octet := os.read(descriptor, 1)) not in {b"", b"\n"}:
            line += octet
            if len(line) > MOST_OCTETS:
                break
    except OSError as problem:
        raise CustodyError(
            f"No passphrase can be read from file descriptor {descriptor}: {problem.strerror}."
        ) from None
    return _line(bytes(line), f"File descriptor {descriptor}", new)


def from_file(path: Path, *, new: bool = False) -> Secret:
    """Read the one line of a file that its owner alone may read; SourceError, CustodyError."""
    line, _, rest = read_file(path, MOST_OCTETS + 2, _FILE).partition(b"\n")
    check_private(path, _FILE)
    shown = f"{_FILE} {printable(str(path))}"
    if rest:
        raise CustodyError(f"{shown} has more than one line.")
    return _line(line, shown, new)


def _line(line: bytes, source: str, new: bool) -> Secret:
    try:
        return passphrase(line.removesuffix(b"\r").decode(), new=new)
    except UnicodeDecodeError:
        raise CustodyError(f"{source} gives no UTF-8 text.") from None
    except CustodyError as problem:
        raise CustodyError(f"{source}: {problem}") from None
