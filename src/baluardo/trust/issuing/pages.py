"""The browser authority: certificates for the pages of sites (ECDSA P-384), apart from the rest.

Browsers verify no post-quantum certificate; this is the one classical authority of the house (see
`suites.CLASSICAL_DOORS`). Its root is constrained to the domains of the community's pages, so a
stolen key of it forges no other page.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import CertificateError, TargetError
from baluardo.foreign_input import read_file
from baluardo.trust.certificates.browser import (
    make_browser_leaf,
    make_browser_root,
    make_page_request,
    read_page_request,
)
from baluardo.trust.certificates.certificate import LARGEST_CHAIN, Certificate, Chain
from baluardo.trust.custody.keyfile import Protection, Unlock, read_key, write_key
from baluardo.trust.issuing.journal import Journal
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.register import Entry
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import SignatureAlgorithm

PAGES_KEY: Final = "pages"


def create_pages_root(
    layout: Layout,
    journal: Journal,
    domains: Sequence[str],
    protection: Protection,
    now: float,
) -> Certificate:
    """Make the browser authority for these domains; TargetError if there is one already."""
    if layout.public.pages.exists():
        raise TargetError(f"{layout.public.pages} is there already and was left as it is.")
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    root = make_browser_root(key, journal.community, domains, now)
    write_key(layout.key(PAGES_KEY), key, protection, replace=True)
    facts = {"fingerprint": root.fingerprint.hex(), "domains": list(domains)}
    journal.write(Entry.PAGES_ROOT_CREATED, facts, now)
    write_durably(layout.public.pages, root.pem().encode(), mode=FOR_ALL, replace=False)
    return root


def request_page(key_file: Path, names: Sequence[str], protection: Protection) -> bytes:
    """Make a web server's key and return a request for its certificate (PKCS#10, DER)."""
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    request = make_page_request(key, names)
    write_key(key_file, key, protection)
    return request


def issue_page(
    layout: Layout, journal: Journal, request_der: bytes, unlock: Unlock, now: float
) -> Chain:
    """Grant a request that an operator has decided to grant; return the chain, root included.

    CertificateError if the request is not good, asks for names outside the domains, or there is no
    browser authority.
    """
    if not layout.public.pages.exists():
        raise CertificateError("There is no browser authority here: baluardo trust pages create.")
    root = Certificate.of_pem(read_file(layout.public.pages, LARGEST_CHAIN, "The root of pages"))
    request = read_page_request(request_der)
    key = read_key(layout.key(PAGES_KEY), unlock)
    leaf = make_browser_leaf(key, root, request.key, request.names, now)
    facts = {
        "serial": f"{leaf.serial:x}",
        "names": list(request.names),
        "key": sha256(request.key.der()).hex(),
        "fingerprint": leaf.fingerprint.hex(),
        "not_after": leaf.not_after,
    }
    journal.write(Entry.PAGE_ISSUED, facts, now)
    return Chain(leaf, (root,))
