"""Threads that carry packets: woken exactly, and before all others where that is permitted."""

from __future__ import annotations

import os
from typing import Final

from baluardo.network.links.system_calls import libc

PRIORITY: Final = 10
"""Of 1 to 99: above every ordinary thread, below what the system itself runs at 50 and more."""

_PR_SET_TIMERSLACK: Final = 29
_EXACT_NS: Final = 1


def exact_timers() -> None:
    """Let the calling thread's waits end when they are over, not up to 50 us later; needs no right.

    Source: prctl(2), PR_SET_TIMERSLACK.
    """
    libc().prctl(_PR_SET_TIMERSLACK, _EXACT_NS, 0, 0, 0)


def ask_for_real_time() -> bool:
    """Give the calling thread SCHED_FIFO; False where that needs root or CAP_SYS_NICE.

    Children that it starts are ordinary again.
    """
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True
