"""The run directory: who runs is known, what a crash left behind is cleaned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from baluardo.errors import StageError
from baluardo.stage.instances import Instance, RunDirectory

ENTER_AND_WAIT = textwrap.dedent("""
    import sys
    from pathlib import Path
    from baluardo.stage.instances import RunDirectory
    with RunDirectory(Path(sys.argv[1])).entered("http://127.0.0.1:1/"):
        print("in", flush=True)
        sys.stdin.read()
""")


def start_other(path: Path) -> subprocess.Popen[str]:
    """Start another process that is listed as running until its stdin ends."""
    other = subprocess.Popen(
        [sys.executable, "-c", ENTER_AND_WAIT, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "in\n"
    return other


def stop(other: subprocess.Popen[str]) -> None:
    other.communicate(timeout=60)


def test_nobody_runs_at_first(tmp_path: Path) -> None:
    runs = RunDirectory(tmp_path / "a" / "run")
    assert runs.running() == ()
    assert (tmp_path / "a" / "run").stat().st_mode & 0o777 == 0o700


def test_a_running_process_is_listed_and_not_cleaned_away(tmp_path: Path) -> None:
    other = start_other(tmp_path)
    try:
        runs = RunDirectory(tmp_path)
        assert runs.clean() == 0
        assert runs.running() == (Instance(other.pid, "http://127.0.0.1:1/"),)
    finally:
        stop(other)
    assert runs.running() == ()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_not_listed_and_its_file_is_cleaned(tmp_path: Path) -> None:
    other = start_other(tmp_path)
    other.kill()
    stop(other)
    runs = RunDirectory(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert runs.running() == ()
    assert runs.clean() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_stale_file_with_the_number_of_a_living_process_is_stale(tmp_path: Path) -> None:
    stale = tmp_path / f"console-{os.getpid()}.json"
    stale.write_text(json.dumps({"pid": os.getpid(), "address": "http://127.0.0.1:1/"}))
    assert RunDirectory(tmp_path).running() == ()
    assert RunDirectory(tmp_path).clean() == 1


def test_only_our_own_leftovers_are_removed(tmp_path: Path) -> None:
    for name in ("console-1.json", "cache.tmp", ".x1.tmp"):
        (tmp_path / name).write_text("broken")
    for name in ("notes.txt", "console-x.json", "a b.tmp"):
        (tmp_path / name).write_text("keep")
    (tmp_path / "console-2.json").symlink_to(tmp_path / "notes.txt")
    assert RunDirectory(tmp_path).clean() == 3
    assert {p.name for p in tmp_path.iterdir()} == {
        "notes.txt",
        "console-x.json",
        "a b.tmp",
        "console-2.json",
    }


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"pid": "x"}', "\x00"])
def test_a_file_that_says_nothing_sensible_lists_nobody(tmp_path: Path, content: str) -> None:
    other = start_other(tmp_path)
    try:
        (tmp_path / f"console-{other.pid}.json").write_text(content)
        assert RunDirectory(tmp_path).running() == ()
    finally:
        stop(other)


def test_leaving_on_an_error_cleans_up(tmp_path: Path) -> None:
    runs = RunDirectory(tmp_path)

    def fail_inside() -> None:
        with runs.entered("http://127.0.0.1:1/"):
            assert len(list(tmp_path.iterdir())) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StageError, match="cannot be made"):
        RunDirectory(tmp_path / "file" / "run")
