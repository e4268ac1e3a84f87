"""An update installed: a fresh environment beside the one in use, tried before it is put into use.

Only what two officers have signed gets so far, and only wheels: nothing is built, nothing fetched.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, write_durably
from baluardo.edge.updates.judgement import Judge
from baluardo.edge.updates.manifest import UpdateManifest, release
from baluardo.edge.updates.package import open_update, read_header, read_wheels
from baluardo.edge.updates.versions import Program, Versions
from baluardo.errors import InvalidInputError, TargetError
from baluardo.foreign_input import printable
from baluardo.trust.clock import Reading

INSTALL_SECONDS: Final = 900.0
TEST_SECONDS: Final = 180.0
"""Upper limits: what hangs must not hang for ever. Our choice, for a slow disk."""
LONGEST_SHOWN: Final = 300

_PIP: Final = ("-I", "-m", "pip")
_INSTALL: Final = (
    *("--isolated", "--no-input", "--disable-pip-version-check", "--quiet"),
    *("install", "--no-index", "--no-deps", "--no-cache-dir", "--no-compile"),
)


def install(
    edge: Path,
    file: Path,
    *,
    again: bool = False,
    read: Callable[[], Reading] | None = None,
) -> Program:
    """Install an update's file and put it into use for the next start; return what it is.

    All is judged before anything is written, and the new program must pass its test before it is
    put into use. Errors as `Judge.judge` and `Versions.check_next`; InvalidInputError for a file
    that is not what was signed, TargetError if the new program cannot be installed or fails its
    test: the one in use stays.
    """
    judge = Judge.of_edge(edge, read)
    edge = edge.absolute()  # other programs are given paths in it
    versions = Versions(edge)
    with open_update(file) as package:
        manifest = judge.judge(read_header(package.read).bundle).manifest
        check_python(manifest)
        with versions.held():
            versions.check_next(manifest, again=again)
            versions.tidy()
            versions.clear(manifest.number)
            place = versions.place(manifest.number)
            try:
                with _unpacked(versions, manifest, package.read) as wheels:
                    build(place, wheels)
                check_program(place, manifest.version, edge)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)  # whatever the reason, half is of no use
                raise
            versions.take(manifest)
            versions.tidy()
            return versions.program(manifest.number)


def check_python(manifest: UpdateManifest) -> None:
    """Refuse what this machine's Python is too old for; InvalidInputError."""
    have = sys.version_info[:3]
    if release(manifest.python) > have:
        shown = ".".join(str(part) for part in have)
        raise InvalidInputError(
            f"Version {manifest.version} needs Python {manifest.python}, and this machine has "
            f"{shown}: nothing was installed. Update the machine's Python first."
        )


def build(place: Path, wheels: Sequence[Path]) -> None:
    """Make an environment of wheels alone; TargetError if that cannot be done."""
    python = str(place / "bin" / "python")
    lent = importlib.util.find_spec("pip") is not None  # else the environment gets one of its own
    without = ("--without-pip",) if lent else ()
    _run((sys.executable, "-I", "-m", "venv", *without, str(place)), INSTALL_SECONDS, "be prepared")
    pip = (sys.executable, *_PIP, "--python", python) if lent else (python, *_PIP)
    words = (*pip, *_INSTALL, *(str(each) for each in wheels))
    _run(words, INSTALL_SECONDS, "be installed")


def check_program(place: Path, version: str, edge: Path) -> None:
    """Try an environment: its version, what it imports, and what it reads of the edge's disk.

    TargetError if anything of that fails.
    """
    python = (str(place / "bin" / "python"), "-I")
    said = _run((*python, "-m", "baluardo", "--version"), TEST_SECONDS, "be started").strip()
    if said != f"baluardo {version}":
        raise TargetError(
            f"The new program says that it is {printable(said[:80])!r}, not version {version}: it "
            "is not put into use. The one before stays."
        )
    _run((*python, "-c", "import baluardo.edge.agent"), TEST_SECONDS, "be imported")
    status = (*python, "-m", "baluardo", "edge", "status", str(edge))
    _run(status, TEST_SECONDS, "read the edge's disk")


@contextmanager
def _unpacked(
    versions: Versions, manifest: UpdateManifest, read: Callable[[int], bytes]
) -> Iterator[list[Path]]:
    """Write the wheels to a folder of our own while inside; each is checked before."""
    folder = versions.directory / ".wheels"
    shutil.rmtree(folder, ignore_errors=True)  # of an update that was cut off
    try:
        folder.mkdir(mode=0o700)
        paths = []
        for wheel, octets in read_wheels(read, manifest):
            path = folder / wheel.name
            write_durably(path, octets, mode=OWNER_ALONE)
            paths.append(path)
        yield paths
    except OSError as problem:
        reason = problem.strerror or problem
        raise TargetError(f"The update cannot be unpacked: {reason}. Nothing changed.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(words: Sequence[str], seconds: float, what: str) -> str:
    """Run a program of the new environment to its end, and return what it says."""
    # Of this process's surroundings nothing is passed on: they could lead it to other files.
    surroundings = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603  # our own words; the program is signed
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            cwd="/",
            env=surroundings,
        )
    except subprocess.TimeoutExpired:
        why = f"no end after {seconds:.0f} s"
    except OSError as problem:
        why = problem.strerror or str(problem)
    else:
        if done.returncode == 0:
            return done.stdout.decode(errors="replace")
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no word why"]
        why = printable(lines[-1])[:LONGEST_SHOWN]
    raise TargetError(
        f"The new program cannot {what}: {why}. It is not put into use; the one before stays."
    )
