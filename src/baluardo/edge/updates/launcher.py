"""Start the edge's program in use, and take it back if it does not prove itself.

    python -I -m baluardo.edge.updates.launcher EDGE edge run EDGE ...

The program as it was first installed stays for ever: it is number 0, its Python runs this file, and
it is what starts where no other can. A later one is on trial until it reports that it works
(`versions.report_healthy`): each of its starts is counted on the disk before it happens, and after
the third without a report the one before is put back. Whatever the disk refuses, something starts.

This file uses the standard library alone, so that a broken installation cannot break it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

MOST_STARTS = 3
"""Starts that a program has for proving itself. Our choice."""
FOLDER = "versions"
CURRENT = "current"
LARGEST_RECORD = 65_536
ASIDE = "--aside"
"""For other commands by the program in use: no start of the edge is counted."""


def current(versions: Path) -> int:
    """Return the number of the program in use; 0 for the one that was first installed."""
    try:
        name = os.readlink(versions / CURRENT)  # noqa: PTH115  # its text, not where it leads
    except OSError:
        return 0
    return int(name) if name.isascii() and name.isdigit() and len(name) < 16 else 0


def python_of(versions: Path, number: int) -> str:
    """Return the interpreter of a program, which need not be there."""
    return str(versions / str(number) / "bin" / "python") if number else sys.executable


def before(versions: Path, number: int) -> int:
    """Return which program was in use before this one; 0 if that cannot be told."""
    try:
        with (versions / f"{number}.json").open("rb") as file:
            found = json.loads(file.read(LARGEST_RECORD))["before"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0
    return found if type(found) is int and 0 <= found < number else 0


def point(versions: Path, number: int) -> None:
    """Put a program into use: on the disk when this returns, and never half; OSError if not."""
    link, part = versions / CURRENT, versions / f".{CURRENT}.part"
    if number:
        part.unlink(missing_ok=True)
        part.symlink_to(str(number))
        part.replace(link)
    else:
        link.unlink(missing_ok=True)
    _sync(versions)


def choose(versions: Path) -> int:
    """Return the number of the program to start now; what does not prove itself is taken back."""
    number = current(versions)
    while number and not (_is_there(versions, number) and _may_start(versions, number)):
        former = before(versions, number)
        _say(f"Program {number} does not work; {former} is put back.")
        try:
            point(versions, former)
        except OSError as problem:
            _say(f"That could not be kept: {problem.strerror}. It starts all the same.")
        number = former
    return number


def main(arguments: list[str]) -> int:
    """Become the program in use; 2 for wrong usage, 1 if nothing can be started."""
    aside = arguments[:1] == [ASIDE]
    directory, *words = arguments[1:] if aside else arguments
    versions = Path(directory).absolute() / FOLDER
    number = current(versions) if aside else choose(versions)
    for each in dict.fromkeys((number, 0)):
        python = python_of(versions, each)
        with contextlib.suppress(OSError):
            sys.stderr.flush()
            os.execv(python, [python, "-I", "-m", "baluardo", *words])  # noqa: S606  # on purpose
        _say(f"{python} cannot be started.")
    return 1


def _is_there(versions: Path, number: int) -> bool:
    return os.access(python_of(versions, number), os.X_OK)


def _may_start(versions: Path, number: int) -> bool:
    """Count a start of a program on trial; False if it has had all of its starts."""
    if (versions / f"{number}.healthy").exists():
        return True
    starts = _starts(versions, number)
    if starts >= MOST_STARTS:
        return False
    try:
        _write(versions / f"{number}.starts", str(starts + 1))
    except OSError as problem:  # an edge that serves is worth more than the count
        _say(f"A start of program {number} could not be counted: {problem.strerror}.")
    return True


def _starts(versions: Path, number: int) -> int:
    try:
        text = (versions / f"{number}.starts").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0
    except (OSError, ValueError):
        return MOST_STARTS
    return int(text) if text.isdigit() and len(text) < 9 else MOST_STARTS


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync(path.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"baluardo launcher: {sentence}\n")


if __name__ == "__main__":
    if len(sys.argv) < (4 if sys.argv[1:2] == [ASIDE] else 3):
        _say(f"usage: launcher [{ASIDE}] EDGE COMMAND ...")
        sys.exit(2)
    sys.exit(main(sys.argv[1:]))
