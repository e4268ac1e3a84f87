"""The command as a process: statuses, pipes, interrupts, and what it costs to ask for help."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from baluardo.cli import main as command_line
from baluardo.cli.command import Command
from baluardo.cli.main import COMMANDS, main

BALUARDO = [sys.executable, "-m", "baluardo"]


def leaves(commands: tuple[Command, ...], path: str = "") -> Iterator[tuple[str, Command]]:
    for command in commands:
        if command.commands:
            yield from leaves(command.commands, f"{path}{command.name} ")
        else:
            yield f"{path}{command.name}", command


def groups(commands: tuple[Command, ...], path: str = "") -> Iterator[str]:
    for command in commands:
        if command.commands:
            yield f"{path}{command.name}"
            yield from groups(command.commands, f"{path}{command.name} ")


LEAVES = dict(leaves(COMMANDS))
GROUPS = ["", *groups(COMMANDS)]


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_explains_itself_and_ends_in_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*name.split(), "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert LEAVES[name].summary in " ".join(text.split())
    assert f"$ baluardo {name} " in text[text.index("example:") :]


def test_every_module_of_a_command_is_in_the_table() -> None:
    folder = Path(command_line.__file__).parent
    registering = {
        ".".join(("baluardo", "cli", *path.relative_to(folder).with_suffix("").parts))
        for path in folder.rglob("*.py")
        if "\ndef register(" in path.read_text(encoding="utf-8")
    }
    assert registering == {command.module for command in LEAVES.values()}


@pytest.mark.parametrize("name", [*LEAVES, *GROUPS])
def test_every_example_is_right_usage(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit):
        main([*name.split(), "--help"])
    text = capsys.readouterr().out.partition("example:")[2].replace("\\\n", " ")
    adds = command_line.add_commands
    ran: list[object] = []

    def add_and_run_nothing(*arguments: object) -> object:
        adds(*arguments)  # type: ignore[arg-type]
        return SimpleNamespace(run=lambda args: ran.append(args) or 0)

    monkeypatch.setattr(command_line, "add_commands", add_and_run_nothing)
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("$ baluardo ")]
    for line in lines:
        words = shlex.split(line.removeprefix("$ baluardo ").partition(" > ")[0], comments=True)
        assert main(words) == 0, line
    assert len(ran) == len(lines) > 0


def test_help_imports_no_numerics() -> None:
    script = (
        "import sys\n"
        "from baluardo.cli.main import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'numba', 'fastapi', 'httpx', 'sqlalchemy', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_module_and_command_are_the_same() -> None:
    done = subprocess.run([*BALUARDO, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("baluardo ")


def run_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    def fail(_words: list[str]) -> int:
        raise error

    monkeypatch.setattr(command_line, "_run", fail)
    return main([])


def test_unexpected_errors_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BALUARDO_DEBUG", raising=False)
    assert run_with(monkeypatch, RuntimeError("the moon")) == 1
    assert capsys.readouterr().err == (
        "baluardo: Unexpected error (RuntimeError: the moon). Run again with BALUARDO_DEBUG=1 to "
        "see where.\n"
    )


def test_debug_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BALUARDO_DEBUG", "1")
    assert run_with(monkeypatch, RuntimeError("the moon")) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interrupt_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*BALUARDO, "sky", "info", "--json"],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def shown(terminal: int, until: bytes = b"") -> bytes:
    """What a terminal shows until a word comes, or until nobody writes to it any more."""
    said = b""
    with contextlib.suppress(OSError):  # its end
        while not until or until not in said:
            assert select.select([terminal], [], [], 120.0)[0], said
            said += os.read(terminal, 4_096)
    return said


def test_ctrl_c_in_a_long_command_gives_130() -> None:
    """Sent when its bar shows that it computes."""
    terminal, stderr = pty.openpty()
    termios.tcsetwinsize(stderr, (24, 80))  # in one without columns there is no bar
    command = [*BALUARDO, "sky", "coverage", "--region", "mediterranean", "--hours", "240"]
    # Whatever a shell starts in the background ignores Ctrl-C, as does all that comes from there.
    process = subprocess.Popen(
        ["env", "--default-signal=INT", *command], stdout=subprocess.DEVNULL, stderr=stderr
    )
    os.close(stderr)
    try:
        said = shown(terminal, until=b"coverage of")
        process.send_signal(signal.SIGINT)
        said += shown(terminal)
        assert process.wait(timeout=120) == 130, said
        assert b"Traceback" not in said
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
