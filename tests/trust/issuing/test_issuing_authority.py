"""The authority: issue, renew, revoke, publish; clones; what a crash leaves."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from baluardo.errors import (
    BaluardoError,
    CertificateError,
    CustodyError,
    ExpiredError,
    LogError,
    ProfileError,
    RevokedError,
    SignatureError,
    TargetError,
)
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.certificates.verification import Standing, Verifier
from baluardo.trust.custody.keyfile import Passphrase, Unlock
from baluardo.trust.custody.shares import reconstruct_root
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, LIFETIMES, Identity, Kind
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.ceremony import (
    Custodians,
    create_issuer,
    create_root,
    revoke_issuer,
    roll_root,
)
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.journal import Journal
from baluardo.trust.issuing.layout import KeyAccess, Layout
from baluardo.trust.issuing.pages import create_pages_root, issue_page, request_page
from baluardo.trust.issuing.publication import public_verifier
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile, SignatureAlgorithm
from trust.community import NOW

COMMUNITY = "italia.example"
ROUNDS = 100_000
SECRET = Secret(b"correct horse battery")
ACCESS = KeyAccess(Passphrase(SECRET, ROUNDS), Unlock(lambda _: SECRET))
CUSTODIANS = Custodians(5, 3)


@dataclass
class Realm:
    """An authority on disk and the shares of its root."""

    directory: Path
    shares: list[str]
    profile: AnyProfile

    @property
    def layout(self) -> Layout:
        return Layout(self.directory)

    def open(self, now: float = NOW) -> IssuingAuthority:
        return IssuingAuthority.open(self.directory, ACCESS.unlock, now)

    def root_key(self, shares: list[str] | None = None) -> SigningKey:
        return reconstruct_root((shares or self.shares)[:3], None, self.layout.public.root)

    def verifier(self, kind: Kind = Kind.OFFICE) -> Verifier:
        return public_verifier(self.layout.public.directory, LIFETIMES[kind].list_grace)

    def new_issuer(self, name: str, now: float, shares: list[str] | None = None) -> None:
        key = self.root_key(shares)
        with Journal.open(self.layout, ACCESS.unlock) as journal:
            create_issuer(self.layout, journal, key, name, ACCESS.protection, now)

    def enrol(self, path: str, now: float = NOW) -> Credential:
        """Issue a certificate for a new key."""
        key = SigningKey.generate(self.profile.certificates.leaf)
        with self.open(now) as authority:
            chain = authority.issue(make_request(key, Identity.of_path(COMMUNITY, path)), now)
        return Credential(chain, key)


def found(directory: Path, profile: AnyProfile = EU_HYBRID) -> Realm:
    _, shares = create_root(directory, COMMUNITY, profile, CUSTODIANS, ACCESS.protection, NOW)
    realm = Realm(directory, [" ".join(share.word_list()) for share in shares], profile)
    realm.new_issuer("issuer-1", NOW)
    return realm


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Realm:
    return found(tmp_path_factory.mktemp("realm") / "authority")


@pytest.fixture
def realm(founded: Realm, tmp_path: Path) -> Realm:
    shutil.copytree(founded.directory, tmp_path / "authority")
    return Realm(tmp_path / "authority", founded.shares, founded.profile)


def renewal_of(credential: Credential, key: SigningKey | None = None) -> Envelope:
    next_key = key or SigningKey.generate(credential.key.algorithm)
    return Envelope.of_json(ask_renewal(credential, next_key).to_json())


def test_issued_certificate_is_accepted_by_whoever_has_the_public_half(realm: Realm) -> None:
    credential = realm.enrol("ship/bergamini")
    peer = realm.verifier().verify(Chain.of_pem(credential.chain.pem()), NOW + 60.0)
    assert peer.identity.path == "ship/bergamini"
    assert peer.standing is Standing.CURRENT


def test_cnsa_authority_issues_cnsa_certificates_only(tmp_path: Path) -> None:
    realm = found(tmp_path / "authority", CNSA)
    credential = realm.enrol("office/rome")
    assert credential.key.algorithm is SignatureAlgorithm.ML_DSA_87
    realm.verifier().verify(credential.chain, NOW)
    weaker = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    request = make_request(weaker, Identity.of_path(COMMUNITY, "office/milan"))
    with realm.open() as authority, pytest.raises(ProfileError):
        authority.issue(request, NOW)


def test_a_request_of_another_community_is_refused(realm: Realm) -> None:
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    request = make_request(key, Identity.of_path("francia.example", "office/paris"))
    with realm.open() as authority, pytest.raises(CertificateError, match="not of italia"):
        authority.issue(request, NOW)


def test_renewal_needs_nobody_and_the_old_certificate_still_works(realm: Realm) -> None:
    old = realm.enrol("ship/bergamini")
    later = NOW + 20 * DAY
    with realm.open(later) as authority:
        chain = authority.renew(renewal_of(old), later)
    assert chain.leaf.not_after == pytest.approx(later + 30 * DAY, abs=1.0)
    for each in (old.chain, chain):
        realm.verifier(Kind.SHIP).verify(each, later)


def test_a_ship_in_its_grace_renews_and_one_past_it_does_not(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    within, past = NOW + 50 * DAY, NOW + 61 * DAY
    with realm.open(within) as authority:
        chain = authority.renew(renewal_of(ship), within)
    realm.verifier(Kind.SHIP).verify(chain, within)
    other = realm.enrol("ship/fasan")
    with realm.open(past) as authority, pytest.raises(ExpiredError):
        authority.renew(renewal_of(other), past)


def test_an_answer_that_was_lost_is_granted_again(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    envelope = renewal_of(ship)
    with realm.open() as authority:
        first = authority.renew(envelope, NOW + 1.0)
        second = authority.renew(envelope, NOW + 2.0)
    assert first.leaf.key == second.leaf.key
    assert first.leaf.serial != second.leaf.serial
    realm.verifier().verify(second, NOW + 2.0)


def test_cloned_key_is_found_at_renewal_and_everything_from_it_is_revoked(
    realm: Realm, caplog: pytest.LogCaptureFixture
) -> None:
    ship = realm.enrol("ship/bergamini")
    with realm.open() as authority:
        thief = authority.renew(renewal_of(ship), NOW + 10.0)
        with pytest.raises(CertificateError, match="its key was copied"):
            authority.renew(renewal_of(ship), NOW + 20.0)
    assert "renewed twice" in caplog.text
    for chain in (ship.chain, thief):
        with pytest.raises(RevokedError):
            realm.verifier().verify(chain, NOW + 30.0)


def test_renewal_for_somebody_else_is_refused(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    request = make_request(
        SigningKey.generate(ship.key.algorithm), Identity.of_path(COMMUNITY, "authority/service")
    )
    from baluardo.trust.envelope import sign  # noqa: PLC0415  # only here

    forged = sign(request, "application/vnd.baluardo.renewal+pkcs10", ship)
    with realm.open() as authority, pytest.raises(CertificateError, match="keeps the identity"):
        authority.renew(forged, NOW)
    same = ask_renewal(ship, ship.key)
    with realm.open() as authority, pytest.raises(CertificateError, match="brings a new key"):
        authority.renew(same, NOW)


def test_renewal_with_an_altered_signature_is_refused(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    other = realm.enrol("ship/fasan")
    envelope, foreign = renewal_of(ship), renewal_of(other)
    mixed = Envelope(envelope.payload, envelope.payload_type, foreign.signatures)
    with realm.open() as authority, pytest.raises(SignatureError):
        authority.renew(mixed, NOW)


def test_revoked_holder_cannot_renew(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    with realm.open() as authority:
        found = authority.find("ship/bergamini", NOW)
        authority.revoke([each.serial for each in found], Reason.KEY_COMPROMISE, NOW)
        with pytest.raises(RevokedError):
            authority.renew(renewal_of(ship), NOW + 1.0)
    with pytest.raises(RevokedError, match="keyCompromise"):
        realm.verifier().verify(ship.chain, NOW)


def test_revoking_twice_changes_nothing_and_unknown_serials_are_refused(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    serial = ship.chain.leaf.serial
    with realm.open() as authority:
        authority.revoke([serial], Reason.KEY_COMPROMISE, NOW)
        authority.revoke([serial], Reason.UNSPECIFIED, NOW + 5.0)
        with pytest.raises(CertificateError, match="was issued here"):
            authority.revoke([serial, 7], Reason.UNSPECIFIED, NOW)
        with pytest.raises(CertificateError, match="neither the serial"):
            authority.find("ship/bergamini", NOW)
    with pytest.raises(RevokedError, match="keyCompromise"):
        realm.verifier().verify(ship.chain, NOW + 6.0)


def test_lists_are_numbered_and_deltas_lead_from_the_first_to_the_newest(realm: Realm) -> None:
    before = realm.verifier().revocations
    ships = [realm.enrol(f"ship/s{number}") for number in range(3)]
    key_id = ships[0].chain.intermediates[0].key_id
    with realm.open() as authority:
        first = Revocations().apply(
            realm.layout.public.read_list(key_id) or b"", authority.issuer.certificate
        )
        for step, ship in enumerate(ships):
            authority.revoke([ship.chain.leaf.serial], Reason.SUPERSEDED, NOW + step)
        issuer = authority.issuer.certificate
    delta = (realm.layout.public.directory / "lists" / f"{key_id.hex()}.delta.crl").read_bytes()
    updated = first.apply(delta, issuer)
    full = realm.verifier().revocations
    assert updated.lists[key_id].revoked.keys() == full.lists[key_id].revoked.keys()
    assert len(updated.lists[key_id].revoked) == 3
    assert len(delta) < 4_000
    assert before.lists


def test_lists_a_day_old_are_made_anew_by_any_opening(realm: Realm) -> None:
    realm.enrol("ship/bergamini")
    with realm.open(NOW + 12 * 3_600.0) as authority:
        number = authority.journal.register.number_of(authority.issuer.key_id)
    with realm.open(NOW + 2 * DAY) as authority:
        assert authority.journal.register.number_of(authority.issuer.key_id) == number + 1


def test_a_revocation_that_a_crash_kept_from_its_list_is_published(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship = realm.enrol("ship/bergamini")
    with realm.open() as authority:
        monkeypatch.setattr(IssuingAuthority, "publish", _pulled_plug)
        with pytest.raises(KeyboardInterrupt):
            authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, NOW)
    monkeypatch.undo()
    realm.verifier().verify(ship.chain, NOW)
    realm.open().close()
    with pytest.raises(RevokedError):
        realm.verifier().verify(ship.chain, NOW)


def _pulled_plug(*_: object) -> None:
    raise KeyboardInterrupt


def test_nothing_is_handed_out_that_the_log_could_not_take(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
    request = make_request(key, Identity.of_path(COMMUNITY, "office/rome"))

    def full(*_: object) -> None:
        raise LogError("The disk is full.")

    with realm.open() as authority:
        monkeypatch.setattr(authority.journal._log, "append", full)
        with pytest.raises(LogError):
            authority.issue(request, NOW)
        assert not authority.journal.register.in_force("office/rome", NOW)


def test_the_register_is_the_log(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    anna = realm.enrol("person/anna.rossi/phone")
    with realm.open() as authority:
        register = authority.journal.register
        assert register.issued[ship.chain.leaf.serial].identity == "ship/bergamini"
        assert register.issued[anna.chain.leaf.serial].identity == "person/anna.rossi/phone"
    log = b"".join(
        path.read_bytes()
        for path in realm.layout.public.directory.rglob("*")
        if path.is_file() and "log" in path.parts
    )
    assert b"bergamini" in log
    assert b"anna.rossi" not in log
    shutil.rmtree(realm.layout.openings)
    with realm.open() as authority:
        assert authority.journal.register.issued[anna.chain.leaf.serial].identity == ""
        authority.revoke([anna.chain.leaf.serial], Reason.UNSPECIFIED, NOW)


def test_issuer_rolls_with_overlap(realm: Realm) -> None:
    old = realm.enrol("office/rome")
    realm.new_issuer("issuer-2", NOW + DAY)
    new = realm.enrol("office/milan", NOW + DAY)
    assert new.chain.intermediates[0] != old.chain.intermediates[0]
    for credential in (old, new):
        realm.verifier().verify(credential.chain, NOW + DAY)
    with realm.open(NOW + DAY) as authority:
        authority.revoke([old.chain.leaf.serial], Reason.SUPERSEDED, NOW + DAY)
    with pytest.raises(RevokedError):
        realm.verifier().verify(old.chain, NOW + DAY)


def test_root_rolls_and_a_member_with_the_old_root_goes_on(realm: Realm) -> None:
    old_verifier = realm.verifier(Kind.SHIP)
    with Journal.open(realm.layout, ACCESS.unlock) as journal:
        roll = roll_root(realm.layout, journal, realm.root_key(), CUSTODIANS, 60 * DAY, NOW + DAY)
    shares = [" ".join(share.word_list()) for share in roll.shares]
    realm.new_issuer("issuer-2", NOW + DAY, shares)
    ship = realm.enrol("ship/bergamini", NOW + DAY)
    assert len(ship.chain.certificates) == 3
    realm.verifier(Kind.SHIP).verify(ship.chain, NOW + 2 * DAY)
    old_verifier.revocations = realm.verifier().revocations
    old_verifier.verify(ship.chain, NOW + 2 * DAY)
    assert roll.until == pytest.approx(NOW + 61 * DAY, abs=1.0)
    with pytest.raises(CustodyError):
        realm.root_key()


def test_revoked_issuer_ends_all_it_issued_and_is_used_no_more(realm: Realm) -> None:
    rome = realm.enrol("office/rome")
    with Journal.open(realm.layout, ACCESS.unlock) as journal:
        revoke_issuer(realm.layout, journal, realm.root_key(), "issuer-1", NOW + 1.0)
    with pytest.raises(RevokedError):
        realm.verifier().verify(rome.chain, NOW + 2.0)
    with realm.open(NOW + 2.0) as authority, pytest.raises(CertificateError, match="no issuer"):
        _ = authority.issuer


def test_wrong_passphrase_opens_nothing_and_leaves_the_authority_free(realm: Realm) -> None:
    wrong = Unlock(lambda _: Secret(b"another passphrase"))
    with pytest.raises(CustodyError, match="passphrase"):
        IssuingAuthority.open(realm.directory, wrong, NOW)
    realm.open().close()


def test_two_processes_cannot_issue_at_once(realm: Realm) -> None:
    with realm.open(), pytest.raises(LogError):
        realm.open()


def test_an_issuer_that_no_root_certified_is_refused(realm: Realm, tmp_path: Path) -> None:
    foreign = found(tmp_path / "foreign")
    name, chain = next(iter(foreign.layout.public.issuer_chains()))
    realm.layout.public.write_issuer(f"{name}-x", chain)
    with pytest.raises(CertificateError, match="No root here"):
        realm.verifier()


def test_service_credential_is_kept_and_renewed_when_due(realm: Realm) -> None:
    with realm.open() as authority:
        first = authority.service_credential(ACCESS, NOW)
        assert authority.service_credential(ACCESS, NOW + DAY).chain == first.chain
        later = authority.service_credential(ACCESS, NOW + 21 * DAY)
        assert later.chain != first.chain
    (realm.directory / "service.pem").write_text(first.chain.pem())
    with realm.open(NOW + 21 * DAY) as authority:
        assert authority.service_credential(ACCESS, NOW + 21 * DAY).chain != first.chain


def test_a_directory_in_use_is_not_overwritten(realm: Realm) -> None:
    with pytest.raises(TargetError, match="not empty"):
        create_root(realm.directory, COMMUNITY, EU_HYBRID, CUSTODIANS, ACCESS.protection, NOW)


def test_pages_have_an_authority_of_their_own(realm: Realm, tmp_path: Path) -> None:
    request = request_page(tmp_path / "rome.key", ["rome.baluardo.localhost"], ACCESS.protection)
    outside = request_page(tmp_path / "x.key", ["www.example.org"], ACCESS.protection)
    with Journal.open(realm.layout, ACCESS.unlock) as journal:
        with pytest.raises(CertificateError, match="no browser authority"):
            issue_page(realm.layout, journal, request, ACCESS.unlock, NOW)
        create_pages_root(realm.layout, journal, ["baluardo.localhost"], ACCESS.protection, NOW)
        with pytest.raises(TargetError):
            create_pages_root(realm.layout, journal, ["other"], ACCESS.protection, NOW)
        chain = issue_page(realm.layout, journal, request, ACCESS.unlock, NOW)
        with pytest.raises(BaluardoError):
            issue_page(realm.layout, journal, outside, ACCESS.unlock, NOW)
    assert chain.leaf.names == ("rome.baluardo.localhost",)
    assert chain.leaf.key.algorithm is SignatureAlgorithm.ECDSA_P384
    with pytest.raises(BaluardoError):
        realm.verifier().verify(chain, NOW)


def test_holder_asks_again_with_the_same_key(realm: Realm, tmp_path: Path) -> None:
    holder = Holder(tmp_path / "ship")
    identity = Identity.of_path(COMMUNITY, "ship/bergamini")
    first = holder.request(identity, EU_HYBRID, ACCESS)
    again = holder.request(identity, EU_HYBRID, ACCESS)
    with realm.open() as authority:
        lost, kept = authority.issue(first, NOW), authority.issue(again, NOW)
    assert lost.leaf.key == kept.leaf.key
    holder.install(kept, ACCESS.unlock)
    with pytest.raises(TargetError, match="holds a certificate already"):
        holder.request(identity, EU_HYBRID, ACCESS)


def test_holder_goes_through_generations_and_keeps_the_last_two(
    realm: Realm, tmp_path: Path
) -> None:
    holder = Holder(tmp_path / "ship")
    request = holder.request(Identity.of_path(COMMUNITY, "ship/a"), EU_HYBRID, ACCESS)
    with realm.open() as authority:
        holder.install(authority.issue(request, NOW), ACCESS.unlock)
        for step in range(3):
            present = holder.credential(ACCESS.unlock)
            envelope = holder.renew(ACCESS)
            assert holder.renew(ACCESS).payload_type == envelope.payload_type
            assert holder.credential(ACCESS.unlock).chain == present.chain
            granted = authority.renew(envelope, NOW + step)
            with pytest.raises(CertificateError, match="another key"):
                holder.install(present.chain, ACCESS.unlock)
            holder.install(granted, ACCESS.unlock)
            assert holder.credential(ACCESS.unlock).chain == granted
    assert sorted(path.name for path in (tmp_path / "ship").iterdir()) == ["0003", "0004"]
    with pytest.raises(CertificateError, match="waits for no certificate"):
        holder.install(granted, ACCESS.unlock)


def test_nothing_of_the_keys_is_readable_by_others(realm: Realm) -> None:
    for path in (realm.directory / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert (realm.directory / "keys").stat().st_mode & 0o077 == 0
