"""A member's directory, and what its program holds of it: on the disk before it is used.

    edge.json      who this is, and where authorities are
    keys/          keys and certificates in generations (`trust.issuing.holder`)
    roots/         roots that are trusted (`certificates.anchors`)
    lists/         the newest revocation lists (`certificates.revocation`)
    heard/         a copy of the authority's public half, to judge by and to pass on
    policy.json    the policy in force
    cards/         the newest tunnel card of every other site, and our own (`directory`)
    checkpoint     the newest checkpoint of the log that was seen (`log_memory`)
    log/           our copy of the log, and what we cosigned of it as a witness (`log_copy`)
    people.json    where people were seen last (`calls.people`)
    missed.json    calls to people of the site who had no device connected (`calls.missed_calls`)
    warnings/      public warnings that hold (`site_warnings`)
    floor.json     the latest time known to have passed (`trust.clock`)
    invitation     while the first contact is under way: it holds a secret
    lock           one program at a time

Every file is whole whenever the machine stops. Roots are written before issuers, issuers before
lists: what a stop cut off is missing from the number of lists that the edge says it holds, and is
sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, Hold, hold_alone, write_durably
from baluardo.edge.alarms import Alarms
from baluardo.edge.directory import Neighbour, SiteDirectory
from baluardo.edge.log_memory import LogMemory
from baluardo.edge.news import Known
from baluardo.edge.policy import HeldPolicy, follow
from baluardo.edge.site_warnings import SiteWarnings
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import CertificateError, InvalidInputError, SourceError
from baluardo.foreign_input import printable, read_file
from baluardo.protocol.messages import Applied, Directory, PolicyNews, Welcome
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.protocol.policy import LARGEST_POLICY, Policy
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.protocol.whereabouts import LOG_VKEY, read_whereabouts
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.clock import Clock, Reading
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.journal import ACTOR
from baluardo.trust.issuing.layout import KeyAccess, Public
from baluardo.trust.strict_json import JsonObject, write_json

PENDING: Final = "invitation"
_LARGEST_POLICY_FILE: Final = 2 * LARGEST_POLICY


class EdgeState:
    """One edge as it runs; `open` starts it from its disk alone, `close` lets another program."""

    def __init__(
        self,
        directory: Path,
        hold: Hold,
        whereabouts: Whereabouts,
        access: KeyAccess,
        known: Known,
        policy: HeldPolicy | None,
        endpoint: Endpoint,
        clock: Clock,
        log: LogMemory | None,
        sites: SiteDirectory,
        warnings: SiteWarnings,
    ) -> None:
        """Use `open`."""
        self.directory = directory
        self.whereabouts = whereabouts
        self.access = access
        self.known = known
        self.policy = policy
        self.endpoint = endpoint
        self.clock = clock
        self.log = log
        """None where the authority has handed out no key of its log."""
        self.sites = sites
        """Every other site whose card was heard; `neighbours` are those that the policy permits."""
        self.warnings = warnings
        """Public warnings that hold."""
        self.holder = Holder(directory / "keys")
        self.alarms = Alarms()
        """What everybody here is to know of the authority."""
        self._hold = hold
        self._tell_directory: list[Callable[[], None]] = []
        self.alarms.judge_lists(known)

    @classmethod
    def open(
        cls, directory: Path, access: KeyAccess, read: Callable[[], Reading] | None = None
    ) -> EdgeState:
        """Start from the disk; `read` gives the machine's clocks.

        SourceError if nobody was enrolled here, TargetError if another program runs here,
        CustodyError if the key stays closed.
        """
        whereabouts = Whereabouts.read(directory)
        hold = take_hold(directory)
        try:
            credential = Holder(directory / "keys").credential(access.unlock)
            clock = Clock(directory / "floor.json", credential.chain.leaf.not_before, read)
            known = read_known(directory)
            verifier = Verifier(
                known.anchors, known.revocations, whereabouts.identity.lifetime.list_grace
            )
            endpoint = Endpoint(credential, verifier, clock)
            policy, log = read_policy(directory), _log_memory(directory, known)
            sites = SiteDirectory.read(directory, whereabouts.identity, verifier)
            warnings = SiteWarnings.read(directory, verifier, clock)
            (directory / PENDING).unlink(missing_ok=True)  # a crash may have left it
        except BaseException:
            hold.release()
            raise
        return cls(
            directory,
            hold,
            whereabouts,
            access,
            known,
            policy,
            endpoint,
            clock,
            log,
            sites,
            warnings,
        )

    def close(self) -> None:
        """Let another program open the directory."""
        self._hold.release()

    @property
    def identity(self) -> Identity:
        """Who this is."""
        return self.whereabouts.identity

    @property
    def authority(self) -> Identity:
        """Whom the channels of an authority show, whichever of them answers."""
        return Identity(self.identity.community, Kind.AUTHORITY, ACTOR)

    @property
    def credential(self) -> Credential:
        """The certificate in use."""
        return self.endpoint.credential

    @property
    def verifier(self) -> Verifier:
        """What judges certificates here: always the same one, by the newest lists."""
        return self.endpoint.verifier

    @property
    def policy_number(self) -> int:
        """Of the policy in force; 0 for none."""
        return 0 if self.policy is None else self.policy.policy.number

    @property
    def network(self) -> NetworkPolicy:
        """What the policy in force says of tunnels; the defaults before there is one."""
        return NetworkPolicy() if self.policy is None else self.policy.policy.network

    def neighbours(self) -> tuple[Neighbour, ...]:
        """Return the sites that this one has tunnels with, in alphabetical order."""
        return self.sites.neighbours(self.network)

    def on_directory(self, tell: Callable[[], None]) -> None:
        """Have `tell` called whenever `neighbours` may have changed, with what is in force already.

        In whatever thread has changed it: it returns at once, and never raises.
        """
        self._tell_directory.append(tell)

    def applied(self) -> Applied:
        """Return what is judged by here, for the authority to know."""
        return Applied(self.known.numbers(), self.policy_number)

    def hear(self, files: Mapping[str, bytes]) -> bool:
        """Take news (files of the public half) into use; tell whether anything was new.

        On the disk first. TrustError if they are not genuine, TargetError if the disk does not
        take them: what is judged by stays as it was.
        """
        learnt = self.known.learn(files, self.clock())
        if learnt is self.known:
            return False
        self._keep(learnt)
        return True

    def hear_time(
        self,
        statement: Envelope,
        nonce: bytes,
        asked_at: float,
        stated: float,
        files: Mapping[str, bytes],
    ) -> None:
        """Take signed time by a machine that has lost its clock, with the news to judge it by.

        `stated` is what the statement claims (`clock.stated_time`); nothing is kept unless it is
        genuine. ClockError, or another TrustError, if it is not.
        """
        learnt = self.known.learn(files, stated)
        informed = Verifier(learnt.anchors, learnt.revocations, self.verifier.list_grace)
        self.clock.accept(statement, nonce, asked_at, informed)
        if learnt is not self.known:
            self._keep(learnt)
        self.judge_cards_again()

    def follow(self, news: PolicyNews) -> bool:
        """Take policies into force that are rightful; tell whether there is another one now.

        On the disk first. TrustError or InvalidInputError for the first that is not rightful: the
        policy in force stays.
        """
        self._judge_offered(news)
        followed = follow(self.policy, news.updates, self.verifier, self.authority, self.clock())
        if followed is None or followed is self.policy:
            return False
        if not followed.policy.network.seen_as(self.network):
            self.sites.begin_anew()  # others are told of by it
        write_policy(self.directory, followed)
        self.policy = followed
        self.sites.judge_again(self.verifier, self.clock())
        self._changed()
        return True

    def hear_directory(self, message: Directory) -> int:
        """Take other sites' cards into use; return how many could not be believed.

        On the disk first; TargetError if that cannot be.
        """
        taken = self.sites.take(message, self.verifier, self.clock())
        if taken.is_new:
            self._changed()
        return taken.refused

    def judge_cards_again(self) -> None:
        """Judge cards that were refused by what is known and the time as it is now."""
        if self.sites.judge_again(self.verifier, self.clock()):
            self._changed()

    def _judge_offered(self, news: PolicyNews) -> None:
        """See whether another policy is offered under the number of the one that is held."""
        if self.policy is None:
            return
        held = self.policy.policy
        for update in news.updates:
            offered = Policy.of_octets(update.policy)
            if offered.number == held.number and offered != held:
                self.alarms.raise_other_policy(held.number)

    def settle(self, welcome: Welcome) -> None:
        """Keep where authorities are, and see whether they go by what is known here.

        SignatureError or CertificateError if no authority states it: nothing is kept then. The
        log's key stays the first one.
        """
        stated = read_whereabouts(welcome.whereabouts, self.verifier, self.clock())
        told = self.whereabouts.told(stated)
        if told != self.whereabouts:
            told.write(self.directory)
            self.whereabouts = told
        self.alarms.judge_policy(self.policy, stated)
        files = stated.files()
        if files.get(LOG_VKEY) != self.known.heard.get(LOG_VKEY, files.get(LOG_VKEY)):
            self.alarms.raise_other_log()
            files.pop(LOG_VKEY, None)
        learnt = self.known.stated(files)
        if learnt is not self.known:
            self._keep(learnt)
            self.log = self.log or _log_memory(self.directory, learnt)

    def install(self, chain: Chain) -> None:
        """Take the next certificate into use; CertificateError if it is not what was asked for."""
        self.endpoint.credential = self.holder.install(
            chain, self.access.unlock, self.verifier, self.clock()
        )

    def _keep(self, learnt: Known) -> None:
        write_known(self.directory, learnt, self.known)
        self.known = learnt
        self.verifier.anchors = learnt.anchors
        self.verifier.revocations = learnt.revocations
        dropped = self.sites.drop_revoked(learnt.revocations)
        if self.sites.judge_again(self.verifier, self.clock()) or dropped:
            self._changed()
        self.alarms.judge_lists(learnt)

    def _changed(self) -> None:
        for tell in tuple(self._tell_directory):
            tell()


def _log_memory(directory: Path, known: Known) -> LogMemory | None:
    vkey = known.heard.get(LOG_VKEY)
    if vkey is None:
        return None
    return LogMemory(directory, VerifierKey.of_text(vkey.decode(errors="replace").strip()))


def take_hold(directory: Path) -> Hold:
    """Keep other programs from a directory; TargetError if one has it already."""
    busy = f"{printable(str(directory))} is in use by another program: an edge runs once."
    return hold_alone(directory / "lock", busy)


def read_known(directory: Path) -> Known:
    """Read what is judged by: each list is verified again, what was altered is refused."""
    heard = directory / "heard"
    files = read_heard(heard) if Public(heard).anchors.is_dir() else {}
    anchors = Anchors.read(directory / "roots")
    return Known(anchors, Revocations.read(directory / "lists"), files)


def read_heard(heard: Path) -> dict[str, bytes]:
    """Read a copy of the public half, by path, the roots' own files excepted."""
    return {
        path: octets
        for path, octets in PublicBundle.of_public(heard).files.items()
        if not path.startswith("anchors/")
    }


def write_known(directory: Path, learnt: Known, before: Known | None) -> None:
    """Write what is new: roots, then issuers, then lists."""
    if before is None or learnt.anchors is not before.anchors:
        learnt.anchors.write(directory / "roots")
    held = {} if before is None else before.heard
    changed = {path: octets for path, octets in learnt.heard.items() if held.get(path) != octets}
    heard = Public(directory / "heard")
    PublicBundle(changed).write(heard.directory)
    learnt.anchors.write(heard.anchors)
    learnt.revocations.write(directory / "lists")


def read_policy(directory: Path) -> HeldPolicy | None:
    """Read the policy in force; None before the first. SourceError if the file was damaged."""
    path = directory / "policy.json"
    if not path.exists():
        return None
    octets = read_file(path, _LARGEST_POLICY_FILE, "The policy")
    try:
        fields = JsonObject.parse(octets, _LARGEST_POLICY_FILE, "It")
        fields.only(("policy", "executed_at"))
        policy = Policy.of_octets(fields.octets("policy", LARGEST_POLICY))
        return HeldPolicy(policy, fields.number("executed_at"))
    except (InvalidInputError, CertificateError) as problem:
        raise SourceError(
            f"{printable(str(path))} was damaged: {problem} Put a saved copy back, or enrol anew."
        ) from None


def write_policy(directory: Path, held: HeldPolicy) -> None:
    """Write the policy in force."""
    body = {"policy": to_base64(held.policy.to_octets()), "executed_at": held.executed_at}
    write_durably(directory / "policy.json", write_json(body), mode=FOR_ALL)
