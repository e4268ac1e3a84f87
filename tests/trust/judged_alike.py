"""Lets the authority's verifier and the pages' code judge the same chains: they must agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baluardo.trust.certificates.verification import Standing, Verifier
from trust.strict_form import taken
from trust.typescript import asked, text

SETTING = """
const roots = c.roots.map(({ der, until }) => ({ der: of(der), until }));
const anchors = await trust.chain.openAnchors(c.community, c.profile, roots);
let revocations = new trust.revocation.Revocations();
for (const { list, issuer } of c.lists) {
  const certificate = await trust.certificate.readCertificate(of(issuer));
  revocations = await revocations.apply(of(list), certificate);
}
return { anchors, revocations, listGrace: c.listGrace };
"""
JUDGE = """
const peer = await trust.chain.verifyChain(c.chain.map(of), k, c.now);
return [peer.identity.uri, peer.standing, trust.octets.hex(peer.leaf.fingerprint)];
"""


def setting(verifier: Verifier) -> dict[str, Any]:
    """Return what a browser judges by, the same as this verifier."""
    anchors = verifier.anchors
    held = verifier.revocations.lists.values()
    return {
        "setting": SETTING,
        "community": anchors.community,
        "profile": anchors.profile.name,
        "roots": [
            {"der": text(each.certificate.der()), "until": each.until} for each in anchors.anchors
        ],
        "lists": [
            {"list": text(each.der), "issuer": text(held.issuer.der())}
            for held in held
            for each in (held.full, *held.deltas)
        ],
        "listGrace": verifier.list_grace,
    }


def judged_alike(
    folder: Path, verifier: Verifier, cases: Sequence[tuple[str, list[bytes], float]]
) -> int:
    """Let both judge every case; return how many were taken."""
    questions = [{"chain": [text(der) for der in ders], "now": now} for _, ders, now in cases]
    answers = asked(folder, JUDGE, questions, **setting(verifier))
    different, count = [], 0
    for (name, ders, now), answer in zip(cases, answers, strict=True):
        peer = taken(verifier, ders, now)
        ours = peer and [
            peer.identity.uri,
            "grace" if peer.standing is Standing.GRACE else "current",
            peer.fingerprint.hex(),
        ]
        count += peer is not None
        refused = answer.get("code")
        assert refused != "", (name, answer)  # whatever is refused is refused by a TrustError
        if answer.get("value") != ours:
            different.append((name, ours, answer))
    assert different == []
    return count
