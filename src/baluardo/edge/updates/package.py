"""The one file that carries an update: signatures first, then the wheels, nothing between.

    baluardo update 1\\n      18 octets
    length                   8 octets, big-endian: of what follows
    bundle                   the signed command (`trust.commands.bundle`), JSON
    wheels                   one after another, in the order and with the sizes of the manifest

No archive is parsed: where each wheel begins and ends is what was signed. So the signatures can be
judged before anything else is read, or fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.updates.manifest import UpdateManifest, Wheel
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable
from baluardo.trust.commands.bundle import LARGEST_BUNDLE, CommandBundle
from baluardo.trust.commands.proposal import Proposal

MAGIC: Final = b"baluardo update 1\n"
HEAD: Final = len(MAGIC) + 8

Read = Callable[[int], bytes]
"""Gives so many octets; fewer at the end alone."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the wheels; nothing of it is genuine yet."""

    bundle: CommandBundle
    octets: int
    """Of the file, before the first wheel."""

    @property
    def claimed(self) -> UpdateManifest:
        """What the command says, whoever signed it; InvalidInputError if it is no update."""
        return UpdateManifest.of_body(Proposal.of_payload(self.bundle.proposal.payload).body)


def read_header(read: Read) -> Header:
    """Read what stands before the wheels; InvalidInputError, or a TrustError, if it is none."""
    head = read(HEAD)
    length = int.from_bytes(head[len(MAGIC) :], "big")
    if len(head) != HEAD or not head.startswith(MAGIC) or not 0 < length <= LARGEST_BUNDLE:
        raise InvalidInputError("This is no update: `baluardo edge pack-update` makes one.")
    octets = read(length)
    if len(octets) != length:
        raise InvalidInputError("This update is cut off. Fetch it again.")
    return Header(CommandBundle.of_json(octets), HEAD + length)


def read_wheels(read: Read, manifest: UpdateManifest) -> Iterator[tuple[Wheel, bytes]]:
    """Yield each wheel after the header; InvalidInputError at the first that was not signed."""
    for wheel in manifest.wheels:
        octets = read(wheel.size)
        wheel.check(octets)
        yield wheel, octets
    if read(1):
        raise InvalidInputError("There is something after the update's last wheel: refused.")


def open_update(path: Path) -> BinaryIO:
    """Open a regular file; SourceError if it cannot be. Pipes could be waited for."""
    shown = printable(str(path))
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"The update {shown} is not a regular file.")
        return path.open("rb")
    except OSError as problem:
        reason = problem.strerror or problem
        raise SourceError(f"The update {shown} cannot be read: {reason}.") from None
    except ValueError:
        raise SourceError(f"The update {shown} cannot be the name of a file.") from None


def write_update(
    path: Path, bundle: CommandBundle, wheels: Mapping[str, bytes], *, replace: bool
) -> None:
    """Write the file, whole; the wheels are those of the manifest, by name.

    InvalidInputError if they are others, TargetError if the file cannot be written.
    """
    header = bundle.to_json()
    manifest = Header(bundle, 0).claimed
    parts = [MAGIC, len(header).to_bytes(8, "big"), header]
    for wheel in manifest.wheels:
        octets = wheels.get(wheel.name, b"")
        wheel.check(octets)
        parts.append(octets)
    write_durably(path, b"".join(parts), mode=FOR_ALL, replace=replace)
