"""An authority over a journal of one's own: entries kept elsewhere, lists public when they are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from baluardo.errors import CertificateError, CustodyError, RevokedError
from baluardo.trust.audit.record import NewRecord, Record
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.custody.keyfile import Passphrase, Unlock
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.ceremony import create_issuer, publish_root_list
from baluardo.trust.issuing.issuers import load_issuers
from baluardo.trust.issuing.journal import FileJournal, Journal
from baluardo.trust.issuing.register import Entry
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID
from trust.fleet import ACCESS, COMMUNITY, Calendar, Land


class MemoryJournal(Journal):
    """Entries, openings and lists in this process alone, as rows of a database would be."""

    def __init__(self, community: str) -> None:
        super().__init__(community)
        self.entries: list[bytes] = []
        self.openings: dict[str, object] = {}
        self.lists: dict[bytes, list[bytes]] = {}
        self.events: list[str] = []

    def follow(self, entries: list[bytes]) -> None:
        for entry in entries:
            record = Record.of_entry(entry)
            opened = [self.openings[each] for each in record.digests if each in self.openings]
            who = opened[0] if opened else record.facts.get("identity", "")
            self.take(len(self.entries), record, str(who))
            self.entries.append(entry)

    def _append(self, made: NewRecord, now: float) -> int:  # noqa: ARG002 - the record has it
        self.entries.append(made.entry())
        self.openings |= {each.digest: each.value for each in made.disclosures}
        self.events.append(made.record.kind)
        return len(self.entries) - 1

    def hand_out(self, issuer: bytes, full: bytes, delta: bytes | None = None) -> None:
        self.lists.setdefault(issuer, []).append(full)
        self.events.append("handed out" if delta is None else "delta handed out")

    def handed_out(self, issuer: bytes) -> bytes | None:
        found = self.lists.get(issuer)
        return found[-1] if found else None

    def close(self) -> None:
        self.events.append("closed")


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Land:
    directory = tmp_path_factory.mktemp("journal") / "authority"
    return Land.found(directory, Calendar(), EU_HYBRID)


@pytest.fixture
def land(founded: Land, tmp_path: Path) -> Land:
    return founded.copy(tmp_path / "authority", Calendar(founded.calendar.now))


def over(land: Land, journal: MemoryJournal) -> IssuingAuthority:
    """An authority over a journal that begins with what the ceremonies wrote into the files."""
    with FileJournal.open(land.layout, ACCESS.unlock) as files:
        journal.follow(list(files._log.entries()))
        root = land.public.root.key_id
        journal.lists[root] = [files.handed_out(root) or b""]
    anchors, now = Anchors.read(land.public.anchors), land.calendar.now
    issuers = load_issuers(land.layout, anchors, journal.register, ACCESS.unlock, now)
    authority = IssuingAuthority(land.layout, anchors, issuers, journal)
    authority.finish(now)
    return authority


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal(COMMUNITY)


@pytest.fixture
def authority(land: Land, journal: MemoryJournal) -> Iterator[IssuingAuthority]:
    with over(land, journal) as authority:
        yield authority


def enrol(authority: IssuingAuthority, path: str, now: float) -> Credential:
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    request = make_request(key, Identity.of_path(COMMUNITY, path))
    return Credential(authority.issue(request, now), key)


def renewal_of(credential: Credential) -> Envelope:
    return ask_renewal(credential, SigningKey.generate(credential.key.algorithm))


def test_everything_an_authority_does_goes_into_its_own_journal(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    now = land.calendar.now
    there = sorted(path.relative_to(land.directory) for path in land.directory.rglob("*"))
    ship = enrol(authority, "ship/bergamini", now)
    anna = enrol(authority, "person/anna.rossi/phone", now)
    renewed = authority.renew(renewal_of(ship), now + 1.0)
    authority.revoke([anna.chain.leaf.serial], Reason.KEY_COMPROMISE, now + 2.0)
    register = authority.journal.register
    assert register.issued[renewed.leaf.serial].replaces == ship.chain.leaf.serial
    assert register.issued[anna.chain.leaf.serial].identity == "person/anna.rossi/phone"
    assert b"anna" not in b"".join(journal.entries)
    assert journal.events[-3:] == [
        "certificate.revoked",
        "list.published",
        "delta handed out",
    ]
    assert there == sorted(path.relative_to(land.directory) for path in land.directory.rglob("*"))


def test_another_process_follows_by_the_entries_and_the_lists(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    now = land.calendar.now
    other_journal = MemoryJournal(COMMUNITY)
    other = over(land, other_journal)
    other_journal.follow(journal.entries[len(other_journal.entries) :])
    behind = len(journal.entries)
    ship = enrol(authority, "ship/bergamini", now)
    other_journal.follow(journal.entries[behind:])
    other.learn(journal.lists[authority.issuer.key_id][-1], authority.issuer.key_id)
    other.verifier().verify(ship.chain, now)
    authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, now + 1.0)
    other.learn(journal.lists[authority.issuer.key_id][-1], authority.issuer.key_id)
    with pytest.raises(RevokedError):
        other.verifier().verify(ship.chain, now + 1.0)
    with pytest.raises(RevokedError):
        other.renew(renewal_of(ship), now + 1.0)


def test_a_list_of_an_issuer_that_nobody_certified_is_not_learned(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    full = journal.lists[authority.issuer.key_id][-1]
    with pytest.raises(CertificateError, match="no issuer with the key"):
        authority.learn(full, b"\0" * 20)
    with pytest.raises(CertificateError):
        authority.learn(full, land.public.root.key_id)


def test_the_verifier_is_one_and_judges_by_each_list_at_once_without_reading(
    land: Land, authority: IssuingAuthority
) -> None:
    now = land.calendar.now
    ship = enrol(authority, "ship/bergamini", now)
    verifier = authority.verifier()
    verifier.verify(ship.chain, now)
    shutil.rmtree(land.public.directory / "lists")  # nothing reads there
    authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, now)
    assert authority.verifier() is verifier
    with pytest.raises(RevokedError):
        verifier.verify(ship.chain, now)


def test_what_was_taken_back_is_forgotten_and_the_same_number_given_again(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    """A transaction that did not come to its end: the register and the lists are those before."""
    now = land.calendar.now
    key_id = authority.issuer.key_id
    ship, fasan = enrol(authority, "ship/bergamini", now), enrol(authority, "ship/fasan", now)
    verifier, kept = authority.verifier(), list(journal.entries)
    authority.revoke([ship.chain.leaf.serial], Reason.KEY_COMPROMISE, now)
    number = journal.register.number_of(key_id)
    journal.lists[key_id].pop()
    journal.entries, journal.register = [], type(journal.register)()
    journal.follow(kept)
    authority.reread()
    verifier.verify(ship.chain, now)
    authority.revoke([fasan.chain.leaf.serial], Reason.KEY_COMPROMISE, now + 1.0)
    assert journal.register.number_of(key_id) == number
    verifier.verify(ship.chain, now + 1.0)
    with pytest.raises(RevokedError):
        verifier.verify(fasan.chain, now + 1.0)


def test_a_list_that_was_not_handed_out_is_made_anew(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    key_id = authority.issuer.key_id
    number = journal.register.number_of(key_id)
    journal.lists[key_id].pop()
    authority.finish(land.calendar.now)
    assert journal.register.number_of(key_id) == number + 1
    authority.finish(land.calendar.now)
    assert journal.register.number_of(key_id) == number + 1


def test_a_request_for_another_than_was_expected_is_refused(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    ship, rome = (Identity.of_path(COMMUNITY, path) for path in ("ship/bergamini", "office/rome"))
    entries = len(journal.entries)
    with pytest.raises(CertificateError, match="expected"):
        authority.issue(make_request(key, ship), land.calendar.now, rome)
    assert len(journal.entries) == entries
    assert authority.issue(make_request(key, rome), land.calendar.now, rome).leaf.identity == rome


def test_a_new_issuer_is_adopted_while_the_service_runs(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    now = land.calendar.now + DAY
    verifier, before = authority.verifier(), authority.issuer.name
    secret = Secret(b"correct horse battery")
    sealed, unlock = Passphrase(secret, 100_000), Unlock(lambda _: secret)
    assert authority.adopt_issuers(ACCESS.unlock, now) == []
    create_issuer(land.layout, journal, land.root_key(), "issuer-9", sealed, now)
    wrong = Unlock(lambda _: Secret(b"not that one"))
    with pytest.raises(CustodyError):
        authority.adopt_issuers(wrong, now)
    assert authority.issuer.name == before
    assert authority.adopt_issuers(unlock, now) == ["issuer-9"]
    ship = enrol(authority, "ship/bergamini", now)
    assert ship.chain.intermediates[0] == authority.issuer.certificate
    assert authority.issuer.name == "issuer-9"
    verifier.verify(ship.chain, now)


def test_a_root_list_made_meanwhile_is_learned(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    later = land.calendar.now + 30 * DAY
    _, until = authority.root_list()
    publish_root_list(land.layout, journal, land.root_key(), later)
    root = land.public.root.key_id
    authority.learn(journal.lists[root][-1], root)
    assert authority.root_list()[1] > until


def test_the_service_has_its_credential_and_one_whose_entry_was_lost_is_made_anew(
    land: Land, authority: IssuingAuthority, journal: MemoryJournal
) -> None:
    now = land.calendar.now
    first = authority.service_credential(ACCESS, now)
    assert authority.service_credential(ACCESS, now).chain == first.chain
    kept = journal.entries[:-1]
    journal.entries, journal.register = [], type(journal.register)()
    journal.follow(kept)
    again = authority.service_credential(ACCESS, now)
    assert again.chain != first.chain
    assert authority.service_credential(ACCESS, now).chain == again.chain


def test_the_log_of_files_takes_entries_in_order(land: Land) -> None:
    """The index that `write` returns is the entry's own."""
    facts = {"fingerprint": "00", "profile": "none"}
    with FileJournal.open(land.layout, ACCESS.unlock) as files:
        first, second = (files.write(Entry.ROOT_CREATED, facts, each) for each in (1.0, 2.0))
        assert second == first + 1
        assert Record.of_entry(files._log.entry(second)).time == 2.0
