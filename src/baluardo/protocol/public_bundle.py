"""The public half of an authority in one piece, for those who have no copy yet.

Its paths are those of `trust.issuing.layout.Public` and of the authority's sealing key, and no
others: whoever writes a bundle to a disk writes nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from baluardo.durable_files import FOR_ALL, make_directory, write_durably
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.anchors import INDEX, LARGEST_INDEX
from baluardo.trust.certificates.certificate import LARGEST_CHAIN
from baluardo.trust.envelope import LARGEST_ENVELOPE
from baluardo.trust.issuing.layout import MOST_VKEY_OCTETS
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_BUNDLE: Final = 4 << 20
"""Octets of all files together."""
MOST_FILES: Final = 512
SEALING_STATEMENT: Final = "sealing-key.json"
"""The authority's sealing key under its certificate (`trust.publishing`), an envelope."""

_ANCHORS: Final = f"anchors/{INDEX}"
_LARGEST_STATEMENT: Final = min(131_072, LARGEST_ENVELOPE)
_PLACES: Final = (
    (re.compile(re.escape(_ANCHORS) + r"\Z"), LARGEST_INDEX),
    (re.compile(r"anchors/root-[0-9a-f]{64}\.pem\Z"), LARGEST_CHAIN),
    (re.compile(r"links/[0-9a-f]{2,128}\.pem\Z"), LARGEST_CHAIN),
    (re.compile(r"issuers/[a-z0-9][a-z0-9._-]{0,62}\.pem\Z"), LARGEST_CHAIN),
    (re.compile(r"lists/[0-9a-f]{2,128}(?:\.delta)?\.crl\Z"), LARGEST_BUNDLE),
    (re.compile(r"log\.vkey\Z"), MOST_VKEY_OCTETS),
    (re.compile(r"pages\.pem\Z"), LARGEST_CHAIN),
    (re.compile(re.escape(SEALING_STATEMENT) + r"\Z"), _LARGEST_STATEMENT),
)
"""Paths, and the octets that a file there has at most."""


def check_files(files: Mapping[str, bytes]) -> None:
    """Refuse files that are none of the public half, or larger than they may be."""
    if len(files) > MOST_FILES:
        raise InvalidInputError(f"The public half has at most {MOST_FILES} files here.")
    for path, octets in files.items():
        if len(octets) > _most(path):
            raise InvalidInputError(f"{path} has at most {_most(path):,} octets.")


def _most(path: str) -> int:
    for place, most in _PLACES:
        if place.match(path):
            return most
    raise InvalidInputError(f"{quoted(path)} is no file of an authority's public half.")


@dataclass(frozen=True, slots=True)
class PublicBundle:
    """Files by their path; nothing of it is believed yet."""

    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        """Refuse other files, and more than anybody takes."""
        check_files(self.files)
        if sum(map(len, self.files.values())) > LARGEST_BUNDLE:
            raise InvalidInputError(f"A bundle has at most {LARGEST_BUNDLE:,} octets of files.")
        object.__setattr__(self, "files", MappingProxyType(dict(self.files)))

    @classmethod
    def of_public(cls, directory: Path) -> PublicBundle:
        """Read an authority's public directory, without its log."""
        return cls(dict(_read(directory)))

    def write(self, directory: Path) -> None:
        """Write the files below a directory, each whole or not at all; the index of roots last.

        Until that one stands, nothing reads the others. TargetError if one cannot be written.
        """
        for part in ("anchors", "links", "issuers", "lists"):
            make_directory(directory / part)
        for path in sorted(self.files, key=lambda each: (each == _ANCHORS, each)):
            write_durably(directory / path, self.files[path], mode=FOR_ALL)

    def to_octets(self) -> bytes:
        """Return the JSON that is handed out: `{"files": {path: base64}}`."""
        files = {path: to_base64(octets) for path, octets in self.files.items()}
        return write_json({"files": files})

    @classmethod
    def of_octets(cls, octets: bytes) -> PublicBundle:
        """Read that JSON; InvalidInputError if it is none."""
        fields = JsonObject.parse(octets, 2 * LARGEST_BUNDLE, "The bundle")
        fields.only(("files",))
        inner = fields.inner("files")
        if len(inner.fields) > MOST_FILES:
            raise InvalidInputError(f"A bundle has at most {MOST_FILES} files.")
        return cls({path: inner.octets(path, _most(path)) for path in inner.fields})


def _read(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and octets of each file of the public half that is there."""
    if not (directory / _ANCHORS).is_file():
        raise SourceError(f"{printable(str(directory))} holds no authority's public half.")
    for pattern in ("anchors/*", "links/*", "issuers/*", "lists/*", "*"):
        for file in sorted(directory.glob(pattern)):
            path = file.relative_to(directory).as_posix()
            if file.is_file() and any(place.match(path) for place, _ in _PLACES):
                yield path, read_file(file, _most(path), "The public file")
