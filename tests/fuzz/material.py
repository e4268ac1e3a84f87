"""What good octets are made of: one community and its members."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from community import TestCommunity, make_community

from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.sealing import SealingKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID, EuHybrid, SignatureAlgorithm


@functools.cache
def italy() -> TestCommunity:
    return make_community()


@functools.cache
def member(path: str) -> Credential:
    return italy().credential(path)


@functools.cache
def verifier() -> Verifier:
    return italy().verifier()


@functools.cache
def seeded_key() -> SigningKey:
    return SigningKey.from_seed(SignatureAlgorithm.ML_DSA_65, Secret(b"\x07" * 32))


@functools.cache
def sealing_key() -> SealingKey[EuHybrid]:
    return SealingKey.generate(EU_HYBRID)


@functools.cache
def folder() -> Path:
    """A folder for doors that read files; it goes when the process ends."""
    path = Path(tempfile.mkdtemp(prefix="doors-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def only(genuine: object, *others: object) -> Callable[[object], None]:
    """A check that nothing comes out of a door but what went into the good octets."""

    def check(found: object) -> None:
        assert found in (genuine, *others), f"forged: {found!r}"

    return check


def as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """A door that takes text, given octets; what is no UTF-8 arrives as Python passes it on."""
    return lambda octets: read(octets.decode("utf-8", "surrogateescape"))


def as_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A door that takes a file's path."""

    def enter(octets: bytes) -> object:
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets)
        path.chmod(0o600)
        return read(path)

    return enter


def as_envelope(read: Callable[[Envelope], object]) -> Callable[[bytes], object]:
    """A door that takes an envelope, given its JSON."""
    return lambda octets: read(Envelope.of_json(octets))
