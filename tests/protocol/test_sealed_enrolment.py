"""Sealed first contact with a real authority's public half, and with those who pretend."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import (
    BaluardoError,
    CertificateError,
    InvalidInputError,
    SealError,
    SourceError,
)
from baluardo.protocol.enrolment import (
    CONTEXT,
    LARGEST_SEALED,
    PublicBundle,
    open_request,
    seal_request,
    sealing_statement,
    trusted,
)
from baluardo.protocol.invitation import Invitation
from baluardo.protocol.public_bundle import SEALING_STATEMENT
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.publication import public_verifier
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.publishing import publish_sealing_key
from baluardo.trust.sealing import SealingKey, seal
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID
from trust.community import NOW
from trust.fleet import ACCESS, COMMUNITY, Calendar, Land

SECRET = Secret(b"sixteen octets!!")
KEY = SealingKey.generate(EU_HYBRID)
SHIP = Identity.of_path(COMMUNITY, "ship/bergamini")
REQUEST = make_request(SigningKey.generate(EU_HYBRID.certificates.leaf), SHIP)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Land:
    return Land.found(tmp_path_factory.mktemp("land") / "authority", Calendar(), EU_HYBRID)


@pytest.fixture
def land(founded: Land, tmp_path: Path) -> Land:
    return founded.copy(tmp_path / "authority", Calendar())


def member(land: Land, path: str, directory: Path) -> Credential:
    """Let the authority issue a certificate for somebody."""
    holder = Holder(directory)
    request = holder.request(Identity.of_path(COMMUNITY, path), land.profile, ACCESS)
    with land.open() as authority:
        granted = authority.issue(request, land.calendar.now)
    verifier = public_verifier(land.public.directory, 7 * DAY)
    return holder.install(granted, ACCESS.unlock, verifier, land.calendar.now)


def invitation(root: Certificate) -> Invitation:
    return Invitation(
        ("https://italia.example",), SHIP, "eu-hybrid", root.fingerprint, NOW + DAY, SECRET
    )


def publish(land: Land, credential: Credential) -> PublicBundle:
    statement = publish_sealing_key(KEY.public, credential).to_json()
    (land.public.directory / SEALING_STATEMENT).write_bytes(statement)
    return PublicBundle.of_octets(PublicBundle.of_public(land.public.directory).to_octets())


def test_what_is_sealed_from_an_invitation_alone_is_opened_by_the_authority(
    land: Land, tmp_path: Path
) -> None:
    bundle = publish(land, member(land, "authority/roma", tmp_path / "roma"))
    invited = Invitation.of_text(invitation(land.public.root).to_text())
    kept = tmp_path / "kept"
    verifier = trusted(bundle, invited, NOW, kept)
    sealed = seal_request(invited.secret, REQUEST, sealing_statement(bundle), verifier, NOW)
    opened = open_request(sealed, KEY)
    assert opened.secret == SECRET
    assert opened.request == REQUEST
    assert "sixteen" not in repr(opened)
    assert Anchors.read(kept / "anchors") == verifier.anchors
    # What nothing in the bundle speaks for is not kept: the authority states it (`whereabouts`).
    assert bundle.files.keys() - PublicBundle.of_public(kept).files.keys() == {"log.vkey"}


def test_another_root_is_not_trusted_and_nothing_is_kept(land: Land, tmp_path: Path) -> None:
    bundle = PublicBundle.of_public(land.public.directory)
    kept = tmp_path / "kept"
    for wrong in (
        replace(invitation(land.public.root), root=bytes(32)),
        replace(invitation(land.public.root), profile="cnsa"),
        replace(invitation(land.public.root), identity=Identity.of_path("gallia", "ship/x")),
    ):
        with pytest.raises(CertificateError, match="Nothing was sent"):
            trusted(bundle, wrong, NOW, kept)
    assert not kept.exists()


def test_a_newer_root_is_reached_from_the_invitations(land: Land, tmp_path: Path) -> None:
    old = land.public.root
    land.roll_root(30 * DAY)
    bundle = PublicBundle.of_public(land.public.directory)
    by_old = trusted(bundle, invitation(old), NOW, tmp_path / "by-old")
    assert {a.certificate for a in by_old.anchors.anchors} == {old, land.public.root}
    by_new = trusted(bundle, invitation(land.public.root), NOW, tmp_path / "by-new")
    assert [a.certificate for a in by_new.anchors.anchors] == [land.public.root]
    assert Anchors.read(tmp_path / "by-new" / "anchors") == by_new.anchors
    assert not (tmp_path / "by-new" / "issuers" / "issuer-1.pem").exists()
    assert (tmp_path / "by-new" / "issuers" / "issuer-2.pem").exists()


def test_a_root_that_nothing_leads_to_is_refused(land: Land, tmp_path: Path) -> None:
    old = land.public.root
    land.roll_root(30 * DAY)
    files = PublicBundle.of_public(land.public.directory).files
    cut = PublicBundle({p: o for p, o in files.items() if not p.startswith("links/")})
    with pytest.raises(CertificateError, match="does not lead back"):
        trusted(cut, invitation(old), NOW, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_another_members_key_is_not_sealed_to(land: Land, tmp_path: Path) -> None:
    bundle = publish(land, member(land, "office/roma", tmp_path / "roma"))
    verifier = trusted(bundle, invitation(land.public.root), NOW, tmp_path / "kept")
    with pytest.raises(CertificateError, match="not the authority's"):
        seal_request(SECRET, REQUEST, sealing_statement(bundle), verifier, NOW)


def test_no_key_to_seal_to(land: Land) -> None:
    with pytest.raises(InvalidInputError, match="publishes no key"):
        sealing_statement(PublicBundle.of_public(land.public.directory))


def test_what_is_not_copied(land: Land, tmp_path: Path) -> None:
    """No key, no opening, no log: only what the bundle names."""
    (land.public.directory / "secret.txt").write_text("no", encoding="utf-8")
    names = set(PublicBundle.of_public(land.public.directory).files)
    assert "anchors/anchors.json" in names
    assert "log.vkey" in names
    assert not {name for name in names if name.startswith("log/") or "secret" in name}
    with pytest.raises(SourceError, match="no authority's public half"):
        PublicBundle.of_public(tmp_path)


@pytest.mark.parametrize("plain", [
    b"", b"{}", b'{"secret":"AAAA","request":"AAAA"}', b'{"secret":"aHVzaGh1c2hodXNoaHVzaA=="}',
    b'{"secret":"aHVzaGh1c2hodXNoaHVzaA==","request":""}',
    b'{"secret":"aHVzaGh1c2hodXNoaHVzaA==","request":"AAAA","x":1}',
])  # fmt: skip
def test_sealed_nonsense(plain: bytes) -> None:
    with pytest.raises(SealError) as refusal:
        open_request(seal(plain, [KEY.public], CONTEXT), KEY)
    assert "aHVza" not in str(refusal.value)


def test_sealed_for_something_else() -> None:
    body = b'{"secret":"aHVzaGh1c2hodXNoaHVzaA==","request":"AAAA"}'
    assert open_request(seal(body, [KEY.public], CONTEXT), KEY).request == bytes(3)
    for sealed in (seal(body, [KEY.public], b"orders"), bytes(LARGEST_SEALED + 1), b"BSM1"):
        with pytest.raises(SealError):
            open_request(sealed, KEY)


PATHS = st.sampled_from(["anchors/anchors.json", "log.vkey", "lists/00.crl", "issuers/a.pem"])


@given(st.dictionaries(PATHS, st.binary(max_size=60)))
def test_bundles_round_trip(files: dict[str, bytes]) -> None:
    bundle = PublicBundle(files)
    assert PublicBundle.of_octets(bundle.to_octets()) == bundle


@given(
    st.binary(max_size=200)
    | st.text(max_size=60).map(lambda t: b'{"files":{"%b":""}}' % t.encode())
)
def test_bundles_of_strangers(octets: bytes) -> None:
    try:
        PublicBundle.of_octets(octets)
    except BaluardoError as refusal:
        assert str(refusal).isprintable()


@pytest.mark.parametrize("path", [
    "", "/etc/passwd", "../x", "anchors/../../x", "anchors/root-00.pem", "log/checkpoint",
    "lists/00.crl/", "LISTS/00.crl", "issuers/.pem", "issuers/../a.pem", "log.vkey\n",
    "lists/..crl", "keys/log.jwe", "anchors\\anchors.json",
])  # fmt: skip
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(InvalidInputError, match="no file of"):
        PublicBundle({path: b""})


def test_bounds_of_a_bundle() -> None:
    with pytest.raises(InvalidInputError, match="octets of files"):
        PublicBundle({f"lists/{n:02x}.crl": bytes(1 << 20) for n in range(5)})
    with pytest.raises(InvalidInputError, match=r"log\.vkey"):
        PublicBundle({"log.vkey": bytes(8_193)})
    with pytest.raises(InvalidInputError, match="512 files"):
        PublicBundle({f"lists/{n:04x}.crl": b"" for n in range(513)})
