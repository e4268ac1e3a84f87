"""Where an authority keeps what: `public/` may be copied to anybody, the rest stays.

public/anchors/           community, profile and roots (`certificates.anchors`)
public/links/             what leads from a root to the one before it
public/issuers/NAME.pem   each issuer's certificate, then the link to an older root, if any
public/lists/KEYID.crl    newest full revocation list of each issuer and root; deltas beside it
public/log/               the audit log: tiles, entries, checkpoint
public/log.vkey           the key that verifies its checkpoints
public/pages.pem          root of the browser authority
public/seals/NAME.pem     what outsiders pin to believe the XML signatures of a channel
keys/                     sealed keys: log, issuers, service, pages
openings/                 personal details of the log's entries, erasable
service.pem               certificate of the authority's own service, which signs time
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Final

from baluardo.durable_files import FOR_ALL, make_directory, sync_directory, write_durably
from baluardo.errors import InvalidInputError, SourceError, TargetError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Certificate, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.revocation_list import LARGEST_LIST
from baluardo.trust.certificates.xml_seal import XmlSeal
from baluardo.trust.custody.keyfile import Protection, Unlock, read_key, write_key

MOST_VKEY_OCTETS: Final = 8_192
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyAccess:
    """How new keys are sealed, and how sealed ones are opened."""

    protection: Protection
    unlock: Unlock


@dataclass(frozen=True, slots=True)
class Public:
    """The public half, or a copy of it."""

    directory: Path

    @property
    def anchors(self) -> Path:
        """Roots, community and profile."""
        return self.directory / "anchors"

    @property
    def log(self) -> Path:
        """The audit log."""
        return self.directory / "log"

    @property
    def log_vkey(self) -> Path:
        """The key that verifies the log's checkpoints."""
        return self.directory / "log.vkey"

    @property
    def pages(self) -> Path:
        """Root of the browser authority."""
        return self.directory / "pages.pem"

    def seal(self, name: str) -> Path:
        """Return where the certificate of a channel's XML signatures lies."""
        return self.directory / "seals" / f"{_checked(name)}.pem"

    @property
    def root(self) -> Certificate:
        """The newest root."""
        return Anchors.read(self.anchors).anchors[-1].certificate

    def issuer(self, name: str) -> Chain:
        """Return an issuer's chain; SourceError if there is none of this name."""
        if not self.has_issuer(name):
            raise SourceError(f"There is no issuer {quoted(name)} in this authority.")
        return _read_chain(self._issuer_path(name))

    def issuer_chains(self) -> Iterator[tuple[str, Chain]]:
        """Yield each issuer's name and chain."""
        for path in sorted((self.directory / "issuers").glob("*.pem")):
            yield path.stem, _read_chain(path)

    def has_issuer(self, name: str) -> bool:
        """Tell whether there is an issuer of this name."""
        return self._issuer_path(name).exists()

    def write_issuer(self, name: str, chain: Chain) -> None:
        """Write an issuer's chain; TargetError if the name is taken."""
        path = self._issuer_path(name)
        write_durably(path, chain.pem().encode(), mode=FOR_ALL, replace=False)

    def links_to(self, root: Certificate) -> tuple[Certificate, ...]:
        """Return what leads from a root to the one before it, if any."""
        path = self._link_path(root)
        return _read_chain(path).certificates if path.exists() else ()

    def write_link(self, new_root: Certificate, link: Certificate) -> None:
        """Write the old root's word for a new one."""
        write_durably(self._link_path(new_root), link.pem().encode(), mode=FOR_ALL)

    def read_list(self, key_id: bytes, *, delta: bool = False) -> bytes | None:
        """Return an issuer's newest full list, or its newest delta, DER; None before the first."""
        path = self._list_path(key_id, delta)
        return read_file(path, LARGEST_LIST, "The list") if path.exists() else None

    def write_list(self, key_id: bytes, der: bytes, *, delta: bool = False) -> None:
        """Put a revocation list in the place of the one before."""
        write_durably(self._list_path(key_id, delta), der, mode=FOR_ALL)

    def _issuer_path(self, name: str) -> Path:
        return self.directory / "issuers" / f"{_checked(name)}.pem"

    def _list_path(self, key_id: bytes, delta: bool) -> Path:
        return self.directory / "lists" / f"{key_id.hex()}{'.delta' if delta else ''}.crl"

    def _link_path(self, new_root: Certificate) -> Path:
        return self.directory / "links" / f"{new_root.key_id.hex()}.pem"


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths in one authority's directory."""

    directory: Path

    @property
    def public(self) -> Public:
        """What may be copied to anybody."""
        return Public(self.directory / "public")

    @property
    def openings(self) -> Path:
        """Personal details."""
        return self.directory / "openings"

    def key(self, name: str) -> Path:
        """Return where the sealed key of this name is."""
        return self.directory / "keys" / f"{_checked(name)}.jwe"

    def issuer_key(self, name: str) -> Path:
        """Return where an issuer's sealed key is."""
        return self.directory / "keys" / f"issuer-{_checked(name)}.jwe"

    def make(self) -> None:
        """Create the directories; TargetError if something is there already."""
        try:
            if self.directory.exists() and any(self.directory.iterdir()):
                raise TargetError(
                    f"{printable(str(self.directory))} is not empty; name a new directory for a "
                    "new authority."
                )
            for name in ("issuers", "lists", "links"):
                (self.public.directory / name).mkdir(parents=True)
            for private in (self.directory / "keys", self.openings):
                private.mkdir(mode=0o700)
            for parent in (self.public.directory, self.directory, self.directory.absolute().parent):
                sync_directory(parent)
        except OSError as error:
            raise TargetError(
                f"{printable(str(self.directory))} cannot be made: {error.strerror or error}."
            ) from None

    def unmake(self) -> None:
        """Empty a directory that `make` made, after a failure: the next attempt finds it free."""
        for each in (self.public.directory, self.directory / "keys", self.openings):
            shutil.rmtree(each, ignore_errors=True)

    def check(self) -> None:
        """Refuse a directory that holds no authority; SourceError says so."""
        try:
            there = S_ISDIR(self.public.anchors.stat().st_mode)
        except PermissionError:
            raise SourceError(
                f"{printable(str(self.directory))} may not be entered: permission denied."
            ) from None
        except (OSError, ValueError):  # nothing is there, or its name cannot be one
            there = False
        if not there:
            raise SourceError(
                f"{printable(str(self.directory))} is no authority's directory; `baluardo trust "
                "root create` makes one."
            )

    def write_credential(self, name: str, credential: Credential, access: KeyAccess) -> None:
        """Write a certificate and its sealed key, in the place of those before.

        The key goes first: a crash between the two leaves a pair that does not fit, which
        `read_credential` treats as none.
        """
        write_key(self.key(name), credential.key, access.protection, replace=True)
        pem = credential.chain.pem().encode()
        write_durably(self.directory / f"{name}.pem", pem, mode=FOR_ALL)

    def read_credential(self, name: str, unlock: Unlock) -> Credential | None:
        """Return a credential; None if there is none, or no whole one."""
        path = self.directory / f"{_checked(name)}.pem"
        if not path.exists() or not self.key(name).exists():
            return None
        chain, key = _read_chain(path), read_key(self.key(name), unlock)
        return Credential(chain, key) if chain.leaf.key == key.public else None

    def write_seal(self, name: str, seal: XmlSeal, access: KeyAccess) -> None:
        """Write a channel's seal in the place of the one before; the key first, as above."""
        path = self.public.seal(name)
        make_directory(path.parent)
        write_key(self.key(f"seal-{name}"), seal.key, access.protection, replace=True)
        write_durably(path, seal.certificate.pem().encode(), mode=FOR_ALL)

    def read_seal(self, name: str, unlock: Unlock) -> XmlSeal | None:
        """Return a channel's seal; None if there is none, or no whole one."""
        path, sealed = self.public.seal(name), self.key(f"seal-{name}")
        if not path.exists() or not sealed.exists():
            return None
        certificate = Certificate.of_pem(read_file(path, LARGEST_CHAIN, "The certificate"))
        key = read_key(sealed, unlock)
        return XmlSeal(certificate, key) if certificate.key == key.public else None


def _read_chain(path: Path) -> Chain:
    return Chain.of_pem(read_file(path, LARGEST_CHAIN, "The certificate"))


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise InvalidInputError(
            f"{quoted(name)} cannot be a name here: 1 to 63 small letters, digits, '.', '-' and "
            "'_', the first a letter or a digit."
        )
    return name
