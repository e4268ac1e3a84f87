"""The pages' code reads revocation lists as the authority's does, and holds the same after each."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from baluardo.errors import TrustError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.revocation import (
    Reason,
    Revocation,
    Revocations,
    make_delta,
    make_list,
    read_list,
)
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID
from trust.community import NOW, TestCommunity, make_community
from trust.der_surgery import Node, broken, flipped, scrambled, seeded
from trust.typescript import asked, text

AUTHORITY_KEY = x509.oid.ExtensionOID.AUTHORITY_KEY_IDENTIFIER
VERSION_2 = b"\x02\x01\x01"


@pytest.fixture(scope="module", params=[EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def community(request: pytest.FixtureRequest) -> TestCommunity:
    return make_community(request.param)


READ = """
const issuer = await trust.certificate.readCertificate(of(k));
const list = await trust.revocationList.readList(of(c.list), issuer);
const entries = [...list.entries].map(([serial, { time, reason }]) => [serial, time, reason]);
return [list.number, list.base, list.thisUpdate, list.nextUpdate, entries.sort()];
"""


def test_lists_with_every_part_wrong_once(tmp_path: Path, community: TestCommunity) -> None:
    chance, key, issuer = seeded(), community.issuer_key, community.issuer
    entries = {
        serial: Revocation(NOW - 9, reason)
        for serial, reason in zip((1, 200, 2**158 + 7), list(Reason)[:3], strict=True)
    }
    full = make_list(key, issuer, 300, entries, NOW, NOW + 7 * DAY)
    removed = {5: Revocation(NOW, Reason.REMOVED), **entries}
    delta = make_delta(key, issuer, 301, 300, removed, NOW, NOW + 7 * DAY)
    ders = [full, delta, make_list(key, issuer, 0, {}, NOW, NOW + DAY)]
    for der in list(ders):
        ders += [altered for _, altered in broken(der, key, chance)]
        ders += [altered for _, altered in scrambled(der, key, chance, 30)]
    ders += [der for _, der in flipped(full, chance, 40)]
    answers = asked(
        tmp_path,
        READ,
        [{"list": text(der)} for der in ders],
        "return c.issuer;",
        issuer=text(issuer.der()),
    )
    different = []
    for place, (der, answer) in enumerate(zip(ders, answers, strict=True)):
        assert answer.get("code") != "", answer
        ours = read(der, issuer)
        if ours != answer.get("value"):
            different.append((place, ours, answer))
    assert different == []
    assert answers[0]["value"][0] == 300
    assert answers[2]["value"][4] == []


def read(der: bytes, issuer: Certificate) -> list[Any] | None:
    """Return a list as the authority reads it, if it is formed as ours; None if it is refused."""
    try:
        found = read_list(der, issuer)
    except TrustError:
        return None
    parsed = x509.load_der_x509_crl(der)
    signers = [each.value for each in parsed.extensions if each.oid == AUTHORITY_KEY]
    told = [each.value for entry in parsed for each in entry.extensions]
    versioned = Node.read(der).children[0].children[0].der() == VERSION_2
    if signers != [x509.AuthorityKeyIdentifier(issuer.key_id, None, None)] or not versioned:
        return None
    if not all(isinstance(each, x509.CRLReason) for each in told):
        return None
    entries = [
        [f"{serial:x}", each.time, each.reason.value] for serial, each in found.entries.items()
    ]
    return [found.number, found.base, found.this_update, found.next_update, sorted(entries)]


APPLY = """
let revocations = new trust.revocation.Revocations();
const issuer = await trust.certificate.readCertificate(of(k));
const told = [];
for (const list of c.lists) {
  try {
    revocations = await revocations.apply(of(list), issuer);
  } catch (problem) {
    if (!problem.code) throw problem;
  }
  const held = revocations.of(issuer);
  const line = ([serial, { time, reason }]) => [serial, time, reason];
  const shown = (map) => [...map].map(line).sort();
  told.push(held && [held.number, held.nextUpdate, shown(held.revoked), shown(held.kept)]);
}
return told;
"""


def test_lists_one_after_another(tmp_path: Path, community: TestCommunity) -> None:
    """Full lists and deltas in any order, some old, some contradictory: the same is held."""
    chance = seeded()
    for key, issuer in (
        (community.issuer_key, community.issuer),
        (community.root_key, community.root),
    ):
        sequences = [[some_list(chance, key, issuer) for _ in range(12)] for _ in range(6)]
        answers = asked(
            tmp_path,
            APPLY,
            [{"lists": [text(der) for der in sequence]} for sequence in sequences],
            "return c.issuer;",
            issuer=text(issuer.der()),
        )
        for sequence, answer in zip(sequences, answers, strict=True):
            assert answer.get("value") == held_after(sequence, issuer)


def some_list(chance: random.Random, key: SigningKey, issuer: Certificate) -> bytes:
    """Return a list that may follow others, or not."""
    number, made = chance.randrange(1, 6), NOW + chance.choice([0, 30, 200]) * DAY
    reasons = [Reason.UNSPECIFIED, Reason.HOLD, Reason.KEY_COMPROMISE, Reason.REMOVED]
    delta = chance.random() < 0.5
    entries = {
        serial: Revocation(NOW + chance.randrange(3) * DAY, chance.choice(reasons[: 3 + delta]))
        for serial in chance.sample(range(1, 6), chance.randrange(5))
    }
    if delta:
        base = chance.randrange(number)
        return make_delta(key, issuer, number, base, entries, made, made + 7 * DAY)
    return make_list(key, issuer, number, entries, made, made + 7 * DAY)


def held_after(sequence: Sequence[bytes], issuer: Certificate) -> list[Any]:
    """Return what the authority's code holds after each list."""
    revocations, told = Revocations(), []
    for der in sequence:
        with contextlib.suppress(TrustError):
            revocations = revocations.apply(der, issuer)
        held = revocations.lists.get(issuer.key_id)
        kept = revocations.kept.get(issuer.key_id, {})
        told.append(held and [held.number, held.next_update, shown(held.revoked), shown(kept)])
    return told


def shown(revoked: Mapping[int, Revocation]) -> list[Any]:
    """Return revocations as the script tells them."""
    return sorted([f"{serial:x}", each.time, each.reason.value] for serial, each in revoked.items())
