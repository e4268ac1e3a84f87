"""DER taken apart and put together again, to break one part of a certificate and sign it anew."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from baluardo.trust.primitives.signing import SigningKey

SEQUENCE = 0x30
CONSTRUCTED = 0x20
OCTET_STRING = 0x04
BIT_STRING = 0x03
SEED = 20260528


def seeded() -> random.Random:
    """Return the same accidents for every run."""
    return random.Random(SEED)  # noqa: S311  # nothing secret comes of it


@dataclass
class Node:
    """One element: octets, or further elements."""

    tag: int
    octets: bytes = b""
    children: list[Node] = field(default_factory=list)
    opened: bool = False
    """An OCTET STRING that holds an element."""

    @classmethod
    def read(cls, der: bytes) -> Node:
        """Read one element, which is all there is."""
        (only,) = _elements(der)
        return only

    def der(self) -> bytes:
        """Write it as it now is."""
        content = b"".join(each.der() for each in self.children) if self.parted else self.octets
        return bytes([self.tag]) + length(len(content)) + content

    @property
    def parted(self) -> bool:
        """Whether it consists of further elements."""
        return bool(self.tag & CONSTRUCTED) or self.opened

    def places(self) -> Iterator[tuple[Node, int]]:
        """Yield every element below this one: its parent, and its number there."""
        for number, child in enumerate(self.children):
            yield self, number
            yield from child.places()


def length(size: int) -> bytes:
    """Return a length in the shortest form."""
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([0x80 | len(octets)]) + octets


def _elements(octets: bytes) -> list[Node]:
    found, at = [], 0
    while at < len(octets):
        tag, size, at = octets[at], octets[at + 1], at + 2
        if size >= 0x80:
            size, at = int.from_bytes(octets[at : at + size - 0x80]), at + size - 0x80
        content = octets[at : at + size]
        if len(content) != size:
            raise ValueError("cut short")
        at += size
        found.append(_node(tag, content))
    return found


def _node(tag: int, content: bytes) -> Node:
    if tag & CONSTRUCTED:
        return Node(tag, children=_elements(content))
    if tag == OCTET_STRING and content:
        try:
            inner = _elements(content)
        except (ValueError, IndexError):
            inner = []
        if len(inner) == 1 and inner[0].der() == content and inner[0].tag != 0:
            return Node(tag, children=inner, opened=True)
    return Node(tag, content)


def signed_anew(body: bytes, key: SigningKey, like: bytes) -> bytes:
    """Return a certificate or list with this body, its algorithm like another's, freshly signed."""
    if isinstance(key.private, ec.EllipticCurvePrivateKey):
        raise TypeError("an ML-DSA key signs here")
    algorithm = Node.read(like).children[1].der()
    whole = body + algorithm + Node(BIT_STRING, b"\x00" + key.private.sign(body)).der()
    return bytes([SEQUENCE]) + length(len(whole)) + whole


def _flip_first(parent: Node, at: int, chance: random.Random) -> None:
    node = parent.children[at]
    if not node.octets:
        raise LookupError
    node.octets = bytes([node.octets[0] ^ 1 << chance.randrange(8)]) + node.octets[1:]


def _flip_last(parent: Node, at: int, chance: random.Random) -> None:
    node = parent.children[at]
    if not node.octets:
        raise LookupError
    node.octets = node.octets[:-1] + bytes([node.octets[-1] ^ 1 << chance.randrange(8)])


def _delete(parent: Node, at: int, _: random.Random) -> None:
    del parent.children[at]


def _double(parent: Node, at: int, _: random.Random) -> None:
    parent.children.insert(at, parent.children[at])


def _empty(parent: Node, at: int, _: random.Random) -> None:
    parent.children[at].octets, parent.children[at].children = b"", []


def _lengthen(parent: Node, at: int, _: random.Random) -> None:
    node = parent.children[at]
    if node.parted:
        raise LookupError
    node.octets = b"\x00" + node.octets


def _retag(parent: Node, at: int, chance: random.Random) -> None:
    parent.children[at].tag ^= 1 << chance.choice([0, 1, 2, 7])


def _append_null(parent: Node, at: int, _: random.Random) -> None:
    node = parent.children[at]
    if not node.parted:
        raise LookupError
    node.children.append(Node(0x05))


def _swap(parent: Node, at: int, _: random.Random) -> None:
    if at + 1 >= len(parent.children):
        raise LookupError
    children = parent.children
    children[at], children[at + 1] = children[at + 1], children[at]


Surgery = Callable[[Node, int, random.Random], None]
SURGERIES: tuple[Surgery, ...] = (
    _flip_first,
    _flip_last,
    _delete,
    _double,
    _empty,
    _lengthen,
    _retag,
    _append_null,
    _swap,
)


def broken_bodies(der: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield bodies of a signed thing with one element wrong: each element, in each way."""
    whole = Node.read(der).children[0]
    places = len(list(whole.places()))
    for place in range(places):
        for surgery in SURGERIES:
            body = Node.read(der).children[0]
            parent, at = list(body.places())[place]
            tag = parent.children[at].tag
            try:
                surgery(parent, at, chance)
            except LookupError:
                continue
            octets = body.der()
            if octets != whole.der():
                yield f"{surgery.__name__} of element {place} ({tag:#x})", octets


def broken(der: bytes, key: SigningKey, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield a signed thing with one part wrong, and signed as if it were right."""
    for name, body in broken_bodies(der, chance):
        yield name, signed_anew(body, key, der)


def flipped(der: bytes, chance: random.Random, count: int) -> Iterator[tuple[str, bytes]]:
    """Yield octets with one bit wrong, not signed anew."""
    for _ in range(count):
        at = chance.randrange(len(der))
        bit = 1 << chance.randrange(8)
        yield f"bit {bit:#x} of octet {at}", der[:at] + bytes([der[at] ^ bit]) + der[at + 1 :]


def scrambled(
    der: bytes, key: SigningKey, chance: random.Random, count: int
) -> Iterator[tuple[str, bytes]]:
    """Yield it with octets wrong, missing or too many anywhere, signed as if right."""
    body = Node.read(der).children[0].der()
    for number in range(count):
        at = chance.randrange(len(body))
        if number % 4 == 0:
            at = chance.randrange(80)  # names, dates and the serial number come first
        octet = bytes([chance.randrange(256)])
        new = chance.choice([octet, octet, octet, b"", body[at : at + 1] + octet])
        yield f"octets at {at}", signed_anew(body[:at] + new + body[at + 1 :], key, der)
