"""Real programs in real environments: installed, tried, started, taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from baluardo.edge.updates import launcher
from baluardo.edge.updates.installation import install
from baluardo.edge.updates.manifest import UpdateManifest
from baluardo.edge.updates.package import open_update, read_header
from baluardo.edge.updates.versions import Versions
from baluardo.errors import ConflictError, TargetError
from edge.country import Country
from edge.signed_updates import Site, program_wheel, surroundings_wheel

PATIENCE = 120.0
REGISTER = "def register(subparsers: AddParser) -> None:\n"
BROKEN = {"cli/edge/run.py": (REGISTER, f"raise OSError('broken at start')\n\n\n{REGISTER}")}
CLASS = "class EdgeAgent:\n"
LAME = {"edge/agent.py": (CLASS, f"raise OSError('lame')\n\n\n{CLASS}")}


def launched(edge: Path, *words: str) -> str:
    """Let the launcher become the program in use, and return all that it says."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "baluardo.edge.updates.launcher", *words],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        cwd=edge,
    )
    return done.stdout + done.stderr


def version(edge: Path) -> str:
    """Return the version of the program in use; no start is counted."""
    return launched(edge, "--aside", str(edge), "--version")


def start(edge: Path) -> str:
    """Start the edge as the service manager does; it ends at once, by its help or by its fault."""
    return launched(edge, str(edge), "edge", "run", "--help")


def manifest_of(file: Path) -> UpdateManifest:
    with open_update(file) as package:
        return read_header(package.read).claimed


def test_a_program_proves_itself_and_a_broken_one_is_taken_back(
    country: Country, tmp_path: Path
) -> None:
    site = Site.settle(country, tmp_path)
    edge, versions, file = site.edge, Versions(site.edge), tmp_path / "an.update"
    around = surroundings_wheel()
    assert version(edge) == "baluardo 0.1.0\n"

    site.update(file, program_wheel("0.2.0") | around, 7, "0.2.0")
    taken = install(edge, file, read=country.read)
    assert (taken.number, taken.version, taken.before) == (7, "0.2.0", 0)
    with pytest.raises(ConflictError, match=r"Update 7 .* is in use here already"):
        install(edge, file, read=country.read)
    assert version(edge) == "baluardo 0.2.0\n"
    status = launched(edge, "--aside", str(edge), "edge", "status", str(edge))
    assert "program: version 0.2.0 by update 7, on trial\n" in status
    running = (
        "import pathlib; from baluardo.edge.updates.versions import Versions; "
        f"print(Versions(pathlib.Path({str(edge)!r})).running())"
    )
    python = launcher.python_of(versions.directory, 7)
    assert subprocess.check_output([python, "-I", "-c", running], text=True) == "7\n"
    versions.report_healthy(7)

    site.update(file, program_wheel("0.3.0", LAME) | around, 8, "0.3.0")
    with pytest.raises(TargetError, match="cannot be imported: OSError: lame"):
        install(edge, file, read=country.read)
    assert not versions.place(8).exists()
    assert version(edge) == "baluardo 0.2.0\n"

    site.update(file, program_wheel("0.4.0", BROKEN) | around, 8, "0.4.0")
    assert install(edge, file, read=country.read).before == 7
    for _ in range(launcher.MOST_STARTS):
        assert "broken at start" in start(edge)
    told = start(edge)
    assert "usage: baluardo edge run" in told
    assert "Program 8 does not work; 7 is put back." in told
    assert version(edge) == "baluardo 0.2.0\n"
    with pytest.raises(ConflictError, match="was taken back"):
        install(edge, file, read=country.read)
    versions.check_next(manifest_of(file), again=True)
    assert versions.roll_back().number == 0
    assert version(edge) == "baluardo 0.1.0\n"
    with pytest.raises(ConflictError, match="none is before"):
        versions.roll_back()
