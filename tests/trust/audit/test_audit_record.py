"""Entries, commitments to personal details, and their erasure."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit.disk import PRIVATE, Disk
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import Disclosure, Record, make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.audit.verification import verify_log
from baluardo.trust.primitives.signing import SigningKey

ACTOR = "spiffe://marina.example/authority/service"

# RFC 9901 section 4.2.1 and 4.2.3: a disclosure and its digest.
MOEBIUS = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
MOEBIUS_DIGEST = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


def test_published_disclosure_and_digest() -> None:
    disclosure = Disclosure.of_text(MOEBIUS)
    assert (disclosure.name, disclosure.value) == ("family_name", "Möbius")
    assert disclosure.digest == MOEBIUS_DIGEST


def test_an_entry_is_one_json_text_without_the_details() -> None:
    new = make_record(
        1_763_765_640.1234,
        "certificate.issued",
        ACTOR,
        {"serial": "0a", "not_after": 1_800_000_000.5, "replaces": None},
        {"holder": "Anna Rossi"},
    )
    (disclosure,) = new.disclosures
    assert new.entry().decode() == (
        f'{{"_sd":["{disclosure.digest}"],"actor":"{ACTOR}",'
        '"facts":{"not_after":1800000000.5,"replaces":null,"serial":"0a"},'
        '"kind":"certificate.issued","time":1763765640.123}'
    )
    assert Record.of_entry(new.entry()) == new.record
    assert "Rossi" not in repr(new)


def test_whole_seconds_are_written_as_every_time() -> None:
    record = make_record(5, "x", ACTOR, {}).record
    assert Record.of_entry(record.entry()).time == 5.0


def test_the_same_detail_is_never_committed_to_alike() -> None:
    one, other = (make_record(1.0, "x", ACTOR, {}, {"name": "Anna"}) for _ in range(2))
    assert one.record.digests != other.record.digests


@pytest.mark.parametrize(
    "record",
    [
        Record(float("nan"), "x", ACTOR, {}),
        Record(1.0, "", ACTOR, {}),
        Record(1.0, "x" * 65, ACTOR, {}),
        Record(1.0, "a\nb", ACTOR, {}),
        Record(1.0, "x", "", {}),
        Record(1.0, "x", ACTOR, {"n": 2**53}),
        Record(1.0, "x", ACTOR, {"n": float("inf")}),
        Record(1.0, "x", ACTOR, {"n": object()}),
        Record(1.0, "x", ACTOR, {"n": "\ud800"}),
        Record(1.0, "x", ACTOR, {"n": "x" * 65_536}),
        Record(1.0, "x", ACTOR, {}, ("short",)),
        Record(1.0, "x", ACTOR, {}, (MOEBIUS_DIGEST, MOEBIUS_DIGEST)),
    ],
)
def test_impossible_records_are_refused(record: Record) -> None:
    with pytest.raises(InvalidInputError):
        record.entry()


@pytest.mark.parametrize("name", ["", "_sd", "..."])
def test_reserved_names_of_details_are_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot name"):
        Disclosure.make(name, "x")


GOOD = make_record(1.5, "x", ACTOR, {"a": [1, "b", None]}, {"name": "Anna"}).entry()


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        GOOD + b" ",
        GOOD.replace(b'"kind"', b' "kind"'),
        GOOD.replace(b'"time":1.5', b'"time":1.50'),
        GOOD.replace(b'"time":1.5', b'"time":1.5,"time":1.5'),
        GOOD.replace(b'"time":1.5', b'"time":1.5,"other":1'),
        GOOD.replace(b'"time":1.5', b'"time":"1.5"'),
        GOOD.replace(b'"x"', b'"\\u0078"'),
        GOOD.replace(b"[1,", b"[NaN,"),
        b'{"actor":"a","facts":' + b"[" * 30_000 + b'"kind":"x","time":1.5}',
    ],
)
def test_other_forms_of_an_entry_are_refused(octets: bytes) -> None:
    with pytest.raises(LogError):
        Record.of_entry(octets)


@given(st.binary(max_size=200), st.integers(0, len(GOOD) - 1), st.binary(max_size=3))
def test_any_octets_are_an_entry_or_refused(octets: bytes, at: int, splice: bytes) -> None:
    for candidate in (octets, GOOD[:at] + splice + GOOD[at + 1 :]):
        try:
            record = Record.of_entry(candidate)
        except LogError:
            continue
        assert record.entry() == candidate


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15, allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_facts_come_back_as_they_went_in(facts: dict[str, Any]) -> None:
    record = make_record(2.25, "kind.of", ACTOR, facts).record
    assert Record.of_entry(record.entry()) == record


@given(st.text(max_size=80))
def test_any_text_is_an_opening_or_refused(text: str) -> None:
    try:
        disclosure = Disclosure.of_text(text)
    except LogError:
        return
    assert disclosure.text == text


def test_openings_are_private_found_and_erased(tmp_path: Path) -> None:
    openings = Openings(tmp_path / "openings")
    new = make_record(1.0, "x", ACTOR, {}, {"name": "Anna", "born": 1970})
    assert list(openings.of(new.record)) == []
    openings.keep(new.disclosures)
    assert {d.name: d.value for d in openings.of(new.record)} == {"name": "Anna", "born": 1970}
    for path in (tmp_path / "openings").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "openings").stat().st_mode) == 0o700
    openings.erase(new.record, "name")
    assert [d.name for d in openings.of(new.record)] == ["born"]
    assert len(list((tmp_path / "openings").iterdir())) == 1
    with pytest.raises(LogError, match="nothing was erased"):
        openings.erase(new.record, "name")


def test_an_altered_opening_is_refused(tmp_path: Path) -> None:
    openings = Openings(tmp_path)
    new = make_record(1.0, "x", ACTOR, {}, {"name": "Anna"})
    openings.keep(new.disclosures)
    path = tmp_path / new.record.digests[0]
    path.write_text(Disclosure.make("name", "Bruno").text, encoding="ascii")
    with pytest.raises(LogError, match="was altered"):
        openings.find(new.record.digests[0])
    path.write_bytes(b"\xff")
    with pytest.raises(LogError, match="cannot be read"):
        openings.find(new.record.digests[0])


def test_an_erasure_that_was_stopped_half_way_counts(tmp_path: Path) -> None:
    openings = Openings(tmp_path)
    new = make_record(1.0, "x", ACTOR, {}, {"name": "Anna"})
    openings.keep(new.disclosures)
    path = tmp_path / new.record.digests[0]
    path.write_bytes(bytes(path.stat().st_size))
    assert openings.find(new.record.digests[0]) is None


def test_a_digest_is_never_taken_for_a_path(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(MOEBIUS, encoding="ascii")
    assert Openings(tmp_path / "openings").find("../secret") is None


def test_the_log_verifies_after_a_detail_was_erased(tmp_path: Path, log_key: SigningKey) -> None:
    openings = Openings(tmp_path / "openings")
    new = make_record(1.0, "certificate.issued", ACTOR, {"serial": "1"}, {"holder": "Anna"})
    openings.keep(new.disclosures)
    with AuditLog.create(tmp_path / "log", "marina.example/log", log_key, 1.0) as log:
        (index,) = log.append([new.entry()], 2.0)
        openings.erase(Record.of_entry(log.entry(index)), "holder")
        report = verify_log(tmp_path / "log", log.verifier_key, [], [], 0, 3.0)
    assert (report.size, report.faults) == (1, ())
    everything = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"Anna" not in everything


def test_an_erasure_that_was_torn_counts_and_is_finished(tmp_path: Path) -> None:
    """A long detail of which only some blocks were overwritten when the power went."""
    openings = Openings(tmp_path)
    new = make_record(1.0, "x", ACTOR, {}, {"name": "Anna" * 3_000, "born": 1970})
    openings.keep(new.disclosures)
    (name,) = (d for d in new.disclosures if d.name == "name")
    torn = bytearray((tmp_path / name.digest).read_bytes())
    torn[4_096:8_192] = bytes(4_096)
    (tmp_path / name.digest).write_bytes(torn)
    assert [d.name for d in openings.of(new.record)] == ["born"]
    openings.erase(new.record, "name")
    assert not (tmp_path / name.digest).exists()
    assert [d.name for d in openings.of(new.record)] == ["born"]


def test_details_that_could_not_all_be_kept_are_not_left_behind(tmp_path: Path) -> None:
    class Full(Disk):
        def write(self, path: Path, octets: bytes) -> None:
            if path.name == last:
                path.write_bytes(octets[:10])
                raise OSError(28, "No space left on device")
            super().write(path, octets)

    openings = Openings(tmp_path / "openings", Full(PRIVATE))
    old = make_record(1.0, "x", ACTOR, {}, {"name": "Bruno"})
    last = ""
    openings.keep(old.disclosures)
    new = make_record(1.0, "x", ACTOR, {}, {"name": "Anna", "born": 1970})
    last = new.disclosures[-1].digest
    with pytest.raises(LogError, match=r"No space left.*Nothing was put into the log"):
        openings.keep([*old.disclosures, *new.disclosures])
    assert [p.name for p in (tmp_path / "openings").iterdir()] == list(old.record.digests)


def test_details_of_entries_that_never_came_into_the_log_are_erased(tmp_path: Path) -> None:
    """Kept, then the log's disk was full: nobody could name the entry to erase them by."""
    openings = Openings(tmp_path / "openings")
    assert openings.retain(set()) == 0
    logged = make_record(1.0, "x", ACTOR, {}, {"name": "Anna"})
    never = make_record(1.0, "x", ACTOR, {}, {"name": "Anna", "born": 1970})
    openings.keep([*logged.disclosures, *never.disclosures])
    (tmp_path / "openings" / "README").write_text("not an opening", encoding="utf-8")
    assert openings.retain(set(logged.record.digests)) == 2
    left = {path.name for path in (tmp_path / "openings").iterdir()}
    assert left == {*logged.record.digests, "README"}


def test_openings_that_cannot_be_looked_at_are_told(tmp_path: Path) -> None:
    record = make_record(1.0, "x", ACTOR, {}, {"name": "Anna"}).record
    with pytest.raises(LogError, match="cannot be read"):
        list(Openings(tmp_path / ("x" * 300)).of(record))
