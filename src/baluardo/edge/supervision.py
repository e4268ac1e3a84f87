"""What a service manager is told: that the edge serves, that it lives, that it stops.

The protocol is systemd's sd_notify(3): one datagram to the Unix socket that the manager has named.
Without a manager nothing is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from baluardo.foreign_input import printable

LEAST_INTERVAL: Final = 0.05
"""Seconds between two signs of life, at least."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """The service manager of this process, if there is one."""

    address: str = ""
    """Of its socket; `@` begins an abstract one. Empty: there is none."""
    watchdog_s: float | None = None
    """A sign of life is due so often, or the process is killed and started anew."""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str]) -> Supervisor:
        """Read what the manager has left in the environment; what makes no sense is no manager."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return cls()
        due = environment.get("WATCHDOG_USEC", "")
        microseconds = int(due) if due.isascii() and due.isdigit() and len(due) < 16 else 0
        return cls(address, microseconds / 1e6 or None)

    @property
    def present(self) -> bool:
        """Whether somebody starts this process again when it ends."""
        return bool(self.address)

    def ready(self, status: str) -> None:
        """Say that the edge serves."""
        self._send(f"READY=1\nSTATUS={printable(status)}")

    def stopping(self) -> None:
        """Say that it stops because it was asked to."""
        self._send("STOPPING=1")

    async def live(self) -> None:
        """Give a sign of life twice in each interval, for as long as the event loop turns."""
        if self.watchdog_s is None:
            return
        while True:
            self._send("WATCHDOG=1")
            await asyncio.sleep(max(LEAST_INTERVAL, self.watchdog_s / 2))

    def _send(self, text: str) -> None:
        if not self.address:
            return
        path = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        # A manager that is gone or busy must not stop the edge.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notice,
        ):
            notice.setblocking(False)
            notice.sendto(text.encode(), path)
