"""The list of executed commands: on the disk before a command is handed out, and never doubted."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import CommandError
from baluardo.trust.commands import spent as module
from baluardo.trust.commands.spent import KEPT_AFTER_EXPIRY, SpentCommands

ONE, OTHER, THIRD = (bytes([number] * 16) for number in range(1, 4))


def test_it_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    first = SpentCommands.create(path)
    first.spend(ONE, 100.0, 0.0)
    first.close()
    second = SpentCommands.open(path)
    with pytest.raises(CommandError, match="carried out before"):
        second.spend(ONE, 100.0, 0.0)
    second.spend(OTHER, 100.0, 0.0)
    second.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_has_expired_is_forgotten_later(tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    spent = SpentCommands.create(path)
    spent.spend(ONE, 100.0, 0.0)
    spent.spend(OTHER, 1e9, 100.0 + KEPT_AFTER_EXPIRY - 1)
    assert json.loads(path.read_bytes())["spent"].keys() == {ONE.hex(), OTHER.hex()}
    spent.spend(THIRD, 1e9, 100.0 + KEPT_AFTER_EXPIRY)
    assert json.loads(path.read_bytes())["spent"].keys() == {OTHER.hex(), THIRD.hex()}
    spent.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    spent = SpentCommands.create(path)
    for door in (SpentCommands.open, SpentCommands.create):
        with pytest.raises(CommandError, match="another process"):
            door(path)
    spent.close()
    spent.close()
    with pytest.raises(CommandError, match="closed"):
        spent.spend(ONE, 1.0, 0.0)
    SpentCommands.open(path).close()


def test_another_name_of_the_file_is_the_same_list(tmp_path: Path) -> None:
    """Else the link would be replaced, and the list behind it would forget what was done."""
    path, link = tmp_path / "spent.json", tmp_path / "link.json"
    SpentCommands.create(path).close()
    link.symlink_to(path)
    spent = SpentCommands.open(link)
    with pytest.raises(CommandError, match="another process"):
        SpentCommands.open(path)
    spent.spend(ONE, 100.0, 0.0)
    spent.close()
    again = SpentCommands.open(path)
    with pytest.raises(CommandError, match="carried out before"):
        again.spend(ONE, 100.0, 0.0)
    again.close()


FORK = """
import os, sys
from pathlib import Path
from baluardo.errors import CommandError
from baluardo.trust.commands.spent import SpentCommands

spent = SpentCommands.create(Path(sys.argv[1]))
child = os.fork()
try:
    spent.spend(bytes([7] * 16), 1e9, 0.0)
    os.write(1, b"handed out by %d|" % (child > 0))
except CommandError as problem:
    os.write(1, str(problem).encode() + b"|")
if child:
    os.waitpid(child, 0)
"""


def test_a_process_that_was_split_off_hands_out_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK, str(tmp_path / "spent.json")], capture_output=True, check=True
    )
    assert sorted(done.stdout.decode().split("|")[:-1]) == [
        "The list of executed commands belongs to another process; nothing was done.",
        "handed out by 1",
    ]


def test_a_missing_list_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="begin a new list"):
        SpentCommands.open(tmp_path / "spent.json")
    SpentCommands.create(tmp_path / "spent.json").close()
    with pytest.raises(CommandError, match="there already"):
        SpentCommands.create(tmp_path / "spent.json")
    for path in (tmp_path / "no" / "spent.json", tmp_path / "no\0name"):
        with pytest.raises(CommandError, match="cannot be opened"):
            SpentCommands.create(path)


def test_nothing_is_handed_out_that_cannot_be_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spent.json"
    spent = SpentCommands.create(path)

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(CommandError, match="No space left"):
        spent.spend(ONE, 100.0, 0.0)
    monkeypatch.undo()
    assert json.loads(path.read_bytes()) == {"spent": {}}
    spent.spend(ONE, 100.0, 0.0)
    spent.close()


def test_its_octets_and_its_name_are_on_the_disk_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut, other than a crash, takes back what was not forced to the disk."""
    spent = SpentCommands.create(tmp_path / "spent.json")
    steps = []
    fsync, replace = os.fsync, Path.replace

    def forced(descriptor: int) -> None:
        fsync(descriptor)
        steps.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "octets")

    def named(path: Path, target: Path) -> Path:
        steps.append("name")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", forced)
    monkeypatch.setattr(Path, "replace", named)
    spent.spend(ONE, 100.0, 0.0)
    assert steps == ["octets", "name", "directory"]
    spent.close()


CRASH = """
import os, sys
from pathlib import Path
from baluardo.trust.commands.spent import SpentCommands

left = int(sys.argv[2])

def counted(function):
    def call(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*args, **kwargs)
    return call

spent = SpentCommands.open(Path(sys.argv[1]))
for name in ("open", "fsync", "replace", "fdopen", "fchmod", "close", "write"):
    setattr(os, name, counted(getattr(os, name)))
Path.replace = counted(Path.replace)
spent.spend(bytes([7] * 16), 1e9, 0.0)
os.write(1, b"handed out")
os._exit(0)
"""


def test_a_crash_at_any_step_never_lets_a_command_be_done_twice(tmp_path: Path) -> None:
    """Killed before each call to the system in turn: handed out means noted, always."""
    path = tmp_path / "spent.json"
    steps, handed_out = 0, 0
    while handed_out < 1:
        for stale in tmp_path.iterdir():
            stale.unlink()
        begun = SpentCommands.create(path)
        begun.spend(ONE, 1e9, 0.0)
        begun.close()
        done = subprocess.run(
            [sys.executable, "-c", CRASH, str(path), str(steps)],
            capture_output=True,
            check=False,
        )
        assert done.returncode in {0, 9}, done.stderr.decode()
        again = SpentCommands.open(path)
        with pytest.raises(CommandError, match="carried out before"):
            again.spend(ONE, 1e9, 0.0)
        if done.stdout:
            handed_out += 1
            with pytest.raises(CommandError, match="carried out before"):
                again.spend(bytes([7] * 16), 1e9, 0.0)
        again.close()
        steps += 1
    assert steps > 5, "the steps were not counted"


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{}",
        b"[]",
        b'{"spent":[]}',
        b'{"spent":{"01":1}}',
        b'{"spent":{"' + b"AB" * 16 + b'":1}}',
        b'{"spent":{"' + b"zz" * 16 + b'":1}}',
        b'{"spent":{"' + b"ab" * 16 + b'":"1"}}',
        b'{"spent":{"' + b"ab" * 16 + b'":1,"' + b"ab" * 16 + b'":1}}',
        b'{"spent":{"' + b"ab" * 16 + b'":1}',
    ],
)
def test_a_damaged_list_stops_everything(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "spent.json"
    path.write_bytes(octets)
    with pytest.raises(CommandError, match="No command is carried out"):
        SpentCommands.open(path)
    assert path.read_bytes() == octets
    path.write_bytes(b'{"spent":{"' + b"ab" * 16 + b'":1}}')
    SpentCommands.open(path).close()  # the refused attempt does not hold the lock


def test_a_full_list_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SPENT", 2)
    spent = SpentCommands.create(tmp_path / "spent.json")
    spent.spend(ONE, 100.0, 0.0)
    spent.spend(OTHER, 100.0, 0.0)
    with pytest.raises(CommandError, match="in force at once"):
        spent.spend(THIRD, 100.0, 0.0)
    spent.spend(THIRD, 1e9, 101.0 + KEPT_AFTER_EXPIRY)
    spent.close()


@given(st.binary(max_size=80))
def test_any_octets_are_refused(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.json"
    path.write_bytes(octets)
    with pytest.raises(CommandError):
        SpentCommands.open(path)
