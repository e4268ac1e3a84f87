"""A browser counts a certificate only if the log that its witnesses saw tells of it."""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from baluardo.trust.audit.checkpoint import Checkpoint, sign_checkpoint
from baluardo.trust.audit.note import Note, VerifierKey
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import Identity
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile
from trust.community import NOW, make_community
from trust.fleet import COMMUNITY, Calendar, Land
from trust.typescript import asked, text
from trust.vectors_for_pages import issued

PHONE = "person/anna.rossi/phone"
ORIGIN = "italia.example/log"
ACTOR = "spiffe://italia.example/authority/service"
WITNESSES = ("navy.example/w", "court.example/w", "press.example/w")
VERIFY = """
const { octets, note, evidence, certificate } = trust;
const keys = await Promise.all(c.witnesses.map(note.readVerifierKey));
const policy = { log: await note.readVerifierKey(c.log), witnesses: keys, quorum: c.quorum };
const leaf = await certificate.readCertificate(of(c.leaf));
const given = {
  record: of(c.record), index: c.index, proof: c.proof.map(of), checkpoint: of(c.checkpoint),
};
const newest = c.held ? await note.openCheckpoint(of(c.held), policy.log) : null;
const sight = { newest, consistency: async (old, size) => c.consistency[`${old}-${size}`] ?? [] };
if (c.entry) sight.entry = async () => ({ octets: of(c.entry.octets), hashes: c.entry.hashes });
try {
  const found = await evidence.verifyEvidence(leaf, given, policy, sight, c.now);
  return [found.checkpoint.size, found.newest.size, found.witnesses, found.recorded];
} catch (problem) {
  if (!(problem instanceof evidence.ForkError)) throw problem;
  return ["fork", problem.evidence.held, problem.evidence.offered, problem.evidence.proven];
}
"""
Case = dict[str, Any]


@dataclass
class Watched:
    """A log with its witnesses, and the certificate that one of its entries tells of."""

    log: AuditLog
    witnesses: dict[str, SigningKey]
    leaf: Certificate
    index: int

    def note(self, log: AuditLog | None = None, by: tuple[str, ...] = WITNESSES) -> bytes:
        """Return the newest checkpoint with some of the witnesses' lines."""
        signed = (log or self.log).checkpoint
        lines = [
            sign_checkpoint(signed.checkpoint, name, self.witnesses[name], int(NOW) + 5)
            for name in by
        ]
        return signed.note.signed(*lines).octets()

    def case(self, log: AuditLog | None = None, by: tuple[str, ...] = WITNESSES) -> Case:
        """Return what a browser is shown where all is well."""
        shown = log or self.log
        vkeys = [VerifierKey(name, key.public).text for name, key in self.witnesses.items()]
        return {
            "leaf": text(self.leaf.der()),
            "record": text(shown.entry(self.index)),
            "index": self.index,
            "proof": [text(each) for each in shown.inclusion_proof(self.index)],
            "checkpoint": text(self.note(shown, by)),
            "log": shown.verifier_key.text,
            "witnesses": vkeys,
            "quorum": 2,
            "now": NOW,
            "held": None,
            "consistency": {},
        }


def record_of(leaf: Certificate, **other: Any) -> bytes:
    """Return the entry that an authority writes of a certificate; parts may be said otherwise."""
    facts = issued(leaf)
    kind, actor = other.pop("kind", "certificate.issued"), other.pop("actor", ACTOR)
    return make_record(NOW, kind, actor, facts | other, {"identity": PHONE}).entry()


@pytest.fixture(params=[EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    profile: AnyProfile = request.param
    leaf = make_community(profile).credential(PHONE).chain.leaf
    witnesses = {name: SigningKey.generate(profile.log) for name in WITNESSES}
    with AuditLog.create(tmp_path / "log", ORIGIN, SigningKey.generate(profile.log), NOW) as log:
        log.append([f"entry {number}".encode() for number in range(6)], NOW)
        log.append([record_of(leaf)], NOW)
        log.append([f"entry {number}".encode() for number in range(7, 20)], NOW)
        yield Watched(log, witnesses, leaf, 6)


def answered(folder: Path, cases: list[Case]) -> list[Any]:
    """Return what was shown by each case, or the code with which it was refused."""
    answers = asked(folder, VERIFY, cases)
    return [answer["value"] if "value" in answer else answer["code"] for answer in answers]


def test_what_an_authority_writes_is_what_a_browser_reads(tmp_path: Path) -> None:
    """The real thing: a ceremony, a request, a certificate, and the log that came of it."""
    land = Land.found(tmp_path / "land", Calendar(), EU_HYBRID)
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    with land.open() as authority:
        request = make_request(key, Identity.of_path(COMMUNITY, PHONE))
        leaf = authority.issue(request, NOW).leaf
    witnesses = {name: SigningKey.generate(EU_HYBRID.log) for name in WITNESSES}
    octets = (land.public.log / "checkpoint").read_bytes()
    checkpoint = Checkpoint.of_body(Note.of_octets(octets).text)
    reader = LogReader(land.public.log, checkpoint.size)
    entries = list(reader.entries())
    index = next(at for at, each in enumerate(entries) if leaf.fingerprint.hex().encode() in each)
    lines = [sign_checkpoint(checkpoint, name, witnesses[name], int(NOW)) for name in WITNESSES]
    case = {
        "leaf": text(leaf.der()),
        "record": text(entries[index]),
        "index": index,
        "proof": [text(each) for each in reader.inclusion_proof(index)],
        "checkpoint": text(Note.of_octets(octets).signed(*lines).octets()),
        "log": land.log_vkey.text,
        "witnesses": [VerifierKey(name, each.public).text for name, each in witnesses.items()],
        "quorum": 3,
        "now": NOW,
        "held": None,
        "consistency": {},
    }
    (answer,) = answered(tmp_path, [case])
    assert answer == [checkpoint.size, checkpoint.size, list(WITNESSES), NOW]


def test_signatures_that_are_asked_for(tmp_path: Path, watched: Watched) -> None:
    stranger = {name: SigningKey.generate(watched.witnesses[name].algorithm) for name in WITNESSES}
    pretended = replace(watched, witnesses=stranger)
    good = watched.case()
    log, keys = good["log"], good["witnesses"]
    signed = watched.log.checkpoint
    renamed = sign_checkpoint(signed.checkpoint, WITNESSES[0], stranger[WITNESSES[0]], int(NOW))
    foreign = VerifierKey(WITNESSES[0], SigningKey.generate(other_of(watched)).public).text
    cases: list[tuple[Case, Any]] = [
        (good, [20, 20, list(WITNESSES), NOW]),
        (watched.case(by=WITNESSES[:2]), [20, 20, list(WITNESSES[:2]), NOW]),
        (watched.case(by=WITNESSES[1:]) | {"quorum": 3}, "not-genuine"),
        (watched.case(by=WITNESSES[2:]), "not-genuine"),
        (watched.case(by=()) | {"quorum": 1}, "not-genuine"),
        # Lines of keys that nobody here knows are passed over, as signed-note asks.
        (good | {"checkpoint": text(pretended.note())}, "not-genuine"),
        (good | {"checkpoint": text(signed.note.signed(renamed).octets())}, "not-genuine"),
        (good | {"quorum": 0}, "malformed"),
        (good | {"quorum": 4}, "malformed"),
        (good | {"quorum": 1.5}, "malformed"),
        (good | {"witnesses": []}, "malformed"),
        (good | {"witnesses": [keys[0], keys[0]]}, "malformed"),
        (good | {"witnesses": [log, keys[0], keys[1]]}, "malformed"),
        (good | {"witnesses": [foreign, keys[1], keys[2]]}, "malformed"),
        (good | {"log": keys[0], "witnesses": [keys[1], keys[2]]}, "malformed"),
        (good | {"now": NOW - SKEW}, [20, 20, list(WITNESSES), NOW]),
        (good | {"now": NOW - SKEW - 1}, "not-in-force"),
        (good | {"now": None}, "not-in-force"),
    ]
    found = answered(tmp_path, [case for case, _ in cases])
    assert found[:-1] == [wanted for _, wanted in cases[:-1]]
    assert found[-1] == "not-in-force"


def other_of(watched: Watched) -> Any:
    """Return the algorithm that the log's profile does not have."""
    ours = watched.log.verifier_key.key.algorithm
    return CNSA.log if ours is EU_HYBRID.log else EU_HYBRID.log


def test_an_entry_of_another_certificate(tmp_path: Path, watched: Watched) -> None:
    leaf = watched.leaf
    other = "spiffe://francia.example/authority/service"
    entries = [
        record_of(leaf),
        record_of(leaf, kind="certificate.revoked"),
        record_of(leaf, actor=other),
        record_of(leaf, actor="spiffe://italia.example/office/roma"),
        record_of(leaf, actor="somebody"),
        record_of(leaf, fingerprint="00" * 32),
        record_of(leaf, fingerprint=leaf.fingerprint.hex().upper()),
        record_of(leaf, serial=f"{leaf.serial + 1:x}"),
        record_of(leaf, serial=f"0{leaf.serial:x}"),
        record_of(leaf, issuer="00" * 32),
        record_of(leaf, key="00" * 32),
        record_of(leaf, not_after=leaf.not_after + 1),
        record_of(leaf, not_after=None),
        record_of(leaf, replaces="2", more="facts"),
        b"no entry at all",
    ]
    start = watched.log.size
    watched.log.append(entries, NOW)
    cases = [replace(watched, index=start + at).case() for at in range(len(entries))]
    found = answered(tmp_path, cases)
    taken = [watched.log.size, watched.log.size, list(WITNESSES), NOW]
    assert (found[0], found[13], found[14]) == (taken, taken, "malformed")
    assert set(map(str, found[1:13])) == {"proof", "identity"}


def test_proofs_of_inclusion(tmp_path: Path, watched: Watched) -> None:
    good = watched.case()
    proof = good["proof"]
    cases = [
        good | {"index": 7},
        good | {"index": -1},
        good | {"index": 20},
        good | {"proof": proof[:-1]},
        good | {"proof": [*proof, proof[0]]},
        good | {"proof": []},
        good | {"proof": proof * 30},
        good | {"record": text(watched.log.entry(7))},
        good | {"record": text(bytes(65_536))},
    ]
    found = answered(tmp_path, cases)
    assert found == ["proof"] * 8 + ["too-large"]


def test_what_was_seen_before(tmp_path: Path, watched: Watched) -> None:
    """Larger or smaller than what is held, it must be the same history; else both notes tell."""
    log, key = watched.log, watched.log._key
    old, early = log.checkpoint.note.octets(), watched.case()
    with contextlib.ExitStack() as logs:
        fork = logs.enter_context(AuditLog.create(tmp_path / "fork", ORIGIN, key, NOW))
        fork.append([f"entry {number}".encode() for number in range(6)], NOW)
        fork.append([log.entry(6)], NOW)
        fork.append([b"another history"] * 13, NOW)
        same_size = watched.case(fork)
        same_size_note = fork.checkpoint.note.octets()
        fork.append([b"and more"] * 12, NOW + 1)
        larger_fork = watched.case(fork)
        fork_proof = [each.hex() for each in fork.consistency_proof(20)]
        fork_note = fork.checkpoint.note.octets()
        log.append([b"later"] * 5, NOW + 1)
        later, new = watched.case(), log.checkpoint.note.octets()
        proof = [each.hex() for each in log.consistency_proof(20)]
        grown = {"held": text(old), "consistency": {"20-25": proof}}
        back = {"held": text(new), "consistency": {"20-25": proof}}
        cases = [
            early | {"held": text(old)},
            later | grown,
            early | back,
            later | {"held": text(old)},
            later | {"held": text(old), "consistency": {"20-25": proof[::-1]}},
            early | {"held": text(new)},
            same_size | {"held": text(old)},
            larger_fork | {"held": text(old), "consistency": {"20-32": fork_proof}},
            early | {"held": text(fork_note), "consistency": {"20-32": fork_proof}},
        ]
        found = answered(tmp_path, cases)
    taken = list(WITNESSES), NOW
    assert found[:3] == [[20, 20, *taken], [25, 25, *taken], [20, 25, *taken]]
    assert found[3:6] == ["proof"] * 3  # a bad proof convicts whoever gave it, not the log
    assert found[6] == ["fork", old.decode(), same_size_note.decode(), True]
    assert found[7] == ["fork", old.decode(), fork_note.decode(), True]
    assert found[8] == ["fork", old.decode(), fork_note.decode(), True]


def test_one_bit_wrong_anywhere(tmp_path: Path, watched: Watched) -> None:
    chance, good = random.Random(7), watched.case()  # noqa: S311  # nothing secret comes of it
    octets = {
        "record": watched.log.entry(watched.index),
        "checkpoint": watched.note(),
        "leaf": watched.leaf.der(),
    }
    cases = []
    for name, whole in octets.items():
        for _ in range(60):
            at, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
            cases.append(
                good | {name: text(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])}
            )
    for answer in answered(tmp_path, cases):
        # A witness's name or key that became another's is a witness less, and two were asked for.
        assert answer in ("malformed", "not-genuine", "proof", "too-large", "identity") or (
            isinstance(answer, list) and len(answer[2]) == 2
        )


def test_a_number_to_compare_by_voice(tmp_path: Path) -> None:
    """Told a second time by another implementation of PBKDF2."""
    anna, bruno = (SigningKey.generate(EU_HYBRID.certificates.leaf).public.der() for _ in range(2))
    script = "return trust.safetyNumber.safetyNumber(of(c.one), of(c.other), c.community);"
    cases = [
        {"one": text(one), "other": text(other), "community": community}
        for one, other, community in (
            (anna, bruno, "italia.example"),
            (bruno, anna, "italia.example"),
            (anna, bruno, "francia.example"),
            (anna, anna, "italia.example"),
        )
    ]
    found = [answer["value"] for answer in asked(tmp_path, script, cases)]
    halves = sorted(digits(key, "italia.example") for key in (anna, bruno))
    assert found[0] == found[1] == halves[0] + halves[1]
    assert len({tuple(each) for each in found}) == 3


def digits(key: bytes, community: str) -> list[str]:
    """Return the four groups of one key."""
    salt = f"baluardo/safety-number/v1\n{community}".encode()
    octets = hashlib.pbkdf2_hmac("sha512", key, salt, 100_000, 32)
    groups = [int.from_bytes(octets[at : at + 8]) % 100_000 for at in range(0, 32, 8)]
    return [f"{group:05d}" for group in groups]
