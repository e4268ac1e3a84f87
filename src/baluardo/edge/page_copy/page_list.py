"""What the pages of a site are, as officers sign it: the body of the command `edge.pages`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import texts, whole
from baluardo.trust.commands.proposal import hexadecimal
from baluardo.trust.commands.rule import MOST_APPROVALS
from baluardo.trust.digest import digest
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

VERSION: Final = 1
"""Of the list's own form."""
MOST_FILES: Final = 512
LARGEST_FILE: Final = 4 << 20
LARGEST_COPY: Final = 32 << 20
"""Octets of all files together. Our choice: today's pages of a site are 1 MB."""
MOST_SIGNERS: Final = 32
MOST_HEADERS: Final = 32
DIGEST_OCTETS: Final = 48
GUARD: Final = "/phone-worker.js"
"""The script of the service worker that answers from the copy; it stands in every list."""
MISSING: Final = "/404.html"
"""What is shown at an address that no list has; it stands in every list."""

_PATH = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}){1,4}\Z", re.ASCII)
_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(?:; charset=utf-8)?\Z", re.ASCII)
_HEADER = re.compile(r"[a-z][a-z-]{0,62}\Z", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]{1,1000}\Z", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z", re.ASCII)
_RELEASE = re.compile(r"[0-9][0-9A-Za-z.+-]{0,31}\Z", re.ASCII)
_FIELDS: Final = ("v", "number", "version", "signers", "approvals", "headers", "files")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the pages."""

    path: str
    """Where browsers ask for it, "/phone"; no query."""
    media_type: str
    size: int
    """Octets."""
    digest: bytes
    """SHA-384, 48 octets."""

    def __post_init__(self) -> None:
        """Refuse what no page of ours is."""
        if not _PATH.match(self.path) or self.path.startswith("/api/"):
            raise InvalidInputError(f"{quoted(self.path)} is no address of a page's file.")
        if not _TYPE.match(self.media_type):
            raise InvalidInputError(f"{self.path}: {quoted(self.media_type)} is no media type.")
        if not 0 < self.size <= LARGEST_FILE:
            raise InvalidInputError(f"{self.path}: from 1 to {LARGEST_FILE:,} octets.")
        if len(self.digest) != DIGEST_OCTETS:
            raise InvalidInputError(f"{self.path}: a digest has {DIGEST_OCTETS} octets.")

    @classmethod
    def of_octets(cls, path: str, media_type: str, octets: bytes) -> PageFile:
        """Describe a file that is at hand."""
        return cls(path, media_type, len(octets), digest(octets))


@dataclass(frozen=True, slots=True)
class PageList:
    """All files of the pages of a site; whether it is rightful, signatures say."""

    number: int
    """Of the decision: a copy takes no list whose number is not greater than its own."""
    version: str
    """Of the program whose pages these are, as `baluardo --version` says it."""
    signers: tuple[str, ...]
    """Who may sign the list that comes after this one, by name ("anna.rossi")."""
    approvals: int
    """How many of them must approve it beside its proposer."""
    headers: Mapping[str, str]
    """What a copy answers with beside each file: the rules for what a page may do."""
    files: tuple[PageFile, ...]

    def __post_init__(self) -> None:
        """Refuse what could not be kept, or not be followed by another list."""
        if not 1 <= self.number <= LARGEST_NUMBER:
            raise InvalidInputError(f"number {quoted(self.number)}: from 1 to {LARGEST_NUMBER}.")
        if not _RELEASE.match(self.version):
            raise InvalidInputError(f"version {quoted(self.version)}: such as 1.4.2.")
        self._check_signers()
        self._check_headers()
        self._check_files()
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))

    def _check_signers(self) -> None:
        names = list(self.signers)
        if names != sorted(set(names)) or not all(_NAME.match(name) for name in names):
            raise InvalidInputError("signers: names in alphabetical order, each once.")
        if not 1 <= self.approvals <= MOST_APPROVALS:
            raise InvalidInputError(f"approvals {self.approvals}: from 1 to {MOST_APPROVALS}.")
        if not self.approvals < len(names) <= MOST_SIGNERS:
            raise InvalidInputError(
                f"{len(names)} may sign the next list, and {self.approvals + 1} to {MOST_SIGNERS} "
                "are needed: otherwise no copy could ever take one."
            )

    def _check_headers(self) -> None:
        if len(self.headers) > MOST_HEADERS:
            raise InvalidInputError(f"A list has at most {MOST_HEADERS} headers.")
        for name, value in self.headers.items():
            if not _HEADER.match(name) or not _VALUE.match(value):
                raise InvalidInputError(f"{quoted(name)} is no header that a copy could give.")

    def _check_files(self) -> None:
        paths = [each.path for each in self.files]
        if not 1 <= len(paths) <= MOST_FILES:
            raise InvalidInputError(f"A list has 1 to {MOST_FILES} files, not {len(paths)}.")
        if paths != sorted(set(paths)):
            raise InvalidInputError("files must be in alphabetical order, each once.")
        if sum(each.size for each in self.files) > LARGEST_COPY:
            raise InvalidInputError(f"A copy has at most {LARGEST_COPY:,} octets of files.")
        for needed in (GUARD, MISSING):
            if needed not in paths:
                raise InvalidInputError(f"A list has {needed}, and this one has not.")

    @property
    def digest(self) -> bytes:
        """SHA-384 of the one written form, 48 octets."""
        return digest(write_json(self.to_body()))

    def to_body(self) -> dict[str, object]:
        """Return the command's body."""
        return {
            "v": VERSION,
            "number": self.number,
            "version": self.version,
            "signers": list(self.signers),
            "approvals": self.approvals,
            "headers": dict(self.headers),
            "files": [
                {
                    "path": each.path,
                    "type": each.media_type,
                    "size": each.size,
                    "sha384": each.digest.hex(),
                }
                for each in self.files
            ],
        }

    @classmethod
    def of_body(cls, body: dict[str, object]) -> PageList:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The list of pages")
        fields.only(_FIELDS)
        if whole(fields, "v") != VERSION:
            raise fields.wrong("v", f"{VERSION}: no other form is known here")
        headers = fields.inner("headers")
        if len(headers.fields) > MOST_HEADERS:
            raise fields.wrong("headers", f"at most {MOST_HEADERS}")
        return cls(
            whole(fields, "number"),
            fields.text("version", 32),
            texts(fields, "signers", MOST_SIGNERS),
            whole(fields, "approvals"),
            {name: headers.text(name, 1_000) for name in headers.fields},
            tuple(_files(fields.items("files", MOST_FILES))),
        )


def _files(values: Iterable[object]) -> Iterable[PageFile]:
    for value in values:
        fields = JsonObject.of(value, "A file of the pages")
        fields.only(("path", "type", "size", "sha384"))
        yield PageFile(
            fields.text("path", 500),
            fields.text("type", 100),
            whole(fields, "size"),
            hexadecimal(fields, "sha384", DIGEST_OCTETS),
        )
