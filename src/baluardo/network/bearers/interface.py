"""A plain interface as a bearer: fibre, a mobile modem, any dish. Read from the kernel, no root.

`ip -json` and sysfs tell its addresses, gateways and carrier; `ip monitor` tells that something has
changed, and then all is read again.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.errors import BaluardoError, InvalidInputError, SourceError, StageError
from baluardo.foreign_input import quoted

MOST_OCTETS: Final = 1 << 20
"""Of what `ip` may say."""
PATIENCE_SECONDS: Final = 5.0
"""For `ip`, which answers from the kernel at once."""
TOLD_SECONDS: Final = 30.0
"""Between two looks while the kernel tells of changes: of too many at once it leaves some out."""
POLL_SECONDS: Final = 2.0
"""Between two looks where nobody tells."""

logger = logging.getLogger("baluardo.network")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,14}")
_SYSFS = Path("/sys/class/net")


@dataclass(frozen=True, slots=True)
class InterfaceState:
    """What the kernel tells of an interface at one moment."""

    name: str
    present: bool
    up: bool = False
    carrier: bool = False
    """Whether something answers at the other end of the wire; a TUN has one while it is open."""
    mtu: int = 0
    addresses: tuple[str, ...] = ()
    """Of global scope, in the kernel's order."""
    gateway4: str | None = None
    gateway6: str | None = None

    @property
    def usable(self) -> bool:
        """Whether packets can leave by it."""
        return self.up and self.carrier and bool(self.addresses)

    def address(self, version: int) -> str | None:
        """Return its first address of IP version 4 or 6."""
        of_version = (a for a in self.addresses if ipaddress.ip_address(a).version == version)
        return next(of_version, None)


def look(name: str) -> InterfaceState:
    """Return how an interface stands; one that is not there is `present=False`.

    InvalidInputError for what is no interface's name, SourceError if the kernel cannot be asked.
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError(f"{quoted(name)} is not the name of an interface.")
    index = _index(name)
    if index is None:
        return InterfaceState(name, present=False)
    links = _ask("address", "show", "dev", name)
    link = links[0] if links else {}
    flags = link.get("flags")
    up = isinstance(flags, list) and "UP" in flags
    return InterfaceState(
        name,
        present=bool(links),
        up=up,
        carrier=up and _carrier(name, flags if isinstance(flags, list) else []),
        mtu=mtu if isinstance(mtu := link.get("mtu"), int) else 0,
        addresses=tuple(_addresses(link)),
        gateway4=_gateway("-4", name) if up else None,
        gateway6=_gateway("-6", name) if up else None,
    )


def open_socket(name: str, address: str, port: int) -> socket.socket:
    """Return a UDP socket that sends and receives by this interface alone.

    StageError says why where it cannot be: the interface or the address is gone, or the port is
    taken.
    """
    version = ipaddress.ip_address(address).version
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode() + b"\0")
        opened.bind((address, port))
    except OSError as problem:
        opened.close()
        raise StageError(
            f"No socket can be opened at {address} port {port} on {name}: "
            f"{problem.strerror or problem}. Nothing was sent; see that the interface is up."
        ) from None
    return opened


class InterfaceWatch:
    """Looks at some interfaces whenever the kernel tells of a change, and now and then anyway.

    Each look is three programs: every 2 s that would be the most that an edge without traffic does.
    """

    def __init__(
        self,
        names: Sequence[str],
        changed: Callable[[InterfaceState], None],
        told_s: float = TOLD_SECONDS,
        poll_s: float = POLL_SECONDS,
    ) -> None:
        """Watch from `start` on; `changed` is called in the watch's thread, once at first."""
        self._states: dict[str, InterfaceState | None] = dict.fromkeys(names)
        self._changed = changed
        self._told_s, self._poll_s = told_s, poll_s
        self._is_told = False
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._monitor: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; an interface that comes later is seen when it comes."""
        program = shutil.which("ip")
        if program is not None:
            self._monitor = subprocess.Popen(  # noqa: S603 - a fixed command
                [program, "monitor", "link", "address", "route"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._is_told = True
            self._begin(self._listen)
        self._begin(self._look_again)

    def close(self) -> None:
        """Stop, and wait until no more changes are told."""
        self._stop.set()
        self._wake.set()
        if self._monitor is not None:
            self._monitor.kill()
            self._monitor.wait()
        for thread in self._threads:
            thread.join()
        if self._monitor is not None and self._monitor.stdout is not None:
            self._monitor.stdout.close()

    def _begin(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name="interfaces", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        """Wake the other thread for anything said; what it was does not matter."""
        if self._monitor is None or self._monitor.stdout is None:
            return
        while self._monitor.stdout.readline(4_096):
            self._wake.set()
        self._is_told = False
        self._wake.set()

    def _look_again(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            for name, before in list(self._states.items()):
                try:
                    state = look(name)
                except BaluardoError as problem:
                    logger.warning("%s", problem)
                    continue
                if state != before and not self._stop.is_set():
                    self._states[name] = state
                    self._changed(state)
            self._wake.wait(self._told_s if self._is_told else self._poll_s)


def _index(name: str) -> int | None:
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return None


def _ask(*words: str) -> list[dict[str, object]]:
    """Return what `ip` tells, in its JSON; an empty list where there is nothing."""
    program = shutil.which("ip")
    if program is None:
        raise SourceError("There is no program `ip` here: install iproute2.")
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and a name that was checked
            [program, "-json", *words], capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise SourceError(f"`ip` does not tell of interfaces: {problem}.") from None
    if done.returncode != 0:  # the interface went away a moment ago
        return []
    return read_ip_json(done.stdout)


def read_ip_json(octets: bytes) -> list[dict[str, object]]:
    """Return the objects that `ip -json` printed; SourceError for anything else."""
    if not octets.strip():
        return []
    if len(octets) > MOST_OCTETS:
        raise SourceError("`ip` tells more than can be: nothing was taken from it.")
    try:
        told = json.loads(octets)
    except (ValueError, RecursionError):
        raise SourceError("`ip` tells what is no JSON: nothing was taken from it.") from None
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise SourceError("`ip` tells no list of objects: nothing was taken from it.")
    return [each for each in told if each]


def _carrier(name: str, flags: list[object]) -> bool:
    try:
        return (_SYSFS / name / "carrier").read_text().strip() == "1"
    except OSError:  # another namespace's sysfs, or none
        return "LOWER_UP" in flags


def _addresses(link: dict[str, object]) -> list[str]:
    infos = link.get("addr_info")
    found = []
    for info in infos if isinstance(infos, list) else []:
        if not isinstance(info, dict) or info.get("scope") != "global":
            continue
        try:
            found.append(str(ipaddress.ip_address(str(info.get("local")))))
        except ValueError:
            continue
    return found


def _gateway(version: str, name: str) -> str | None:
    for route in _ask(version, "route", "show", "default", "dev", name):
        try:
            return str(ipaddress.ip_address(str(route.get("gateway"))))
        except ValueError:
            continue
    return None
