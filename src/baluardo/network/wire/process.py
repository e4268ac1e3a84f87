"""The wire in a process of its own, told over one socket what to do by who started it.

Its loop may take a whole core, and has a priority that no other part of a program should have; a
process that is killed takes nothing with it but packets under way. When the parent is gone, however
it went, the socket ends, and so does the process.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from baluardo.errors import BaluardoError, InvalidInputError, LinkError
from baluardo.foreign_input import printable
from baluardo.network.links.descriptors import receive_with_descriptors
from baluardo.network.links.request_fields import truth, whole
from baluardo.network.wire.capturing import TICK_S, Capturing
from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.messages import (
    BUFFER_OCTETS,
    MOST_DESCRIPTORS,
    MOST_OCTETS,
    counts_fields,
    name_of,
    refusal,
    segments_of,
)
from baluardo.network.wire.tables import MOST_PORTS
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

Fields = dict[str, object]


class WireServer:
    """An engine, and the socket through which its parent speaks."""

    def __init__(self, control: socket.socket, posix_offset_s: float, mtu: int) -> None:
        """Make an engine without ports, and start it."""
        self._control = control
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            control.setsockopt(socket.SOL_SOCKET, option, BUFFER_OCTETS)
        self._offset_s = posix_offset_s
        self._engine = WireEngine(posix_offset_s, mtu=mtu)
        self._engine.start()
        self._ports: list[str] = []
        self._kept: list[int | socket.socket] = []
        self._capturing: Capturing | None = None
        self._verbs: Final[dict[str, tuple[tuple[str, ...], Callable[..., Fields]]]] = {
            "hello": ((), self._hello),
            "add_tun": (("name", "offload"), self._add_tun),
            "add_socket": (("name", "peer"), self._add_socket),
            "add_link": (
                ("name", "from_port", "to_port", "segments", "buffer_octets", "seed"),
                self._add_link,
            ),
            "extend": (("link", "segments"), self._extend),
            "route": (("port", "address", "link"), self._route),
            "set_offset": (("posix_offset_s",), self._set_offset),
            "counts": ((), self._counts),
            "capture": (("on", "ports"), self._capture),
            "captured": ((), self._captured),
        }

    def serve(self) -> None:
        """Answer until the parent is gone."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        while True:
            if poll.poll(1_000.0 * TICK_S if self._capturing else None):
                octets, given, flags = receive_with_descriptors(
                    self._control, MOST_OCTETS, MOST_DESCRIPTORS
                )
                if not octets:
                    return
                whole = not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
                self._control.send(self._answer(octets, given, whole))
            if self._capturing:
                self._capturing.take()

    def close(self) -> None:
        """Stop the engine and let go of every port."""
        if self._capturing:
            self._capturing.end()
        self._engine.close()
        for each in self._kept:
            _close(each)

    def _answer(self, octets: bytes, given: list[int], whole: bool) -> bytes:
        """Do what is asked; descriptors that nobody took over are closed."""
        try:
            if not whole:
                raise InvalidInputError(f"The request is larger than {MOST_OCTETS:,} octets.")
            fields = JsonObject.parse(octets, MOST_OCTETS, "The request")
            verb = fields.text("verb", 20)
            if verb not in self._verbs:
                raise fields.wrong("verb", ", ".join(self._verbs))
            names, do = self._verbs[verb]
            fields.only(("verb", *names))
            answer = write_json({"done": do(fields, given)})
            if len(answer) > MOST_OCTETS:
                raise LinkError(f"The answer is larger than {MOST_OCTETS:,} octets.")
        except InvalidInputError as problem:
            answer = refusal(printable(str(problem)), "input")
        except (BaluardoError, OSError) as problem:
            answer = refusal(printable(str(problem)), "link")
        finally:
            for each in given:
                os.close(each)
        return answer

    def _hello(self, _fields: JsonObject, _given: list[int]) -> Fields:
        return {"privileged": self._engine.privileged}

    def _add_tun(self, fields: JsonObject, given: list[int]) -> Fields:
        name, offload = name_of(fields, "name"), truth(fields, "offload")
        with contextlib.ExitStack() as undo:
            descriptor = _one(given)
            undo.callback(os.close, descriptor)
            self._engine.add_tun(name, descriptor, offload=offload)
            undo.pop_all()
        self._kept.append(descriptor)
        self._ports.append(name)
        return {}

    def _add_socket(self, fields: JsonObject, given: list[int]) -> Fields:
        name = name_of(fields, "name")
        peer: tuple[str, int] | None = None
        if fields.fields.get("peer") is not None:
            inner = fields.inner("peer")
            inner.only(("address", "port"))
            peer = (str(_address(inner)), whole(inner, "port", 1, 65_535))
        with contextlib.ExitStack() as undo:
            udp = undo.enter_context(socket.socket(fileno=_one(given)))
            if udp.type != socket.SOCK_DGRAM:
                raise InvalidInputError(f"The socket of the port {name} is not one of UDP.")
            self._engine.add_socket(name, udp, peer)
            undo.pop_all()
        self._kept.append(udp)
        self._ports.append(name)
        return {}

    def _add_link(self, fields: JsonObject, _given: list[int]) -> Fields:
        self._engine.add_link(
            name_of(fields, "name"),
            name_of(fields, "from_port"),
            name_of(fields, "to_port"),
            segments_of(fields),
            buffer_octets=whole(fields, "buffer_octets", 1, 1 << 32),
            seed=whole(fields, "seed", 0, LARGEST_NUMBER),
        )
        return {}

    def _extend(self, fields: JsonObject, _given: list[int]) -> Fields:
        self._engine.extend(name_of(fields, "link"), segments_of(fields))
        return {}

    def _route(self, fields: JsonObject, _given: list[int]) -> Fields:
        address = None if fields.fields.get("address") is None else _address(fields)
        link = None if fields.fields.get("link") is None else name_of(fields, "link")
        self._engine.route(name_of(fields, "port"), address, link)
        return {}

    def _set_offset(self, fields: JsonObject, _given: list[int]) -> Fields:
        self._offset_s = fields.number("posix_offset_s")
        self._engine.set_offset(self._offset_s)
        return {}

    def _counts(self, _fields: JsonObject, _given: list[int]) -> Fields:
        return counts_fields(self._engine.counts())

    def _capture(self, fields: JsonObject, given: list[int]) -> Fields:
        if truth(fields, "on"):
            return self._begin_capture(fields, given)
        ended, self._capturing = self._capturing, None
        if ended is None:
            raise InvalidInputError("Nothing is being captured.")
        ended.end()
        if ended.problem:
            raise LinkError(ended.problem)
        return {"packets": ended.packets}

    def _captured(self, _fields: JsonObject, _given: list[int]) -> Fields:
        if self._capturing is None:
            raise InvalidInputError("Nothing is being captured.")
        return {"packets": self._capturing.packets, "problem": self._capturing.problem}

    def _begin_capture(self, fields: JsonObject, given: list[int]) -> Fields:
        if self._capturing is not None:
            raise InvalidInputError("A capture goes on already; end it first.")
        ports = fields.items("ports", MOST_PORTS)
        unknown = [each for each in ports if each not in self._ports]
        if unknown or len(set(map(str, ports))) != len(ports):
            raise fields.wrong("ports", "names of ports, each once")
        self._capturing = Capturing(
            self._engine,
            [str(each) for each in ports] or list(self._ports),
            _one(given),
            round(1e9 * self._offset_s),
        )
        return {}


def _one(given: list[int]) -> int:
    """Return the one descriptor of a request, for the caller to close."""
    if len(given) != 1:
        raise InvalidInputError(f"The request gives {len(given)} descriptors, not one.")
    return os.dup(given[0])


def _address(fields: JsonObject) -> IPv4Address | IPv6Address:
    try:
        return ip_address(fields.text("address", 45))
    except ValueError:
        raise fields.wrong("address", "an address of IP") from None


def _close(kept: int | socket.socket) -> None:
    if isinstance(kept, int):
        os.close(kept)
    else:
        kept.close()
