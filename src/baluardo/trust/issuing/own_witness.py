"""A member as a witness of its authority's log: a key of its own, kept as its other keys are.

A disk may tear the key, or the memory of what was cosigned. A key that never cosigned is made anew.
A memory is put back from what its owner keeps beside it, if that bears this key's own line; where
neither can be, a sentence says what a person has to do, and nothing is cosigned.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from baluardo.durable_files import make_directory, write_durably
from baluardo.errors import CustodyError, LogError, SignatureError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.audit.checkpoint import open_checkpoint
from baluardo.trust.audit.note import MOST_NOTE_OCTETS, VerifierKey
from baluardo.trust.audit.witness import STATE_MODE, Witness, memory_of, new_witness_key
from baluardo.trust.custody.keyfile import read_key, write_key
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import AnyProfile

_KNOWN: Final = (
    "The browsers of this site know this key as its witness: put the file back from a backup."
)

logger = logging.getLogger("baluardo.trust")


@dataclass(frozen=True, slots=True)
class OwnWitness:
    """A witness's name and key, before it watches a log."""

    name: str
    """As it stands on signature lines."""
    _key: SigningKey = field(repr=False)

    @classmethod
    def open(
        cls,
        path: Path,
        name: str,
        profile: AnyProfile,
        access: KeyAccess,
        state: Path | None = None,
    ) -> OwnWitness:
        """Open the key in a file, or make it the first time; errors as `read_key`, `write_key`.

        With the directory of its memory a key that cannot be opened and never cosigned is put aside
        under `.torn`, and a new one is made.
        """
        has_cosigned = state is not None and any(state.glob("*.checkpoint"))
        if not path.exists() and has_cosigned:
            raise CustodyError(f"The key file {printable(str(path))} is gone. {_KNOWN}")
        if path.exists():
            try:
                return cls(name, read_key(path, access.unlock))
            except CustodyError as problem:
                if has_cosigned:
                    raise CustodyError(f"{problem} {_KNOWN}") from None
                if state is None:
                    raise
                logger.warning("%s It never cosigned: another key is made.", problem)
                path.replace(path.with_name(f"{path.name}.torn"))
        key = new_witness_key(profile)
        make_directory(path.parent)
        write_key(path, key, access.protection)
        return cls(name, key)

    def watch(self, state: Path, log: VerifierKey, kept: Path | None = None) -> Witness:
        """Watch a log, with the memory in a directory; errors as `Witness`.

        `kept` is a file in which the owner keeps what was cosigned last, written before anybody is
        told of it: a memory that is torn or gone is put back from there.
        """
        if kept is not None:
            self._mend(memory_of(state, log.name), log, kept)
        return Witness(state, self.name, self._key, [log])

    def _mend(self, memory: Path, log: VerifierKey, kept: Path) -> None:
        own = VerifierKey(self.name, self._key.public)
        own.require_profile(log)
        if not memory.exists() and not kept.exists():
            return
        try:
            open_checkpoint(_note(memory), log, [own])
        except (SourceError, LogError, SignatureError) as problem:
            torn = problem
        else:
            return
        try:
            octets = _note(kept)
            if self.name not in open_checkpoint(octets, log, [own]).witnesses:
                raise LogError("It was not cosigned here.")
        except (SourceError, LogError, SignatureError):
            raise LogError(
                f"The witness's memory {printable(str(memory))} is torn, and nothing beside it "
                f"tells what was cosigned last: nothing is cosigned or shown. ({torn}) Put the "
                "directory back from a backup. Without one, ask an auditor to compare the log, "
                f"and then remove that file and {printable(str(kept))}."
            ) from None
        logger.warning("The witness's memory is put back from %s: %s", kept.name, torn)
        make_directory(memory.parent)
        write_durably(memory, octets, mode=STATE_MODE)


def _note(path: Path) -> bytes:
    return read_file(path, MOST_NOTE_OCTETS, "The witness's memory")
