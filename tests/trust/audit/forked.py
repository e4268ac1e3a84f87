"""Runs something in a child made by fork, which inherits every descriptor and every lock."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable


def fork() -> int:
    """Fork as the system does, whatever threads earlier tests have left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def run_forked(job: Callable[[], object]) -> None:
    """Run a job in a forked child; fails if it did there."""
    child = fork()
    if child == 0:
        try:
            job()
        except BaseException:  # noqa: BLE001 - nothing of the test run may go on in the child
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
