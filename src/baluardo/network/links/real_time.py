"""Threads that carry packets: woken exactly, and before all others where that is permitted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Final

from baluardo.errors import LinkError
from baluardo.network.links.c_library import call

PRIORITY: Final = 10
"""Of 1 to 99: above every ordinary thread, below what the system itself runs at 50 and more."""

CHILD_PRIORITY: Final = 1
"""Before every ordinary thread, after our own loops, in turns among themselves."""

_PR_SET_TIMERSLACK: Final = 29
_EXACT_NS: Final = 1


def exact_timers() -> None:
    """Let the calling thread's waits end when they are over, not up to 50 us later; needs no right.

    Source: prctl(2), PR_SET_TIMERSLACK.
    """
    with contextlib.suppress(LinkError):  # a sandbox that forbids it has the usual slack
        call("prctl", _PR_SET_TIMERSLACK, _EXACT_NS, 0, 0, 0, otherwise="No exact timers")


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


@contextlib.contextmanager
def processors_awake() -> Iterator[bool]:
    """Keep all processors from sleeping, at the price of their power; False where that needs root.

    One that sleeps wakes late, a virtual one all the more: up to 2 ms where others share it.
    Source: the kernel's documentation, power/pm_qos_interface, /dev/cpu_dma_latency.
    """
    try:
        asked = os.open("/dev/cpu_dma_latency", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        os.write(asked, (0).to_bytes(4, "little"))  # for as long as it is open
        yield True
    finally:
        os.close(asked)


@contextlib.contextmanager
def children_in_real_time() -> Iterator[bool]:
    """Have the programs that this thread starts within run in SCHED_RR; False where they cannot.

    On all processors but one: whatever floods a site, there is one for who chooses its bearers and
    renews its keys. A machine with one processor has none to spare.
    """
    processors = os.sched_getaffinity(0)
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    if len(processors) < 2:
        yield False
        return
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(CHILD_PRIORITY))
    except OSError:
        yield False
        return
    try:
        os.sched_setaffinity(0, processors - {max(processors)})
        yield True
    finally:
        os.sched_setaffinity(0, processors)
        os.sched_setscheduler(0, policy, parameter)
