"""Run a command as the terminal's foreground job: `python tools/foreground.py COMMAND...`.

Ctrl-C goes to every process of the terminal's foreground group, `make` among them, and make then
ends with an error whatever the command itself does. Here the command gets a group of its own and
the terminal with it, so that Ctrl-C reaches it alone, and make sees how the command ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import FrameType

TERMINAL = 0


def run_in_this_group(command: list[str]) -> int:
    """Run a command where there is no terminal to hand over; signals sent to us are passed on."""
    child = subprocess.Popen(command)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGHUP, pass_on)
    # Ctrl-C of a group reaches the command directly; passing it on would deliver it twice.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return child.wait()


def give_terminal_to(group: int) -> None:
    """Make a process group the terminal's foreground job."""
    os.tcsetpgrp(TERMINAL, group)


def run_in_own_group(command: list[str]) -> int:
    """Run a command in a group of its own that owns the terminal until it ends or is stopped."""
    # A process outside the foreground group may only touch the terminal if it ignores this.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    ours = os.getpgrp()
    child = subprocess.Popen(command, process_group=0, restore_signals=True)

    def pass_on(number: int, _frame: FrameType | None) -> None:
        os.killpg(child.pid, number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, pass_on)
    give_terminal_to(child.pid)
    try:
        while True:
            _, status = os.waitpid(child.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                return os.waitstatus_to_exitcode(status)
            # Ctrl-Z: stop with the whole job, and go on with it when the shell says so.
            give_terminal_to(ours)
            os.killpg(ours, signal.SIGSTOP)
            give_terminal_to(child.pid)
            os.killpg(child.pid, signal.SIGCONT)
    finally:
        give_terminal_to(ours)


def main(command: list[str]) -> int:
    """Run the command and end as it ended; 128 + signal where a signal ended it, as shells do."""
    if not command:
        print("usage: foreground.py COMMAND...", file=sys.stderr)
        return 2
    try:
        owns_terminal = os.isatty(TERMINAL) and os.tcgetpgrp(TERMINAL) == os.getpgrp()
    except OSError:
        owns_terminal = False
    status = run_in_own_group(command) if owns_terminal else run_in_this_group(command)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
