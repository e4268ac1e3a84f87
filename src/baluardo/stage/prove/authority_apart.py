"""An authority as a program of its own, which a proof kills and starts again."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Final

from baluardo.errors import StageError
from baluardo.foreign_input import printable
from baluardo.stage.network.process import DIES_WITH_PARENT

START_SECONDS: Final = 90.0
"""Until it says where its pages are; a busy machine takes long to load a program."""
END_SECONDS: Final = 10.0
TALK: Final = "program.log"
"""What it says, among its own files: who searches those searches this."""


class AuthorityApart:
    """`baluardo authority serve` on a directory whose keys are open."""

    def __init__(self, directory: Path) -> None:
        """Prepare; the settings that stand there name its ports."""
        self._directory = directory
        self._process: Process | None = None

    @property
    def process_id(self) -> int:
        """Of the program that runs; StageError if none does."""
        if self._process is None:
            raise StageError("The authority's program does not run.")
        return self._process.pid

    async def start(self) -> None:
        """Start it, and return once it serves; StageError with its last words if it does not.

        Call it in the thread of an event loop that lives as long as the program is to.
        """
        talk = self._directory / TALK
        with talk.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *(*DIES_WITH_PARENT, sys.executable, "-P", "-m", "baluardo"),
                *("authority", "serve", str(self._directory), "--unprotected"),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=out,
            )
        self._process = process
        said = b""
        if process.stdout is not None:
            with contextlib.suppress(TimeoutError):
                said = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        if not said:
            await self.kill()
            words = talk.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            last = printable(words[-1]) if words else "it says nothing"
            raise StageError(f"The authority's program does not serve: {last}")

    async def kill(self) -> None:
        """End it as a pulled plug would (SIGKILL), and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def stop(self) -> None:
        """Ask it to end, and make it end where it does not."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        await self.kill()
