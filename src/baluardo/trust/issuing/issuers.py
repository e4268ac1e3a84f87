"""The issuers whose keys an authority has at hand."""

from __future__ import annotations

from dataclasses import dataclass

from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.custody.keyfile import Unlock, read_key
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.publication import is_certified
from baluardo.trust.issuing.register import Register
from baluardo.trust.primitives.signing import SigningKey


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer of this authority, its key at hand."""

    name: str
    chain: Chain
    """The issuer's certificate first, then a certificate that leads to the older root, if any."""
    key: SigningKey

    @property
    def certificate(self) -> Certificate:
        """The issuer's own certificate."""
        return self.chain.leaf

    @property
    def key_id(self) -> bytes:
        """Of the issuer's key."""
        return self.chain.leaf.key_id


def load_issuers(
    layout: Layout, anchors: Anchors, register: Register, unlock: Unlock, now: float
) -> list[Issuer]:
    """Return the issuers that somebody accepts: in their time, not revoked, under a root in force.

    One that begins in the future was made by a clock that was ahead. The newest is the last.
    """
    roots = anchors.in_force(now)
    found = [
        Issuer(name, chain, read_key(layout.issuer_key(name), unlock))
        for name, chain in layout.public.issuer_chains()
        if chain.leaf.not_before - SKEW <= now < chain.leaf.not_after
        and not register.is_revoked(chain.leaf.serial)
        and is_certified(chain.leaf, roots)
    ]
    return sorted(found, key=lambda issuer: issuer.certificate.not_before)
