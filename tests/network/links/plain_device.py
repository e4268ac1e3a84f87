"""A plain device as anybody has one: a namespace, wireguard-go, and the file that it was given."""

from __future__ import annotations

import configparser
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from baluardo.errors import LinkError
from baluardo.network.links.interfaces import configure
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.wireguard_process import CONTROL_DIRECTORY, is_listening

_NUMBER = iter(range(1, 1_000))


class PlainDevice:
    """What wg-quick would have made of a configuration, in a namespace of its own."""

    def __init__(self, place: Namespace, text: str) -> None:
        """Import the file; whatever wg-quick does with it is done here, by hand."""
        self.place = place
        self.name = f"dev{os.getpid() % 10_000}x{next(_NUMBER)}"  # its socket's name is global
        # One of this name that was killed has left it; `wg` removes what refuses, even a new one.
        CONTROL_DIRECTORY.joinpath(f"{self.name}.sock").unlink(missing_ok=True)
        self.process = place.popen(
            ["wireguard-go", "-f", self.name],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "WG_PROCESS_FOREGROUND": "1"},
        )
        try:
            self._import(text)
        except BaseException:
            self.close()
            raise

    def _import(self, text: str) -> None:
        reader = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=True)
        reader.optionxform = str  # type: ignore[assignment, method-assign]
        reader.read_string(text)
        self.interface, self.peer = reader["Interface"], reader["Peer"]
        for_quick = ("#", "Address", "MTU")  # `wg-quick strip` drops them
        plain = "".join(f"{x}\n" for x in text.splitlines() if not x.startswith(for_quick))
        self._stripped = plain
        self._set(plain)
        addresses = self.interface["Address"].split(", ")
        routes = self.peer["AllowedIPs"].split(", ")
        configure(self.place, self.name, addresses, routes, mtu=int(self.interface["MTU"]))

    def _set(self, plain: str) -> None:
        control = CONTROL_DIRECTORY / f"{self.name}.sock"
        end = time.monotonic() + 20.0
        while not is_listening(
            control
        ):  # `wg` would remove one that is there and does not listen yet
            assert time.monotonic() < end, "wireguard-go does not start"
            time.sleep(0.02)
        self.place.run("wg", "setconf", self.name, "/dev/stdin", stdin=plain)

    def call_anew(self) -> None:
        """Drop its keys and call at the site now, as one that was switched off and on does.

        By itself it would trust them for 15 s more (WireGuard, section 6.2).
        """
        self._set(self._stripped)

    def reaches(self, address: str, seconds: float = 1.0) -> bool:
        """Whether a host answers one ping in so many seconds."""
        try:
            self.place.run("ping", "-c", "1", "-W", f"{seconds:g}", address)
        except LinkError:
            return False
        return True

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Capture:
    """Every packet at every device of a namespace but one, from now on until it is closed."""

    def __init__(self, place: Namespace, without: str = "") -> None:
        def opened() -> socket.socket:
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
            raw.settimeout(0.1)
            return raw

        self.packets: list[bytes] = []
        self._without = without
        self._socket = place.inside(opened)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._ended.is_set():
            try:
                packet, (device, *_) = self._socket.recvfrom(65_536)
            except TimeoutError:
                continue
            if device != self._without:
                self.packets.append(packet)

    def close(self) -> list[bytes]:
        self._ended.set()
        self._thread.join()
        self._socket.close()
        return self.packets


@contextmanager
def plain_device(place: Namespace, text: str) -> Iterator[PlainDevice]:
    """Have a device import a file while inside."""
    device = PlainDevice(place, text)
    try:
        yield device
    finally:
        device.close()
