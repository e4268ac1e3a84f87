"""A small community for tests: a root, an issuer, empty revocation lists, and members on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.making import make_issuer, make_leaf, make_root
from baluardo.trust.certificates.revocation import Revocation, Revocations, make_list
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.identity import DAY, LIFETIMES, Identity, Kind
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID, AnyProfile

NOW = 1_780_000_000.0
"""2026-05-28 20:26:40 UTC: when everything here is made unless a test says otherwise."""


@dataclass(frozen=True)
class TestCommunity:
    """A community with all its keys at hand."""

    __test__: ClassVar[bool] = False  # no test case, whatever its name

    name: str
    profile: AnyProfile
    now: float
    root_key: SigningKey
    root: Certificate
    issuer_key: SigningKey
    issuer: Certificate
    anchors: Anchors
    revocations: Revocations
    """List 1 of the root and of the issuer, both empty, due again in 7 days."""

    def identity(self, path: str) -> Identity:
        """Return a member's identity: "ship/bergamini", "person/anna.rossi/phone"."""
        return Identity.of_path(self.name, path)

    def credential(
        self, identity_path: str, now: float | None = None, life: float | None = None
    ) -> Credential:
        """Return a new key with its certificate, made at a time, for its class's life or less."""
        key = SigningKey.generate(self.profile.certificates.leaf)
        made = self.now if now is None else now
        identity = self.identity(identity_path)
        leaf = make_leaf(
            self.issuer_key, self.issuer, key.public, identity, made, self.profile, life
        )
        return Credential(Chain(leaf, (self.issuer,)), key)

    def verifier(self, kind: Kind = Kind.OFFICE) -> Verifier:
        """Return a verifier as a member of this class runs one."""
        return Verifier(self.anchors, self.revocations, LIFETIMES[kind].list_grace)

    def revoking(
        self, revoked: Mapping[int, Revocation], number: int = 2, now: float | None = None
    ) -> TestCommunity:
        """Return the same community after its issuer has published another full list."""
        made = self.now if now is None else now
        der = make_list(self.issuer_key, self.issuer, number, revoked, made, made + 7 * DAY)
        return replace(self, revocations=self.revocations.apply(der, self.issuer))


def make_community(
    profile: AnyProfile = EU_HYBRID, now: float = NOW, name: str = "italia.example"
) -> TestCommunity:
    """Make a community with new keys."""
    table = profile.certificates
    root_key, issuer_key = SigningKey.generate(table.root), SigningKey.generate(table.issuer)
    root = make_root(root_key, name, profile, now)
    issuer = make_issuer(root_key, root, issuer_key.public, f"{name[:50]} issuer 1", now, profile)
    revocations = Revocations()
    for key, certificate in ((root_key, root), (issuer_key, issuer)):
        der = make_list(key, certificate, 1, {}, now, now + 7 * DAY)
        revocations = revocations.apply(der, certificate)
    anchors = Anchors.of_root(name, profile, root)
    return TestCommunity(
        name, profile, now, root_key, root, issuer_key, issuer, anchors, revocations
    )
