"""A browser as a witness of the audit log: what follows is taken, a second history is evidence."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from trust_page import TrustPage, bundle, octets, site, text, trust_page

from baluardo.errors import LogError
from baluardo.trust.audit.checkpoint import sign_checkpoint
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.record import Disclosure, make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

NOW = 1_780_000_000
ORIGIN = "italia.example/log"
ACTOR = "spiffe://italia.example/authority/service"


def key_of(seed: int, algorithm: SignatureAlgorithm = SignatureAlgorithm.ML_DSA_65) -> SigningKey:
    return SigningKey.from_seed(algorithm, Secret(bytes([seed]) * 32))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("witness-page")
    bundle(folder)
    with site(folder) as address:
        yield address


@pytest.fixture
def page(chromium: Browser, url: str) -> Iterator[TrustPage]:
    with trust_page(chromium, url) as page:
        yield page


Grow = Callable[..., AuditLog]


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Grow]:
    """Makes logs; `after` names a log whose history the new one begins with."""
    with ExitStack() as open_logs:

        def make(name: str, after: AuditLog | None = None, seed: int = 1) -> AuditLog:
            directory = tmp_path / name
            if after is None:
                log = AuditLog.create(directory, ORIGIN, key_of(seed), NOW)
            else:
                shutil.copytree(after.directory, directory)
                log = AuditLog.open(directory, key_of(seed))
            return open_logs.enter_context(log)

        yield make


def grow(log: AuditLog, entries: int, what: str = "x", now: float = NOW) -> AuditLog:
    start = log.size
    log.append([f"{what} {start + each}".encode() for each in range(entries)], now)
    return log


def shown(log: AuditLog, old: int = 0, size: int | None = None) -> dict[str, Any]:
    """Everything that a server tells of a log to whoever holds `old` entries of it."""
    wanted = log.size if size is None else size
    proof = log.consistency_proof(old, wanted) if 0 < old < wanted else ()
    entry = None
    if old < wanted:
        path = log.inclusion_proof(old, wanted)
        entry = {"octets": text(log.entry(old)), "hashes": [each.hex() for each in path]}
    return {
        "note": log.checkpoint.note.octets().decode(),
        "vkey": log.verifier_key.text,
        "proof": [each.hex() for each in proof],
        "entry": entry,
    }


LOOK = (
    "const fetchers = {"
    " checkpoint: async () => ({note: shown.note, vkey: shown.vkey}),"
    " consistency: async () => shown.proof,"
    "};"
    "if (withEntry) fetchers.entry ="
    " async () => ({...shown.entry, octets: of(shown.entry.octets)});"
    "const seen = await trust.witness.advance(origin, fetchers);"
)


def look(page: TrustPage, shown: dict[str, Any], *, entry: bool = True) -> dict[str, Any]:
    """Let the browser look at a log."""
    return dict(
        page.do(
            f"{LOOK} const {{state, checkpoint, evidence}} = seen;"
            "return {state, size: checkpoint?.size, time: checkpoint?.time,"
            " root: checkpoint ? to(checkpoint.root) : '', proven: evidence?.proven};",
            shown=shown,
            origin=ORIGIN,
            withEntry=entry,
        )
    )


def refused(page: TrustPage, shown: dict[str, Any]) -> str:
    return page.code(LOOK, shown=shown, origin=ORIGIN, withEntry=False)


def remembered(page: TrustPage) -> int | None:
    size = page.do("return (await trust.witness.remembers(origin))?.size;", origin=ORIGIN)
    return None if size is None else int(size)


def test_a_log_that_grows_is_followed(page: TrustPage, logs: Grow) -> None:
    log = logs("log")
    assert look(page, shown(log))["size"] == 0
    held = 0
    for more in (1, 1, 2, 3, 1, 5, 250, 30):
        grow(log, more, now=NOW + log.size)
        seen = look(page, shown(log, held))
        assert (seen["state"], seen["size"]) == ("advanced", log.size)
        assert (octets(seen["root"]), seen["time"]) == (log.root, log.checkpoint.signed_at)
        held = log.size
        page.page.reload()
        assert look(page, shown(log, held))["state"] == "same"
    assert remembered(page) == log.size


def test_every_entry_is_found_in_the_log(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 37)
    look(page, shown(log))
    entries = [
        {"octets": text(log.entry(at)), "proof": [each.hex() for each in log.inclusion_proof(at)]}
        for at in range(log.size)
    ]
    codes = page.do(
        "const {remembers, checkEntry} = trust.witness;"
        "const checkpoint = await remembers(origin);"
        "const code = (at, octets, proof) =>"
        " codeOf(() => checkEntry(at, octets, proof, checkpoint));"
        "const good = [], moved = [], altered = [], short = [], long = [], spoilt = [];"
        "for (const [at, {octets, proof}] of entries.entries()) {"
        " const whole = of(octets);"
        " good.push(await code(at, whole, proof));"
        " moved.push(await code((at + 1) % entries.length, whole, proof));"
        " altered.push(await code(at, whole.slice(1), proof));"
        " short.push(await code(at, whole, proof.slice(1)));"
        " long.push(await code(at, whole, [...proof, proof[0]]));"
        " spoilt.push(await code(at, whole, proof.map((h, i) => i ? h : h.replace(/./, 'f'))"
        "  .map((h, i) => i || h !== proof[0] ? h : h.replace(/./, 'e'))));"
        "}"
        "const strange = [await code(-1, of(''), []), await code(1e9, of(''), []),"
        " await code(0, of(''), Array(65).fill('00')), await code(0.5, of(''), []),"
        " await code(0, new Uint8Array(65536), [])];"
        "return {good, moved, altered, short, long, spoilt, strange};",
        origin=ORIGIN,
        entries=entries,
    )
    assert set(codes.pop("good")) == {""}
    assert codes.pop("strange") == ["proof", "proof", "proof", "proof", "too-large"]
    assert all(set(each) == {"proof"} for each in codes.values())


def convicted(page: TrustPage, log: AuditLog) -> str:
    """Export the evidence as a file and let the authority's own code judge it."""
    file = page.do("return to(await trust.witness.exportEvidence(origin));", origin=ORIGIN)
    return ForkEvidence.of_octets(octets(file)).verify(log.verifier_key)


@pytest.mark.parametrize("size", [1, 5, 8, 13])
@pytest.mark.parametrize("more", [0, 1, 9])
def test_a_forked_log_is_caught_and_convicted(
    page: TrustPage, logs: Grow, size: int, more: int
) -> None:
    first = logs("first")
    if size > 1:
        grow(first, size - 1)
    second = logs("second", first)
    grow(first, 1, "one")
    grow(second, 1 + more, "other")
    assert look(page, shown(first))["state"] == "advanced"
    seen = look(page, shown(second, first.size))
    assert (seen["state"], seen["proven"]) == ("fork", True)
    assert remembered(page) == first.size
    assert "forked" in convicted(page, first)


def test_evidence_stays_until_it_is_exported_and_dismissed(page: TrustPage, logs: Grow) -> None:
    first = grow(logs("first"), 6)
    second = grow(logs("second", first), 3, "other")
    grow(first, 3, "one")
    dismiss = "await trust.witness.dismissEvidence(origin);"
    look(page, shown(first))
    assert look(page, shown(second, first.size))["state"] == "fork"
    page.page.reload()
    assert look(page, shown(first, first.size))["state"] == "fork"  # the good history, too late
    assert page.code(dismiss, origin=ORIGIN) == "evidence"
    assert "forked" in convicted(page, first)
    assert page.code(dismiss, origin=ORIGIN) == ""
    none = page.code("await trust.witness.exportEvidence(origin);", origin=ORIGIN)
    assert none == "evidence"
    assert look(page, shown(second, first.size))["state"] == "fork"
    assert page.code(dismiss, origin=ORIGIN) == "evidence"


def test_a_fork_that_cannot_be_proven_is_said_so(page: TrustPage, logs: Grow) -> None:
    first = grow(logs("first"), 8, "one")
    second = grow(logs("second"), 11, "other")
    look(page, shown(first))
    seen = look(page, shown(second, first.size), entry=False)
    assert (seen["state"], seen["proven"]) == ("fork", False)
    with pytest.raises(LogError):
        convicted(page, first)


def test_a_spoilt_proof_convicts_nobody(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 5)
    look(page, shown(log))
    grow(log, 6)
    told = shown(log, 5)
    told["proof"][0] = "00" * 32
    seen = look(page, told)
    assert (seen["state"], seen["proven"], remembered(page)) == ("fork", False, 5)


def test_an_older_checkpoint_is_not_taken(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 5)
    old = shown(log)
    grow(log, 4, now=NOW + 60)
    look(page, shown(log))
    assert look(page, old)["state"] == "shrunk"
    assert remembered(page) == 9


def test_a_log_whose_end_was_cut_off_is_convicted(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 5)
    shorter = logs("shorter", log)
    grow(log, 4, now=NOW + 60)
    look(page, shown(log))
    grow(shorter, 1, now=NOW + 120)
    assert look(page, shown(shorter))["state"] == "fork"
    assert "was cut" in convicted(page, log)


def test_another_key_is_not_taken_for_the_log(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 5)
    other = grow(logs("other", seed=2), 7)
    look(page, shown(log))
    assert refused(page, shown(other, 5)) == "log-key"
    assert refused(page, {**shown(other, 5), "vkey": log.verifier_key.text}) == "not-genuine"
    assert remembered(page) == 5


def test_two_pages_do_not_overwrite_each_other(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 5)
    look(page, shown(log))
    grow(log, 2)
    middle = shown(log, 5)
    grow(log, 2)
    late = shown(log, 5)
    code = page.do(
        "const told = ({note, vkey, proof}, before = async () => {}) => ({"
        " checkpoint: async () => ({note, vkey}),"
        " consistency: async () => { await before(); return proof; }});"
        "const {advance} = trust.witness;"
        "return codeOf(() => advance(origin, told(middle, () => advance(origin, told(late)))));",
        origin=ORIGIN,
        middle=middle,
        late=late,
    )
    assert (code, remembered(page)) == ("busy", 9)


def test_an_altered_checkpoint_is_refused_everywhere(page: TrustPage, logs: Grow) -> None:
    log = grow(logs("log"), 5)
    codes = page.do(
        "const log = await trust.note.readVerifierKey(vkey);"
        "const whole = of(note); const found = {};"
        "for (let at = 0; at < whole.length; at += at < 200 ? 1 : 29) {"
        " const altered = whole.slice(); altered[at] ^= 1;"
        " const code = await codeOf(() => trust.note.openCheckpoint(altered, log));"
        " const cut = await codeOf(() => trust.note.openCheckpoint(whole.slice(0, at), log));"
        " found[code] = at; found[cut] = at;"
        "}"
        "return found;",
        vkey=log.verifier_key.text,
        note=text(log.checkpoint.note.octets()),
    )
    assert set(codes) <= {"malformed", "not-genuine", "too-large"}
    assert "not-genuine" in codes


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ML_DSA_65, SignatureAlgorithm.ML_DSA_87])
def test_cosigned_notes_of_either_profile_are_read(
    page: TrustPage, tmp_path: Path, algorithm: SignatureAlgorithm
) -> None:
    key, witness = key_of(1, algorithm), key_of(7, algorithm)
    vkey = VerifierKey(ORIGIN, key.public)
    with AuditLog.create(tmp_path / "log", ORIGIN, key, NOW) as log:
        grow(log, 3)
        signed = log.checkpoint
    line = sign_checkpoint(signed.checkpoint, "witness.example/navy", witness, NOW + 5)
    later = sign_checkpoint(signed.checkpoint, ORIGIN, key, NOW + 9)
    note = type(signed.note)(signed.note.text, (*signed.note.signatures, line, later))
    read = page.do(
        "const log = await trust.note.readVerifierKey(vkey);"
        "const {origin, size, root, time, note: kept} ="
        " await trust.note.openCheckpoint(of(note), log);"
        "return {origin, size, root: to(root), time, kept};",
        vkey=f" {vkey.text}\n",
        note=text(note.octets()),
    )
    assert (read["origin"], read["size"], octets(read["root"])) == (ORIGIN, 3, signed.root)
    assert read["time"] == NOW + 9
    assert read["kept"] == f"{note.text}\n{later.line}"
    for altered in (vkey.text[:-8] + "AAAAAAAA", vkey.text.replace("+", "+0", 1), "", "a+b+c"):
        code = page.code("await trust.note.readVerifierKey(vkey);", vkey=altered)
        assert code == "malformed"


def test_entries_and_their_openings_are_read(page: TrustPage) -> None:
    new = make_record(
        1_763_765_640.1,
        "certificate.issued",
        ACTOR,
        {"share": 1e-05, "whole": 5.0, "large": 2**53 - 1, "name": "città\u007f", "none": None},
        {"holder": "Anna Rossi", "numbers": [1, {"kind": "desk"}]},
    )
    strange = Disclosure.make("holder", "Anna Rossi")
    read = page.do(
        "const record = trust.record.readRecord(of(entry));"
        "const {openDetails} = trust.record;"
        "return {record, details: await openDetails(record, openings),"
        " none: await openDetails(record, []),"
        " strange: await codeOf(() => openDetails(record, [strange])),"
        " twice: await codeOf(() => openDetails(record, [openings[0], openings[0]]))};",
        entry=text(new.entry()),
        openings=[each.text for each in new.disclosures],
        strange=strange.text,
    )
    record = read["record"]
    assert record["time"] == new.record.time
    assert (record["kind"], record["actor"]) == ("certificate.issued", ACTOR)
    assert record["facts"] == new.record.facts
    assert tuple(record["digests"]) == new.record.digests
    assert read["details"] == [
        {"name": "holder", "value": "Anna Rossi"},
        {"name": "numbers", "value": [1, {"kind": "desk"}]},
    ]
    assert (read["none"], read["strange"], read["twice"]) == ([], "proof", "proof")
