"""What an update is, as officers sign it: the body of the command `edge.update`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import whole
from baluardo.trust.commands.proposal import hexadecimal
from baluardo.trust.digest import digest
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

VERSION: Final = 1
"""Of the manifest's own form."""
PROGRAM: Final = "baluardo"
MOST_WHEELS: Final = 256
LARGEST_WHEEL: Final = 256 << 20
LARGEST_UPDATE: Final = 1 << 30
"""Octets of all wheels together. Our choice: the locked dependencies are a fifth of it."""
DIGEST_OCTETS: Final = 48

_RELEASE = re.compile(r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){0,3}\Z", re.ASCII)
_WHEEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!-]{0,190}\.whl\Z", re.ASCII)
_FIELDS: Final = ("v", "number", "version", "python", "allow_older", "wheels")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of the update."""

    name: str
    size: int
    """Octets."""
    digest: bytes
    """SHA-384, 48 octets."""

    def __post_init__(self) -> None:
        """Refuse what is no wheel."""
        if not _WHEEL.match(self.name):
            raise InvalidInputError(f"{quoted(self.name)} is no name of a wheel.")
        if not 0 < self.size <= LARGEST_WHEEL:
            raise InvalidInputError(f"{self.name}: from 1 to {LARGEST_WHEEL:,} octets.")

    @classmethod
    def of_octets(cls, name: str, octets: bytes) -> Wheel:
        """Describe a wheel that is at hand."""
        return cls(name, len(octets), digest(octets))

    def check(self, octets: bytes) -> None:
        """Refuse other octets than those that were signed; InvalidInputError."""
        if len(octets) != self.size or digest(octets) != self.digest:
            raise InvalidInputError(
                f"{self.name} is not the wheel that was signed: it was cut off or altered. Nothing "
                "was installed. Fetch the file again."
            )


@dataclass(frozen=True, slots=True)
class UpdateManifest:
    """A version of the program with all that it needs; whether it is rightful, signatures say."""

    number: int
    """Of the decision: each update has a greater one than any before, also one that goes back."""
    version: str
    """Of the program, as `baluardo --version` says it."""
    python: str
    """The oldest Python that can run it, such as 3.11."""
    wheels: tuple[Wheel, ...]
    allow_older: bool = False
    """Whether it may replace a newer version: the officers want to go back."""

    def __post_init__(self) -> None:
        """Refuse what cannot be installed."""
        if not 1 <= self.number <= LARGEST_NUMBER:
            raise InvalidInputError(f"number {quoted(self.number)}: from 1 to {LARGEST_NUMBER}.")
        release(self.version)
        release(self.python)
        names = [each.name for each in self.wheels]
        if not 1 <= len(names) <= MOST_WHEELS:
            raise InvalidInputError(f"An update has 1 to {MOST_WHEELS} wheels, not {len(names)}.")
        if names != sorted(set(names)):
            raise InvalidInputError("wheels must be in alphabetical order, each once.")
        if sum(each.size for each in self.wheels) > LARGEST_UPDATE:
            raise InvalidInputError(f"An update has at most {LARGEST_UPDATE:,} octets of wheels.")
        begin = f"{PROGRAM}-{self.version}-"
        if [name.startswith(f"{PROGRAM}-") for name in names].count(True) != 1 or not any(
            name.startswith(begin) for name in names
        ):
            raise InvalidInputError(f"One wheel, and one alone, must be {begin}....whl.")

    @classmethod
    def of_wheels(
        cls,
        wheels: Mapping[str, bytes],
        number: int,
        version: str,
        python: str,
        *,
        allow_older: bool = False,
    ) -> UpdateManifest:
        """Describe wheels by name, which are at hand; InvalidInputError if they are no update."""
        described = tuple(Wheel.of_octets(name, wheels[name]) for name in sorted(wheels))
        return cls(number, version, python, described, allow_older)

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
            "python": self.python,
            "allow_older": self.allow_older,
            "wheels": [
                {"name": each.name, "size": each.size, "sha384": each.digest.hex()}
                for each in self.wheels
            ],
        }

    @classmethod
    def of_body(cls, body: dict[str, object]) -> UpdateManifest:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The update")
        fields.only(_FIELDS)
        if whole(fields, "v") != VERSION:
            raise fields.wrong("v", f"{VERSION}: no other form is known here")
        allow_older = fields.fields.get("allow_older")
        if not isinstance(allow_older, bool):
            raise fields.wrong("allow_older", "true or false")
        return cls(
            whole(fields, "number"),
            fields.text("version", 32),
            fields.text("python", 32),
            tuple(_wheels(fields.items("wheels", MOST_WHEELS))),
            allow_older,
        )


def release(version: str) -> tuple[int, ...]:
    """Return a version's parts, to compare by: 0.10 comes after 0.9, and 1.0 is 1.

    InvalidInputError for what is no plain release (PEP 440): numbers with dots between.
    """
    if not _RELEASE.match(version):
        raise InvalidInputError(f"version {quoted(version)}: one to four numbers as 1.4.2.")
    parts = [int(part) for part in version.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def _wheels(values: Iterable[object]) -> Iterable[Wheel]:
    for value in values:
        fields = JsonObject.of(value, "A wheel of the update")
        fields.only(("name", "size", "sha384"))
        yield Wheel(
            fields.text("name", 200),
            whole(fields, "size"),
            hexadecimal(fields, "sha384", DIGEST_OCTETS),
        )
