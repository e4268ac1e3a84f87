"""The holder's side: keys made where they are used, in generations that replace one another.

    0001/key.jwe, 0001/chain.pem     a generation in use: its key and what was granted for it
    0002/key.jwe                     the next one: asked for, not granted yet

The newest generation with a chain is the one in use, so a crash at any moment leaves either the
old or the new, whole. An answer that was lost is asked for again with the same key.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import sync_directory, write_durably
from baluardo.errors import CertificateError, CustodyError, SourceError, TargetError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.custody.keyfile import Unlock, read_key, write_key
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import AnyProfile, SignatureAlgorithm

KEEP: Final = 2
"""Generations that are kept: the one in use and the one before it."""
_GENERATION = re.compile(r"[0-9]{4,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Generation:
    """One key, and the chain that was granted for it, if it was."""

    directory: Path

    @property
    def number(self) -> int:
        """Its place in the order."""
        return int(self.directory.name)

    @property
    def key(self) -> Path:
        """The file of the key."""
        return self.directory / "key.jwe"

    @property
    def chain(self) -> Path:
        """The file of the chain."""
        return self.directory / "chain.pem"

    @property
    def granted(self) -> bool:
        """Whether a chain was granted."""
        return self.chain.exists()


class Holder:
    """One identity's directory of keys and certificates."""

    def __init__(self, directory: Path) -> None:
        """Name the directory; it is made by `request`."""
        self.directory = directory

    def request(self, identity: Identity, profile: AnyProfile, access: KeyAccess) -> bytes:
        """Make a first key and return a request for its certificate (PKCS#10, DER).

        Asking again before it is granted asks with the same key. TargetError if a certificate is
        held already: that one is renewed.
        """
        if any(generation.granted for generation in self._generations()):
            raise TargetError(
                f"{printable(str(self.directory))} holds a certificate already; renew that one. If "
                "that is refused for good, enrol anew in another directory."
            )
        return make_request(self._next_key(profile.certificates.leaf, access), identity)

    def renew(self, access: KeyAccess) -> Envelope:
        """Make the next key and return a request signed with the present one.

        Asking again before it is granted asks with the same key, as a second key would look like a
        copy's.
        """
        present = self.credential(access.unlock)
        return ask_renewal(present, self._next_key(present.key.algorithm, access))

    def install(self, chain: Chain, unlock: Unlock, verifier: Verifier, now: float) -> Credential:
        """Take what was granted for the newest key; from now on that is the one in use.

        It must be what the other members would accept: whoever carried it may lie, and what was
        forged would keep the true answer out. CertificateError if it is not, or was granted for
        another key or holder: nothing is changed.
        """
        verifier.verify(chain, now)
        generations = self._generations()
        waiting = [each for each in generations if not each.granted]
        if not waiting:
            raise CertificateError(f"{printable(str(self.directory))} waits for no certificate.")
        newest = waiting[-1]
        key = read_key(newest.key, unlock)
        if key.public != chain.leaf.key:
            raise CertificateError(
                "The certificate was granted for another key than the one that waits here: "
                "it was not installed."
            )
        credential = Credential(chain, key)
        self._check_holder(credential, generations)
        write_durably(newest.chain, chain.pem().encode(), mode=0o644)
        for old in [each for each in generations if each.granted][:-KEEP]:
            shutil.rmtree(old.directory, ignore_errors=True)
        return credential

    def credential(self, unlock: Unlock) -> Credential:
        """Return the certificate in use with its key; CustodyError if there is none."""
        granted = self._granted()
        return Credential(_chain(granted), read_key(granted.key, unlock))

    def chain(self) -> Chain:
        """Return the certificate in use, its key left closed; CustodyError if there is none."""
        return _chain(self._granted())

    def _granted(self) -> Generation:
        granted = [each for each in self._generations() if each.granted]
        if not granted:
            raise CustodyError(f"{printable(str(self.directory))} holds no certificate yet.")
        return granted[-1]

    def _check_holder(self, credential: Credential, generations: list[Generation]) -> None:
        """Refuse what was granted to another than the holder of the certificate in use."""
        granted = [each for each in generations if each.granted]
        present = _chain(granted[-1]).leaf.identity if granted else credential.identity
        if present != credential.identity:
            raise CertificateError(
                f"This is a certificate of {credential.identity}, and {present} is the holder "
                "here: it was not installed."
            )

    def _next_key(self, algorithm: SignatureAlgorithm, access: KeyAccess) -> SigningKey:
        generations = self._generations()
        if generations and not generations[-1].granted and generations[-1].key.exists():
            waiting = read_key(generations[-1].key, access.unlock)
            if waiting.algorithm is algorithm:  # else it was asked for by mistake
                return waiting
        number = generations[-1].number + 1 if generations else 1
        generation = Generation(self.directory / f"{number:04d}")
        try:
            generation.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_directory(self.directory)
        except OSError as error:
            raise TargetError(
                f"{printable(str(generation.directory))} cannot be made: {error.strerror}."
            ) from None
        key = SigningKey.generate(algorithm)
        write_key(generation.key, key, access.protection)
        return key

    def _generations(self) -> list[Generation]:
        try:
            there = list(self.directory.iterdir()) if self.directory.is_dir() else []
        except OSError as error:
            raise SourceError(
                f"{printable(str(self.directory))} cannot be read: {error.strerror}."
            ) from None
        names = (path for path in there if _GENERATION.match(path.name))
        return sorted((Generation(path) for path in names), key=lambda each: each.number)


def _chain(generation: Generation) -> Chain:
    return Chain.of_pem(read_file(generation.chain, LARGEST_CHAIN, "The certificate"))
