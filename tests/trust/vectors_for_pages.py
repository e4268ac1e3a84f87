"""Writes what the pages' own tests verify: chains, lists and evidence that the authority made.

Run as `python -m trust.vectors_for_pages` in tests/; the keys and serial numbers are new each time.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from baluardo.trust.audit.checkpoint import sign_checkpoint
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.revocation import Reason, Revocation, make_delta, make_list
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile
from trust.community import NOW, TestCommunity, make_community
from trust.typescript import WEB, text

FILE: Final = WEB / "src" / "trust" / "vectors.json"
PHONE = "person/anna.rossi/phone"
WITNESSES = ("court.example/w", "navy.example/w")


def vectors() -> dict[str, Any]:
    """Return one community of each profile, and a log of the first."""
    communities = {profile.name: make_community(profile) for profile in (EU_HYBRID, CNSA)}
    told = {name: _told(community) for name, community in communities.items()}
    italy = communities[EU_HYBRID.name]
    leaf = italy.credential("person/bruno.verdi/tablet").chain.leaf
    return {
        "now": NOW,
        "communities": told,
        "evidence": _evidence(leaf, EU_HYBRID) | {"leaf": text(leaf.der())},
    }


def issued(leaf: Certificate) -> dict[str, Any]:
    """Return the facts of the entry that an authority writes of a certificate."""
    signer = leaf.x509.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    return {
        "serial": f"{leaf.serial:x}",
        "issuer": (signer.key_identifier or b"").hex(),
        "key": hashlib.sha256(leaf.key.der()).hexdigest(),
        "fingerprint": leaf.fingerprint.hex(),
        "not_after": leaf.not_after,
        "replaces": None,
    }


def _told(community: TestCommunity) -> dict[str, Any]:
    leaf = community.credential(PHONE).chain.leaf
    key, issuer = community.issuer_key, community.issuer
    revoked = {leaf.serial: Revocation(NOW, Reason.KEY_COMPROMISE)}
    held = community.revocations.lists
    return {
        "community": community.name,
        "root": text(community.root.der()),
        "issuer": text(issuer.der()),
        "leaf": text(leaf.der()),
        "identity": community.identity(PHONE).uri,
        "rootList": text(held[community.root.key_id].full.der),
        "issuerList": text(held[issuer.key_id].full.der),
        "revoking": text(make_delta(key, issuer, 2, 1, revoked, NOW, NOW + 7 * DAY)),
        "forgetful": text(make_list(key, issuer, 3, {}, NOW + DAY, NOW + 8 * DAY)),
    }


def _evidence(leaf: Certificate, profile: AnyProfile) -> dict[str, Any]:
    actor = "spiffe://italia.example/authority/service"
    entry = make_record(NOW, "certificate.issued", actor, issued(leaf), {"identity": PHONE})
    witnesses = {name: SigningKey.generate(profile.log) for name in WITNESSES}
    key = SigningKey.generate(profile.log)
    with (
        tempfile.TemporaryDirectory() as folder,
        AuditLog.create(Path(folder) / "log", "italia.example/log", key, NOW) as log,
    ):
        log.append([b"first", b"second", entry.octets, b"fourth", b"fifth"], NOW)
        early, proof = log.checkpoint, log.inclusion_proof(2)
        lines = [
            sign_checkpoint(early.checkpoint, name, each, int(NOW))
            for name, each in witnesses.items()
        ]
        log.append([b"sixth", b"seventh"], NOW + 1)
        return {
            "log": log.verifier_key.text,
            "witnesses": [VerifierKey(name, each.public).text for name, each in witnesses.items()],
            "record": text(entry.octets),
            "index": 2,
            "proof": [text(each) for each in proof],
            "checkpoint": text(early.note.signed(*lines).octets()),
            "later": text(log.checkpoint.note.octets()),
            "consistency": [each.hex() for each in log.consistency_proof(5)],
        }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=2) + "\n", encoding="utf-8")
