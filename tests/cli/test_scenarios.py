"""Command lines with what they answer, as text files: tests/cli/scenarios/*.txt.

A file has blocks, each a command line after "$ ", the lines it prints to stdout as they are, those
it prints to stderr after "! ", and "[exit N]" where the status is not 0. "..." stands for anything
within a line; a line of its own for any lines. Lines starting with "#" before the first command
are comments. Files that the commands need follow at the end, each after a line "-- name --"; they
lie in the folder in which the commands run, or below it. $SHARED is the folder of real data; a
scenario that uses it is skipped where that is absent.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from baluardo.cli.main import main

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
FILE_HEAD = re.compile(r"-- (\S+) --")
EXIT = re.compile(r"\[exit (\d+)\]")


@dataclass
class Block:
    """One command line and what it has to answer."""

    line: int
    command: str
    stdout: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    status: int = 0


def read(text: str) -> tuple[list[Block], dict[str, str]]:
    """Return the blocks of a scenario and its files by name."""
    blocks: list[Block] = []
    files: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if head := FILE_HEAD.fullmatch(line):
            current = files[head[1]] = []
        elif current is not None:
            current.append(line)
        elif line.startswith("$ "):
            blocks.append(Block(number, line[2:]))
        elif not blocks:
            assert line.startswith("#") or not line, f"line {number} stands before any command"
        elif status := EXIT.fullmatch(line):
            blocks[-1].status = int(status[1])
        elif line == "!" or line.startswith("! "):
            blocks[-1].stderr.append(line[2:])
        else:
            blocks[-1].stdout.append(line)
    return blocks, {name: "\n".join(lines) + "\n" for name, lines in files.items()}


def pattern(lines: list[str]) -> re.Pattern[str]:
    """Return the expression that lines with "..." stand for."""
    while lines and not lines[-1]:
        lines = lines[:-1]
    parts = [
        "(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in lines
    ]
    return re.compile("".join(parts))


def run(words: list[str]) -> tuple[int, str, str]:
    """Run a command line in this process; return its status, stdout and stderr."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            status = main(words)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    text = path.read_text(encoding="utf-8")
    blocks, files = read(text)
    assert blocks, f"{path.name} has no command"
    if "$SHARED" in text:
        shared = request.getfixturevalue("shared_data")
        text = text.replace("$SHARED", str(shared))
        blocks, files = read(text)
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / name).chmod(0o600)  # files of passphrases are for their owner alone
    monkeypatch.chdir(tmp_path)
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    monkeypatch.setenv("COLUMNS", "100")  # argparse wraps its usage at the terminal's width
    monkeypatch.setenv("NO_COLOR", "1")
    for block in blocks:
        program, *words = shlex.split(block.command)
        assert program == "baluardo", f"{path.name}:{block.line}: only baluardo can be run"
        status, stdout, stderr = run(words)
        where = f"{path.name}:{block.line}: $ {block.command}\n{stdout}\nstderr:\n{stderr}"
        assert status == block.status, where
        assert pattern(block.stdout).fullmatch(stdout), where
        assert pattern(block.stderr).fullmatch(stderr), where
