"""Another person's certificate, judged in a real browser by its own ML-DSA and by noble alike."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from trust_page import TrustPage, bundle, octets, site, text, trust_page

from baluardo.trust.audit.checkpoint import sign_checkpoint
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.labels import Label
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID
from trust.community import NOW, make_community
from trust.vectors_for_pages import issued

PHONE = "person/anna.rossi/phone"
ORIGIN = "italia.example/log"
ACTOR = "spiffe://italia.example/authority/service"
WITNESS = "navy.example/w"
PUBLISHED = Path(__file__).parents[1] / "vectors" / "trust" / "mldsa.json"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("trust-page")
    bundle(folder)
    with site(folder) as address:
        yield address


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[TrustPage]:
    with trust_page(chromium, url) as page:
        yield page


def test_both_implementations_verify_alike(page: TrustPage) -> None:
    """Published signatures, then the same with one bit wrong somewhere: message, context, key."""
    chance = random.Random(20260528)  # noqa: S311  # nothing secret comes of it
    cases = []
    for vector in json.loads(PUBLISHED.read_text(encoding="utf-8")):
        signed = {name: bytes.fromhex(vector[name]) for name in ("sig", "msg", "ctx", "xi")}
        whole = {name: text(part) for name, part in signed.items()}
        cases.append(whole | {"algorithm": vector["algorithm"], "genuine": True})
        for name in ("sig", "sig", "sig", "msg", "ctx", "xi"):
            part, at = signed[name], chance.randrange(len(signed[name]))
            bit = 1 << chance.randrange(8)
            altered = part[:at] + bytes([part[at] ^ bit]) + part[at + 1 :]
            changed = {name: text(altered), "algorithm": vector["algorithm"], "genuine": False}
            cases.append(whole | changed)
    answers = page.do(
        "const { native, noble, plainKeys, implementationOf } = trust.implementations;"
        "const answers = [];"
        "for (const c of cases) {"
        " const { publicKey } = plainKeys(c.algorithm, of(c.xi));"
        " const told = [(await implementationOf(c.algorithm)).name];"
        " for (const each of [native, noble]) {"
        "  const check = await each.checkOf(c.algorithm, publicKey);"
        "  told.push(await check(of(c.sig), of(c.msg), of(c.ctx)));"
        " }"
        " answers.push(told);"
        "}"
        "return answers;",
        cases=cases,
    )
    assert answers == [["native", case["genuine"], case["genuine"]] for case in cases]


def test_a_signature_of_the_browser_is_good_to_noble_for_its_use_alone(page: TrustPage) -> None:
    told = page.do(
        "const found = {};"
        "for (const algorithm of ['ML-DSA-65', 'ML-DSA-87']) {"
        " const signer = await trust.mldsa.signerOfKeys(await trust.mldsa.generate(algorithm));"
        " const message = of('AAEC');"
        " const signature = await signer.sign(message, 'group');"
        " const raw = signer.spki.slice(-trust.mldsa.ALGORITHMS[algorithm].publicOctets);"
        " const check = await trust.implementations.noble.checkOf(algorithm, raw);"
        " found[algorithm] = {};"
        " for (const use of Object.keys(trust.mldsa.CONTEXT)) {"
        "  found[algorithm][use] ="
        "   await check(signature, message, trust.mldsa.CONTEXT[use]);"
        " }"
        "}"
        "return found;"
    )
    uses = {"certificate": False, "envelope": False, "checkpoint": False, "group": True}
    assert told == {"ML-DSA-65": uses, "ML-DSA-87": uses}


def test_a_browser_that_keeps_keys_takes_none_as_octets(page: TrustPage) -> None:
    script = "await trust.mldsa.signerOfSeed('ML-DSA-65', new Uint8Array(32));"
    assert page.code(script) == "key"
    assert page.code("await trust.sealedSeed.drawSeed('ML-DSA-65', 'anybody');") == "key"


@pytest.mark.parametrize(
    "lack",
    [
        "subtle.generateKey = () => Promise.reject(new DOMException('', 'NotSupportedError'));",
        "const own = subtle.verify.bind(subtle);"
        "subtle.verify = (params, ...others) =>"
        " own({ ...params, context: of('b25l') }, ...others);",
    ],
    ids=["a browser without ML-DSA", "a browser that passes over contexts"],
)
def test_elsewhere_noble_signs_and_verifies(page: TrustPage, lack: str) -> None:
    """What the page finds in Firefox: one use's signature is still no other's."""
    told = page.do(
        f"const subtle = crypto.subtle; {lack}"
        "const { mldsa, implementations } = trust;"
        "const told = [(await implementations.implementationOf('ML-DSA-65')).name];"
        "const key = await mldsa.publicKeyOf(of(spki));"
        "for (const use of Object.keys(mldsa.CONTEXT)) {"
        " told.push(await codeOf(() => mldsa.verify(key, of(signature), of('AAEC'), use)));"
        "}"
        "return told;",
        **signed_for_checkpoints(),
    )
    assert told == ["noble", "not-genuine", "not-genuine", "", "not-genuine"]


def signed_for_checkpoints() -> dict[str, str]:
    """Return a key and its signature over three octets, for one use of keys alone."""
    key = SigningKey.generate(EU_HYBRID.log)
    signature = key.sign(bytes([0, 1, 2]), Label.SIGN_CHECKPOINT)
    return {"spki": text(key.public.der()), "signature": text(signature)}


def test_a_browser_without_ml_dsa_signs_with_a_seed(page: TrustPage) -> None:
    told = page.do(
        "crypto.subtle.generateKey = () => Promise.reject(new Error());"
        "const signer = await trust.mldsa.signerOfSeed('ML-DSA-65', of(seed));"
        "const signature = await signer.sign(of('AAEC'), 'checkpoint');"
        "return { spki: to(signer.spki), signature: to(signature) };",
        seed=text(bytes(range(32))),
    )
    key = SigningKey.from_seed(EU_HYBRID.log, Secret(bytes(range(32)))).public
    assert octets(told["spki"]) == key.der()
    key.verify(octets(told["signature"]), bytes([0, 1, 2]), Label.SIGN_CHECKPOINT)


def test_a_chain_is_judged_by_the_browsers_own_signatures(page: TrustPage) -> None:
    italy, stranger = make_community(), make_community()
    held = italy.revocations.lists.values()
    told = page.do(
        "const { chain, certificate, revocation } = trust;"
        "const roots = [{ der: of(root), until: null }];"
        "const anchors = await chain.openAnchors('italia.example', 'eu-hybrid', roots);"
        "let revocations = new revocation.Revocations();"
        "for (const [list, issuer] of lists) {"
        " const signer = await certificate.readCertificate(of(issuer));"
        " revocations = await revocations.apply(of(list), signer);"
        "}"
        "const by = { anchors, revocations, listGrace: 0 };"
        "const told = [];"
        "for (const each of chains) {"
        " let uri = '';"
        " const code = await codeOf(async () => {"
        "  uri = (await chain.verifyChain(each.map(of), by, now)).identity.uri;"
        " });"
        " told.push(uri || code);"
        "}"
        "return told;",
        root=text(italy.root.der()),
        lists=[[text(each.full.der), text(each.issuer.der())] for each in held],
        chains=[
            [text(der) for der in community.credential(PHONE).chain.ders()]
            for community in (italy, stranger)
        ],
        now=NOW,
    )
    assert told == [italy.identity(PHONE).uri, "not-genuine"]


SHOW = (
    "const { note, evidence, keptEvidence, certificate } = trust;"
    "const witnesses = [await note.readVerifierKey(shown.witness)];"
    "const policy = { log: await note.readVerifierKey(shown.log), witnesses, quorum: 1 };"
    "const leaf = await certificate.readCertificate(of(shown.leaf));"
    "const given = { record: of(shown.record), index: shown.index, proof: shown.proof.map(of),"
    " checkpoint: of(shown.checkpoint) };"
    "const proofs = { consistency: async () => shown.consistency };"
    "const { verifyKeptEvidence } = keptEvidence;"
    "const found = await verifyKeptEvidence(leaf, given, policy, proofs, now);"
)


def shown_by(log: AuditLog, witness: SigningKey, leaf: Certificate, old: int) -> dict[str, Any]:
    """Return what a browser is shown of the certificate in the second entry of a log."""
    line = sign_checkpoint(log.checkpoint.checkpoint, WITNESS, witness, int(NOW))
    proof = log.consistency_proof(old) if 0 < old < log.size else ()
    return {
        "leaf": text(leaf.der()),
        "record": text(log.entry(1)),
        "index": 1,
        "proof": [text(each) for each in log.inclusion_proof(1)],
        "checkpoint": text(log.checkpoint.note.signed(line).octets()),
        "log": log.verifier_key.text,
        "witness": VerifierKey(WITNESS, witness.public).text,
        "consistency": [each.hex() for each in proof],
    }


def test_members_may_be_judged_at_once(page: TrustPage, tmp_path: Path) -> None:
    leaf = make_community().credential(PHONE).chain.leaf
    key, witness = (SigningKey.generate(EU_HYBRID.log) for _ in range(2))
    entry = make_record(NOW, "certificate.issued", ACTOR, issued(leaf)).octets
    with AuditLog.create(tmp_path / "log", ORIGIN, key, NOW) as log:
        log.append([b"first", entry, b"third"], NOW)
        early = shown_by(log, witness, leaf, 0)
        log.append([b"fourth"], NOW + 1)
        later = shown_by(log, witness, leaf, 3)
        judge = f"const judge = async (shown, now) => {{ {SHOW} return found.checkpoint.size; }};"
        several = "Promise.all([early, later, early, later, early].map((each) => judge(each, now)))"
        early["consistency"] = later["consistency"]
        script = f"{judge} return await {several};"
        assert page.do(script, early=early, later=later, now=NOW) == [3, 4, 3, 4, 3]
        size = page.do("return (await trust.witness.remembers(origin)).size;", origin=ORIGIN)
    assert size == 4


def test_what_was_seen_of_the_log_outlives_the_page(page: TrustPage, tmp_path: Path) -> None:
    leaf = make_community().credential(PHONE).chain.leaf
    key, witness = (SigningKey.generate(EU_HYBRID.log) for _ in range(2))
    entry = make_record(NOW, "certificate.issued", ACTOR, issued(leaf)).octets
    with (
        AuditLog.create(tmp_path / "log", ORIGIN, key, NOW) as log,
        AuditLog.create(tmp_path / "fork", ORIGIN, key, NOW) as fork,
    ):
        log.append([b"first", entry, b"third"], NOW)
        fork.append([b"first", entry, b"another third", b"and more"], NOW + 1)
        early = shown_by(log, witness, leaf, 0)
        assert page.do(f"{SHOW} return found.newest.size;", shown=early, now=NOW) == 3
        held = log.checkpoint.note.octets()
        log.append([b"fourth", b"fifth"], NOW + 1)
        page.page.reload()
        unproven = shown_by(log, witness, leaf, 0)
        assert page.code(SHOW, shown=unproven, now=NOW) == "proof"
        later = shown_by(log, witness, leaf, 3)
        assert page.do(f"{SHOW} return found.newest.size;", shown=later, now=NOW) == 5
        size = page.do("return (await trust.witness.remembers(origin)).size;", origin=ORIGIN)
        assert size == 5
        forked = shown_by(fork, witness, leaf, 3)
        other = SigningKey.generate(EU_HYBRID.log)
        renamed = forked | {"log": VerifierKey(ORIGIN, other.public).text}
        assert page.code(SHOW, shown=renamed, now=NOW) in {"log-key", "not-genuine"}
        # The fork has four entries, the log five: its own signatures tell that both cannot be.
        proof = {"consistency": [each.hex() for each in log.consistency_proof(4)]}
        assert page.code(SHOW, shown=forked | proof, now=NOW) == "proof"
        assert page.do("return await trust.witness.evidenceOf(origin);", origin=ORIGIN) is None
        fork.append([b"one more"], NOW + 2)
        assert page.code(SHOW, shown=shown_by(fork, witness, leaf, 3), now=NOW) == "proof"
        page.page.reload()
        evidence = page.do("return to(await trust.witness.exportEvidence(origin));", origin=ORIGIN)
        found = ForkEvidence.of_octets(octets(evidence))
        assert "forked" in found.verify(log.verifier_key)
        assert held not in (found.first, found.second)
        # From now on nothing of this log is believed here, not even what was before.
        assert page.code(SHOW, shown=later, now=NOW) == "proof"
