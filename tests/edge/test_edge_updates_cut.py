"""Updates cut off at every step, by a kill and by a power cut: the old program or the new, whole.

A child does the real work and is killed before its nth operation on files. What it leaves is what a
kill leaves; beside it, it keeps a copy of what was certainly on the disk by then: names since the
last fsync of the directory are lost there, octets without an fsync too.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from baluardo.edge.updates import launcher
from baluardo.edge.updates.manifest import UpdateManifest
from baluardo.edge.updates.versions import Versions
from baluardo.errors import ConflictError

OPERATIONS = ("fsync", "sync", "replace", "rename", "symlink", "unlink", "mkdir", "rmdir")
MOST_STEPS = 400


def manifest(number: int) -> UpdateManifest:
    version = f"0.1.{number}"
    wheels = {f"baluardo-{version}-py3-none-any.whl": b"a program"}
    return UpdateManifest.of_wheels(wheels, number, version, "3.11")


def update(versions: Versions, number: int) -> None:
    """Do as `installation.install` does, with an environment of a few files."""
    with versions.held():
        versions.check_next(manifest(number))
        versions.tidy()
        versions.clear(number)
        place = versions.place(number)
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "python").write_text("#!/bin/sh\n")
        (place / "bin" / "python").chmod(0o755)
        (place / "whole").write_text(str(number))
        versions.take(manifest(number))
        versions.tidy()


def fail_starts(versions: Versions) -> None:
    for _ in range(launcher.MOST_STARTS):
        assert launcher.choose(versions.directory) == 2


def prove(versions: Versions) -> None:
    assert launcher.choose(versions.directory) == 1
    versions.report_healthy(1)


def rolled_back_by_itself(versions: Versions) -> None:
    assert launcher.choose(versions.directory) == 1


Phase = tuple[Callable[[Versions], object], set[int]]
PHASES: tuple[Phase, ...] = (
    (lambda versions: update(versions, 1), {0, 1}),
    (prove, {1}),
    (lambda versions: update(versions, 2), {1, 2}),
    (fail_starts, {1, 2}),  # the start that looks may be the one too many
    (rolled_back_by_itself, {1}),
    (lambda versions: update(versions, 3), {1, 3}),
    (lambda versions: versions.roll_back(), {1, 3}),
    (lambda versions: update(versions, 4), {1, 4}),
)
"""What happens to an edge, and what may start if it is cut off within."""


class Disk:
    """Counts operations, kills before one of them, and keeps what is certainly on the disk."""

    def __init__(self, folder: Path, copy: Path, last: int) -> None:
        """Watch a folder that is there; `copy` is made."""
        self.folder, self.copy, self.last = folder, copy, last
        self.done = 0
        self.watching = True
        self.synced: set[int] = set()
        """Inodes of files whose octets are on the disk."""
        self.whole: dict[int, str] = {}
        """By inode, the name in the copy of a directory that the last sync has brought there."""
        shutil.copytree(folder, copy, symlinks=True)

    def hook(self, monkeypatch: pytest.MonkeyPatch, without: str = "") -> None:
        for name in OPERATIONS:
            keeps = {"sync": self._keep_all, "fsync": self._keep}.get(name)
            operation = self._nothing if keeps else getattr(os, name)
            keep = None if name == without else keeps
            monkeypatch.setattr(os, name, self._counted(operation, keep))

    def _nothing(self, *_: object) -> None:
        """Bring nothing to the true disk: what counts is what the copy says."""

    def _counted(
        self, operation: Callable[..., Any], keep: Callable[..., None] | None
    ) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            if not self.watching:
                return operation(*args, **options)
            self.done += 1
            if self.done == self.last:
                os.kill(os.getpid(), signal.SIGKILL)
            result = operation(*args, **options)
            self.watching = False
            if keep is not None:
                keep(*args)
            self.watching = True
            return result

        return counted

    def _keep_all(self) -> None:
        shutil.rmtree(self.copy)
        shutil.copytree(self.folder, self.copy, symlinks=True)
        for each in self.folder.iterdir():
            if each.is_dir():
                self.whole[each.stat().st_ino] = each.name
            else:
                self.synced.add(each.lstat().st_ino)

    def _keep(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISDIR(status.st_mode):
            self.synced.add(status.st_ino)
        elif status.st_ino == self.folder.stat().st_ino:
            self._keep_names()

    def _keep_names(self) -> None:
        before = self.copy.with_name("before")
        self.copy.rename(before)
        self.copy.mkdir()
        for each in self.folder.iterdir():
            inode, place = each.lstat().st_ino, self.copy / each.name
            if each.is_symlink():
                place.symlink_to(each.readlink())
            elif each.is_file():
                place.write_bytes(each.read_bytes() if inode in self.synced else b"")
            elif inode in self.whole and (before / self.whole[inode]).exists():
                (before / self.whole[inode]).rename(place)
                self.whole[inode] = each.name
            else:  # its name alone: nothing says that what is in it has come to the disk
                place.mkdir()
        shutil.rmtree(before)


def cut(folder: Path, last: int, without: str = "") -> tuple[int, bool]:
    """Live through all phases in a child that is killed before an operation.

    Return how many phases it has ended, and whether it came to the end.
    """
    edge = folder / "edge"
    (edge / launcher.FOLDER).mkdir(parents=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as monkeypatch:
                disk = Disk(edge / launcher.FOLDER, folder / "copy" / launcher.FOLDER, last)
                disk.hook(monkeypatch, without)
                for phase, _ in PHASES:
                    phase(Versions(edge))
                    os.write(writer, b".")
        except BaseException:  # noqa: BLE001 - a child of a test must not run the tests after it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
        ended = len(pipe.read())
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child has failed"
    return ended, not os.WIFSIGNALED(status)


def judge(versions: Path, ended: int) -> str:
    """Return what is wrong with what would start; empty if nothing is."""
    allowed = PHASES[ended][1] if ended < len(PHASES) else {4}
    number = launcher.choose(versions)
    if number not in allowed:
        return f"{number} starts after {ended} phases, not one of {allowed}"
    whole = versions / str(number) / "whole"
    if number and (not whole.exists() or whole.read_text() != str(number)):
        return f"{number} starts after {ended} phases, and is not whole"
    return ""


def cuts(folder: Path, without: str = "") -> list[str]:
    """Cut at every operation; return what was wrong at any."""
    wrong = []
    for last in range(1, MOST_STEPS):
        place = folder / str(last)
        ended, came_to_the_end = cut(place, last, without)
        for edge in (place / "edge", place / "copy"):
            found = judge(edge / launcher.FOLDER, ended)
            wrong += [f"{edge.name}, before operation {last}: {found}"] if found else []
        if without and wrong:
            return wrong
        goes_on(place / "edge")
        shutil.rmtree(place)
        if came_to_the_end:
            assert last > 50
            return wrong
    raise AssertionError("it has no end")


def goes_on(edge: Path) -> None:
    """An edge that was cut off takes the next update as if nothing had been."""
    versions = Versions(edge)
    update(versions, 9)
    assert launcher.choose(versions.directory) == 9
    assert (versions.place(9) / "whole").read_text() == "9"
    left = {each.name for each in versions.directory.iterdir() if each.name.startswith(".")}
    assert not {each for each in left if each.endswith(".removed")}


def test_an_update_that_is_cut_off_leaves_the_old_program_or_the_new(tmp_path: Path) -> None:
    assert cuts(tmp_path) == []


@pytest.mark.parametrize("without", ["sync", "fsync"])
def test_the_cuts_find_what_was_not_brought_to_the_disk(tmp_path: Path, without: str) -> None:
    """The control: a program that forgets to do so is found."""
    assert cuts(tmp_path, without) != []


def test_an_older_update_comes_again_by_nobodys_hand(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    update(versions, 2)
    with pytest.raises(ConflictError, match="is in use here already"):
        update(versions, 2)
    with pytest.raises(ConflictError, match="Update 1 is not newer than update 2"):
        update(versions, 1)
    assert versions.roll_back().number == 0
    with pytest.raises(ConflictError, match="was taken back"):
        update(versions, 2)
    with pytest.raises(ConflictError, match="Update 1 is not newer"):
        update(versions, 1)
    update(versions, 3)
    assert versions.program(3).before == 0
