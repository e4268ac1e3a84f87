"""A disk that is watched, and what a crash after any of its steps may leave of it.

`Trace` records each step of the real disk: a name made or changed, octets on their way, octets or
names forced down. `Wreck` replays the first so many steps on a model of a file system in which
nothing is safe until it was forced down, and writes out what is found after a crash:

- "killed": the process is gone, the machine is not: everything that was done stands;
- "power": everything that was not forced down is lost;
- a number: of what was not forced down, any part may have arrived, chosen by that number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from baluardo.trust.audit.disk import Disk

Step = tuple[str, Path, bytes]


class Stopped(BaseException):
    """The machine stops here."""


class Trace(Disk):
    """The real disk, writing down what is done to it; stops after `most` steps if asked to."""

    def __init__(self, root: Path, most: int | None = None) -> None:
        super().__init__()
        self.root = root
        self.most = most
        self.steps: list[Step] = []

    def _step(self, what: str, path: Path, rest: bytes = b"") -> None:
        self.steps.append((what, path.relative_to(self.root), rest))
        if self.most is not None and len(self.steps) >= self.most:
            raise Stopped

    def make_directory(self, path: Path) -> None:
        there = path.exists()
        super().make_directory(path)
        if not there:
            self._step("mkdir", path)

    def write(self, path: Path, octets: bytes) -> None:
        path.write_bytes(b"")
        self._step("create", path)
        path.write_bytes(octets[: len(octets) // 2])
        self._step("data", path, octets[: len(octets) // 2])
        path.write_bytes(octets)
        self._step("data", path, octets)
        super().write(path, octets)
        self._step("sync", path)

    def overwrite(self, path: Path, octets: bytes) -> None:
        self._step("data", path, octets)
        super().overwrite(path, octets)
        self._step("sync", path)

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        self._step("rename", source, str(target.relative_to(self.root)).encode())

    def remove(self, path: Path) -> None:
        super().remove(path)
        self._step("remove", path)

    def remove_directory(self, path: Path) -> None:
        super().remove_directory(path)
        self._step("rmdir", path)

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        if path.is_relative_to(self.root):
            self._step("syncdir", path)

    def acknowledge(self, size: int) -> None:
        """Note that so many entries were acknowledged by now."""
        self.steps.append(("ack", Path(), str(size).encode()))


@dataclass
class Node:
    """A file or a directory: as it is, as it is on the disk, and what is on its way."""

    directory: bool
    names: dict[str, Node] = field(default_factory=dict)
    safe_names: dict[str, Node] = field(default_factory=dict)
    waiting: list[list[tuple[str, Node | None]]] = field(default_factory=list)
    octets: bytes = b""
    safe_octets: bytes = b""
    passing: list[bytes] = field(default_factory=list)


class Wreck:
    """A model of a file system after some steps of a trace."""

    def __init__(self, before: dict[str, bytes], steps: list[Step]) -> None:
        """Start from files that are safe on the disk, and take the steps."""
        self.root = Node(directory=True)
        self.acknowledged = 0
        for path, octets in before.items():
            *parents, name = path.split("/")
            at = self.root
            for part in parents:
                below = at.names.setdefault(part, Node(directory=True))
                at.safe_names[part] = below
                at = below
            if name:
                at.names[name] = at.safe_names[name] = Node(
                    directory=False, octets=octets, safe_octets=octets
                )
        for step in steps:
            self._take(*step)

    def _at(self, path: Path) -> Node:
        node = self.root
        for part in path.parts:
            node = node.names[part]
        return node

    def _name(self, directory: Node, *changes: tuple[str, Node | None]) -> None:
        for name, node in changes:
            if node is None:
                directory.names.pop(name, None)
            else:
                directory.names[name] = node
        directory.waiting.append(list(changes))

    def _take(self, what: str, path: Path, rest: bytes) -> None:
        if what == "ack":
            self.acknowledged = int(rest)
        elif what == "mkdir":
            self._name(self._at(path.parent), (path.name, Node(directory=True)))
        elif what == "create":
            parent = self._at(path.parent)
            if path.name not in parent.names:
                self._name(parent, (path.name, Node(directory=False)))
            self._write(parent.names[path.name], b"")
        elif what == "data":
            self._write(self._at(path), rest)
        elif what == "sync":
            node = self._at(path)
            node.safe_octets, node.passing = node.octets, []
        elif what == "rename":
            target = Path(rest.decode())
            assert target.parent == path.parent
            self._name(self._at(path.parent), (target.name, self._at(path)), (path.name, None))
        elif what in {"remove", "rmdir"}:
            self._name(self._at(path.parent), (path.name, None))
        else:
            assert what == "syncdir"
            node = self._at(path)
            node.safe_names, node.waiting = dict(node.names), []

    @staticmethod
    def _write(node: Node, octets: bytes) -> None:
        node.octets = octets
        node.passing.append(octets)

    def files(self, mode: str | int) -> dict[str, bytes]:
        """Return what is found after the crash: octets by path; directories end in a slash."""
        chance = random.Random(mode) if isinstance(mode, int) else None  # noqa: S311 - not a secret
        found: dict[str, bytes] = {}
        self._collect(self.root, "", mode, chance, found)
        return found

    def _collect(
        self,
        node: Node,
        path: str,
        mode: str | int,
        chance: random.Random | None,
        found: dict[str, bytes],
    ) -> None:
        if not node.directory:
            octets = node.octets if mode == "killed" else node.safe_octets
            if chance is not None:
                octets = chance.choice([node.safe_octets, *node.passing])
            found[path.removesuffix("/")] = octets
            return
        names = dict(node.names if mode == "killed" else node.safe_names)
        if chance is not None:
            for changes in node.waiting:
                if chance.random() < 0.5:
                    for name, other in changes:
                        if other is None:
                            names.pop(name, None)
                        else:
                            names[name] = other
        found[path] = b""
        for name, below in names.items():
            self._collect(below, f"{path}{name}/", mode, chance, found)


def write_out(files: dict[str, bytes], directory: Path) -> None:
    """Make a real directory of what was found."""
    directory.mkdir(parents=True)
    for path, octets in files.items():
        if path.endswith("/") or not path:
            (directory / path).mkdir(parents=True, exist_ok=True)
        else:
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(octets)


def read_in(directory: Path) -> dict[str, bytes]:
    """Return a real directory's files by path, for a wreck to start from."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
