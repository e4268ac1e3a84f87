"""A capture that somebody wished for: what passes ports of the wire, in one file until the end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from baluardo.errors import InvalidInputError, TargetError
from baluardo.foreign_input import printable, quoted
from baluardo.stage.network.addresses import Plan

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_APPEND


class Capture:
    """A new file, held open: another process of the wire goes on with it where one was killed."""

    def __init__(self, path: Path, ports: Sequence[str], plan: Plan) -> None:
        """Make the file, for its owner alone; no ports: all there are.

        InvalidInputError for ports that there are not, TargetError where the file cannot be made,
        or is there already.
        """
        unknown = [each for each in ports if each not in plan.ports]
        if unknown:
            raise InvalidInputError(
                f"There is no port {quoted(unknown[0])} on the wire. There are: "
                f"{', '.join(plan.ports)}."
            )
        self.ports = tuple(dict.fromkeys(ports))
        self.problem = ""
        """Why it ended before the wire did."""
        self._path, self._octets = path, 0
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
    def octets(self) -> int:
        """How large the file is."""
        return self._octets if self.descriptor < 0 else os.fstat(self.descriptor).st_size

    def close(self) -> str:
        """Let the file go; return what is to be said of it."""
        if self.descriptor >= 0:
            self._octets = self.octets
            os.close(self.descriptor)
            self.descriptor = -1
        of = ", ".join(self.ports) or "all ports of the wire"
        told = f"{printable(str(self._path))} holds what passed {of}: {self._octets:,} octets."
        return f"{told} {self.problem}" if self.problem else told
