"""Who is let in and who is refused: every wrong turn that a chain can take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CertificateError, ExpiredError, ProfileError, RevokedError
from baluardo.trust.certificates import making
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.making import (
    ISSUER_LIFE,
    certify_successor,
    make_issuer,
    make_leaf,
    make_root,
)
from baluardo.trust.certificates.revocation import Reason, Revocation, Revocations, make_list
from baluardo.trust.certificates.verification import SKEW, Standing, Verifier
from baluardo.trust.identity import DAY, LIFETIMES, Kind
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile, SignatureAlgorithm
from trust.community import NOW, TestCommunity, make_community

HOUR = 3_600.0
SPIFFE = "spiffe://italia.example/ship/bergamini"
BOTH = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return make_community()


@pytest.fixture(scope="module")
def american() -> TestCommunity:
    return make_community(CNSA)


def odd_leaf(
    community: TestCommunity,
    *,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ML_DSA_65,
    names: list[x509.GeneralName] | None = None,
    purposes: list[x509.ObjectIdentifier] | None = None,
    more: x509.ExtensionType | None = None,
    critical: bool = False,
) -> Chain:
    """Return a chain that our own issuer signed, but that `make_leaf` would never make."""
    key = SigningKey.generate(algorithm)
    issuer = community.issuer
    builder = making.unsigned(
        making.named("odd"), issuer.x509.subject, key.public, NOW, NOW + 30 * DAY
    )
    alternative = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier(SPIFFE)] if names is None else names
    )
    builder = making.leaf(builder, key.public, issuer.key, alternative, purposes or BOTH)
    if more is not None:
        builder = builder.add_extension(more, critical=critical)
    return Chain(making.signed(builder, community.issuer_key), (issuer,))


def fresh(community: TestCommunity, now: float) -> Verifier:
    """Return a verifier whose lists were fetched just now, so that only dates can be wrong."""
    revocations = community.revocations
    for key, issuer in (
        (community.root_key, community.root),
        (community.issuer_key, community.issuer),
    ):
        revocations = revocations.apply(make_list(key, issuer, 2, {}, now, now + 7 * DAY), issuer)
    return Verifier(community.anchors, revocations, 0.0)


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def test_a_member_of_each_profile_is_recognised(profile: AnyProfile) -> None:
    members = make_community(profile)
    credential = members.credential("ship/bergamini")
    peer = members.verifier().verify(credential.chain, NOW + HOUR)
    assert peer.identity == members.identity("ship/bergamini")
    assert peer.standing is Standing.CURRENT
    assert peer.serial == credential.chain.leaf.serial
    assert peer.fingerprint == credential.chain.leaf.fingerprint
    assert peer.not_after == NOW + 30 * DAY


@pytest.mark.parametrize("path", ["office/roma", "person/anna.rossi/phone", "auditor/corte"])
def test_every_class_is_recognised(community: TestCommunity, path: str) -> None:
    peer = community.verifier().verify(community.credential(path).chain, NOW)
    assert peer.identity.path == path


# Dates.


@pytest.mark.parametrize(
    ("path", "after_end", "standing"),
    [
        ("office/roma", -1.0, Standing.CURRENT),
        ("office/roma", SKEW, Standing.CURRENT),
        ("office/roma", SKEW + 1.0, None),
        ("person/anna/phone", SKEW + 1.0, None),
        ("ship/bergamini", SKEW, Standing.CURRENT),
        ("ship/bergamini", SKEW + 1.0, Standing.GRACE),
        ("ship/bergamini", 30 * DAY + SKEW, Standing.GRACE),
        ("ship/bergamini", 30 * DAY + SKEW + 1.0, None),
    ],
)
def test_the_end_of_a_certificate(
    community: TestCommunity, path: str, after_end: float, standing: Standing | None
) -> None:
    chain = community.credential(path).chain
    now = chain.leaf.not_after + after_end
    verifier = fresh(community, now)
    if standing is None:
        with pytest.raises(
            ExpiredError, match=r"was valid until 2026-.* its holder must enrol anew"
        ):
            verifier.verify(chain, now)
    else:
        assert verifier.verify(chain, now).standing is standing


@pytest.mark.parametrize(
    ("ahead", "good"), [(0.0, True), (300.0, True), (SKEW, True), (SKEW + 1.0, False)]
)
def test_ten_minutes_of_skew_are_tolerated_and_more_refused(
    community: TestCommunity, ahead: float, good: bool
) -> None:
    chain = community.credential("office/roma", now=NOW + HOUR).chain
    verifier = community.verifier()
    if good:
        verifier.verify(chain, NOW + HOUR - ahead)
    else:
        with pytest.raises(ExpiredError, match="The clock here is behind, or that of its issuer"):
            verifier.verify(chain, NOW + HOUR - ahead)


def test_skew_right_after_the_ceremony(community: TestCommunity) -> None:
    """The whole chain is younger than the verifier's clock believes possible."""
    credential = community.credential("office/roma")
    community.verifier().verify(credential.chain, NOW - SKEW)
    with pytest.raises(ExpiredError):
        community.verifier().verify(credential.chain, NOW - SKEW - 1.0)


def test_a_ship_away_for_20_days_still_talks_to_its_peers(community: TestCommunity) -> None:
    """Both ships left on day 19 and heard nothing since: certificates and lists are old."""
    gone = NOW + 19 * DAY
    mine = make_list(community.issuer_key, community.issuer, 9, {}, gone, gone + 7 * DAY)
    root = make_list(community.root_key, community.root, 9, {}, gone, gone + 7 * DAY)
    held = community.revocations.apply(mine, community.issuer).apply(root, community.root)
    ship = Verifier(community.anchors, held, LIFETIMES[Kind.SHIP].list_grace)
    other = community.credential("ship/carabiniere").chain
    assert ship.verify(other, gone + 20 * DAY).standing is Standing.GRACE
    with pytest.raises(ExpiredError, match="its grace of 30 days is over"):
        ship.verify(other, gone + 42 * DAY)


def test_an_office_does_not_go_by_a_list_as_old_as_a_ship_may(community: TestCommunity) -> None:
    chain = community.credential("ship/bergamini").chain
    later = NOW + 20 * DAY
    community.verifier(Kind.SHIP).verify(chain, later)
    with pytest.raises(CertificateError, match="too old to judge"):
        community.verifier(Kind.OFFICE).verify(chain, later)


def test_a_clock_turned_back_is_noticed_by_the_lists(community: TestCommunity) -> None:
    """A certificate that has ended would live again; the lists held are from the future."""
    chain = community.credential("office/roma").chain
    later = NOW + 30 * DAY
    verifier = fresh(community, later)
    with pytest.raises(ExpiredError):
        verifier.verify(chain, later)
    with pytest.raises(CertificateError, match="this machine's clock is behind"):
        verifier.verify(chain, NOW + DAY)


def test_a_dead_root(community: TestCommunity) -> None:
    chain = community.credential("office/roma").chain
    with pytest.raises(ExpiredError, match=r"No root of italia\.example is in force on 2056"):
        community.verifier().verify(chain, NOW + 30 * 365.25 * DAY)


def test_an_expired_issuer(community: TestCommunity) -> None:
    """A leaf that outlives its issuer (we make none) dies with it."""
    issuer = make_issuer(
        community.root_key,
        community.root,
        community.issuer_key.public,
        "short",
        NOW,
        EU_HYBRID,
        life=DAY,
    )
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    builder = making.unsigned(
        making.named("x"), issuer.x509.subject, key.public, NOW, NOW + 30 * DAY
    )
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SPIFFE)])
    leaf = making.signed(
        making.leaf(builder, key.public, issuer.key, names, BOTH), community.issuer_key
    )
    chain = Chain(leaf, (issuer,))
    later = NOW + 5 * DAY
    revocations = Revocations()
    for signer, authority in (
        (community.root_key, community.root),
        (community.issuer_key, issuer),
    ):
        der = make_list(signer, authority, 1, {}, NOW, NOW + 7 * DAY)
        revocations = revocations.apply(der, authority)
    verifier = Verifier(community.anchors, revocations, 0.0)
    verifier.verify(chain, NOW + DAY / 2)
    with pytest.raises(ExpiredError, match="'short'"):
        verifier.verify(chain, later)


# Issuers and paths.


def test_a_certificate_of_another_issuer(community: TestCommunity) -> None:
    stranger = make_community()
    with pytest.raises(CertificateError, match=r"does not lead to a root of italia\.example"):
        community.verifier().verify(stranger.credential("office/roma").chain, NOW)


def test_a_forged_issuer_with_our_name(community: TestCommunity) -> None:
    """Same names and key identifiers as ours, but another key."""
    stranger = make_community()
    leaf = stranger.credential("office/roma").chain.leaf
    with pytest.raises(CertificateError, match="does not lead"):
        community.verifier().verify(Chain(leaf, (community.issuer,)), NOW)


def test_a_chain_without_its_issuer(community: TestCommunity) -> None:
    leaf = community.credential("office/roma").chain.leaf
    with pytest.raises(CertificateError, match="does not lead"):
        community.verifier().verify(Chain(leaf), NOW)


def test_strangers_in_the_chain_change_nothing(community: TestCommunity) -> None:
    leaf = community.credential("office/roma").chain.leaf
    stranger = make_community()
    chain = Chain(leaf, (stranger.issuer, community.issuer, stranger.root))
    assert community.verifier().verify(chain, NOW).identity.path == "office/roma"


def test_a_member_is_no_issuer(community: TestCommunity) -> None:
    """A ship signs a certificate for a prefect with its own key."""
    ship = community.credential("ship/bergamini")
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    builder = making.unsigned(
        making.named("x"), ship.chain.leaf.x509.subject, key.public, NOW, NOW + DAY
    )
    uri = "spiffe://italia.example/person/prefetto/phone"
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
    leaf = making.signed(making.leaf(builder, key.public, ship.key.public, names, BOTH), ship.key)
    with pytest.raises(CertificateError, match="does not lead"):
        community.verifier().verify(Chain(leaf, ship.chain.certificates), NOW)


def test_an_issuer_makes_no_issuer(community: TestCommunity) -> None:
    """Its path length is 0, so what it calls an authority is none."""
    sub_key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    builder = making.unsigned(
        making.named("sub"), community.issuer.x509.subject, sub_key.public, NOW, NOW + 90 * DAY
    )
    sub = making.signed(
        making.authority(builder, sub_key.public, community.issuer.key, path_length=0),
        community.issuer_key,
    )
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    leaf = make_leaf(sub_key, sub, key.public, community.identity("ship/bergamini"), NOW, EU_HYBRID)
    with pytest.raises(CertificateError, match="does not lead"):
        community.verifier().verify(Chain(leaf, (sub, community.issuer)), NOW)


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def test_a_root_signs_no_members(profile: AnyProfile) -> None:
    members = make_community(profile)
    key = SigningKey.generate(profile.certificates.leaf)
    builder = making.unsigned(
        making.named("x"), members.root.x509.subject, key.public, NOW, NOW + DAY
    )
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SPIFFE)])
    builder = making.leaf(builder, key.public, members.root.key, names, BOTH)
    with pytest.raises(CertificateError, match="signed by a root, not by an issuer"):
        members.verifier().verify(Chain(making.signed(builder, members.root_key)), NOW)


def test_an_altered_certificate(community: TestCommunity) -> None:
    chain = community.credential("ship/bergamini").chain
    altered = chain.leaf.der().replace(b"ship/bergamini", b"ship/fregata_x")
    assert altered != chain.leaf.der()
    with pytest.raises(CertificateError, match="does not lead"):
        community.verifier().verify(Chain(Certificate.of_der(altered), chain.intermediates), NOW)


def test_an_authority_is_no_member(community: TestCommunity) -> None:
    with pytest.raises(CertificateError, match="names no member"):
        community.verifier().verify(Chain(community.issuer), NOW)


# Profiles.


def test_a_classical_leaf_under_our_root(community: TestCommunity) -> None:
    chain = odd_leaf(community, algorithm=SignatureAlgorithm.ECDSA_P384)
    with pytest.raises(ProfileError, match="ECDSA-P384-SHA384, where the profile eu-hybrid asks"):
        community.verifier().verify(chain, NOW)


def test_a_classical_issuer_under_our_root(community: TestCommunity) -> None:
    issuer_key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    builder = making.unsigned(
        making.named("classic"), community.root.x509.subject, issuer_key.public, NOW, NOW + DAY
    )
    issuer = making.signed(
        making.authority(builder, issuer_key.public, community.root.key, path_length=0),
        community.root_key,
    )
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    builder = making.unsigned(making.named("x"), issuer.x509.subject, key.public, NOW, NOW + DAY)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SPIFFE)])
    leaf = making.signed(making.leaf(builder, key.public, issuer.key, names, BOTH), issuer_key)
    with pytest.raises(ProfileError, match="'classic'"):
        community.verifier().verify(Chain(leaf, (issuer,)), NOW)


def test_the_other_profile_is_refused_both_ways(
    community: TestCommunity, american: TestCommunity
) -> None:
    ours, theirs = community.credential("office/roma"), american.credential("office/roma")
    with pytest.raises(ProfileError, match="ML-DSA-87, where the profile eu-hybrid asks"):
        community.verifier().verify(theirs.chain, NOW)
    with pytest.raises(ProfileError, match="ML-DSA-65, where the profile cnsa asks"):
        american.verifier().verify(ours.chain, NOW)


def test_a_stronger_leaf_is_still_of_another_profile(community: TestCommunity) -> None:
    chain = odd_leaf(community, algorithm=SignatureAlgorithm.ML_DSA_87)
    with pytest.raises(ProfileError):
        community.verifier().verify(chain, NOW)


def test_the_weaker_issuer_below_the_stronger_profile(american: TestCommunity) -> None:
    """A cnsa root that was made to sign an ML-DSA-65 issuer."""
    issuer_key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    builder = making.unsigned(
        making.named("weak"), american.root.x509.subject, issuer_key.public, NOW, NOW + DAY
    )
    issuer = making.signed(
        making.authority(builder, issuer_key.public, american.root.key, path_length=0),
        american.root_key,
    )
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
    builder = making.unsigned(making.named("x"), issuer.x509.subject, key.public, NOW, NOW + DAY)
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(SPIFFE)])
    leaf = making.signed(making.leaf(builder, key.public, issuer.key, names, BOTH), issuer_key)
    with pytest.raises(ProfileError, match="'weak'"):
        american.verifier().verify(Chain(leaf, (issuer,)), NOW)


def test_a_key_of_no_profile_is_not_even_read(community: TestCommunity) -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    builder = making.unsigned(
        making.named("x"), community.issuer.x509.subject, community.issuer.key, NOW, NOW + DAY
    )
    builder._public_key = key.public_key()
    signed = builder.sign(community.issuer_key.private, None)
    with pytest.raises(ProfileError, match="of a kind that no profile lists"):
        Certificate(signed)


# Identities and what else a leaf says.


@pytest.mark.parametrize(
    "names",
    [
        [x509.DNSName("roma.italia.example")],
        [x509.UniformResourceIdentifier("https://italia.example/ship/bergamini")],
        [x509.UniformResourceIdentifier("spiffe://italia.example/admiral/x")],
        [x509.UniformResourceIdentifier("spiffe://italia.example")],
        [x509.UniformResourceIdentifier(SPIFFE), x509.UniformResourceIdentifier(SPIFFE)],
        [x509.UniformResourceIdentifier(SPIFFE), x509.DNSName("a.example")],
    ],
)
def test_odd_identities(community: TestCommunity, names: list[x509.GeneralName]) -> None:
    with pytest.raises(CertificateError, match="names no member of a community"):
        community.verifier().verify(odd_leaf(community, names=names), NOW)


def test_another_community_under_the_same_issuer(community: TestCommunity) -> None:
    uri = x509.UniformResourceIdentifier("spiffe://francia.example/ship/bergamini")
    with pytest.raises(CertificateError, match=r"of another community than italia\.example"):
        community.verifier().verify(odd_leaf(community, names=[uri]), NOW)


def test_a_leaf_for_pages_only(community: TestCommunity) -> None:
    chain = odd_leaf(community, purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
    with pytest.raises(CertificateError, match="not for members' channels"):
        community.verifier().verify(chain, NOW)


def test_a_critical_extension_that_nobody_knows(community: TestCommunity) -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    community.verifier().verify(odd_leaf(community, more=odd, critical=False), NOW)
    with pytest.raises(CertificateError, match="does not lead"):
        community.verifier().verify(odd_leaf(community, more=odd, critical=True), NOW)


# Revocation.


def test_a_revoked_member(community: TestCommunity) -> None:
    credential = community.credential("ship/bergamini")
    revoked = {credential.chain.leaf.serial: Revocation(NOW, Reason.KEY_COMPROMISE)}
    after = community.revoking(revoked)
    community.verifier().verify(credential.chain, NOW)
    with pytest.raises(RevokedError, match=r"revoked .* on 2026-05-28 20:26 UTC \(keyCompromise\)"):
        after.verifier().verify(credential.chain, NOW)


def test_a_revoked_issuer_takes_its_members_with_it(community: TestCommunity) -> None:
    chain = community.credential("ship/bergamini").chain
    revoked = {community.issuer.serial: Revocation(NOW, Reason.CA_COMPROMISE)}
    der = make_list(community.root_key, community.root, 2, revoked, NOW, NOW + DAY)
    after = replace(community, revocations=community.revocations.apply(der, community.root))
    with pytest.raises(RevokedError, match="issuer 1"):
        after.verifier().verify(chain, NOW)


def test_without_a_list_nobody_is_believed(community: TestCommunity) -> None:
    chain = community.credential("ship/bergamini").chain
    with pytest.raises(CertificateError, match="No revocation list of"):
        Verifier(community.anchors, Revocations(), DAY).verify(chain, NOW)


def test_without_the_roots_list_nobody_is_believed(community: TestCommunity) -> None:
    chain = community.credential("ship/bergamini").chain
    der = make_list(community.issuer_key, community.issuer, 1, {}, NOW, NOW + DAY)
    half = Revocations().apply(der, community.issuer)
    with pytest.raises(CertificateError, match=r"No revocation list of .*root 2026"):
        Verifier(community.anchors, half, DAY).verify(chain, NOW)


def test_the_lists_may_change_at_run_time(community: TestCommunity) -> None:
    """What a stored session's peer was yesterday does not count: the same chain is judged anew."""
    credential = community.credential("ship/bergamini")
    verifier = community.verifier()
    verifier.verify(credential.chain, NOW)
    revoked = {credential.chain.leaf.serial: Revocation(NOW, Reason.SUPERSEDED)}
    verifier.revocations = community.revoking(revoked).revocations
    with pytest.raises(RevokedError):
        verifier.verify(credential.chain, NOW)


# One root succeeds another.


class Rolled:
    """A community on its way from one root to the next."""

    def __init__(self) -> None:
        self.old = make_community()
        algorithm = EU_HYBRID.certificates
        self.key = SigningKey.generate(algorithm.root)
        self.at = NOW + 10 * DAY
        self.overlap = 60 * DAY
        self.root = make_root(self.key, self.old.name, EU_HYBRID, self.at)
        self.word = certify_successor(
            self.old.root_key, self.old.root, self.root, self.at, self.overlap
        )
        self.issuer_key = SigningKey.generate(algorithm.issuer)
        self.issuer = make_issuer(
            self.key, self.root, self.issuer_key.public, "issuer 2", self.at, EU_HYBRID
        )
        self.anchors = self.old.anchors.succeed(self.root, self.word, self.at + HOUR)

    def verifier(self, anchors: Anchors, now: float) -> Verifier:
        """Return a verifier with everybody's newest lists."""
        lists = Revocations()
        for key, issuer in (
            (self.old.root_key, self.old.root),
            (self.old.issuer_key, self.old.issuer),
            (self.key, self.root),
            (self.issuer_key, self.issuer),
        ):
            der = make_list(key, issuer, 3, {}, now, now + DAY)
            lists = lists.apply(der, issuer)
        return Verifier(anchors, lists, DAY)

    def new_leaf(self, path: str, now: float, *, with_word: bool) -> Chain:
        """Return a chain under the new issuer, with or without the old root's word."""
        key = SigningKey.generate(EU_HYBRID.certificates.leaf)
        identity = self.old.identity(path)
        leaf = make_leaf(self.issuer_key, self.issuer, key.public, identity, now, EU_HYBRID)
        return Chain(leaf, (self.issuer, self.word) if with_word else (self.issuer,))


@pytest.fixture(scope="module")
def rolled() -> Rolled:
    return Rolled()


def test_roll_over_during_the_overlap_everybody_understands_everybody(rolled: Rolled) -> None:
    now = rolled.at + 5 * DAY
    old_leaf = rolled.old.credential("office/milano", now=now).chain
    new_leaf = rolled.new_leaf("office/roma", now, with_word=True)
    for anchors in (rolled.old.anchors, rolled.anchors):
        verifier = rolled.verifier(anchors, now)
        assert verifier.verify(old_leaf, now).identity.name == "milano"
        assert verifier.verify(new_leaf, now).identity.name == "roma"


def test_roll_over_needs_the_old_roots_word_where_only_the_old_root_is_known(
    rolled: Rolled,
) -> None:
    now = rolled.at + 5 * DAY
    bare = rolled.new_leaf("office/roma", now, with_word=False)
    assert rolled.verifier(rolled.anchors, now).verify(bare, now).identity.name == "roma"
    with pytest.raises(CertificateError, match="does not lead"):
        rolled.verifier(rolled.old.anchors, now).verify(bare, now)


def test_roll_over_after_the_overlap_the_old_root_is_no_more(rolled: Rolled) -> None:
    now = rolled.at + rolled.overlap + HOUR
    old_leaf = rolled.old.credential("office/milano", now=now - HOUR).chain
    with pytest.raises(ExpiredError, match="is no longer in force"):
        rolled.verifier(rolled.anchors, now).verify(old_leaf, now)
    for with_word in (True, False):
        chain = rolled.new_leaf("office/roma", now, with_word=with_word)
        assert rolled.verifier(rolled.anchors, now).verify(chain, now).identity.name == "roma"


def test_roll_over_whoever_slept_through_it_is_told_so(rolled: Rolled) -> None:
    """Only the old root is known, and its word for the new one has ended."""
    now = rolled.at + rolled.overlap + HOUR
    chain = rolled.new_leaf("office/roma", now, with_word=True)
    with pytest.raises(ExpiredError, match="root 2026"):
        rolled.verifier(rolled.old.anchors, now).verify(chain, now)


def test_roll_over_a_stranger_with_the_old_roots_name_is_not_taken_for_it(rolled: Rolled) -> None:
    now = rolled.at + rolled.overlap + DAY
    stranger = make_community().credential("office/roma", now)
    assert stranger.chain.intermediates[0].x509.issuer == rolled.old.root.x509.subject
    with pytest.raises(CertificateError, match="does not lead to a root"):
        rolled.verifier(rolled.anchors, now).verify(stranger.chain, now)


def test_roll_over_can_be_taken_back(rolled: Rolled) -> None:
    """The old root revokes its word for the new one: who knows only the old root is safe."""
    now = rolled.at + 5 * DAY
    chain = rolled.new_leaf("office/roma", now, with_word=True)
    verifier = rolled.verifier(rolled.old.anchors, now)
    revoked = {rolled.word.serial: Revocation(now, Reason.CA_COMPROMISE)}
    der = make_list(rolled.old.root_key, rolled.old.root, 4, revoked, now, now + DAY)
    verifier.revocations = verifier.revocations.apply(der, rolled.old.root)
    with pytest.raises(RevokedError):
        verifier.verify(chain, now)


def test_issuer_roll_over_both_issuers_are_good(community: TestCommunity) -> None:
    """The second issuer starts while the first one's certificates still live."""
    key = SigningKey.generate(EU_HYBRID.certificates.issuer)
    at = NOW + DAY
    second = make_issuer(community.root_key, community.root, key.public, "issuer 2", at, EU_HYBRID)
    leaf_key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    leaf = make_leaf(key, second, leaf_key.public, community.identity("office/roma"), at, EU_HYBRID)
    lists = community.revocations.apply(make_list(key, second, 1, {}, at, at + DAY), second)
    verifier = Verifier(community.anchors, lists, DAY)
    verifier.verify(Chain(leaf, (second,)), at)
    verifier.verify(community.credential("office/milano").chain, at)
    assert second.not_after == at + ISSUER_LIFE


@settings(max_examples=60, deadline=None)
@given(now=st.floats(NOW - 40 * DAY, NOW + 120 * DAY))
def test_whatever_the_time_the_rule_is_the_same(community: TestCommunity, now: float) -> None:
    """Grace, skew and life against one line of arithmetic."""
    chain = community.credential("ship/bergamini").chain
    expected = NOW - SKEW <= now <= NOW + 60 * DAY + SKEW
    try:
        fresh(community, max(now, 0.0)).verify(chain, now)
    except ExpiredError:
        assert not expected
    else:
        assert expected
