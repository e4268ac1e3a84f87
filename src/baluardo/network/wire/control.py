"""The wire as its owner holds it: a process that is started, told and noticed when it dies."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from baluardo.errors import InvalidInputError, LinkError, TargetError, WireLostError
from baluardo.foreign_input import printable
from baluardo.network.links.request_fields import whole
from baluardo.network.wire.counts import Counts
from baluardo.network.wire.messages import (
    BUFFER_OCTETS,
    LONGEST_SENTENCE,
    MOST_OCTETS,
    MOST_SEGMENTS_AT_ONCE,
    counts_of,
    segment_rows,
)
from baluardo.network.wire.tables import LinkSegment
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

Address = IPv4Address | IPv6Address

SECONDS: Final = 30.0
"""A process that is silent for so long hangs."""
STARTING_SECONDS: Final = 300.0
"""The first start on a machine compiles the loop."""
_WHAT: Final = "The wire's answer"


class WireProcess:
    """A running wire; any thread may use it, one at a time.

    Every call raises InvalidInputError or LinkError with the wire's sentence where it refuses, and
    WireLostError where the process is gone: start another one and tell it everything anew.
    """

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        """Take a process over; `start` makes one."""
        self._process = process
        self._control = control
        self._lock = threading.Lock()
        self.privileged = False
        """Whether its loop got real-time scheduling."""

    @classmethod
    def start(cls, posix_offset_s: float | None = None, *, mtu: int = 1_500) -> WireProcess:
        """Start a wire without ports; arguments as `WireEngine` takes them.

        LinkError with its words if it does not come up.
        """
        if posix_offset_s is None:
            posix_offset_s = time.time() - time.monotonic()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            ours.setsockopt(socket.SOL_SOCKET, option, BUFFER_OCTETS)
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [
                    *(sys.executable, "-P", "-m", "baluardo.network.wire", str(theirs.fileno())),
                    *(f"--posix-offset={posix_offset_s!r}", f"--mtu={mtu}"),
                ],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        wire = cls(process, ours)
        try:
            ours.settimeout(STARTING_SECONDS)
            wire.privileged = wire._ask({"verb": "hello"}).fields.get("privileged") is True
            ours.settimeout(SECONDS)
        except WireLostError:
            words = process.communicate()[1].decode(errors="replace").strip().splitlines()
            wire.close()
            said = printable(words[-1]) if words else "it says nothing"
            raise LinkError(f"The wire does not start: {said}") from None
        except BaseException:
            wire.close()
            raise
        return wire

    @property
    def process_id(self) -> int:
        """Of the process, for who looks at what it takes."""
        return self._process.pid

    def is_running(self) -> bool:
        """Return whether the process is there."""
        return self._process.poll() is None

    def add_tun(self, name: str, descriptor: int, *, offload: bool) -> None:
        """Make a TUN device a port; the process has its own copy of the descriptor."""
        self._ask({"verb": "add_tun", "name": name, "offload": offload}, descriptor)

    def add_socket(
        self, name: str, udp_socket: socket.socket, peer: tuple[str, int] | None
    ) -> None:
        """Make a UDP socket a port, connected to `peer`; None if it already is."""
        fields: dict[str, object] = {"verb": "add_socket", "name": name}
        if peer is not None:
            fields["peer"] = {"address": peer[0], "port": peer[1]}
        self._ask(fields, udp_socket.fileno())

    def add_link(
        self,
        name: str,
        from_port: str,
        to_port: str,
        segments: Iterable[LinkSegment],
        *,
        buffer_octets: int = 2_500_000,
        seed: int = 0,
    ) -> None:
        """Lead one way from a port to a port; arguments as `WireEngine.add_link`."""
        left = iter(segments)
        self._ask(
            {
                "verb": "add_link",
                "name": name,
                "from_port": from_port,
                "to_port": to_port,
                "segments": segment_rows(islice(left, MOST_SEGMENTS_AT_ONCE)),
                "buffer_octets": buffer_octets,
                "seed": seed,
            }
        )
        self.extend(name, left)

    def extend(self, link: str, segments: Iterable[LinkSegment]) -> None:
        """Give a link new segments, in place of what it knew from the first one's start on."""
        left = iter(segments)
        while rows := segment_rows(islice(left, MOST_SEGMENTS_AT_ONCE)):
            self._ask({"verb": "extend", "link": link, "segments": rows})

    def route(self, port: str, address: Address | str | None, link: str | None) -> None:
        """Lead packets from a port to a destination (None: any other) over a link (None: none)."""
        fields: dict[str, object] = {"verb": "route", "port": port}
        if address is not None:
            fields["address"] = str(address)
        if link is not None:
            fields["link"] = link
        self._ask(fields)

    def set_offset(self, posix_offset_s: float) -> None:
        """Change the offset between path time and CLOCK_MONOTONIC."""
        self._ask({"verb": "set_offset", "posix_offset_s": posix_offset_s})

    def counts(self) -> Counts:
        """Return what has passed, waits and was dropped since the start."""
        try:
            return counts_of(self._ask({"verb": "counts"}))
        except (InvalidInputError, KeyError) as problem:
            raise LinkError(f"{_WHAT} holds no counts: {problem}") from None

    def capture(self, path: Path | None, ports: Sequence[str] = ()) -> int:
        """Write every packet that passes these ports (none named: all there are) into a file.

        A path of None ends the capture, and returns how many packets the file holds. What was in
        the file before is lost. TargetError if it cannot be written.
        """
        if path is None:
            return whole(self._ask({"verb": "capture", "on": False}), "packets", 0, LARGEST_NUMBER)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise TargetError(
                f"{printable(str(path))} cannot be written: {problem.strerror}."
            ) from None
        try:
            self.capture_into(descriptor, ports)
        finally:
            os.close(descriptor)
        return 0

    def capture_into(self, descriptor: int, ports: Sequence[str] = ()) -> None:
        """Write every packet that passes these ports (none named: all) into an open file.

        From its offset on, which says at every moment up to where it is whole. Where captures stand
        before that, it has to be open for reading too.
        """
        self._ask({"verb": "capture", "on": True, "ports": list(ports)}, descriptor)

    def captured(self) -> tuple[int, str]:
        """Return how many packets the capture's file holds, and why it ended by itself if so."""
        told = self._ask({"verb": "captured"})
        return whole(told, "packets", 0, LARGEST_NUMBER), told.text("problem", LONGEST_SENTENCE)

    def close(self) -> None:
        """End the process; packets under way are lost, a capture is written to its end."""
        self._control.close()
        try:
            self._process.wait(timeout=10.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self.close()

    def _ask(self, fields: dict[str, object], *given: int) -> JsonObject:
        message = write_json(fields)
        if len(message) > MOST_OCTETS:
            raise InvalidInputError(f"The request is larger than {MOST_OCTETS:,} octets.")
        with self._lock:
            try:
                socket.send_fds(self._control, [message], given)
                octets = self._control.recv(MOST_OCTETS)
            except OSError as problem:
                raise self._lost(problem.strerror or str(problem)) from None
        if not octets:
            raise self._lost("it has ended")
        answer = JsonObject.parse(octets, MOST_OCTETS, _WHAT)
        if "refused" in answer.fields:
            sentence = answer.text("refused", LONGEST_SENTENCE)
            raise (InvalidInputError if answer.fields.get("kind") == "input" else LinkError)(
                sentence
            )
        return answer.inner("done")

    def _lost(self, reason: str) -> WireLostError:
        """Whatever happened, its answers fit no question any more: it is ended."""
        self._process.kill()
        return WireLostError(
            f"The wire's process is gone ({reason}), and no packet passes. Start another one and "
            "tell it its ports, links and routes anew."
        )
