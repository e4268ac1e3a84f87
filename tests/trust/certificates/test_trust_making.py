"""Making certificates: what is in them, and what is not made."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509 import verification
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.trust.certificates import making
from baluardo.trust.certificates.browser import (
    PageRequest,
    make_browser_leaf,
    make_browser_root,
    make_page_request,
    read_page_request,
)
from baluardo.trust.certificates.certificate import Certificate, key_identifier
from baluardo.trust.certificates.dates import to_x509
from baluardo.trust.certificates.making import (
    ISSUER_LIFE,
    ROOT_LIFE,
    YEAR,
    certify_successor,
    make_issuer,
    make_leaf,
    make_root,
)
from baluardo.trust.certificates.request import (
    LARGEST_REQUEST,
    make_request,
    read_request,
    signed_request,
)
from baluardo.trust.certificates.signatures import check_issued, check_root
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, SignatureAlgorithm
from trust.community import NOW, TestCommunity, make_community

MEMBERS = {
    "office/roma": 7 * DAY,
    "ship/bergamini": 30 * DAY,
    "person/anna.rossi/phone": 30 * DAY,
    "auditor/corte": 30 * DAY,
    "authority/time": 30 * DAY,
}


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return make_community()


@pytest.fixture(scope="module")
def page_root() -> tuple[SigningKey, Certificate]:
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    return key, make_browser_root(key, "italia.example", ["italia.example"], NOW)


def extension(certificate: Certificate, kind: type[x509.ExtensionType]) -> x509.Extension:
    return certificate.x509.extensions.get_extension_for_class(kind)


def test_a_root(community: TestCommunity) -> None:
    root = community.root
    assert root.subject == "italia.example root 2026"
    assert root.key.algorithm is SignatureAlgorithm.ML_DSA_87
    assert root.not_after == NOW + ROOT_LIFE
    constraints = extension(root, x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, None)
    usage = extension(root, x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert usage.value.crl_sign
    assert not usage.value.digital_signature
    assert root.key_id == key_identifier(root.key)
    check_root(root, EU_HYBRID)


def test_an_issuer(community: TestCommunity) -> None:
    issuer = community.issuer
    assert issuer.not_after == NOW + ISSUER_LIFE
    assert extension(issuer, x509.BasicConstraints).value.path_length == 0
    authority = extension(issuer, x509.AuthorityKeyIdentifier).value
    assert authority.key_identifier == community.root.key_id
    check_issued(issuer, community.root)
    with pytest.raises(CertificateError, match=r"was not signed by|is not signed as"):
        check_issued(community.root, issuer)


@pytest.mark.parametrize("path", MEMBERS)
def test_a_leaf_lives_as_long_as_its_class(community: TestCommunity, path: str) -> None:
    leaf = community.credential(path).chain.leaf
    assert leaf.not_before == NOW
    assert leaf.not_after == NOW + MEMBERS[path]
    assert [str(name.value) for name in extension(leaf, x509.SubjectAlternativeName).value] == [
        f"spiffe://italia.example/{path}"
    ]
    assert extension(leaf, x509.BasicConstraints).value.ca is False
    usage = extension(leaf, x509.KeyUsage).value
    assert usage.digital_signature
    assert not any((usage.key_cert_sign, usage.crl_sign, usage.key_encipherment))
    assert leaf.x509.signature_hash_algorithm is None


def test_the_longest_names_fit() -> None:
    """A common name has 64 characters; the identity stands whole in the alternative name."""
    members = make_community(name="c" * 63)
    leaf = members.credential(f"person/{'n' * 63}/{'d' * 63}").chain.leaf
    assert members.root.subject == f"{'c' * 54} root 2026"
    assert len(leaf.subject) == 64
    assert leaf.identity is not None
    assert leaf.identity.device == "d" * 63
    members.verifier().verify(members.credential(f"office/{'n' * 63}").chain, NOW)


def test_serials_are_random_positive_and_of_at_most_20_octets(community: TestCommunity) -> None:
    serials = {community.credential("office/roma").chain.leaf.serial for _ in range(40)}
    assert len(serials) == 40
    assert all(0 < serial < 2**159 for serial in serials)
    assert max(serial.bit_length() for serial in serials) > 150


def test_fractions_of_seconds_are_cut(community: TestCommunity) -> None:
    leaf = community.credential("office/roma", now=NOW + 0.75).chain.leaf
    assert leaf.not_before == NOW
    assert leaf.not_after == NOW + 7 * DAY


def test_no_leaf_outlives_its_issuer_grace_included(community: TestCommunity) -> None:
    last = community.issuer.not_after
    community.credential("ship/bergamini", now=last - 60 * DAY)
    with pytest.raises(CertificateError, match="Renew the issuing authority first"):
        community.credential("ship/bergamini", now=last - 60 * DAY + 1.0)
    community.credential("office/roma", now=last - 7 * DAY)
    with pytest.raises(CertificateError, match="its grace included"):
        community.credential("office/roma", now=last - 7 * DAY + 1.0)


def test_no_issuer_outlives_its_root(community: TestCommunity) -> None:
    with pytest.raises(CertificateError, match="Renew the issuing authority first"):
        make_issuer(
            community.root_key,
            community.root,
            community.issuer_key.public,
            "late",
            NOW + 19 * YEAR,
            EU_HYBRID,
        )


def test_no_life_longer_than_the_class(community: TestCommunity) -> None:
    assert community.credential("office/roma", life=60.0).chain.leaf.not_after == NOW + 60.0
    for life in (7 * DAY + 1.0, 0.0, -1.0):
        with pytest.raises(InvalidInputError, match="is the most for its class"):
            community.credential("office/roma", life=life)


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ML_DSA_87, SignatureAlgorithm.ECDSA_P384])
def test_keys_of_another_profile_are_not_certified(
    community: TestCommunity, algorithm: SignatureAlgorithm
) -> None:
    key = SigningKey.generate(algorithm).public
    who = community.identity("office/roma")
    with pytest.raises(ProfileError, match=r"a member of the profile eu-hybrid is one of ML-DSA"):
        make_leaf(community.issuer_key, community.issuer, key, who, NOW, EU_HYBRID)
    with pytest.raises(ProfileError, match="an issuer of the profile"):
        make_issuer(community.root_key, community.root, key, "x", NOW, EU_HYBRID)


def test_a_profile_below_another_profiles_issuer(community: TestCommunity) -> None:
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
    with pytest.raises(ProfileError):
        make_leaf(
            community.issuer_key,
            community.issuer,
            key.public,
            community.identity("office/roma"),
            NOW,
            CNSA,
        )
    weak = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    with pytest.raises(ProfileError, match="a root of the profile"):
        make_root(weak, "italia.example", EU_HYBRID, NOW)


def test_nothing_is_signed_with_a_key_that_is_not_the_authoritys(community: TestCommunity) -> None:
    stranger = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    member = community.credential("office/roma")
    who = community.identity("office/roma")
    with pytest.raises(CertificateError, match="nothing was signed"):
        make_leaf(stranger, community.issuer, stranger.public, who, NOW, EU_HYBRID)
    with pytest.raises(CertificateError, match="is no authority: nothing was signed"):
        make_leaf(member.key, member.chain.leaf, stranger.public, who, NOW, EU_HYBRID)


def test_the_old_roots_word(community: TestCommunity) -> None:
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
    new = make_root(key, "italia.example", EU_HYBRID, NOW + DAY)
    word = certify_successor(community.root_key, community.root, new, NOW + DAY, 60 * DAY)
    assert (word.key, word.x509.subject) == (new.key, new.x509.subject)
    assert word.not_after == NOW + 61 * DAY
    check_issued(word, community.root)
    longest = certify_successor(community.root_key, community.root, new, NOW, 100 * YEAR)
    assert longest.not_after == community.root.not_after
    with pytest.raises(InvalidInputError, match="The overlap must end after now"):
        certify_successor(community.root_key, community.root, new, NOW, 0.0)
    with pytest.raises(CertificateError, match="has the old root's key"):
        certify_successor(community.root_key, community.root, community.root, NOW, DAY)
    with pytest.raises(ProfileError, match="the old root's successor"):
        certify_successor(community.root_key, community.root, community.issuer, NOW, DAY)


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "\x1b[31m"])
def test_names_that_no_certificate_carries(community: TestCommunity, name: str) -> None:
    with pytest.raises(InvalidInputError, match="1 to 64 printable characters"):
        make_issuer(
            community.root_key, community.root, community.issuer_key.public, name, NOW, EU_HYBRID
        )


# Requests.


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_a_request_there_and_back(algorithm: SignatureAlgorithm) -> None:
    key = SigningKey.generate(algorithm)
    who = Identity.of_path("italia.example", "person/anna.rossi/phone")
    request = read_request(make_request(key, who))
    assert (request.identity, request.key) == (who, key.public)


REQUEST_KEY = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
REQUEST = make_request(REQUEST_KEY, Identity.of_path("italia.example", "ship/bergamini"))


def test_a_request_for_somebody_elses_key() -> None:
    other = make_request(
        SigningKey.generate(SignatureAlgorithm.ML_DSA_65),
        Identity.of_path("italia.example", "ship/bergamini"),
    )
    raw = REQUEST_KEY.public.der()[-1_900:]
    foreign = x509.load_der_x509_csr(other).public_key().public_bytes_raw()[-1_900:]
    assert raw in REQUEST
    with pytest.raises(CertificateError, match="was not signed with the key"):
        read_request(REQUEST.replace(raw, foreign))


def test_a_request_for_another_identity_than_was_signed() -> None:
    with pytest.raises(CertificateError, match="was not signed with the key"):
        read_request(REQUEST.replace(b"/ship/bergamini", b"/ship/bergamino"))


@pytest.mark.parametrize(
    "names",
    [
        [],
        [x509.DNSName("roma.italia.example")],
        [x509.UniformResourceIdentifier("spiffe://italia.example/admiral/x")],
    ],
)
def test_a_request_of_nobody(names: list[x509.GeneralName]) -> None:
    with pytest.raises(CertificateError, match=r"one member's identity|PKCS#10"):
        read_request(signed_request(REQUEST_KEY, "x", names))


def test_requests_are_bounded() -> None:
    with pytest.raises(CertificateError, match="at most"):
        read_request(bytes(LARGEST_REQUEST + 1))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_octets_are_no_request(octets: bytes) -> None:
    for read in (read_request, read_page_request):
        with pytest.raises(CertificateError):
            read(octets)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_request_is_refused(data: st.DataObject) -> None:
    damaged = bytearray(REQUEST)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, 80) | st.integers(2_000, len(REQUEST) - 1))
        damaged[place] ^= data.draw(st.integers(1, 255))
    if damaged == REQUEST:
        return
    with pytest.raises((CertificateError, ProfileError)):
        read_request(bytes(damaged))


# Pages.


def test_a_page_as_a_browser_verifies_it(page_root: tuple[SigningKey, Certificate]) -> None:
    root_key, root = page_root
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    request = read_page_request(make_page_request(key, ["roma.italia.example"]))
    assert request == PageRequest(("roma.italia.example",), key.public)
    page = make_browser_leaf(root_key, root, request.key, request.names, NOW)
    assert page.not_after == NOW + 90 * DAY
    assert page.names == ("roma.italia.example",)
    assert page.identity is None
    builder = (
        verification.PolicyBuilder().store(verification.Store([root.x509])).time(to_x509(NOW + DAY))
    )
    browser = builder.build_server_verifier(x509.DNSName("roma.italia.example"))
    assert len(browser.verify(page.x509, [])) == 2
    for address in extension(root, x509.NameConstraints).value.excluded_subtrees:
        assert address.value.prefixlen == 0
    other = builder.build_server_verifier(x509.DNSName("milano.italia.example"))
    with pytest.raises(verification.VerificationError):
        other.verify(page.x509, [])


def test_a_page_root_is_good_for_its_own_domains_only(
    page_root: tuple[SigningKey, Certificate],
) -> None:
    root_key, root = page_root
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384).public
    assert extension(root, x509.NameConstraints).critical
    for name in ("bank.example", "evilitalia.example", "example"):
        with pytest.raises(InvalidInputError, match=r"is not within italia\.example"):
            make_browser_leaf(root_key, root, key, [name], NOW)


@pytest.mark.parametrize("name", ["", "ROMA.italia.example", "*.italia.example", "a..b", "-a.b"])
def test_names_of_no_page(page_root: tuple[SigningKey, Certificate], name: str) -> None:
    root_key, root = page_root
    with pytest.raises(InvalidInputError, match="is no DNS name"):
        make_browser_leaf(root_key, root, root_key.public, [name], NOW)


def test_pages_and_members_do_not_mix(page_root: tuple[SigningKey, Certificate]) -> None:
    root_key, root = page_root
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    with pytest.raises(ProfileError, match="which browsers verify"):
        make_browser_leaf(root_key, root, key.public, ["roma.italia.example"], NOW)
    with pytest.raises(ProfileError, match="A root of the profile eu-hybrid"):
        check_root(root, EU_HYBRID)
    members = make_request(root_key, Identity.of_path("italia.example", "office/roma"))
    with pytest.raises(CertificateError, match="asks for other names"):
        read_page_request(members)


def test_a_root_without_domains_is_no_root_of_pages(
    page_root: tuple[SigningKey, Certificate],
) -> None:
    """Whoever trusted it would believe it about every page in the world."""
    key, _ = page_root
    name = making.named("bare")
    builder = making.unsigned(name, name, key.public, NOW, NOW + ROOT_LIFE)
    bare = making.signed(making.authority(builder, key.public, key.public, path_length=0), key)
    with pytest.raises(CertificateError, match="names no domains"):
        make_browser_leaf(key, bare, key.public, ["x.example"], NOW)


def test_a_page_does_not_outlive_its_root(page_root: tuple[SigningKey, Certificate]) -> None:
    root_key, root = page_root
    with pytest.raises(CertificateError, match="Make a new root for the pages first"):
        make_browser_leaf(
            root_key, root, root_key.public, ["a.italia.example"], root.not_after - DAY
        )
