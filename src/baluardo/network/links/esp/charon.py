"""One charon: a process of strongSwan in a network namespace, with its TUN and its socket.

Debian's `charon-systemd` stays in the foreground, asks nothing of systemd where systemd has not
started it, and writes no file of its process number, so several can run on one machine. (The older
`/usr/lib/ipsec/charon` insists on /run/charon.pid, and there can be one.) It reads no file but the
settings it is given; what it says is kept in memory, the last lines of it.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, Final

from baluardo.errors import LinkError
from baluardo.network.links.esp.configuration import INNER_MTU, settings, socket_path
from baluardo.network.links.esp.vici import Vici
from baluardo.network.links.namespaces import Namespace

PROGRAM: Final = Path("/usr/sbin/charon-systemd")
PLUGIN_PLACES: Final = tuple(
    Path(place) for place in ("/usr/lib/ipsec/plugins", "/usr/lib/strongswan/plugins")
)
NEEDED: Final = {
    "vici": "strongswan-libcharon",
    "kernel-libipsec": "libcharon-extra-plugins",
    "openssl": "libstrongswan-standard-plugins",
}
"""Plugins and the Debian packages that have them."""
SECONDS: Final = 15.0
"""A charon that takes longer to start, or to end, hangs."""
LINES_KEPT: Final = 100
_LESS: Final = (
    *("setpriv", "--no-new-privs", "--inh-caps", "-all"),
    *("--bounding-set", "-all,+net_admin"),
)
"""It reads what strangers might send: of root's rights it keeps the one that TUN devices need."""


def why_not() -> str:
    """Return a sentence about what is not installed; empty if the inner layer can run."""
    packages = [] if PROGRAM.exists() else ["charon-systemd"]
    packages += [
        package
        for plugin, package in NEEDED.items()
        if not any((place / f"libstrongswan-{plugin}.so").exists() for place in PLUGIN_PLACES)
    ]
    if not packages:
        return ""
    return (
        "Two layers need strongSwan, and not all of it is installed. On Debian: "
        f"apt install {' '.join(packages)}."
    )


class Charon:
    """A running charon of one plane."""

    def __init__(self, plane: int, namespace: Namespace, directory: Path) -> None:
        """Start it and wait until it can be told things; LinkError with its words if it cannot.

        `directory` is for its settings and socket: nobody else may be able to enter it.
        """
        self.plane = plane
        self.device = ""
        self._said: deque[str] = deque(maxlen=LINES_KEPT)
        file = directory / f"charon{plane}.conf"
        file.write_text(settings(plane, directory), encoding="ascii")
        socket_path(plane, directory).unlink(missing_ok=True)
        self._process = namespace.popen(
            [*_LESS, str(PROGRAM)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={"PATH": os.defpath, "STRONGSWAN_CONF": str(file)},
        )
        self._guard = _guard(self._process.pid)
        threading.Thread(
            target=self._listen, args=(self._process.stdout,), name="charon", daemon=True
        ).start()
        try:
            self.vici = self._connected(socket_path(plane, directory))
            self.device = self._tun()
            namespace.run("ip", "link", "set", "dev", self.device, "mtu", str(INNER_MTU), "up")
        except LinkError:
            self.close()
            raise

    @property
    def process_id(self) -> int:
        """Of the running process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is no more, for whatever reason."""
        return self._process.poll() is not None

    def said(self) -> str:
        """Return the last that it said; it speaks of no keys at the levels it is given."""
        return "\n".join(self._said)

    def kill(self) -> None:
        """End it at once, as one that answers no more."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, gently if it lets us; its TUN and everything led there end with it."""
        if vici := getattr(self, "vici", None):
            vici.close()
        self._guard.kill()
        self._guard.communicate()
        self._process.terminate()
        try:
            self._process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _connected(self, path: Path) -> Vici:
        limit = time.monotonic() + SECONDS
        while True:
            try:
                return Vici(path)
            except LinkError:
                if self.ended or time.monotonic() > limit:
                    last = next(reversed(self._said), "nothing at all")
                    raise LinkError(
                        f"charon could not start; the last that it said: {last}. No packet goes "
                        "out without the inner layer."
                    ) from None
                time.sleep(0.02)

    def _tun(self) -> str:
        """Return the name of its TUN, as the kernel tells it of each descriptor."""
        try:
            for file in Path(f"/proc/{self._process.pid}/fdinfo").iterdir():
                for line in file.read_text(encoding="ascii").splitlines():
                    if line.startswith("iff:"):
                        return line.partition(":")[2].strip()
        except OSError:
            pass  # it has just ended, which the sentence below is fit for
        raise LinkError("charon has made no TUN device; may /dev/net/tun be opened here?")

    def _listen(self, source: IO[str]) -> None:
        with source:
            for line in source:
                self._said.append(line.rstrip())


def _guard(process_id: int) -> subprocess.Popen[bytes]:
    """Start a shell that ends a charon as soon as this process is gone, however it went.

    A parent's death cannot be told to the child by prctl here: it would mean the thread that
    entered the namespace, which ends at once.
    """
    return subprocess.Popen(  # noqa: S603 - the number is the kernel's
        ["/bin/sh", "-c", f"read -r never; kill {process_id}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
