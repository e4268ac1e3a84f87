"""An authority's log with its directory as what may be asked, and copies of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from baluardo.edge.log_copy.store import WITNESS, LogCopy
from baluardo.edge.log_copy.uncounted import Fetch
from baluardo.trust.audit.checkpoint import open_checkpoint
from baluardo.trust.audit.merkle import leaf_hash, verify_inclusion
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import LogReader, read_checkpoint
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.witness import Witness
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

ORIGIN, NAME = "italia.example/log", "italia.example/ship/bergamini"
ACTOR = "spiffe://italia.example/authority/a"
NOW = 1_800_000_000.0


def key_of(seed: int, algorithm: SignatureAlgorithm = SignatureAlgorithm.ML_DSA_65) -> SigningKey:
    return SigningKey.from_seed(algorithm, Secret(bytes([seed]) * 32))


LOG_KEY, OWN_KEY = key_of(1), key_of(2)
VKEY = VerifierKey(ORIGIN, LOG_KEY.public)


def fingerprint(number: int, word: str = "") -> str:
    return hashlib.sha256(f"{word}{number}".encode()).hexdigest()


def issued(number: int, word: str = "", at: float = NOW) -> bytes:
    facts = {
        "serial": f"{number + 1:x}",
        "fingerprint": fingerprint(number, word),
        "not_after": at + 30 * DAY,
    }
    return make_record(
        at, "certificate.issued", "spiffe://italia.example/authority/a", facts
    ).octets


class Author:
    """The log of an authority, with its directory as what may be asked."""

    def __init__(self, directory: Path, key: SigningKey = LOG_KEY, origin: str = ORIGIN) -> None:
        self.directory = directory
        self.log = AuditLog.create(directory, origin, key, NOW)

    def grow(self, count: int, word: str = "", at: float = NOW) -> Author:
        first = self.log.size
        self.log.append([issued(each, word, at) for each in range(first, first + count)], at)
        return self

    @property
    def offered(self) -> bytes:
        return read_checkpoint(self.directory)

    def fetch(self) -> Fetch:
        return LogReader(self.directory, self.log.size).fetch


def opened(place: Path) -> LogCopy:
    place.mkdir(exist_ok=True)
    return LogCopy(place, VKEY, Witness(place / WITNESS, NAME, OWN_KEY, [VKEY]))


def check_whole(copy: LogCopy, author: Author, size: int) -> None:
    """Everything of the copy leads to what the log has signed and this edge has cosigned."""
    assert copy.size == size
    signed = open_checkpoint(copy.checkpoint, VKEY, [copy.witness])
    assert (signed.size, set(signed.witnesses)) == (size, {NAME})
    assert signed.root == LogReader(author.directory, author.log.size).root(size)
    for number in {0, size // 2, size - 1, 255, 256} & set(range(size)):
        found = copy.evidence(fingerprint(number))
        assert found is not None
        assert (found.index, found.record) == (number, author.log.entry(number))
        assert found.checkpoint == copy.checkpoint
        verify_inclusion(leaf_hash(found.record), number, size, found.proof, signed.root)
