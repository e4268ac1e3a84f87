"""Backups: made at work, restored elsewhere to the same octets, refused when anything is amiss."""

from __future__ import annotations

import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from authority.store.kept import Kept, issue, note
from baluardo.authority.backup import read_backup, restore_backup, write_backup
from baluardo.authority.settings import Settings
from baluardo.authority.store import schema
from baluardo.authority.store.database import Database
from baluardo.authority.store.opening import database_url
from baluardo.authority.store.restored import RESTORED, SKIPPED
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import (
    BaluardoError,
    CertificateError,
    InvalidInputError,
    SourceError,
    TargetError,
)
from baluardo.trust.audit.record import Record
from baluardo.trust.certificates.revocation import Reason, Revocations
from baluardo.trust.issuing.ceremony import publish_root_list
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.publication import read_revocations
from baluardo.trust.issuing.register import Entry
from postgres import PostgresServer
from trust.fleet import ACCESS, COMMUNITY, Land

WAIT = 60.0
NEW_HOME = ["sqlite", "postgresql"]
Url = Callable[[str], str]


@pytest.fixture
def url(request: pytest.FixtureRequest) -> Url:
    """Return what gives the setting of a fresh database of a kind."""

    def give(kind: str) -> str:
        if kind == "sqlite":
            return ""
        server: PostgresServer = request.getfixturevalue("postgres")
        return server.fresh_database()

    return give


def serving(directory: Path, setting: str = "") -> Kept:
    """Return an authority with settings and something of everything in its tables."""
    kept = Kept.found(directory, setting)
    Settings(database=setting).write(directory)
    with kept.opened() as store:
        for path in ("ship/bergamini", "person/anna.rossi/phone"):
            store.act_blocking(issue(path))
        store.act_blocking(fill)
        serial = store.register.order[0].serial
        store.act_blocking(lambda t: t.issuing.revoke([serial], Reason.CESSATION, t.now))
    return kept


def fill(transaction: Transaction) -> None:
    """Put a person with every kind of value into the tables."""
    person: dict[str, Any] = {
        "name": "anna.rossi",
        "handle": bytes(range(32)),
        "display_name": "Anna Ròssi\u2028\n",
        "search": "anna rossi",
        "languages": ["it", "en"],
        "numbers": [{"kind": "radio", "number": "7", "visible": True}],
        "enrolled": transaction.now + 0.1,
    }
    transaction.connection.execute(insert(schema.person), person)
    key = {
        "id": "x",
        "person": "anna.rossi",
        "public_key": b"\0\xff",
        "sign_count": 2**32 - 1,
        "label": "Telefono",
        "transports": [],
        "backed_up": False,
        "made": 0.1 + 0.2,
        "used": None,
    }
    transaction.connection.execute(insert(schema.passkey), key)


def tables(url: str) -> dict[str, list[Any]]:
    """Return every row of every table."""
    database = Database(url)
    with database.reading() as connection:
        found = {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in schema.metadata.sorted_tables
        }
    database.close()
    return found


def moved(kept: Kept, backup: Path, directory: Path, setting: str = "") -> Kept:
    """Restore a backup of an authority into a new directory, in the same time.

    Where no other database is named, it is a file in that directory, as a URL of its own.
    """
    setting = setting or f"sqlite:///{directory / 'authority.db'}"
    restore_backup(backup, directory, setting)
    land = Land(directory, kept.calendar, kept.land.shares)
    return Kept(land, database_url(directory, setting))


@pytest.mark.parametrize("new", NEW_HOME)
@pytest.mark.parametrize("old", NEW_HOME)
def test_restored_authority_is_the_same(tmp_path: Path, url: Url, old: str, new: str) -> None:
    kept = serving(tmp_path / "old", url(old))
    target = tmp_path / "backup.tar"
    made = write_backup(kept.land.directory, Settings.read(kept.land.directory), COMMUNITY, target)
    assert read_backup(target) == made
    assert (made.community, made.people, made.entries) == (COMMUNITY, 1, len(kept.rows()))
    assert target.stat().st_mode & 0o777 == 0o600
    other = moved(kept, target, tmp_path / "new", url(new))
    assert tables(other.url) == tables(kept.url)
    assert_same_files(kept.land.directory, other.land.directory)
    assert Settings.read(other.land.directory).database == other.url
    rows, root = kept.rows(), kept.verify()
    with other.opened() as store:
        assert list(store.log.entries(0, len(rows))) == rows
        assert store.log._reader.root(len(rows)) == root  # the same tree, made again
        assert store.log.verifier_key == kept.land.log_vkey
        assert [each.identity for each in store.register.order] == [
            "ship/bergamini",
            "person/anna.rossi/phone",
        ]
        store.act_blocking(issue("ship/vespucci"))
    other.verify()


def assert_same_files(old: Path, new: Path) -> None:
    """Compare what is in the directories besides log and database, octets and modes."""

    def seen(directory: Path) -> dict[str, tuple[int, bytes]]:
        names = {each: each.relative_to(directory).as_posix() for each in directory.rglob("*")}
        return {
            name: (path.stat().st_mode & 0o777, b"" if path.is_dir() else path.read_bytes())
            for path, name in names.items()
            if not name.startswith(("public/log", "authority.", "served", RESTORED))
            or name == "public/log.vkey"
        }

    assert seen(new) == seen(old)
    assert new.stat().st_mode & 0o777 == 0o700
    for path in new.glob("authority.*"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_backup_while_the_authority_writes(tmp_path: Path, url: Url, setting_kind: str) -> None:
    kept = serving(tmp_path / "old", url(setting_kind))
    done = threading.Event()
    with kept.opened() as store:

        def work() -> None:
            number = 0
            while not done.is_set():
                store.act_blocking(issue(f"ship/s{number}"))
                number += 1

        writer = threading.Thread(target=work)
        writer.start()
        try:
            for number in range(3):
                write_backup(
                    kept.land.directory,
                    Settings.read(kept.land.directory),
                    COMMUNITY,
                    tmp_path / f"{number}.tar",
                )
        finally:
            done.set()
            writer.join(WAIT)
    rows = kept.rows()
    for number in range(3):
        held = read_backup(tmp_path / f"{number}.tar")
        other = moved(kept, tmp_path / f"{number}.tar", tmp_path / f"new{number}")
        assert other.rows() == rows[: held.entries]
        with other.opened() as store:
            assert len(store.register.order) == held.entries - sum(
                1
                for octets in rows[: held.entries]
                if Record.of_entry(octets).kind != Entry.CERTIFICATE_ISSUED.value
            )
        other.verify()


@pytest.fixture(params=NEW_HOME)
def setting_kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of database."""
    return str(request.param)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the octets of a backup."""
    directory = tmp_path_factory.mktemp("whole")
    kept = serving(directory / "old")
    write_backup(kept.land.directory, Settings(), COMMUNITY, directory / "backup.tar")
    return (directory / "backup.tar").read_bytes()


def refused(octets: bytes, directory: Path) -> str:
    """Return why a restore is refused, after seeing that nothing is left of it."""
    source, target = directory / "altered.tar", directory / "new"
    source.write_bytes(octets)
    with pytest.raises(SourceError) as told:
        restore_backup(source, target)
    assert not target.exists()
    return str(told.value)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_altered_octet_is_found(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.integers(1, 255))
    altered = bytearray(whole)
    altered[place] ^= change
    refused(bytes(altered), tmp_path)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_cut_or_lengthened_backup_is_found(
    tmp_path: Path, whole: bytes, data: st.DataObject
) -> None:
    refused(whole[: data.draw(st.integers(0, len(whole) - 1))], tmp_path)
    refused(whole + data.draw(st.binary(min_size=1, max_size=1_024)), tmp_path)


@given(octets=st.binary(max_size=2_048))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_anything_else_is_no_backup(tmp_path: Path, octets: bytes) -> None:
    assert "no backup" in refused(octets, tmp_path)


def test_foreign_archives_are_refused(tmp_path: Path, whole: bytes) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for name in ("directory/../../escaped", "/escaped", "directory/authority.toml"):
        foreign = tmp_path / "foreign.tar"
        with tarfile.open(foreign, "w") as archive:
            archive.add(tmp_path / "file", name)
        refused(foreign.read_bytes(), tmp_path)
    assert not (tmp_path / "escaped").exists()
    (tmp_path / "whole.tar").write_bytes(whole)
    with tarfile.open(tmp_path / "whole.tar") as archive:  # any other program can read ours
        assert "manifest.json" in archive.getnames()


def test_what_is_there_stays_as_it_is(tmp_path: Path, whole: bytes, url: Url) -> None:
    source = tmp_path / "backup.tar"
    source.write_bytes(whole)
    used = tmp_path / "used"
    used.mkdir()
    (used / "mine").write_bytes(b"mine")
    with pytest.raises(TargetError, match="not empty"):
        restore_backup(source, used)
    assert [each.name for each in used.iterdir()] == ["mine"]
    database = url("postgresql")
    restore_backup(source, tmp_path / "first", database)
    before = tables(database)
    with pytest.raises(TargetError, match="holds an authority already"):
        restore_backup(source, tmp_path / "second", database)
    assert not (tmp_path / "second").exists()
    assert tables(database) == before
    kept = serving(tmp_path / "old")
    with pytest.raises(TargetError, match="there already"):
        write_backup(kept.land.directory, Settings(), COMMUNITY, source)
    with pytest.raises(TargetError, match="another disk"):
        write_backup(kept.land.directory, Settings(), COMMUNITY, kept.land.directory / "b.tar")
    assert source.read_bytes() == whole


def test_failure_half_way_leaves_nothing(tmp_path: Path, whole: bytes) -> None:
    source, target = tmp_path / "backup.tar", tmp_path / "new"
    source.write_bytes(whole)
    with pytest.raises(BaluardoError):
        restore_backup(source, target, f"postgresql://nobody@/none?host={tmp_path}")
    assert not target.exists()
    with pytest.raises(SourceError, match="cannot be read"):
        restore_backup(tmp_path / "missing.tar", target)
    kept = serving(tmp_path / "old")
    with pytest.raises(TargetError):
        write_backup(kept.land.directory, Settings(), COMMUNITY, tmp_path / "no" / "such.tar")


def test_members_with_lists_of_the_lost_time_take_the_next_one(tmp_path: Path) -> None:
    kept = serving(tmp_path / "old")
    backup = tmp_path / "backup.tar"
    write_backup(kept.land.directory, Settings(), COMMUNITY, backup)
    public, held = kept.land.public, Revocations()
    with kept.opened() as store:  # the time that will be lost: two ships lose their certificates
        anchors, issuer = store.issuing.anchors, store.issuing.issuer.key_id
        for path in ("ship/lost1", "ship/lost2", "ship/lost3"):
            serial = store.act_blocking(issue(path)).leaf.serial
            store.act_blocking(
                lambda t, serial=serial: t.issuing.revoke([serial], Reason.KEY_COMPROMISE, t.now)
            )
            held = read_revocations(public, anchors, held)
    before = held.lists[issuer].number
    other = moved(kept, backup, tmp_path / "new")
    assert (other.land.directory / RESTORED).exists()
    with other.opened() as store:
        assert not (other.land.directory / RESTORED).exists()
        assert store.register.number_of(issuer) == before - 3 + SKIPPED + 1
        kinds = [Record.of_entry(octets).kind for octets in other.rows()]
        assert kinds[-2:] == [Entry.AUTHORITY_RESTORED.value, Entry.LIST_PUBLISHED.value]
        held = read_revocations(other.land.public, anchors, held)
        assert held.lists[issuer].number == before - 3 + SKIPPED + 1
        # And everything after it, by delta or full list, whichever a member takes.
        for turn in range(2):
            serial = store.act_blocking(issue(f"ship/new{turn}")).leaf.serial
            store.act_blocking(
                lambda t, serial=serial: t.issuing.revoke([serial], Reason.KEY_COMPROMISE, t.now)
            )
            delta = other.land.public.read_list(issuer, delta=True)
            full = other.land.public.read_list(issuer)
            assert delta is not None
            assert full is not None
            certificate = held.lists[issuer].issuer
            held = held.apply(delta, certificate).apply(full, certificate)
            assert serial in held.lists[issuer].revoked
        number, size = store.register.number_of(issuer), store.size
    with other.opened() as store:  # said once
        assert (store.register.number_of(issuer), store.size) == (number, size)
        store.act_blocking(note(1))
    other.verify()


# What was open at the time of the backup, and what members know better.


def left_open(transaction: Transaction) -> None:
    """Put a session, a challenge, invitations and codes into the tables."""
    connection, now = transaction.connection, transaction.now
    invitation = {"profile": {}, "purpose": "enrol", "made_by": "", "made": now, "expires": now + 1}
    for number, state in enumerate(("open", "used", "open")):
        named = {"id": f"i{number}", "digest": bytes([number]), "identity": f"ship/s{number}"}
        connection.execute(insert(schema.invitation), invitation | named | {"state": state})
    for number, used in enumerate((None, now, None)):
        code = {"digest": bytes([number]), "made": now, "used": used, "used_by": used and "a"}
        connection.execute(insert(schema.emergency_code), code)
    session = {"id": "s", "digest": b"s", "person": "anna.rossi", "host": "h", "agent": "a"}
    times = dict.fromkeys(("made", "seen", "fresh", "expires"), now + 9.0)
    connection.execute(insert(schema.session), session | times | {"break_glass": False})
    challenge = {"id": "c", "purpose": "sign-in", "octets": b"c", "expires": now + 9.0}
    connection.execute(insert(schema.challenge), challenge)


@pytest.mark.parametrize("new", NEW_HOME)
def test_what_was_open_ends_with_a_restore(tmp_path: Path, url: Url, new: str) -> None:
    kept = serving(tmp_path / "old")
    with kept.opened() as store:
        store.act_blocking(left_open)
    write_backup(kept.land.directory, Settings(), COMMUNITY, tmp_path / "backup.tar")
    setting = url(new) or f"sqlite:///{tmp_path / 'new' / 'authority.db'}"
    done = restore_backup(tmp_path / "backup.tar", tmp_path / "new", setting)
    assert done.mark.dropped == {"sessions": 1, "invitations": 2, "codes": 2}
    found = tables(database_url(tmp_path / "new", setting))
    assert found["session"] == found["challenge"] == []
    assert [row[-1] for row in found["invitation"]] == ["withdrawn", "used", "withdrawn"]
    assert [row[-1] for row in found["emergency_code"]] == ["a"]  # who has broken the glass
    assert len(found["passkey"]) == 1
    other = Kept(Land(tmp_path / "new", kept.calendar, kept.land.shares), setting)
    with other.opened():
        pass
    (record,) = [each for each in map(Record.of_entry, other.rows()) if "restored" in each.kind]
    assert record.facts["dropped"] == dict(done.mark.dropped)


def revoke_after(kept: Kept, backup: Path, reasons: dict[str, Reason]) -> dict[str, int]:
    """Issue to these, write a backup, and revoke them; return their serials."""
    with kept.opened() as store:
        issued = {path: store.act_blocking(issue(path)).leaf.serial for path in reasons}
        write_backup(kept.land.directory, Settings(), COMMUNITY, backup)
        for path, reason in reasons.items():
            store.act_blocking(
                lambda t, path=path, reason=reason: t.issuing.revoke([issued[path]], reason, t.now)
            )
    return issued


def test_what_members_know_to_be_revoked_is_revoked_again(tmp_path: Path) -> None:
    kept, backup = serving(tmp_path / "old"), tmp_path / "backup.tar"
    reasons = {
        "ship/a": Reason.KEY_COMPROMISE,
        "ship/b": Reason.SUPERSEDED,
        "person/anna.rossi/laptop": Reason.PRIVILEGE_WITHDRAWN,
    }
    issued = revoke_after(kept, backup, reasons)
    heard = [kept.land.public.directory]
    done = restore_backup(backup, tmp_path / "new", heard=heard)
    assert set(issued.values()) <= set(done.mark.revoked)
    land = Land(tmp_path / "new", kept.calendar, kept.land.shares)
    other = Kept(land, database_url(land.directory, ""))
    with other.opened() as store:
        for path, serial in issued.items():
            revoked = store.register.revoked[store.register.issued[serial].issuer]
            assert revoked[serial].reason is reasons[path]
        held = read_revocations(land.public, store.issuing.anchors)
        listed = {serial for each in held.lists.values() for serial in each.revoked}
        assert set(issued.values()) <= listed
        records = [Record.of_entry(octets) for octets in store.log.entries()]
        (told,) = [each for each in records if each.kind == Entry.AUTHORITY_RESTORED.value]
        assert told.facts["revoked"] == 3  # the one of before the backup is revoked already
        size = store.size
    assert tables(other.url)["passkey"] == []  # who was put out signs in no more
    with other.opened() as store:
        assert store.size == size
    other.verify()


def test_a_newer_list_of_the_root_is_taken(tmp_path: Path) -> None:
    kept, backup = serving(tmp_path / "old"), tmp_path / "backup.tar"
    root = kept.land.public.root.key_id
    write_backup(kept.land.directory, Settings(), COMMUNITY, backup)
    with FileJournal.open(kept.land.layout, ACCESS.unlock) as journal:
        publish_root_list(kept.land.layout, journal, kept.land.root_key(), kept.calendar.now)
    newer = kept.land.public.read_list(root)
    restore_backup(backup, tmp_path / "new", heard=[kept.land.public.directory])
    land = Land(tmp_path / "new", kept.calendar, kept.land.shares)
    with Kept(land, database_url(land.directory, "")).opened() as store:
        assert land.public.read_list(root) == newer
        held = store.issuing.verifier().revocations.lists[root]
        assert held.full.der == newer


def test_lists_that_nobody_here_signed_restore_nothing(tmp_path: Path) -> None:
    kept, backup = serving(tmp_path / "old"), tmp_path / "backup.tar"
    write_backup(kept.land.directory, Settings(), COMMUNITY, backup)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="holds no revocation lists"):
        restore_backup(backup, tmp_path / "new", heard=[tmp_path / "empty"])
    forged = Kept.found(tmp_path / "stranger").land.public
    for path in (forged.directory / "lists").iterdir():  # under the names of ours
        for own in (kept.land.public.directory / "lists").glob("*.crl"):
            own.write_bytes(path.read_bytes())
    with pytest.raises(CertificateError, match="is not genuine"):
        restore_backup(backup, tmp_path / "new", heard=[kept.land.public.directory])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "octets", [b"", b"{}", b'{"dropped":{},"revoked":{"x":"keyCompromise"}}', b"\xff",
               b'{"dropped":{},"revoked":{"5":"no reason"}}']
)  # fmt: skip
def test_a_damaged_mark_opens_nothing(tmp_path: Path, octets: bytes) -> None:
    kept = serving(tmp_path / "old")
    (kept.land.directory / RESTORED).write_bytes(octets)
    with pytest.raises(SourceError, match="Restore the backup again"):
        kept.open()
