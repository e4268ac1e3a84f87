"""The separate authority for the pages of sites: ECDSA P-384, since browsers verify nothing better.

It is a door that stays classical (`suites.CLASSICAL_DOORS`), so it is kept apart from everything
else: its root is no anchor of any community, and by its name constraints (RFC 5280 section
4.2.1.10) a browser that trusts it believes it about the community's own domains only.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.dates import shown, to_x509
from baluardo.trust.certificates.making import (
    LONGEST_NAME,
    YEAR,
    authority,
    leaf,
    named,
    signed,
    unsigned,
)
from baluardo.trust.certificates.request import proven_request, signed_request
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey
from baluardo.trust.suites import SignatureAlgorithm

ROOT_LIFE: Final = 10 * YEAR
LEAF_LIFE: Final = 90 * DAY
"""Seconds; our choice, as is ROOT_LIFE. Browsers accept 398 days at most today, 47 from 2029 on,
but not of roots that an administrator installs."""
MOST_NAMES: Final = 32

_DNS_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z",
    re.ASCII,
)


_EVERY_ADDRESS: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
"""Excluded: a constraint on names alone would leave addresses free."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The DNS names of a site's pages, and the key that is to be certified for them."""

    names: tuple[str, ...]
    key: VerifyingKey


def make_browser_root(
    key: SigningKey,
    community: str,
    domains: Sequence[str],
    now: float,
    life: float = ROOT_LIFE,
) -> Certificate:
    """Return the root of the pages' authority, good for names at and below these domains only."""
    _expect_classical(key.public)
    permitted = [x509.DNSName(name) for name in _checked(domains)]
    tail = f" pages {to_x509(now).year}"
    name = named(community[: LONGEST_NAME - len(tail)] + tail)
    builder = unsigned(name, name, key.public, now, now + life)
    return signed(
        authority(builder, key.public, key.public, path_length=0).add_extension(
            x509.NameConstraints(permitted, [x509.IPAddress(net) for net in _EVERY_ADDRESS]),
            critical=True,
        ),
        key,
    )


def make_browser_leaf(
    root_key: SigningKey,
    root: Certificate,
    public: VerifyingKey,
    names: Sequence[str],
    now: float,
    life: float = LEAF_LIFE,
) -> Certificate:
    """Return the certificate of a site's pages, for DNS names within the root's domains.

    InvalidInputError for a name outside them; CertificateError if it would outlive the root.
    """
    _expect_classical(public)
    if root_key.public != root.key:
        raise CertificateError(f"This is not the key of {root}: nothing was signed.")
    if now + life > root.not_after:
        raise CertificateError(
            f"Certificate {root} ends on {shown(root.not_after)}, before this one would. Make a "
            "new root for the pages first."
        )
    checked = _checked(names)
    domains = _domains(root)
    for name in checked:
        if not any(name == domain or name.endswith(f".{domain}") for domain in domains):
            raise InvalidInputError(
                f"{quoted(name)} is not within {', '.join(domains)}, the domains of {root}."
            )
    builder = unsigned(named(checked[0][:LONGEST_NAME]), root.x509.subject, public, now, now + life)
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in checked])
    purposes = [ExtendedKeyUsageOID.SERVER_AUTH]
    return signed(leaf(builder, public, root_key.public, alternative, purposes), root_key)


def make_page_request(key: SigningKey, names: Sequence[str]) -> bytes:
    """Return a request (PKCS#10, DER) for the certificate of a site's pages."""
    checked = _checked(names)
    _expect_classical(key.public)
    return signed_request(key, checked[0][:LONGEST_NAME], [x509.DNSName(n) for n in checked])


def read_page_request(der: bytes) -> PageRequest:
    """Return what is asked for; CertificateError if the request is not good."""
    key, names = proven_request(der)
    _expect_classical(key)
    if not all(isinstance(name, x509.DNSName) for name in names):
        raise CertificateError("This request asks for other names than those of pages: refused.")
    try:
        return PageRequest(_checked([name.value for name in names]), key)
    except InvalidInputError as problem:
        raise CertificateError(f"This request asks for no names of pages: {problem}") from None


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(names) <= MOST_NAMES:
        raise InvalidInputError(f"1 to {MOST_NAMES} DNS names are expected, not {len(names)}.")
    for name in names:
        if not _DNS_NAME.match(name):
            raise InvalidInputError(
                f"{quoted(name)} is no DNS name: small letters, digits and '-', parted by dots, "
                "no wildcard."
            )
    return tuple(names)


def _domains(root: Certificate) -> tuple[str, ...]:
    try:
        constraints = root.x509.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        constraints = None
    if constraints is None or not constraints.permitted_subtrees:
        raise CertificateError(f"Certificate {root} is no root of pages: it names no domains.")
    return tuple(str(name.value) for name in constraints.permitted_subtrees)


def _expect_classical(key: VerifyingKey) -> None:
    if key.algorithm is not SignatureAlgorithm.ECDSA_P384:
        raise ProfileError(
            f"Certificates of pages have keys of {SignatureAlgorithm.ECDSA_P384.value}, which "
            f"browsers verify; this one is of {key.algorithm.value}."
        )
