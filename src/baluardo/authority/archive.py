"""A tar archive of plain files, every octet of it accounted for.

Written as POSIX ustar, which any `tar` unpacks. Read strictly: each header must be to the octet
what this module writes for that name, size and mode; the last files are the manifest, with the
SHA-384 of every other file, and the manifest's own SHA-384. So whatever was altered, cut off or
added anywhere is found, without a parser that guesses.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.digest import digest

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
LARGEST_FILE: Final = 1 << 30
MOST_FILES: Final = 2_000_000
SEAL: Final = "manifest.sha384"
"""The last file: SHA-384 of the one before it, hexadecimal."""
PERMITTED: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")


@dataclass(frozen=True, slots=True)
class Member:
    """One file."""

    name: str
    octets: bytes = field(repr=False)
    for_all: bool = False
    """Whether everybody may read it where it is unpacked."""


class ArchiveWriter:
    """Writes files one after the other, and what seals them."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin; `file` is empty."""
        self._file = file
        self.digests: dict[str, str] = {}
        """SHA-384 by name, hexadecimal."""

    def add(self, member: Member) -> None:
        """Write a file; InvalidInputError for a name that no archive of ours has."""
        self._file.write(_header(member.name, len(member.octets), for_all=member.for_all))
        self._file.write(member.octets + bytes(-len(member.octets) % BLOCK))
        self.digests[member.name] = digest(member.octets).hex()

    def seal(self, manifest: Member) -> None:
        """Write the manifest and what seals it: the end."""
        self.add(manifest)
        self.add(Member(SEAL, self.digests[manifest.name].encode()))
        self._file.write(END)


def read_members(file: BinaryIO) -> Iterator[Member]:
    """Yield every file, from the beginning; InvalidInputError at what is not as it was written."""
    file.seek(0)
    before = None
    for _ in range(MOST_FILES):
        block = file.read(BLOCK)
        if block == END[:BLOCK]:
            if file.read() != END[BLOCK:] or before is None or before.name != SEAL:
                raise InvalidInputError("there is something after its end")
            return
        member = _member(block, file)
        if before is not None and before.name == SEAL:
            raise InvalidInputError("there is something after its seal")
        if member.name == SEAL and (
            before is None or member.octets != digest(before.octets).hex().encode()
        ):
            raise InvalidInputError("its manifest was altered")
        before = member
        yield member
    raise InvalidInputError("it has more files than any")


def _member(block: bytes, file: BinaryIO) -> Member:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):
        raise InvalidInputError("it is cut off, or was altered") from None
    for_all = bool(info.mode & 0o004)
    if not 0 <= info.size <= LARGEST_FILE or block != _header(
        info.name, info.size, for_all=for_all
    ):
        raise InvalidInputError("it is not as this program writes one")
    padded = info.size + -info.size % BLOCK
    octets = file.read(padded)
    if len(octets) != padded or any(octets[info.size :]):
        raise InvalidInputError(f"{quoted(info.name)} in it is cut off, or was altered")
    return Member(info.name, octets[: info.size], for_all)


def _header(name: str, size: int, *, for_all: bool) -> bytes:
    parts = name.split("/")
    if not PERMITTED.issuperset(name) or any(part in {"", ".", ".."} for part in parts):
        raise InvalidInputError(f"{quoted(name)} cannot be the name of a file in it")
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644 if for_all else 0o600
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    except ValueError:
        raise InvalidInputError(f"{quoted(name)} is too long for a name in it") from None
