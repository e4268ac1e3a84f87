"""A capture that somebody wished for: what passes ports of the wire, in one file until the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from baluardo.errors import InvalidInputError, TargetError
from baluardo.foreign_input import printable, quoted
from baluardo.stage.network.addresses import Plan

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Capture:
    """A new file, held open: another process of the wire goes on with it where one was killed.

    As a context manager it says at its end what is in the file, and takes away one in which nothing
    was ever begun.
    """

    def __init__(
        self, path: Path, ports: Sequence[str], plan: Plan, say: Callable[[str], None]
    ) -> None:
        """Make the file, for its owner alone; no ports: all there are.

        InvalidInputError for ports that there are not or that are named twice, TargetError where
        the file cannot be made, or is there already.
        """
        there = f"There are: {', '.join(plan.ports)}."
        for number, each in enumerate(ports):
            if each not in plan.ports:
                raise InvalidInputError(f"There is no port {quoted(each)} on the wire. {there}")
            if each in ports[:number]:
                raise InvalidInputError(f"The port {each} is named twice. {there}")
        self.ports = tuple(ports)
        self.packets = 0
        """How many the file holds, as the wire said last."""
        self.problem = ""
        """Why it ended before the wire did."""
        self._path, self._say = path, say
        try:
            self.descriptor = os.open(path, _FLAGS, 0o600)
        except FileExistsError:
            raise TargetError(
                f"{printable(str(path))} is there already: a capture makes a new file."
            ) from None
        except OSError as problem:
            raise TargetError(
                f"{printable(str(path))} cannot be written: {problem.strerror}."
            ) from None

    @property
    def begun(self) -> bool:
        """Whether the wire has written into the file: its processes move the same offset."""
        return os.lseek(self.descriptor, 0, os.SEEK_CUR) > 0

    def note(self, packets: int, problem: str = "") -> None:
        """Take what the wire says of it; a problem is said on, once."""
        self.packets = packets
        if problem and not self.problem:
            self.problem = problem
            self._say(problem)

    def told(self) -> dict[str, Any]:
        """Return what pages show of it: of which ports (none named: all), never what or where."""
        return {"ports": self.ports, "packets": self.packets, "ended": bool(self.problem)}

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the file go, whole, when nobody writes into it any more."""
        file, begun = printable(str(self._path)), self.begun
        with contextlib.suppress(OSError):
            if begun:  # a wire that was killed may have left half a block behind
                os.ftruncate(self.descriptor, os.lseek(self.descriptor, 0, os.SEEK_CUR))
            elif os.path.samestat(self._path.lstat(), os.fstat(self.descriptor)):
                self._path.unlink()
        os.close(self.descriptor)
        if begun:
            of = ", ".join(self.ports) or "all ports of the wire"
            packets = "1 packet" if self.packets == 1 else f"{self.packets:,} packets"
            self._say(f"{file} holds {packets} that passed {of}.")
        elif problem is None:
            self._say(f"Nothing was captured, as the wire did not run: there is no {file}.")
