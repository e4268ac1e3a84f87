"""The authority: issue, renew, revoke, publish; clones; what a crash leaves."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from baluardo.errors import (
    BaluardoError,
    CertificateError,
    CustodyError,
    ExpiredError,
    InvalidInputError,
    LogError,
    ProfileError,
    RevokedError,
    SignatureError,
    SourceError,
    TargetError,
)
from baluardo.trust.audit.record import Record
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.certificates.verification import Standing, Verifier
from baluardo.trust.custody.keyfile import Passphrase, Unlock, read_key
from baluardo.trust.custody.shares import Share, reconstruct_root
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, LIFETIMES, Identity, Kind
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.ceremony import (
    Custodians,
    HandOut,
    create_issuer,
    create_root,
    issuer_root,
    publish_root_list,
    revoke_issuer,
    roll_root,
)
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.journal import FileJournal, Journal
from baluardo.trust.issuing.layout import KeyAccess, Layout, Public
from baluardo.trust.issuing.pages import create_pages_root, issue_page, request_page
from baluardo.trust.issuing.publication import learn_anchors, public_verifier, read_revocations
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile, SignatureAlgorithm
from trust.community import NOW
from without_rights import nobody

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
        with FileJournal.open(self.layout, ACCESS.unlock) as journal:
            create_issuer(self.layout, journal, key, name, ACCESS.protection, now)

    def enrol(self, path: str, now: float = NOW) -> Credential:
        """Issue a certificate for a new key."""
        key = SigningKey.generate(self.profile.certificates.leaf)
        with self.open(now) as authority:
            chain = authority.issue(make_request(key, Identity.of_path(COMMUNITY, path)), now)
        return Credential(chain, key)


def found(directory: Path, profile: AnyProfile = EU_HYBRID) -> Realm:
    shares: list[Share] = []

    def keep(_: Certificate, made: tuple[Share, ...]) -> None:
        shares.extend(made)

    create_root(directory, COMMUNITY, profile, CUSTODIANS, ACCESS.protection, NOW, keep)
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


def roll(
    realm: Realm, journal: Journal, old_key: SigningKey, overlap: float, now: float
) -> list[str]:
    """Hand over to a new root; return its shares."""
    texts: list[str] = []

    def keep(_: Certificate, shares: tuple[Share, ...]) -> None:
        texts.extend(" ".join(share.word_list()) for share in shares)

    roll_root(realm.layout, journal, old_key, CUSTODIANS, overlap, now, keep)
    return texts


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
    ship, other = realm.enrol("ship/bergamini"), realm.enrol("ship/fasan")
    within, past = NOW + 50 * DAY, NOW + 61 * DAY
    with realm.open(within) as authority:
        chain = authority.renew(renewal_of(ship), within)
    realm.verifier(Kind.SHIP).verify(chain, within)
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
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        shares = roll(realm, journal, realm.root_key(), 60 * DAY, NOW + DAY)
    realm.new_issuer("issuer-2", NOW + DAY, shares)
    ship = realm.enrol("ship/bergamini", NOW + DAY)
    assert len(ship.chain.certificates) == 3
    realm.verifier(Kind.SHIP).verify(ship.chain, NOW + 2 * DAY)
    old_verifier.revocations = realm.verifier().revocations
    old_verifier.verify(ship.chain, NOW + 2 * DAY)
    old, _ = Anchors.read(realm.layout.public.anchors).anchors
    assert old.until == pytest.approx(NOW + 61 * DAY, abs=1.0)
    with pytest.raises(CustodyError):
        realm.root_key()


def test_revoked_issuer_ends_all_it_issued_and_is_used_no_more(realm: Realm) -> None:
    rome = realm.enrol("office/rome")
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
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
        create_root(
            realm.directory,
            COMMUNITY,
            EU_HYBRID,
            CUSTODIANS,
            ACCESS.protection,
            NOW,
            _pulled_plug,
        )


def test_pages_have_an_authority_of_their_own(realm: Realm, tmp_path: Path) -> None:
    request = request_page(tmp_path / "rome.key", ["rome.baluardo.localhost"], ACCESS.protection)
    outside = request_page(tmp_path / "x.key", ["www.example.org"], ACCESS.protection)
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
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
    holder.install(kept, ACCESS.unlock, realm.verifier(), NOW)
    with pytest.raises(TargetError, match="holds a certificate already"):
        holder.request(identity, EU_HYBRID, ACCESS)


def test_holder_goes_through_generations_and_keeps_the_last_two(
    realm: Realm, tmp_path: Path
) -> None:
    holder = Holder(tmp_path / "ship")
    request = holder.request(Identity.of_path(COMMUNITY, "ship/a"), EU_HYBRID, ACCESS)
    with realm.open() as authority:
        holder.install(authority.issue(request, NOW), ACCESS.unlock, realm.verifier(), NOW)
        for step in range(3):
            present = holder.credential(ACCESS.unlock)
            envelope = holder.renew(ACCESS)
            assert holder.renew(ACCESS).payload_type == envelope.payload_type
            assert holder.credential(ACCESS.unlock).chain == present.chain
            granted = authority.renew(envelope, NOW + step)
            with pytest.raises(CertificateError, match="another key"):
                holder.install(present.chain, ACCESS.unlock, realm.verifier(), NOW)
            holder.install(granted, ACCESS.unlock, realm.verifier(), NOW)
            assert holder.credential(ACCESS.unlock).chain == granted
    assert sorted(path.name for path in (tmp_path / "ship").iterdir()) == ["0003", "0004"]
    with pytest.raises(CertificateError, match="waits for no certificate"):
        holder.install(granted, ACCESS.unlock, realm.verifier(), NOW)


def test_nothing_of_the_keys_is_readable_by_others(realm: Realm) -> None:
    for path in (realm.directory / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert (realm.directory / "keys").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("reason", [Reason.REMOVED, Reason.HOLD])
def test_a_reason_that_takes_nothing_back_for_ever_is_refused_before_the_log(
    realm: Realm, reason: Reason
) -> None:
    ship = realm.enrol("ship/bergamini")
    with realm.open() as authority, pytest.raises(InvalidInputError, match="for ever"):
        authority.revoke([ship.chain.leaf.serial], reason, NOW)
    with realm.open(NOW + 2 * DAY) as authority:
        authority.publish_lists(NOW + 2 * DAY)


@pytest.mark.parametrize("written", [0, 1])
def test_a_list_that_a_crash_kept_from_the_public_half_is_published_anew(
    realm: Realm, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    ship = realm.enrol("ship/bergamini")
    before = realm.verifier().revocations
    left = [written]
    write_list = Public.write_list

    def stops(self: Public, key_id: bytes, der: bytes, *, delta: bool = False) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write_list(self, key_id, der, delta=delta)

    with realm.open() as authority:
        monkeypatch.setattr(Public, "write_list", stops)
        with pytest.raises(KeyboardInterrupt):
            authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, NOW)
    monkeypatch.undo()
    realm.open().close()
    with pytest.raises(RevokedError):
        realm.verifier().verify(ship.chain, NOW)
    key_id = ship.chain.intermediates[0].key_id
    delta = (realm.layout.public.directory / "lists" / f"{key_id.hex()}.delta.crl").read_bytes()
    updated = before.apply(delta, ship.chain.intermediates[0])
    assert ship.chain.leaf.serial in updated.lists[key_id].revoked


def test_a_ship_in_its_grace_can_be_taken_back_by_its_name(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    later = NOW + 45 * DAY
    with realm.open(later) as authority:
        found = authority.find("ship/bergamini", later)
        authority.revoke([each.serial for each in found], Reason.CESSATION, later)
    with pytest.raises(RevokedError):
        realm.verifier().verify(ship.chain, later)


def test_an_empty_name_does_not_stand_for_everybody_whose_name_was_erased(realm: Realm) -> None:
    realm.enrol("person/anna.rossi/phone")
    shutil.rmtree(realm.layout.openings)
    with realm.open() as authority, pytest.raises(CertificateError, match="neither the serial"):
        authority.find("", NOW)


def test_a_key_copied_between_two_answers_to_one_request_is_found_later(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    next_key = SigningKey.generate(ship.key.algorithm)
    envelope = renewal_of(ship, next_key)
    with realm.open() as authority:
        answers = [Credential(authority.renew(envelope, NOW), next_key) for _ in range(2)]
        thief = authority.renew(renewal_of(answers[0]), NOW + 1.0)
        with pytest.raises(CertificateError, match="its key was copied"):
            authority.renew(renewal_of(answers[1]), NOW + 2.0)
    for chain in (answers[0].chain, answers[1].chain, thief):
        with pytest.raises(RevokedError):
            realm.verifier().verify(chain, NOW + 3.0)


def test_a_key_that_was_taken_back_is_never_certified_again(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    next_key = SigningKey.generate(ship.key.algorithm)
    envelope = renewal_of(ship, next_key)
    identity = Identity.of_path(COMMUNITY, "ship/bergamini")
    with realm.open() as authority:
        renewed = authority.renew(envelope, NOW)
        authority.revoke([renewed.leaf.serial], Reason.KEY_COMPROMISE, NOW)
        with pytest.raises(RevokedError, match="Make a new key"):
            authority.renew(envelope, NOW + 1.0)
        with pytest.raises(RevokedError, match="Make a new key"):
            authority.issue(make_request(next_key, identity), NOW + 1.0)


def test_a_key_is_certified_for_one_holder_only(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    other = make_request(ship.key, Identity.of_path(COMMUNITY, "authority/service"))
    with realm.open() as authority, pytest.raises(CertificateError, match="another holder"):
        authority.issue(other, NOW)


def test_what_came_of_a_copied_key_goes_with_it(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    with realm.open() as authority:
        renewed = authority.renew(renewal_of(ship), NOW)
        done = authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, NOW)
        assert {each.serial for each in done} == {ship.chain.leaf.serial, renewed.leaf.serial}
        assert authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, NOW) == []
    with pytest.raises(RevokedError):
        realm.verifier().verify(renewed, NOW)


def test_a_crash_after_a_copied_key_was_written_down_still_revokes_it(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship = realm.enrol("ship/bergamini")
    with realm.open() as authority:
        thief = authority.renew(renewal_of(ship), NOW)
        monkeypatch.setattr(IssuingAuthority, "revoke", _pulled_plug)
        with pytest.raises(KeyboardInterrupt):
            authority.renew(renewal_of(ship), NOW + 1.0)
    monkeypatch.undo()
    realm.open(NOW + 2.0).close()
    for chain in (ship.chain, thief):
        with pytest.raises(RevokedError):
            realm.verifier().verify(chain, NOW + 2.0)


def test_a_revoked_issuer_stops_no_revocation_of_what_the_others_issued(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    realm.new_issuer("issuer-2", NOW + 1.0)
    with realm.open(NOW + 2.0) as authority:
        lost = authority.renew(renewal_of(ship), NOW + 2.0)
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        revoke_issuer(realm.layout, journal, realm.root_key(), "issuer-2", NOW + 3.0)
    with realm.open(NOW + 4.0) as authority:
        with pytest.raises(CertificateError, match="its key was copied"):
            authority.renew(renewal_of(ship), NOW + 4.0)
        assert authority.journal.register.is_revoked(ship.chain.leaf.serial)
        assert not authority.journal.register.is_revoked(lost.leaf.serial)
    other = realm.enrol("ship/fasan", NOW + 5.0)
    with realm.open(NOW + 5.0) as authority:
        assert [each.serial for each in authority.find("ship/fasan", NOW + 5.0)] == [
            other.chain.leaf.serial
        ]


def test_an_issuer_whose_root_has_ended_issues_no_more(realm: Realm) -> None:
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        roll(realm, journal, realm.root_key(), 30 * DAY, NOW)
    within, past = NOW + 29 * DAY, NOW + 31 * DAY
    with realm.open(within) as authority:
        assert authority.issuer.name == "issuer-1"
    with realm.open(past) as authority, pytest.raises(CertificateError, match="no issuer in force"):
        _ = authority.issuer


def test_an_issuer_of_the_root_before_can_be_revoked(realm: Realm) -> None:
    rome, old_key = realm.enrol("office/rome"), realm.root_key()
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        roll(realm, journal, old_key, 30 * DAY, NOW)
        assert issuer_root(realm.layout, "issuer-1").key == old_key.public
        revoke_issuer(realm.layout, journal, old_key, "issuer-1", NOW + 1.0)
        revoke_issuer(realm.layout, journal, old_key, "issuer-1", NOW + 99.0)
    with pytest.raises(RevokedError):
        realm.verifier().verify(rome.chain, NOW + 100.0)


@pytest.mark.parametrize("step", ["write_key", "journal", "write_issuer", "list"])
def test_an_issuer_that_a_crash_cut_short_can_be_made_again(
    realm: Realm, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    key = realm.root_key()
    target = {
        "write_key": ("baluardo.trust.issuing.ceremony.make_issuer", 0),
        "journal": ("baluardo.trust.issuing.journal.Journal.write", 0),
        "write_issuer": ("baluardo.trust.issuing.layout.Public.write_issuer", 0),
        "list": ("baluardo.trust.issuing.layout.Public.write_list", 0),
    }[step][0]
    monkeypatch.setattr(target, _pulled_plug)
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal, pytest.raises(KeyboardInterrupt):
        create_issuer(realm.layout, journal, key, "issuer-2", ACCESS.protection, NOW)
    monkeypatch.undo()
    if step == "list":  # the issuer stands; only its root's list is the one before
        with (
            FileJournal.open(realm.layout, ACCESS.unlock) as journal,
            pytest.raises(TargetError, match="issuer-2"),
        ):
            create_issuer(realm.layout, journal, key, "issuer-2", ACCESS.protection, NOW)
    else:
        realm.new_issuer("issuer-2", NOW + 1.0)
    ship = realm.enrol("ship/bergamini", NOW + 2.0)
    assert ship.chain.intermediates[0].subject == "issuer-2"
    realm.verifier().verify(ship.chain, NOW + 2.0)


def test_issuers_of_long_names_have_keys_of_their_own(realm: Realm) -> None:
    assert realm.layout.issuer_key("i" * 62 + "a") != realm.layout.issuer_key("i" * 62 + "b")


def test_shares_that_cannot_be_handed_out_leave_the_root_as_it_was(realm: Realm) -> None:
    def full(*_: object) -> None:
        raise TargetError("The stick is full.")

    key = realm.root_key()
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal, pytest.raises(TargetError):
        roll_root(realm.layout, journal, key, CUSTODIANS, 30 * DAY, NOW, full)
    realm.new_issuer("issuer-2", NOW + 1.0)
    with realm.open(NOW + 1.0) as authority:
        assert "root.rolled" not in [
            Record.of_entry(entry).kind for entry in authority.journal._log.entries()
        ]


@pytest.mark.parametrize("step", ["Public.write_link", "Public.write_list"])
def test_a_crash_while_the_root_is_handed_over_leaves_one_that_works(
    realm: Realm, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    key, shares = realm.root_key(), list[Share]()
    monkeypatch.setattr(f"baluardo.trust.issuing.layout.{step}", _pulled_plug)
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal, pytest.raises(KeyboardInterrupt):
        roll_root(
            realm.layout, journal, key, CUSTODIANS, 30 * DAY, NOW, lambda _, s: shares.extend(s)
        )
    monkeypatch.undo()
    assert len(shares) == 5
    realm.new_issuer("issuer-2", NOW + 1.0)
    rome = realm.enrol("office/rome", NOW + 2.0)
    realm.verifier().verify(rome.chain, NOW + 2.0)
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        roll(realm, journal, key, 30 * DAY, NOW + 3.0)


def test_a_ceremony_that_fails_leaves_nothing_in_the_way_of_the_next(tmp_path: Path) -> None:
    directory = tmp_path / "authority"

    def make(custodians: Custodians, hand_out: HandOut) -> None:
        create_root(directory, COMMUNITY, EU_HYBRID, custodians, ACCESS.protection, NOW, hand_out)

    def full(*_: object) -> None:
        raise TargetError("The stick is full.")

    with pytest.raises(InvalidInputError, match="9 of 5"):
        make(Custodians(5, 9), full)
    assert not directory.exists()
    with pytest.raises(TargetError, match="stick"):
        make(CUSTODIANS, full)
    make(CUSTODIANS, lambda *_: None)
    assert Layout(directory).public.root.subject.startswith(COMMUNITY)


def test_a_root_makes_its_yearly_list_without_a_new_issuer(realm: Realm) -> None:
    rome, later = realm.enrol("office/rome"), NOW + 401 * DAY
    root = realm.layout.public.root
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        due = publish_root_list(realm.layout, journal, realm.root_key(), later)
        stranger = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
        with pytest.raises(InvalidInputError, match="nothing was done"):
            publish_root_list(realm.layout, journal, stranger, later)
    assert due == pytest.approx(later + 400 * DAY, abs=1.0)
    with realm.open(later) as authority:
        assert authority.root_list() == (root, pytest.approx(due, abs=1.0))
    revocations = realm.verifier().revocations
    revocations.check(rome.chain.intermediates[0], root, later, 0.0)


def test_an_overlap_that_no_list_of_the_old_root_covers_is_refused(realm: Realm) -> None:
    with (
        FileJournal.open(realm.layout, ACCESS.unlock) as journal,
        pytest.raises(InvalidInputError, match="400 days"),
    ):
        roll(realm, journal, realm.root_key(), 401 * DAY, NOW)


def test_the_old_roots_word_goes_along_only_while_it_is_good(realm: Realm) -> None:
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        shares = roll(realm, journal, realm.root_key(), 30 * DAY, NOW)
    realm.new_issuer("issuer-2", NOW, shares)
    assert len(realm.enrol("ship/a", NOW + DAY).chain.certificates) == 3
    late = realm.enrol("ship/b", NOW + 31 * DAY)
    assert len(late.chain.certificates) == 2
    realm.verifier().verify(late.chain, NOW + 31 * DAY)


def test_a_member_learns_the_roots_that_succeeded_its_own(realm: Realm, tmp_path: Path) -> None:
    held = Anchors.read(realm.layout.public.anchors)
    shares = realm.shares
    for step in (1.0, 2.0):
        with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
            shares = roll(realm, journal, realm.root_key(shares), 60 * DAY, NOW + step * DAY)
    learned = learn_anchors(held, realm.layout.public, NOW + 3 * DAY)
    assert learned == Anchors.read(realm.layout.public.anchors)
    assert learn_anchors(learned, realm.layout.public, NOW + 99 * DAY) == learned
    foreign = found(tmp_path / "foreign")
    with pytest.raises(CertificateError, match="does not lead"):
        learn_anchors(held, foreign.layout.public, NOW)
    with pytest.raises(CertificateError):
        learn_anchors(held, realm.layout.public, NOW + 99 * DAY)


def test_a_member_goes_on_by_deltas(realm: Realm) -> None:
    anchors = Anchors.read(realm.layout.public.anchors)
    ship = realm.enrol("ship/bergamini")
    held = read_revocations(realm.layout.public, anchors)
    with realm.open() as authority:
        authority.revoke([ship.chain.leaf.serial], Reason.SUPERSEDED, NOW)
    held = read_revocations(realm.layout.public, anchors, held)
    issuer = ship.chain.intermediates[0]
    assert len(held.lists[issuer.key_id].deltas) == 1
    assert read_revocations(realm.layout.public, anchors, held) == held
    with pytest.raises(RevokedError):
        held.check(ship.chain.leaf, issuer, NOW, 0.0)


def test_a_service_credential_that_was_taken_back_is_made_anew(realm: Realm) -> None:
    with realm.open() as authority:
        first = authority.service_credential(ACCESS, NOW)
        authority.revoke([first.chain.leaf.serial], Reason.SUPERSEDED, NOW)
        second = authority.service_credential(ACCESS, NOW)
        assert second.chain != first.chain
    realm.verifier().verify(second.chain, NOW)


def test_a_delta_takes_off_all_that_the_full_list_leaves_out(realm: Realm) -> None:
    ship = realm.enrol("ship/bergamini")
    key_id, issuer = ship.chain.intermediates[0].key_id, ship.chain.intermediates[0]
    old = ship.chain.leaf.not_after + 85 * DAY
    with realm.open(old) as authority:
        authority.revoke([ship.chain.leaf.serial], Reason.UNSPECIFIED, old)
        named = realm.verifier().revocations
        authority.publish_lists(old + 6 * DAY)
    assert ship.chain.leaf.serial in named.lists[key_id].revoked
    path = realm.layout.public.directory / "lists" / f"{key_id.hex()}.delta.crl"
    by_delta = named.apply(path.read_bytes(), issuer)
    by_delta.apply(realm.layout.public.read_list(key_id) or b"", issuer)


def test_what_a_clock_that_was_ahead_has_made_is_in_nobodys_way(realm: Realm) -> None:
    realm.new_issuer("issuer-2", NOW + 300 * DAY)
    realm.enrol("ship/a", NOW + 300 * DAY)
    rome = realm.enrol("office/rome")
    assert rome.chain.intermediates[0].subject == "issuer-1"
    verifier = realm.verifier()
    root_list = verifier.revocations.lists[realm.layout.public.root.key_id]
    assert root_list.this_update > NOW
    with FileJournal.open(realm.layout, ACCESS.unlock) as journal:
        publish_root_list(realm.layout, journal, realm.root_key(), NOW)
    realm.verifier().verify(rome.chain, NOW)


def test_a_waiting_key_of_another_profile_is_not_asked_for_again(
    realm: Realm, tmp_path: Path
) -> None:
    holder, identity = Holder(tmp_path / "ship"), Identity.of_path(COMMUNITY, "ship/bergamini")
    holder.request(identity, CNSA, ACCESS)
    request = holder.request(identity, EU_HYBRID, ACCESS)
    assert holder.request(identity, EU_HYBRID, ACCESS)
    with realm.open() as authority:
        chain = authority.issue(request, NOW)
    assert holder.install(chain, ACCESS.unlock, realm.verifier(), NOW).identity == identity


def test_what_was_granted_to_another_is_not_installed(realm: Realm, tmp_path: Path) -> None:
    holder, identity = Holder(tmp_path / "ship"), Identity.of_path(COMMUNITY, "ship/bergamini")
    with realm.open() as authority:
        chain = authority.issue(holder.request(identity, EU_HYBRID, ACCESS), NOW)
        holder.install(chain, ACCESS.unlock, realm.verifier(), NOW)
        holder.renew(ACCESS)
        waiting = tmp_path / "ship" / "0002" / "key.jwe"
        other = make_request(
            read_key(waiting, ACCESS.unlock), Identity.of_path(COMMUNITY, "ship/x")
        )
        with pytest.raises(CertificateError, match="ship/x"):
            holder.install(authority.issue(other, NOW), ACCESS.unlock, realm.verifier(), NOW)
    assert holder.credential(ACCESS.unlock).chain == chain


def test_a_name_too_long_for_a_directory_is_a_sentence() -> None:
    with pytest.raises(SourceError, match="no authority"):
        Layout(Path("a" * 300)).check()
    with pytest.raises(SourceError, match="cannot be read"):
        Holder(Path("a" * 300)).credential(ACCESS.unlock)


def test_a_directory_that_may_not_be_entered_is_not_taken_for_none() -> None:
    with tempfile.TemporaryDirectory() as made:
        closed = Path(made) / "authority"
        (closed / "public" / "anchors").mkdir(parents=True)
        Path(made).chmod(0o755)
        closed.chmod(0)
        with nobody(), pytest.raises(SourceError, match="may not be entered: permission denied"):
            Layout(closed).check()
        closed.chmod(0o700)
        Layout(closed).check()
        for name in ("nothing", "\0"):
            with pytest.raises(SourceError, match="is no authority's directory"):
                Layout(Path(made) / name).check()


def test_a_forged_answer_is_not_installed_and_the_true_one_still_is(
    realm: Realm, tmp_path: Path
) -> None:
    holder, identity = Holder(tmp_path / "ship"), Identity.of_path(COMMUNITY, "ship/bergamini")
    request = holder.request(identity, EU_HYBRID, ACCESS)
    carrier = found(tmp_path / "carrier")
    with carrier.open() as forger, realm.open() as authority:
        forged, granted = forger.issue(request, NOW), authority.issue(request, NOW)
    with pytest.raises(CertificateError, match="does not lead to a root"):
        holder.install(forged, ACCESS.unlock, realm.verifier(), NOW)
    with pytest.raises(ExpiredError):
        holder.install(granted, ACCESS.unlock, realm.verifier(), NOW + 90 * DAY)
    assert holder.install(granted, ACCESS.unlock, realm.verifier(), NOW).chain == granted
