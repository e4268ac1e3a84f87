"""The pages' code judges chains and lists as the authority's verifier does: both hear the same."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from baluardo.trust.certificates import making
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.making import certify_successor, make_issuer, make_leaf, make_root
from baluardo.trust.certificates.revocation import (
    Reason,
    Revocation,
    Revocations,
    make_delta,
    make_list,
)
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.identity import DAY, LIFETIMES, Kind
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey
from baluardo.trust.suites import CNSA, EU_HYBRID, SignatureAlgorithm, profile_named
from trust.community import NOW, TestCommunity, make_community
from trust.der_surgery import broken, flipped, scrambled, seeded
from trust.judged_alike import judged_alike
from trust.vectors_for_pages import FILE

EKU = x509.oid.ExtendedKeyUsageOID
BOTH = [EKU.CLIENT_AUTH, EKU.SERVER_AUTH]
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\x05\x00")
CONSTRAINTS = x509.NameConstraints([x509.DNSName("a.example")], None)
POLICY = x509.PolicyConstraints(0, None)
PHONE = "person/anna.rossi/phone"
LIST_GRACE = LIFETIMES[Kind.PERSON].list_grace


@pytest.fixture(scope="module", params=[EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def community(request: pytest.FixtureRequest) -> TestCommunity:
    return make_community(request.param)


def test_octets_wrong_but_signed(tmp_path: Path, community: TestCommunity) -> None:
    chance = seeded()
    leaf, issuer = community.credential(PHONE).chain.leaf, community.issuer
    cases = [
        (f"leaf: {name}", [der, issuer.der()], NOW)
        for name, der in scrambled(leaf.der(), community.issuer_key, chance, 120)
    ]
    cases += [
        (f"issuer: {name}", [leaf.der(), der], NOW)
        for name, der in scrambled(issuer.der(), community.root_key, chance, 80)
    ]
    judged_alike(tmp_path, community.verifier(Kind.PERSON), cases)


def named(*names: x509.GeneralName) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(names)


def test_members_that_are_formed_otherwise(tmp_path: Path, community: TestCommunity) -> None:
    """What our issuer would never make, and somebody with its key might."""
    issuer, profile = community.issuer, community.profile
    uri = community.identity(PHONE).uri
    key = SigningKey.generate(profile.certificates.leaf)
    curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    other = SigningKey.generate(SignatureAlgorithm.ML_DSA_87).public
    whole = named(x509.UniformResourceIdentifier(uri))
    none: list[Any] = []
    variants: list[tuple[str, Any, list[x509.ObjectIdentifier], list[Any]]] = [
        ("as ours", whole, BOTH, none),
        ("one purpose", whole, BOTH[:1], none),
        ("purposes in another order", whole, BOTH[::-1], none),
        ("a purpose more", whole, [*BOTH, EKU.CODE_SIGNING], none),
        ("two names", named(*whole, x509.DNSName("a.example")), BOTH, none),
        ("the same name twice", named(*whole, *whole), BOTH, none),
        ("a DNS name", named(x509.DNSName("a.example")), BOTH, none),
        ("no identity", named(x509.UniformResourceIdentifier("spiffe://a/b")), BOTH, none),
        ("letters", named(x509.UniformResourceIdentifier(uri.upper())), BOTH, none),
        ("a person", named(x509.UniformResourceIdentifier(uri.rsplit("/", 1)[0])), BOTH, none),
        ("something unknown", whole, BOTH, [(UNKNOWN, False)]),
        ("something unknown that matters", whole, BOTH, [(UNKNOWN, True)]),
        ("constraints", whole, BOTH, [(CONSTRAINTS, True)]),
        ("constraints that matter less", whole, BOTH, [(CONSTRAINTS, False)]),
        ("a policy", whole, BOTH, [(POLICY, False)]),
    ]
    cases = []
    for kind, public in (("leaf", key.public), ("other", other), ("curve", VerifyingKey(curve))):
        for name, names, purposes, more in variants:
            builder = making.unsigned(
                making.named("odd"), issuer.x509.subject, public, NOW, NOW + 30 * DAY
            )
            builder = making.leaf(builder, public, issuer.key, names, purposes)
            for extension, critical in more:
                builder = builder.add_extension(extension, critical)
            made = making.signed(builder, community.issuer_key)
            cases.append((f"{kind}: {name}", [made.der(), issuer.der()], NOW))
    wanted = 2 if profile is EU_HYBRID else 4
    assert judged_alike(tmp_path, community.verifier(Kind.PERSON), cases) == wanted


def test_issuers_that_are_formed_otherwise(tmp_path: Path, community: TestCommunity) -> None:
    root, profile, cases = community.root, community.profile, []
    key = SigningKey.generate(profile.certificates.leaf).public
    variants: list[tuple[str, int | None, list[Any]]] = [
        ("as ours", 0, []),
        ("no limit", None, []),
        ("a deeper limit", 7, []),
        ("constraints", 0, [(CONSTRAINTS, True)]),
        ("purposes", 0, [(x509.ExtendedKeyUsage(BOTH), False)]),
        ("a name", 0, [(named(x509.DNSName("a.example")), False)]),
        ("something unknown", 0, [(UNKNOWN, False)]),
        ("something unknown that matters", 0, [(UNKNOWN, True)]),
    ]
    for name, length, more in variants:
        builder = making.unsigned(
            making.named("odd issuer"),
            root.x509.subject,
            community.issuer_key.public,
            NOW,
            NOW + 90 * DAY,
        )
        builder = making.authority(builder, community.issuer_key.public, root.key, length)
        for extension, critical in more:
            builder = builder.add_extension(extension, critical)
        issuer = making.signed(builder, community.root_key)
        identity = community.identity(PHONE)
        leaf = make_leaf(community.issuer_key, issuer, key, identity, NOW, profile)
        cases.append((name, [leaf.der(), issuer.der()], NOW))
    # The lists held are the first issuer's: this one has its key, and so its lists.
    assert judged_alike(tmp_path, community.verifier(Kind.PERSON), cases) == 4


def test_every_part_wrong_once(tmp_path: Path, community: TestCommunity) -> None:
    chance = seeded()
    leaf = community.credential(PHONE).chain.leaf
    issuer = community.issuer
    cases = [("whole", [leaf.der(), issuer.der()], NOW)]
    for name, der in broken(leaf.der(), community.issuer_key, chance):
        cases.append((f"leaf: {name}", [der, issuer.der()], NOW))
    for name, der in broken(issuer.der(), community.root_key, chance):
        cases.append((f"issuer: {name}", [leaf.der(), der], NOW))
    for name, der in flipped(leaf.der(), chance, 40):
        cases.append((f"leaf: {name}", [der, issuer.der()], NOW))
    for name, der in flipped(issuer.der(), chance, 20):
        cases.append((f"issuer: {name}", [leaf.der(), der], NOW))
    taken_count = judged_alike(tmp_path, community.verifier(Kind.PERSON), cases)
    assert 1 < taken_count < len(cases) // 4  # names and serials may be any


def test_dates_to_the_second(tmp_path: Path, community: TestCommunity) -> None:
    """Each end of each certificate, with its skew and its holder's grace, before and after."""
    fresh = Verifier(community.anchors, community.revocations, 10_000 * DAY)
    cases = []
    for path in (PHONE, "ship/bergamini", "office/roma", "authority/clock", "auditor/corte"):
        chain = community.credential(path, now=NOW + DAY + 0.5).chain
        ends = [chain.leaf.not_before, chain.leaf.not_after, community.issuer.not_after]
        ends += [community.root.not_after, chain.leaf.not_after + 30 * DAY, NOW]
        for end in ends:
            for more in (-SKEW - 1, -SKEW - 0.5, -SKEW, -0.5, 0.0, 0.5, SKEW, SKEW + 0.5):
                now = end + more
                cases.append((f"{path} at {now}", list(chain.ders()), now))
    cases.append(("at no time", cases[0][1], 0.0))
    assert judged_alike(tmp_path, fresh, cases) > 50


def test_an_issuer_that_ends_before_its_members(tmp_path: Path, community: TestCommunity) -> None:
    """We make none; a member's grace does not outlive it either."""
    profile, key = community.profile, community.issuer_key
    issuer = make_issuer(
        community.root_key, community.root, key.public, "short", NOW, profile, life=2 * DAY
    )
    verifier = Verifier(community.anchors, community.revocations, 10_000 * DAY)
    cases = []
    for path, life in (("ship/bergamini", DAY), ("ship/bergamini", 5 * DAY), (PHONE, 5 * DAY)):
        public = SigningKey.generate(profile.certificates.leaf).public
        first, last = NOW - DAY / 2, NOW + life
        builder = making.unsigned(making.named("odd"), issuer.x509.subject, public, first, last)
        uri = x509.UniformResourceIdentifier(community.identity(path).uri)
        builder = making.leaf(builder, public, issuer.key, named(uri), BOTH)
        chain = [making.signed(builder, key).der(), issuer.der()]
        for now in (first, NOW - 1, NOW, NOW + DAY, last, issuer.not_after, last + 10 * DAY):
            around = (-SKEW - 1, -SKEW, -1, 0.0, 1, SKEW, SKEW + 1)
            cases += [(f"{path} at {now + more}", chain, now + more) for more in around]
    assert judged_alike(tmp_path, verifier, cases) > 20


@pytest.mark.parametrize(("length", "wanted"), [(None, 1), (1, 1), (0, 0)])
def test_how_many_may_stand_below_an_old_roots_word(
    tmp_path: Path, community: TestCommunity, length: int | None, wanted: int
) -> None:
    moved = make_community(community.profile)
    held = community.revocations
    for signer, issuer in ((moved.root_key, moved.root), (moved.issuer_key, moved.issuer)):
        held = held.apply(make_list(signer, issuer, 1, {}, NOW, NOW + 7 * DAY), issuer)
    builder = making.unsigned(
        moved.root.x509.subject,
        community.root.x509.subject,
        moved.root.key,
        NOW,
        NOW + 90 * DAY,
    )
    builder = making.authority(builder, moved.root.key, community.root.key, length)
    word = making.signed(builder, community.root_key)
    leaf = moved.credential(PHONE).chain.leaf
    case = ("rolled", [each.der() for each in (leaf, moved.issuer, word)], NOW)
    assert judged_alike(tmp_path, Verifier(community.anchors, held, DAY), [case]) == wanted


def test_chains_put_together_wrongly(tmp_path: Path, community: TestCommunity) -> None:
    stranger, other = make_community(community.profile), make_community(community.profile, name="b")
    twin = {EU_HYBRID: CNSA, CNSA: EU_HYBRID}[community.profile]
    foreign = make_community(twin)
    leaf, issuer, root = community.credential(PHONE).chain.leaf, community.issuer, community.root
    second = make_leaf(
        community.issuer_key,
        issuer,
        SigningKey.generate(community.profile.certificates.leaf).public,
        community.identity("person/anna.rossi/tablet"),
        NOW,
        community.profile,
    )
    lists: list[tuple[str, list[Certificate]]] = [
        ("whole", [leaf, issuer]),
        ("with its root", [leaf, issuer, root]),
        ("with a stranger's issuer behind", [leaf, issuer, stranger.issuer]),
        ("with all that fits", [leaf, issuer, root, stranger.root]),
        ("with more than fits", [leaf, issuer, root, stranger.root, stranger.issuer]),
        ("nothing", []),
        ("alone", [leaf]),
        ("the other way round", [issuer, leaf]),
        ("issuer twice", [leaf, issuer, issuer]),
        ("leaf twice", [leaf, leaf, issuer]),
        ("issuer in the third place", [leaf, stranger.issuer, issuer]),
        ("under a stranger's issuer", [leaf, stranger.issuer]),
        ("a stranger", [stranger.credential(PHONE).chain.leaf, stranger.issuer]),
        ("a stranger with the root", [stranger.credential(PHONE).chain.leaf, issuer]),
        ("another community", [other.credential(PHONE).chain.leaf, other.issuer]),
        ("another profile", [foreign.credential(PHONE).chain.leaf, foreign.issuer]),
        ("another profile behind", [leaf, issuer, foreign.credential(PHONE).chain.leaf]),
        ("the issuer itself", [issuer, root]),
        ("under another member", [leaf, second, issuer]),
        ("under the root", [leaf, root]),
    ]
    cases = [(name, [each.der() for each in chain], NOW) for name, chain in lists]
    cases.append(("octets behind", [leaf.der() + b"\x00", issuer.der()], NOW))
    cases.append(("cut short", [leaf.der()[:-1], issuer.der()], NOW))
    cases.append(("too large", [bytes(32_769), issuer.der()], NOW))
    # Behind the path, ML-DSA-87 has a place in `eu-hybrid`, ML-DSA-65 has none in `cnsa`.
    wanted = 5 if community.profile is EU_HYBRID else 4
    assert judged_alike(tmp_path, community.verifier(Kind.PERSON), cases) == wanted


def test_a_root_and_its_successor(tmp_path: Path, community: TestCommunity) -> None:
    """Whoever knows the old root alone, both, or the new one alone; before and after the end."""
    profile, later = community.profile, NOW + 40 * DAY
    key = SigningKey.generate(profile.certificates.root)
    root = make_root(key, community.name, profile, later)
    link = certify_successor(community.root_key, community.root, root, later, 90 * DAY)
    moved = make_community(profile, later)
    new = moved.anchors.of_root(community.name, profile, moved.root)
    word = certify_successor(community.root_key, community.root, moved.root, later, 90 * DAY)
    leaf = moved.credential(PHONE, now=later).chain.leaf
    held = community.revocations
    for signer, issuer in ((moved.root_key, moved.root), (moved.issuer_key, moved.issuer)):
        held = held.apply(make_list(signer, issuer, 1, {}, later, later + 7 * DAY), issuer)
    both = community.anchors.succeed(moved.root, word, later)
    cases = [
        (f"{len(chain)} at {now}", [each.der() for each in (leaf, *chain)], now)
        for chain in (
            [moved.issuer],
            [moved.issuer, word],
            [moved.issuer, link, word],
            [moved.issuer, word, link],
            [moved.issuer, link],
            [word, moved.issuer],
        )
        for now in (later, later + 29 * DAY, word.not_after + SKEW + 1)
    ]
    counts = [
        judged_alike(tmp_path, Verifier(anchors, held, 10_000 * DAY), cases)
        for anchors in (community.anchors, both, new)
    ]
    assert counts == [6, 10, 10]


def test_who_was_taken_back(tmp_path: Path, community: TestCommunity) -> None:
    credential = community.credential(PHONE)
    chain, serial = list(credential.chain.ders()), credential.chain.leaf.serial
    taken_back = Revocation(NOW, Reason.KEY_COMPROMISE)
    root_der = make_list(
        community.root_key,
        community.root,
        2,
        {community.issuer.serial: taken_back},
        NOW,
        NOW + 7 * DAY,
    )
    revoking = community.revoking({serial: taken_back}).revocations
    forgetful = revoking.apply(
        make_list(community.issuer_key, community.issuer, 3, {}, NOW + DAY, NOW + 8 * DAY),
        community.issuer,
    )
    delta = make_delta(
        community.issuer_key,
        community.issuer,
        4,
        1,
        {serial: Revocation(NOW, Reason.REMOVED), 77: taken_back},
        NOW,
        NOW + 7 * DAY,
    )
    for revocations, wanted in (
        (community.revocations, 4),
        (community.revocations.apply(root_der, community.root), 0),
        (revoking, 0),
        (revoking.apply(delta, community.issuer), 0),
        (community.revocations.apply(delta, community.issuer), 4),
        (Revocations(), 0),
    ):
        verifier = Verifier(community.anchors, revocations, LIST_GRACE)
        due = NOW + 7 * DAY + LIST_GRACE + SKEW
        times = (NOW - SKEW, NOW, due, due + 1, NOW + 7 * DAY, NOW - SKEW - 1)
        cases = [(f"at {now}", chain, now) for now in times]
        assert judged_alike(tmp_path, verifier, cases) == wanted
    # What is written down beside the lists is not in them: the same lists in order tell it.
    assert credential.chain.leaf.serial in forgetful.kept[community.issuer.key_id]


def test_the_pages_own_vectors_are_good_here(tmp_path: Path) -> None:
    """What the pages' tests verify was made by this code, and this code still verifies it."""
    told = json.loads(FILE.read_text(encoding="utf-8"))
    for name, each in told["communities"].items():
        root, issuer = (Certificate.of_der(b64decode(each[key])) for key in ("root", "issuer"))
        held = Revocations().apply(b64decode(each["rootList"]), root)
        held = held.apply(b64decode(each["issuerList"]), issuer)
        anchors = Anchors.of_root(each["community"], profile_named(name), root)
        chain = [b64decode(each["leaf"]), issuer.der()]
        cases = [("kept", chain, told["now"])]
        assert judged_alike(tmp_path, Verifier(anchors, held, LIST_GRACE), cases) == 1
        revoking = held.apply(b64decode(each["revoking"]), issuer)
        assert judged_alike(tmp_path, Verifier(anchors, revoking, LIST_GRACE), cases) == 0
