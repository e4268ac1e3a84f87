"""What only the root does, on a machine without a network: create, certify issuers, hand over.

The root's key exists only while these functions run: what remains of it is its certificate and the
custodians' shares (SLIP-39).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import InvalidInputError, TargetError
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.making import certify_successor, make_issuer, make_root
from baluardo.trust.certificates.revocation_list import Reason, make_list
from baluardo.trust.custody.keyfile import Protection, write_key
from baluardo.trust.custody.shares import Share, split
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.journal import LOG_KEY, FileJournal, Journal
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.publication import certifier_of
from baluardo.trust.issuing.register import Entry
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import AnyProfile

ROOT_LIST_LIFE: Final = 400 * DAY
"""A root's list is made only when custodians meet; they meet once a year. Our choice."""


@dataclass(frozen=True, slots=True)
class Custodians:
    """Among how many people a root is split, and how many of them bring it back."""

    count: int
    threshold: int
    passphrase: Secret | None = None
    """An additional passphrase that every reconstruction needs."""


HandOut = Callable[[Certificate, tuple[Share, ...]], None]
"""Gives a new root's shares to its custodians. It is called before the root counts anywhere: if it
raises, or the machine stops, no community is left with a root that nobody can bring back."""


@dataclass(frozen=True, slots=True)
class RootRoll:
    """What a hand-over gives."""

    root: Certificate
    """The new one."""
    until: float
    """When the old root is no more trusted, POSIX seconds."""


def create_root(
    directory: Path,
    community: str,
    profile: AnyProfile,
    custodians: Custodians,
    protection: Protection,
    now: float,
    hand_out: HandOut,
) -> Certificate:
    """Create an authority's directory with a new root, and return the root.

    `protection` seals the log's key, the only one that stays. TargetError if the directory is in
    use. After a failure nothing is left in it.
    """
    key = SigningKey.generate(profile.certificates.root)
    shares = split(key.seed(), custodians.count, custodians.threshold, custodians.passphrase)
    root = make_root(key, community, profile, now)
    layout = Layout(directory)
    layout.make()
    try:
        _begin_log(layout, community, profile, key, root, protection, now)
        hand_out(root, shares)
        Anchors.of_root(community, profile, root).write(layout.public.anchors)
    except BaseException:
        layout.unmake()
        raise
    return root


def _begin_log(
    layout: Layout,
    community: str,
    profile: AnyProfile,
    key: SigningKey,
    root: Certificate,
    protection: Protection,
    now: float,
) -> None:
    log_key = SigningKey.generate(profile.log)
    write_key(layout.key(LOG_KEY), log_key, protection)
    log = AuditLog.create(layout.public.log, f"{community}/log", log_key, now)
    vkey = f"{log.verifier_key.text}\n".encode()
    write_durably(layout.public.log_vkey, vkey, mode=FOR_ALL)
    with FileJournal(layout, log, community) as journal:
        facts = {"fingerprint": root.fingerprint.hex(), "profile": profile.name}
        journal.write(Entry.ROOT_CREATED, facts, now)
        _publish(journal, key, root, now)


def create_issuer(
    layout: Layout,
    journal: Journal,
    root_key: SigningKey,
    name: str,
    protection: Protection,
    now: float,
) -> Certificate:
    """Certify a new issuing key with the root; the newest issuer is the one in use.

    The issuers before it go on being valid until they end: that is the overlap of a roll-over.
    InvalidInputError if the key is not that of the newest root, TargetError if the name is taken.
    """
    anchors = Anchors.read(layout.public.anchors)
    root = anchors.anchors[-1].certificate
    if root.key != root_key.public:
        raise InvalidInputError(f"This is not the key of {root.subject}: nothing was done.")
    if layout.public.has_issuer(name):
        raise TargetError(f"There is an issuer {name} already; it was left as it is.")
    key = SigningKey.generate(anchors.profile.certificates.issuer)
    issuer = make_issuer(root_key, root, key.public, name, now, anchors.profile)
    # A key of this name that has no certificate is what a crash left of an earlier attempt.
    write_key(layout.issuer_key(name), key, protection, replace=True)
    facts = {
        "name": name,
        "serial": f"{issuer.serial:x}",
        "key_id": issuer.key_id.hex(),
        "fingerprint": issuer.fingerprint.hex(),
    }
    journal.write(Entry.ISSUER_CREATED, facts, now)
    layout.public.write_issuer(name, Chain(issuer, layout.public.links_to(root)))
    _publish(journal, root_key, root, now)
    return issuer


def issuer_root(layout: Layout, name: str) -> Certificate:
    """Return the root that has certified an issuer, and whose key alone can take it back."""
    roots = [anchor.certificate for anchor in Anchors.read(layout.public.anchors).anchors]
    return certifier_of(layout.public.issuer(name).leaf, roots)


def revoke_issuer(
    layout: Layout, journal: Journal, root_key: SigningKey, name: str, now: float
) -> None:
    """Take an issuer back, and with it everything it has issued."""
    issuer, root = layout.public.issuer(name).leaf, issuer_root(layout, name)
    if root.key != root_key.public:
        raise InvalidInputError(f"This is not the key of {root.subject}: nothing was done.")
    facts = {
        "serial": f"{issuer.serial:x}",
        "issuer": root.key_id.hex(),
        "reason": Reason.CA_COMPROMISE.value,
    }
    if not journal.register.is_revoked(issuer.serial):
        journal.write(Entry.CERTIFICATE_REVOKED, facts, now)
    _publish(journal, root_key, root, now)


def publish_root_list(layout: Layout, journal: Journal, root_key: SigningKey, now: float) -> float:
    """Publish a root's list anew, and return until when it is good, POSIX seconds.

    InvalidInputError if the key is that of no root in force.
    """
    for root in Anchors.read(layout.public.anchors).in_force(now):
        if root.key == root_key.public:
            return _publish(journal, root_key, root, now)
    raise InvalidInputError("This is not the key of a root in force: nothing was done.")


def roll_root(
    layout: Layout,
    journal: Journal,
    old_key: SigningKey,
    custodians: Custodians,
    overlap: float,
    now: float,
    hand_out: HandOut,
) -> RootRoll:
    """Hand over from the present root to a new one, which the old one certifies (RFC 9810, 4.4).

    Whoever has the old root only goes on verifying, through the link, for `overlap` seconds;
    then the old root is no more an anchor anywhere. Certify a new issuer with the new one soon:
    those of the old root end with it. Whenever it stops on the way, the old root is still the one.
    """
    if overlap > ROOT_LIST_LIFE:
        raise InvalidInputError(
            f"An overlap of {overlap / DAY:.0f} days: the old root's list is good for "
            f"{ROOT_LIST_LIFE / DAY:.0f} days, so that is the most."
        )
    anchors = Anchors.read(layout.public.anchors)
    old = anchors.anchors[-1].certificate
    if old.key != old_key.public:
        raise InvalidInputError(f"This is not the key of {old.subject}: nothing was done.")
    key = SigningKey.generate(anchors.profile.certificates.root)
    shares = split(key.seed(), custodians.count, custodians.threshold, custodians.passphrase)
    new = make_root(key, anchors.community, anchors.profile, now)
    link = certify_successor(old_key, old, new, now, overlap)
    succeeded = anchors.succeed(new, link, now)
    hand_out(new, shares)
    facts = {
        "old": old.fingerprint.hex(),
        "new": new.fingerprint.hex(),
        "until": link.not_after,
    }
    journal.write(Entry.ROOT_ROLLED, facts, now)
    layout.public.write_link(new, link)
    _publish(journal, old_key, old, now)
    _publish(journal, key, new, now)
    succeeded.write(layout.public.anchors)
    return RootRoll(new, link.not_after)


def _publish(journal: Journal, key: SigningKey, root: Certificate, now: float) -> float:
    """Publish a root's list, which names the issuers that it has taken back; return its end."""
    number = journal.register.number_of(root.key_id) + 1
    revoked = journal.register.listed(root.key_id, now)
    ends = min(now + ROOT_LIST_LIFE, root.not_after)
    der = make_list(key, root, number, revoked, now, ends)
    journal.publish(root.key_id, number, der, now)
    journal.hand_out(root.key_id, der)
    return ends
