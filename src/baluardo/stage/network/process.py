"""Child processes of the stage: started again when they end, ended with their parent."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from baluardo.network.links.namespaces import Namespace

AGAIN_SECONDS: Final = 0.5
"""Between the end of a process and its next start."""
LONGEST_AGAIN: Final = 10.0
STEADY_SECONDS: Final = 30.0
"""One that ran so long is not failing over and over."""
TERM_SECONDS: Final = 5.0
DIES_WITH_PARENT: Final = ("setpriv", "--pdeathsig", "KILL", "--")
"""Of util-linux. The kernel takes the thread that forks for the parent: it has to live on."""

logger = logging.getLogger(__name__)


class Kept:
    """One program within a namespace, kept running from `start` to `stop`."""

    def __init__(
        self,
        name: str,
        namespace: Namespace,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Prepare; `before` runs before each start."""
        self.name = name
        self._arguments = tuple(arguments)
        self._environment, self._before = environment, before
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=namespace.enter)
        self.process: subprocess.Popen[Any] | None = None
        """The one that runs now; None between two."""
        self.starts = 0

    def start(self) -> None:
        """Begin, in the background."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """End it: asked first, then made to."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            # A start that was under way is waited for: its process would be nobody's.
            await asyncio.get_running_loop().run_in_executor(self._thread, bool)
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, TERM_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        self._thread.shutdown()

    async def _keep(self) -> None:
        wait, loop = AGAIN_SECONDS, asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                if self._before is not None:
                    self._before()
                beginning = asyncio.get_running_loop().run_in_executor(self._thread, self._begin)
                process = await beginning
                self.starts += 1
                status = await self._ended(process)
                self.process = None
                logger.warning("%s ended with status %s; it is started again.", self.name, status)
            except OSError as problem:
                logger.warning("%s could not be started: %s", self.name, problem)
            except Exception:  # the edge of the driver: the next start may succeed
                logger.exception("%s could not be kept.", self.name)
            steady = loop.time() - began >= STEADY_SECONDS
            wait = AGAIN_SECONDS if steady else min(2.0 * wait, LONGEST_AGAIN)
            await asyncio.sleep(wait)

    async def _ended(self, process: subprocess.Popen[Any]) -> int:
        """Wait without a thread: one that sleeps in waitpid would outlive a cancelled task."""
        while (status := process.poll()) is None:
            await asyncio.sleep(0.1)
        return int(status)

    def _begin(self) -> subprocess.Popen[Any]:
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            (*DIES_WITH_PARENT, *self._arguments),
            env=None if self._environment is None else dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # where its pages are is no news
        )
        return self.process
