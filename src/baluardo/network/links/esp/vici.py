"""VICI, the protocol in which strongSwan's charon is told what to do: messages, and a client.

Every value has its length before it, so no octet of a name or a secret can be taken for anything
else, and no secret passes through a file, an argument or another program. Source: strongSwan 5.9,
src/libcharon/plugins/vici/README.md. What charon says is read as strictly as if it came from far.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Final, TypeAlias

from baluardo.errors import InvalidInputError, LinkError

MOST_OCTETS: Final = 512 * 1024
"""A packet is no longer (README, "Transport")."""
MOST_LEVELS: Final = 8
"""Sections within sections; charon's answers have five."""
SECONDS: Final = 10.0
"""An answer that takes longer does not come."""

Value: TypeAlias = "bytes | list[bytes] | Message"
Message: TypeAlias = "dict[str, Value]"
Told: TypeAlias = "bytes | str | list[str] | Mapping[str, Told]"
"""What callers write: texts are UTF-8 on the way."""


class _Packet(IntEnum):
    REQUEST = 0
    RESPONSE = 1
    UNKNOWN_COMMAND = 2
    REGISTER = 3
    UNREGISTER = 4
    CONFIRM = 5
    UNKNOWN_EVENT = 6
    EVENT = 7


class _Element(IntEnum):
    SECTION_START = 1
    SECTION_END = 2
    KEY_VALUE = 3
    LIST_START = 4
    LIST_ITEM = 5
    LIST_END = 6


def encode(message: Mapping[str, Told]) -> bytes:
    """Write a message; InvalidInputError for a name or a value that is too long."""
    parts: list[bytes] = []
    for name, value in message.items():
        if isinstance(value, Mapping):
            parts += [_named(_Element.SECTION_START, name), encode(value)]
            parts.append(bytes([_Element.SECTION_END]))
        elif isinstance(value, list):
            parts.append(_named(_Element.LIST_START, name))
            parts += [bytes([_Element.LIST_ITEM]) + _sized(each) for each in value]
            parts.append(bytes([_Element.LIST_END]))
        else:
            parts.append(_named(_Element.KEY_VALUE, name) + _sized(value))
    return b"".join(parts)


def decode(octets: bytes) -> Message:
    """Read a message strictly; InvalidInputError for anything that `encode` would not write.

    A name that comes twice in one section is refused as well: one reader would believe the first,
    another the last.
    """
    if len(octets) > MOST_OCTETS:
        raise InvalidInputError(f"A VICI message of more than {MOST_OCTETS:,} octets.")
    return _Reader(octets).message()


def _named(element: _Element | _Packet, name: str) -> bytes:
    octets = name.encode()
    if not 1 <= len(octets) <= 255:
        raise InvalidInputError(f"A VICI name has 1 to 255 octets, not {len(octets)}.")
    return bytes([element, len(octets)]) + octets


def _sized(value: bytes | str) -> bytes:
    octets = value.encode() if isinstance(value, str) else value
    if len(octets) > 65_535:
        raise InvalidInputError(f"A VICI value has up to 65,535 octets, not {len(octets):,}.")
    return struct.pack("!H", len(octets)) + octets


class _Reader:
    """Octets of one message and how far they were read."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def message(self) -> Message:
        whole = self._section(0)
        if self._at != len(self._octets):
            raise InvalidInputError("A VICI section ends that had not begun.")
        return whole

    def _section(self, level: int) -> Message:
        if level > MOST_LEVELS:
            raise InvalidInputError(f"More than {MOST_LEVELS} VICI sections within another.")
        section: Message = {}
        while self._at < len(self._octets):
            element = self._take(1)[0]
            if element == _Element.SECTION_END and level:
                return section
            if element not in {
                _Element.SECTION_START,
                _Element.KEY_VALUE,
                _Element.LIST_START,
            }:
                raise InvalidInputError(f"A VICI element {element} where none may be.")
            name = self._name()
            if name in section:
                raise InvalidInputError("A VICI name that comes twice in one section.")
            if element == _Element.SECTION_START:
                section[name] = self._section(level + 1)
            elif element == _Element.KEY_VALUE:
                section[name] = self._value()
            else:
                section[name] = self._list()
        if level:
            raise InvalidInputError("A VICI section that does not end.")
        return section

    def _list(self) -> list[bytes]:
        items: list[bytes] = []
        while (element := self._take(1)[0]) == _Element.LIST_ITEM:
            items.append(self._value())
        if element != _Element.LIST_END:
            raise InvalidInputError(f"A VICI element {element} within a list.")
        return items

    def _name(self) -> str:
        octets = self._take(self._take(1)[0])
        try:
            name = octets.decode()
        except UnicodeDecodeError:
            name = ""
        if not name:
            raise InvalidInputError("A VICI name that is empty or no UTF-8.")
        return name

    def _value(self) -> bytes:
        (length,) = struct.unpack("!H", self._take(2))
        return self._take(length)

    def _take(self, length: int) -> bytes:
        part = self._octets[self._at : self._at + length]
        if len(part) != length:
            raise InvalidInputError("A VICI message that is cut short.")
        self._at += length
        return part


class Vici:
    """A connection to one charon; commands one at a time, from any thread."""

    def __init__(self, path: Path) -> None:
        """Connect to charon's socket; LinkError if nobody answers there."""
        self._path = path
        self._lock = threading.Lock()
        self._socket = _connected(path)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, command: str, message: Mapping[str, Told] | None = None) -> Message:
        """Have a command done and return the answer.

        LinkError with charon's own words if it was not done, or if charon is gone. What was asked
        is never repeated in the sentence: it may hold keys.
        """
        asked = encode(message or {})
        with self._lock, self._in_step():
            self._send(_Packet.REQUEST, command, asked)
            answer = decode(self._expect(_Packet.RESPONSE, command))
        if answer.get("success", b"yes") != b"yes":
            words = answer.get("errmsg", b"")
            said = words.decode(errors="replace") if isinstance(words, bytes) else ""
            raise LinkError(f"charon did not do {command}: {said or 'it does not say why'}.")
        return answer

    def stream(self, command: str, event: str) -> list[Message]:
        """Have a command done that tells its answer in events; return them."""
        told: list[Message] = []
        with self._lock, self._in_step():
            self._send(_Packet.REGISTER, event)
            self._expect(_Packet.CONFIRM, event)
            self._send(_Packet.REQUEST, command)
            while (packet := self._packet())[0] == _Packet.EVENT:
                told.append(decode(packet[2 + packet[1] :] if len(packet) > 1 else b""))
            if packet[0] != _Packet.RESPONSE:
                raise LinkError(f"charon does not know the command {command}.")
            self._send(_Packet.UNREGISTER, event)
            self._expect(_Packet.CONFIRM, event)
        return told

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        """Hang up when an answer was none, so that no later question gets it; then connect anew."""
        if self._socket.fileno() < 0:
            self._socket = _connected(self._path)
        try:
            yield
        except InvalidInputError as problem:
            self._socket.close()
            raise LinkError(f"What charon says is not understood: {problem}") from None
        except LinkError:
            self._socket.close()
            raise

    def _expect(self, wanted: _Packet, what: str) -> bytes:
        while (packet := self._packet())[0] == _Packet.EVENT:
            pass  # one that was on its way
        if packet[0] != wanted:
            raise LinkError(f"charon does not know {what}; another version of strongSwan?")
        return packet[1:]

    def _send(self, kind: _Packet, name: str, message: bytes = b"") -> None:
        packet = _named(kind, name) + message
        try:
            self._socket.sendall(struct.pack("!I", len(packet)) + packet)
        except OSError as problem:
            raise _gone(problem) from None

    def _packet(self) -> bytes:
        """Return the next packet, its kind first."""
        (length,) = struct.unpack("!I", self._read(4))
        if not 1 <= length <= MOST_OCTETS:
            raise LinkError(f"charon announces a packet of {length:,} octets.")
        return self._read(length)

    def _read(self, length: int) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            try:
                part = self._socket.recv(length - len(parts))
            except OSError as problem:
                raise _gone(problem) from None
            if not part:
                raise LinkError("charon has hung up: its process has ended.")
            parts += part
        return bytes(parts)


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(str(path))
    except OSError as problem:
        connection.close()
        raise _gone(problem) from None
    return connection


def _gone(problem: OSError) -> LinkError:
    return LinkError(f"charon does not answer: {problem.strerror or problem}.")
