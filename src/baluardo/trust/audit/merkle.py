"""Merkle trees of RFC 6962 (RFC 9162 section 2.1), SHA-256: roots, and both kinds of proof.

Everything is made from the hashes of complete subtrees, through a `NodeReader`: the node
`(level, index)` covers the leaves [index * 2^level, (index + 1) * 2^level).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.primitives.hashing import sha256

HASH_OCTETS: Final = 32
EMPTY_ROOT: Final = sha256(b"")
"""Root of the tree without leaves (RFC 6962 section 2.1)."""
MOST_LEAVES: Final = 2**63 - 1
"""The largest size a checkpoint can tell (C2SP tlog-cosignature)."""
LONGEST_PROOF: Final = 64
"""A consistency proof between trees of fewer than 2^63 leaves has fewer hashes."""

NodeReader = Callable[[int, int], bytes]
"""Returns the hash of a complete subtree by level and index; LogError if it cannot be read."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return sha256(b"\x00" + entry)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, straight from the definition in RFC 6962 section 2.1."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = _split(len(leaves))
    return node_hash(root_of(leaves[:middle]), root_of(leaves[middle:]))


def complete_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over 2^n hashes, level by level: the same as `root_of`, and faster."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise InvalidInputError(f"{len(hashes)} hashes are no complete subtree.")
    row = hashes
    while len(row) > 1:
        row = [sha256(b"\x01" + row[i] + row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, the largest first.

    Takes as much room as there are binary digits in the size, whatever the number of leaves.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """Start from the peaks of a tree of `size` leaves; one hash for each 1 in its binary."""
        if len(peaks) != size.bit_count():
            raise InvalidInputError(
                f"A tree of {size} leaves has {size.bit_count()} peaks, not {len(peaks)}."
            )
        self.size = size
        self.peaks = list(peaks)

    @classmethod
    def read(cls, size: int, read: NodeReader) -> Frontier:
        """Start from the hashes that a reader knows."""
        return cls(size, [read(level, start >> level) for level, start in _cover(0, size)])

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the right."""
        self.append_subtree(0, leaf)

    def append_subtree(self, level: int, root: bytes) -> None:
        """Add a complete subtree of 2^level leaves; the size must be a multiple of that."""
        if self.size & ((1 << level) - 1):
            raise InvalidInputError(f"A subtree of level {level} cannot start at {self.size}.")
        size = self.size >> level
        while size & 1:
            root = sha256(b"\x01" + self.peaks.pop() + root)
            size >>= 1
        self.peaks.append(root)
        self.size += 1 << level

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def copy(self) -> Frontier:
        """Return one that grows on its own from here."""
        return Frontier(self.size, self.peaks)


def range_root(start: int, end: int, read: NodeReader) -> bytes:
    """Return the root over the leaves [start, end), a range that occurs in a proof."""
    hashes = [read(level, first >> level) for level, first in _cover(start, end)]
    root = hashes[-1]
    for each in reversed(hashes[:-1]):
        root = node_hash(each, root)
    return root


def inclusion_proof(index: int, size: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return the path that shows a leaf in the tree of `size` leaves (RFC 6962 section 2.1.1)."""
    if not 0 <= index < size:
        raise InvalidInputError(f"There is no entry {index} among {size}.")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, read))
            end = middle
        else:
            proof.append(range_root(start, middle, read))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, read: NodeReader) -> tuple[bytes, ...]:
    """Return what shows that the tree of `new` leaves begins with that of `old` (section 2.1.2)."""
    if not 0 <= old <= new:
        raise InvalidInputError(f"A tree of {new} leaves does not begin with one of {old}.")
    if old in {0, new}:
        return ()
    proof: list[bytes] = []
    start, end, within = 0, new, old
    while within != end:  # SUBPROOF of RFC 6962: `within` is the end of the old tree
        middle = start + _split(end - start)
        if within <= middle:
            proof.append(range_root(middle, end, read))
            end = middle
        else:
            proof.append(range_root(start, middle, read))
            start = middle
    if start:
        proof.append(range_root(start, end, read))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if the leaf hash is at `index` in the tree (RFC 9162 section 2.1.3.2); LogError."""
    if not 0 <= index < size <= MOST_LEAVES:
        raise LogError(f"There is no entry {index} in a log of {size}.")
    _check_hashes(leaf, root, *proof)
    position, last, computed = index, size - 1, leaf
    for each in proof:
        if not last:
            raise LogError("The proof of inclusion is longer than it can be.")
        if position & 1 or position == last:
            computed = node_hash(each, computed)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, each)
        position, last = position >> 1, last >> 1
    if last:
        raise LogError("The proof of inclusion is shorter than it must be.")
    if computed != root:
        raise LogError(f"Entry {index} is not in the log of {size} entries with this root.")


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Return if the new tree begins with the old one (RFC 9162 section 2.1.4.2); LogError."""
    if not 0 <= old <= new <= MOST_LEAVES:
        raise LogError(f"A log of {new} entries cannot follow one of {old}.")
    _check_hashes(old_root, new_root, *proof)
    if old in {0, new}:
        if proof:
            raise LogError("This proof of consistency must be empty.")
        reached = (EMPTY_ROOT if old == 0 else old_root, old_root if old == new else new_root)
    else:
        reached = _walk(old, new, proof, old_root)
    if reached != (old_root, new_root):
        raise LogError(
            f"The log of {new} entries does not begin with the log of {old}: it was rewritten, "
            "or the proof is wrong."
        )


def _walk(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """Return the roots of the old and of the new tree that a proof leads to."""
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    if not path:
        raise LogError("The proof of consistency is empty.")
    first = second = path[0]
    for each in path[1:]:
        if not last:
            raise LogError("The proof of consistency is longer than it can be.")
        if position & 1 or position == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, each)
        position, last = position >> 1, last >> 1
    if last:
        raise LogError("The proof of consistency is shorter than it must be.")
    return first, second


def _cover(start: int, end: int) -> list[tuple[int, int]]:
    """Return level and first leaf of the complete subtrees that make up an aligned range."""
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append((level, start))
        start += 1 << level
    return parts


def _split(leaves: int) -> int:
    """Return the largest power of two below a number above 1."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _check_hashes(*hashes: bytes) -> None:
    if len(hashes) > LONGEST_PROOF + 2 or any(len(each) != HASH_OCTETS for each in hashes):
        raise LogError(f"A proof has at most {LONGEST_PROOF} hashes of {HASH_OCTETS} octets.")
