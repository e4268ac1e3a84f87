"""What an entry of the log says, and how personal details are told without being in it.

An entry is one JSON text (see `strict_json`): time, kind, actor, facts. A personal detail stands in
it as a digest alone, the digest of an SD-JWT disclosure (RFC 9901 section 4.2): salt, name and
value are kept beside the log (`openings`) and can be erased there; the log verifies as before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from baluardo.errors import InvalidInputError, LogError
from baluardo.foreign_input import quoted
from baluardo.trust.audit.tiles import MOST_ENTRY_OCTETS
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.primitives.hashing import random_octets, sha256
from baluardo.trust.strict_json import JsonObject, parse_json, write_json

SALT_OCTETS: Final = 16
"""128 bits, as RFC 9901 section 9.3 recommends: nobody can guess a detail and test the guess."""
DIGEST_CHARACTERS: Final = 43
MOST_DIGESTS: Final = 64
MOST_KIND: Final = 64
MOST_ACTOR: Final = 255
MOST_DISCLOSURE: Final = 32_768
"""Characters of one opening."""
DIGESTS: Final = "_sd"
"""Name of the field with the digests (RFC 9901 section 4.2.4.1)."""
RESERVED: Final = ("_sd", "...")
"""Names that a detail must not have (RFC 9901 section 4.2.1)."""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The opening of one commitment: a detail in the form whose digest is in the log."""

    text: str = field(repr=False)
    """Base64url of the JSON array [salt, name, value]; the digest is over these characters."""
    name: str
    value: object = field(repr=False)

    @property
    def digest(self) -> str:
        """What stands in the log: base64url of SHA-256 of the text (RFC 9901 section 4.2.3)."""
        return to_base64url(sha256(self.text.encode()))

    @classmethod
    def make(cls, name: str, value: object) -> Disclosure:
        """Commit to a detail under a fresh salt; InvalidInputError for what JSON cannot carry."""
        if not name or name in RESERVED:
            raise InvalidInputError(f"{quoted(name)} cannot name a personal detail.")
        salt = to_base64url(random_octets(SALT_OCTETS))
        text = to_base64url(write_json([salt, name, value]))
        if len(text) > MOST_DISCLOSURE:
            raise InvalidInputError(f"The detail {quoted(name)} is too long to be kept.")
        return cls(text, name, value)

    @classmethod
    def of_text(cls, text: str) -> Disclosure:
        """Read an opening; LogError if it is none."""
        try:
            if len(text) > MOST_DISCLOSURE:
                raise InvalidInputError("longer than any opening")
            octets = of_base64url(text)
            array = parse_json(octets, len(octets), "The opening")
        except InvalidInputError:
            array = None
        if not isinstance(array, list) or len(array) != 3:
            raise LogError("This is no opening of a commitment in the log.")
        salt, name, value = array
        if not isinstance(salt, str) or not isinstance(name, str) or name in RESERVED:
            raise LogError("This is no opening of a commitment in the log.")
        return cls(text, name, value)


@dataclass(frozen=True, slots=True)
class Record:
    """One entry: when, what, by whom, and the facts of it."""

    time: float
    """POSIX seconds, to the millisecond."""
    kind: str
    """What happened: `certificate.issued`."""
    actor: str
    """SPIFFE URI of who did it."""
    facts: Mapping[str, Any]
    digests: tuple[str, ...] = ()
    """Commitments to personal details, sorted: their order tells nothing."""

    def entry(self) -> bytes:
        """Return the octets for the log; InvalidInputError if they cannot be an entry."""
        _check_fields(self)
        fields = {
            "time": round(float(self.time), 3),
            "kind": self.kind,
            "actor": self.actor,
            "facts": dict(self.facts),
        }
        if self.digests:
            fields[DIGESTS] = list(self.digests)
        octets = write_json(fields)
        if len(octets) > MOST_ENTRY_OCTETS:
            raise InvalidInputError(f"An entry has at most {MOST_ENTRY_OCTETS} octets.")
        return octets

    @classmethod
    def of_entry(cls, octets: bytes) -> Record:
        """Read an entry; LogError if it is not one, written in the one way there is."""
        try:
            fields = JsonObject.parse(octets, MOST_ENTRY_OCTETS, "The entry")
            fields.only(("time", "kind", "actor", "facts", DIGESTS))
            digests = fields.items(DIGESTS, MOST_DIGESTS) if DIGESTS in fields.fields else []
            record = cls(
                time=fields.number("time"),
                kind=fields.text("kind", MOST_KIND),
                actor=fields.text("actor", MOST_ACTOR),
                facts=fields.inner("facts").fields,
                digests=tuple(str(digest) for digest in digests),
            )
            if record.entry() != octets:
                raise InvalidInputError("The entry is not written in the one way there is.")
        except InvalidInputError as problem:
            raise LogError(str(problem)) from None
        return record


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record with the openings of its commitments, before it is in the log."""

    record: Record
    disclosures: tuple[Disclosure, ...]
    octets: bytes
    """For the log."""

    def entry(self) -> bytes:
        """Return the octets for the log."""
        return self.octets


def make_record(
    now: float,
    kind: str,
    actor: str,
    facts: Mapping[str, Any],
    personal: Mapping[str, Any] | None = None,
) -> NewRecord:
    """Return a record; every detail in `personal` becomes a commitment with an opening.

    Write the openings (`Openings.keep`) before the entry goes into the log: an opening without an
    entry does no harm, an entry without its opening has lost the detail.
    """
    disclosures = tuple(Disclosure.make(name, value) for name, value in (personal or {}).items())
    digests = tuple(sorted(disclosure.digest for disclosure in disclosures))
    record = Record(round(float(now), 3), kind, actor, dict(facts), digests)
    return NewRecord(record, disclosures, record.entry())


def _check_fields(record: Record) -> None:
    if not math.isfinite(record.time):
        raise InvalidInputError("The time of an entry is a number of seconds.")
    for name, value, most in (
        ("kind", record.kind, MOST_KIND),
        ("actor", record.actor, MOST_ACTOR),
    ):
        if not 0 < len(value) <= most or not value.isprintable():
            raise InvalidInputError(f"{name} has 1 to {most} characters that can be shown.")
    if len(record.digests) > MOST_DIGESTS or list(record.digests) != sorted(set(record.digests)):
        raise InvalidInputError(f"An entry has at most {MOST_DIGESTS} digests, sorted.")
    for digest in record.digests:
        if len(digest) != DIGEST_CHARACTERS or len(of_base64url(digest)) != 32:
            raise InvalidInputError(f"{quoted(digest)} is no digest of a detail.")
