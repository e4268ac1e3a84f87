"""Network namespaces that live as long as somebody holds a descriptor of them.

Nothing is mounted under /run/netns: a program that is killed leaves nothing behind, and it works
for users who are root in a user namespace of their own (`unshare -Urnm`) just as for root.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from baluardo.errors import LinkError
from baluardo.network.links.c_library import call

CLONE_NEWNET: Final = 0x4000_0000
SECONDS: Final = 20.0
"""A command inside that takes longer hangs."""
_REFUSED: Final = "Network namespaces are not permitted here"

_Result = TypeVar("_Result")


class Namespace:
    """One network namespace, by its descriptor; gone once nobody holds it and nobody runs in it."""

    def __init__(self, name: str, descriptor: int) -> None:
        """Take the descriptor over; `name` is for people alone."""
        self.name = name
        self.descriptor = descriptor

    @classmethod
    def create(cls, name: str) -> Namespace:
        """Make one with nothing but loopback, which is up; LinkError where it is not permitted."""
        namespace = cls(name, _in_thread(_unshared))
        namespace.run("ip", "link", "set", "lo", "up")
        return namespace

    @classmethod
    def own(cls, name: str = "own") -> Namespace:
        """Return the one that the calling thread is in."""
        return cls(name, os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))

    @property
    def path(self) -> str:
        """The name under which children of this process can enter it, if they keep descriptors."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    def enter(self) -> None:
        """Move the calling thread inside for good; LinkError if it cannot be entered."""
        call("setns", self.descriptor, CLONE_NEWNET, otherwise=_REFUSED)

    def inside(self, act: Callable[[], _Result]) -> _Result:
        """Do something inside, in a thread of its own: sockets and devices made there stay there.

        What `act` raises is raised; LinkError if the namespace cannot be entered.
        """

        def entered() -> _Result:
            self.enter()
            return act()

        return _in_thread(entered)

    def popen(self, arguments: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a program inside, as `subprocess.Popen` does."""
        return self.inside(lambda: subprocess.Popen(arguments, **options))  # noqa: S603 - ours

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Run a program inside to its end and return what it says; LinkError if it fails.

        `stdin` may hold secrets; arguments may not, and are shown where it fails.
        """
        return self.inside(lambda: run(*arguments, stdin=stdin))

    def close(self) -> None:
        """Let go of it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> Namespace:
        """Return it."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Let go of it."""
        self.close()


def run(*arguments: str, stdin: str | None = None) -> str:
    """Run a program to its end and return what it says; LinkError with its words if it fails."""
    try:
        ended = subprocess.run(  # noqa: S603 - programs and arguments are ours
            arguments,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise LinkError(f"The program {arguments[0]} is not installed.") from None
    except subprocess.TimeoutExpired:
        raise LinkError(f"{' '.join(arguments)} did not end within {SECONDS:g} s.") from None
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip() or f"status {ended.returncode}"
        raise LinkError(f"{' '.join(arguments)}: {said}")
    return ended.stdout


def can_make_namespaces() -> str:
    """Return why this process cannot make namespaces and TUN devices; empty if it can."""
    try:
        with Namespace.create("trial") as trial:
            trial.run("ip", "tuntap", "add", "dev", "trial0", "mode", "tun")
    except LinkError as problem:
        return str(problem)
    return ""


def _unshared() -> int:
    call("unshare", CLONE_NEWNET, otherwise=_REFUSED)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _in_thread(act: Callable[[], _Result]) -> _Result:
    """Do something in a thread of its own, which a namespace may be entered in."""
    results: list[_Result] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            results.append(act())
        except BaseException as problem:  # noqa: BLE001 - raised again by who waits
            problems.append(problem)

    thread = threading.Thread(target=work, name="namespace")
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    return results[0]
