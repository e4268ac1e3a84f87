"""A community whose people call each other: chains, lists and log as a page takes them."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from baluardo.trust.audit.checkpoint import Checkpoint, sign_checkpoint
from baluardo.trust.audit.note import Note, VerifierKey
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.certificates.revocation import Revocation, make_list
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.primitives.signing import SigningKey, VerifyingKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile
from trust.community import TestCommunity, make_community

ORIGIN = "italia.example/log"
WITNESSES = ("marina.example/witness", "difesa.example/witness")
ACTOR = "spiffe://italia.example/authority/service"


def text(octets: bytes) -> str:
    """Return octets in base64."""
    return base64.b64encode(octets).decode()


def seed_of(number: int) -> Secret:
    """Return the seed of a member's key: 32 octets of one number, as the pages' tests make it."""
    return Secret(bytes([number]) * 32)


@dataclass
class CallCommunity:
    """A community with members written down in a log."""

    community: TestCommunity
    leaves: dict[str, tuple[Certificate, int]] = field(default_factory=dict)
    """Each member by a name, with the number of its key's seed; 0 for a key of a browser."""
    revoked: set[str] = field(default_factory=set)

    def add(self, name: str, path: str, key: VerifyingKey, seed: int = 0, age: float = 0.0) -> None:
        """Certify a key; `age` seconds are left out of its life."""
        made = self.community
        identity = made.identity(path)
        life = 30 * DAY - age
        leaf = make_leaf(made.issuer_key, made.issuer, key, identity, made.now, made.profile, life)
        self.leaves[name] = (leaf, seed)

    def shown(self) -> dict[str, Any]:
        """Return everything that a page needs to judge, and the members' chains and evidence."""
        made = self.community
        with TemporaryDirectory() as folder:
            key = _key(made.profile, 101)
            log = AuditLog.create(Path(folder) / "log", ORIGIN, key, made.now)
            with log:
                return self._shown(log)

    def _shown(self, log: AuditLog) -> dict[str, Any]:
        made = self.community
        records = [_record(leaf, made) for leaf, _ in self.leaves.values()]
        log.append(records, made.now)
        note = Note.of_octets(log.checkpoint.note.octets())
        stated = Checkpoint.of_body(note.text)
        keys = [_key(made.profile, 102 + each) for each in range(len(WITNESSES))]
        pairs = list(zip(WITNESSES, keys, strict=True))
        lines = [sign_checkpoint(stated, name, key, int(made.now)) for name, key in pairs]
        members = {}
        for index, (name, (leaf, seed)) in enumerate(self.leaves.items()):
            proof = [text(each) for each in log.inclusion_proof(index, log.size)]
            entry = {"record": text(log.entry(index)), "proof": proof}
            members[name] = {"leaf": text(leaf.der()), "seed": seed, "index": index, **entry}
        revoked = {self.leaves[name][0].serial: Revocation(made.now) for name in self.revoked}
        lists = [
            text(make_list(signer, signing, 2, named, made.now, made.now + 7 * DAY))
            for signer, signing, named in (
                (made.root_key, made.root, {}),
                (made.issuer_key, made.issuer, revoked),
            )
        ]
        return {
            "community": made.name,
            "profile": made.profile.name,
            "now": int(made.now),
            "root": text(made.root.der()),
            "issuer": text(made.issuer.der()),
            "lists": lists,
            "log": log.verifier_key.text,
            "witnesses": [VerifierKey(name, key.public).text for name, key in pairs],
            "checkpoint": note.signed(*lines).octets().decode(),
            "members": members,
        }


def call_community(
    profile: AnyProfile, members: Sequence[tuple[str, str]], first_seed: int = 1
) -> CallCommunity:
    """Return a community with these members (name, path), their keys grown from seeds."""
    made = CallCommunity(make_community(profile))
    for number, (name, path) in enumerate(members, first_seed):
        key = SigningKey.from_seed(profile.certificates.leaf, seed_of(number))
        made.add(name, path, key.public, number)
    return made


def vectors() -> dict[str, Any]:
    """Return what the pages' own tests judge members by (calls/mls/community.testing.json)."""
    people = [
        ("annaPhone", "person/anna.rossi/phone"),
        ("annaDesk", "person/anna.rossi/desk"),
        ("brunoPhone", "person/bruno.verdi/phone"),
        ("brunoDesk", "person/bruno.verdi/desk"),
    ]
    others = [
        ("carlaPhone", "person/carla.neri/phone"),
        ("brunoLost", "person/bruno.verdi/lost"),
        ("ship", "ship/bergamini"),
    ]
    eu = call_community(EU_HYBRID, [*people, *others])
    renewed = SigningKey.from_seed(EU_HYBRID.certificates.leaf, seed_of(20))
    eu.add("brunoPhoneRenewed", "person/bruno.verdi/phone", renewed.public, 20)
    brief = SigningKey.from_seed(EU_HYBRID.certificates.leaf, seed_of(21))
    eu.add("brunoOld", "person/bruno.verdi/old", brief.public, 21, age=29.9 * DAY)
    eu.revoked.add("brunoLost")
    # Another root under the same names: whatever it certifies is forged here.
    forged = call_community(EU_HYBRID, [("brunoPhone", "person/bruno.verdi/phone")], 30)
    cnsa = call_community(CNSA, [people[0], people[2]], 40)
    return {"eu": eu.shown(), "forged": forged.shown(), "cnsa": cnsa.shown()}


def _key(profile: AnyProfile, number: int) -> SigningKey:
    return SigningKey.from_seed(profile.log, seed_of(number))


def _record(leaf: Certificate, made: TestCommunity) -> bytes:
    facts = {
        "serial": f"{leaf.serial:x}",
        "issuer": made.issuer.key_id.hex(),
        "key": sha256(leaf.key.der()).hex(),
        "fingerprint": leaf.fingerprint.hex(),
        "not_after": leaf.not_after,
    }
    return make_record(made.now, "certificate.issued", ACTOR, facts).octets


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=2)
    sys.stdout.write("\n")
