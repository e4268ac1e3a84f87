"""The second try of CI: it runs what failed, believes nothing else, and gives up on many."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from second_try import MOST, failed_tests, main

TEST = """
from pathlib import Path

import pytest


@pytest.mark.parametrize("number", range({tests}))
def test_that_depends_on_time(number):
    assert Path("{flag}").exists()


def test_that_holds():
    Path("held").write_text(Path("held").read_text() + "again" if Path("held").exists() else "once")
"""


def first_run(folder: Path, tests: int) -> Path:
    """Let so many tests fail; return the file that makes them pass."""
    flag = folder / "flag"
    (folder / "test_time.py").write_text(TEST.format(tests=tests, flag=flag))
    (folder / "pytest.ini").write_text("[pytest]\n")
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, check=False
    )
    assert told.returncode == 1, told.stdout
    assert len(failed_tests(folder)) == tests
    return flag


def test_what_passes_alone_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first_run(tmp_path, 2).touch()
    assert main(tmp_path) == 0
    assert capfd.readouterr().out.count("test_that_depends_on_time[1]") >= 2
    assert (tmp_path / "held").read_text() == "once"


def test_what_fails_alone_too_is_a_failure(tmp_path: Path) -> None:
    first_run(tmp_path, 1)
    assert main(tmp_path) == 1


def test_many_failures_are_no_accident(tmp_path: Path) -> None:
    first_run(tmp_path, MOST + 1).touch()
    assert main(tmp_path) == 1


@pytest.mark.parametrize("told", [None, "", "[]", "{}", "{"])
def test_without_a_known_failure_there_is_no_second_try(tmp_path: Path, told: str | None) -> None:
    """A run that broke off, or web tests that failed, leave nothing to try."""
    if told is not None:
        cache = tmp_path / ".pytest_cache" / "v" / "cache"
        cache.mkdir(parents=True)
        (cache / "lastfailed").write_text(told)
    assert main(tmp_path) == 1
