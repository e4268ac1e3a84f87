"""The launcher: whatever it finds on the disk, a program that is there starts."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baluardo.edge.updates import launcher

PATIENCE = 60.0


def program(versions: Path, number: int, before: int) -> None:
    """Make a program that says its number and what it is told."""
    python = versions / str(number) / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho {number} "$@"\n')
    python.chmod(0o755)
    (versions / f"{number}.json").write_text(f'{{"before": {before}}}')


def launch(edge: Path, *words: str) -> tuple[int, str, str]:
    """Run the launcher as the service manager does."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "baluardo.edge.updates.launcher", *words],
        cwd=edge,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_it_uses_the_standard_library_alone() -> None:
    tree = ast.parse(Path(launcher.__file__).read_text(encoding="utf-8"))
    found = {
        name.split(".")[0]
        for each in ast.walk(tree)
        for name in (
            [alias.name for alias in each.names]
            if isinstance(each, ast.Import)
            else [each.module or "baluardo"]
            if isinstance(each, ast.ImportFrom)
            else []
        )
    }
    assert found <= sys.stdlib_module_names | {"__future__"}
    assert "json" in found


def test_three_failed_starts_bring_the_one_before_back_and_asking_counts_none(
    tmp_path: Path,
) -> None:
    versions = tmp_path / "versions"
    program(versions, 2, 0)
    program(versions, 5, 2)
    (versions / "2.healthy").touch()
    launcher.point(versions, 5)
    for _ in range(5):
        assert launch(tmp_path, "--aside", ".", "status") == (0, "5 -I -m baluardo status\n", "")
    for _ in range(3):
        assert launch(tmp_path, ".", "edge", "run") == (0, "5 -I -m baluardo edge run\n", "")
    for _ in range(4):
        status, stdout, _ = launch(tmp_path, ".", "edge", "run")
        assert (status, stdout) == (0, "2 -I -m baluardo edge run\n")
    assert launcher.current(versions) == 2
    (versions / "2" / "bin" / "python").unlink()  # the machine's own Python was replaced, say
    status, stdout, stderr = launch(tmp_path, ".", "--version")
    assert (status, stdout) == (0, "baluardo 0.1.0\n")
    assert stderr == "baluardo launcher: Program 2 does not work; 0 is put back.\n"
    assert launch(tmp_path, ".", "--version") == (0, "baluardo 0.1.0\n", "")


def test_what_cannot_be_executed_gives_way_to_the_first(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    program(versions, 2, 0)
    (versions / "2" / "bin" / "python").write_bytes(b"\x7fELF of another machine")
    launcher.point(versions, 2)
    status, stdout, stderr = launch(tmp_path, ".", "--version")
    assert (status, stdout) == (0, "baluardo 0.1.0\n")
    assert "cannot be started." in stderr


@pytest.mark.parametrize("words", [(), (".",), ("--aside", ".")])
def test_wrong_usage_starts_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    status, stdout, stderr = launch(tmp_path, *words)
    assert (status, stdout) == (2, "")
    assert "usage: launcher" in stderr


NAMES = st.one_of(st.sampled_from(["1", "2", "3", "9", "0", "-1", "../2", "2/", "²"]), st.text())
CONTENT = st.one_of(
    st.sampled_from([b"", b"0", b"2", b"3", b"99", b"-1", b"x", b"[]", b"[" * 50_000]),
    st.sampled_from([b'{"before": %s}' % each for each in (b"1", b"2", b"9", b"1.0", b"true")]),
    st.binary(max_size=40),
)


@example(link="3", files={"3.json": b'{"before": 3}', "3.starts": b"99"})
@example(link="2", files={"2.json": b'{"before": 1}', "2.starts": b"\xff", "1.starts": b""})
@given(
    link=NAMES.filter(lambda text: text and "\0" not in text and text.isprintable()),
    files=st.dictionaries(
        st.sampled_from([f"{n}.{end}" for n in (1, 2, 3) for end in ("json", "starts", "healthy")]),
        CONTENT,
    ),
)
def test_whatever_is_on_the_disk_something_starts(link: str, files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        versions = Path(folder) / "versions"
        versions.mkdir()
        for number in (1, 2):
            program(versions, number, number - 1)
        for name, octets in files.items():
            (versions / name).write_bytes(octets)
        (versions / "current").symlink_to(link)
        number = launcher.choose(versions)
        assert number in {0, 1, 2}
        assert launcher.current(versions) == number
        starts = [launcher.choose(versions) for _ in range(2 * launcher.MOST_STARTS + 2)]
        assert starts == sorted(starts, reverse=True)  # it goes back, never forth
