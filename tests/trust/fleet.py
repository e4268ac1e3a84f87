"""A community at sea and on land, for tests: an authority and members on disk, one calendar."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Established
from baluardo.trust.clock import Clock, Reading, stated_time
from baluardo.trust.custody.keyfile import Unlock, Unprotected
from baluardo.trust.custody.printing import printable_share
from baluardo.trust.custody.shares import Share, reconstruct_root
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.ceremony import (
    Custodians,
    create_issuer,
    create_root,
    roll_root,
)
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import KeyAccess, Layout, Public
from baluardo.trust.issuing.publication import learn_anchors, public_verifier, read_revocations
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import AnyProfile
from trust.channel_wire import Ends
from trust.community import NOW

COMMUNITY = "italia.example"
ACCESS = KeyAccess(Unprotected(), Unlock())
CUSTODIANS = Custodians(5, 3)


@dataclass
class Calendar:
    """The true time, which no machine knows for sure."""

    now: float = NOW

    def day(self, days: float) -> None:
        """Go on to so many days after the beginning."""
        if NOW + days * DAY < self.now:
            raise ValueError("time does not run backwards")
        self.now = NOW + days * DAY


class Land:
    """The authority on land, and the pages of its root in their custodians' hands."""

    def __init__(self, directory: Path, calendar: Calendar, shares: list[str]) -> None:
        """Take an authority's directory as it stands."""
        self.directory, self.calendar, self.shares = directory, calendar, shares

    @classmethod
    def found(cls, directory: Path, calendar: Calendar, profile: AnyProfile) -> Land:
        """Hold the ceremony: a root among five custodians, and a first issuer by three of them."""
        land = cls(directory, calendar, [])
        create_root(
            directory,
            COMMUNITY,
            profile,
            CUSTODIANS,
            ACCESS.protection,
            calendar.now,
            land._hand_out,
        )
        land.new_issuer("issuer-1")
        return land

    def copy(self, directory: Path, calendar: Calendar | None = None) -> Land:
        """Return the same authority in another directory."""
        shutil.copytree(self.directory, directory)
        return Land(directory, calendar or self.calendar, list(self.shares))

    @property
    def layout(self) -> Layout:
        """Where what is."""
        return Layout(self.directory)

    @property
    def public(self) -> Public:
        """What anybody may copy."""
        return self.layout.public

    @property
    def profile(self) -> AnyProfile:
        """The community's one profile."""
        return Anchors.read(self.public.anchors).profile

    @property
    def log_vkey(self) -> VerifierKey:
        """The key by which everybody knows its log."""
        return VerifierKey.of_text(self.public.log_vkey.read_text(encoding="utf-8").strip())

    def open(self) -> IssuingAuthority:
        """Open it for work, which publishes what is due."""
        return IssuingAuthority.open(self.directory, ACCESS.unlock, self.calendar.now)

    def root_key(self) -> SigningKey:
        """Let three custodians of the present root come together."""
        return reconstruct_root(self.shares[2:], None, self.public.root)

    def new_issuer(self, name: str) -> None:
        """Let the root certify another issuer."""
        with FileJournal.open(self.layout, ACCESS.unlock) as journal:
            create_issuer(
                self.layout, journal, self.root_key(), name, ACCESS.protection, self.calendar.now
            )

    def roll_root(self, overlap: float) -> None:
        """Hand over to a new root, whose shares replace the old ones, and make it an issuer."""
        key = self.root_key()
        with FileJournal.open(self.layout, ACCESS.unlock) as journal:
            roll_root(
                self.layout,
                journal,
                key,
                CUSTODIANS,
                overlap,
                self.calendar.now,
                self._hand_out,
            )
        self.new_issuer("issuer-2")

    def _hand_out(self, root: Certificate, shares: tuple[Share, ...]) -> None:
        """Print each custodian's page: what is typed back is what stands there."""
        now, printed = self.calendar.now, root.fingerprint
        self.shares = [
            printable_share(share, printed, COMMUNITY, CUSTODIANS.count, now) for share in shares
        ]


class Member:
    """One member's machine: a directory, two clocks, and what its program holds while it runs."""

    def __init__(self, directory: Path, path: str, calendar: Calendar) -> None:
        """Take the member's name, such as `ship/bergamini`; nothing is on the disk yet."""
        self.directory = directory
        self.identity = Identity.of_path(COMMUNITY, path)
        self.calendar = calendar
        self.holder = Holder(directory / "keys")
        self.wall_error = 0.0
        self._booted = calendar.now
        directory.mkdir(parents=True, exist_ok=True)

    def enrol(self, land: Land) -> Member:
        """Be granted a certificate by an operator, take the roots with it, and start."""
        request = self.holder.request(self.identity, land.profile, ACCESS)
        with land.open() as authority:
            granted = authority.issue(request, self.calendar.now)
        verifier = public_verifier(land.public.directory, self.identity.lifetime.list_grace)
        self.holder.install(granted, ACCESS.unlock, verifier, self.calendar.now)
        Anchors.read(land.public.anchors).write(self.directory / "roots")
        self.start()
        self.hear(land.public)
        return self

    def start(self, wall: float | None = None) -> None:
        """Start the machine anew, from its disk alone; `wall` is what its clock then says."""
        self.wall_error = 0.0 if wall is None else wall - self.calendar.now
        self._booted = self.calendar.now
        credential = self.holder.credential(ACCESS.unlock)
        floor = credential.chain.leaf.not_before
        self.clock = Clock(self.directory / "floor.json", floor, self._read)
        self.verifier = Verifier(
            Anchors.read(self.directory / "roots"),
            Revocations.read(self.directory / "lists"),
            self.identity.lifetime.list_grace,
        )
        self.endpoint = Endpoint(credential, self.verifier, self.clock)

    def hear(self, heard: Public) -> None:
        """Take roots and lists from any copy of the public half, and keep a copy to pass on."""
        self._keep(self._informed(heard, self.clock()), heard)

    def hear_time(
        self, statement: Envelope, nonce: bytes, asked_at: float, heard: Public | None = None
    ) -> None:
        """Take signed time, with the news that may be needed to judge it."""
        if heard is None:
            self.clock.accept(statement, nonce, asked_at, self.verifier)
            return
        informed = self._informed(heard, stated_time(statement, nonce))
        self.clock.accept(statement, nonce, asked_at, informed)
        self._keep(informed, heard)

    def _informed(self, heard: Public, now: float) -> Verifier:
        anchors = learn_anchors(self.verifier.anchors, heard, now)
        revocations = read_revocations(heard, anchors, self.verifier.revocations)
        return Verifier(anchors, revocations, self.verifier.list_grace)

    def _keep(self, informed: Verifier, heard: Public) -> None:
        anchors, revocations = informed.anchors, informed.revocations
        anchors.write(self.directory / "roots")
        revocations.write(self.directory / "lists")
        self.verifier.anchors, self.verifier.revocations = anchors, revocations
        shutil.rmtree(self.public.directory, ignore_errors=True)
        shutil.copytree(heard.directory, self.public.directory)

    def renew(self, land: Land) -> Credential:
        """Ask for the next certificate and use it from now on."""
        envelope = Envelope.of_json(self.holder.renew(ACCESS).to_json())
        with land.open() as authority:
            granted = authority.renew(envelope, self.calendar.now)
        self.hear(land.public)  # it may come from an issuer that is new to us
        return self.take(granted)

    def take(self, answer: Chain) -> Credential:
        """Take an answer into use that leads to a root of ours: whoever carried it may lie."""
        self.endpoint.credential = self.holder.install(
            answer, ACCESS.unlock, self.verifier, self.clock()
        )
        return self.credential

    @property
    def public(self) -> Public:
        """The public half as this member last heard it."""
        return Public(self.directory / "heard")

    @property
    def credential(self) -> Credential:
        """The certificate in use."""
        return self.endpoint.credential

    def _read(self) -> Reading:
        now = self.calendar.now
        counted = 5.0 + now - self._booted
        return Reading(now + self.wall_error, counted, counted)


def call(caller: Member, called: Member) -> Ends:
    """Let one member call another, and return both ends when all is said."""
    return Ends(caller.endpoint, called.endpoint, called.identity).turn()


def met(caller: Member, called: Member) -> Ends:
    """The same for two that accept each other: something is said both ways."""
    ends = call(caller, called)
    both: tuple[Established, Established] = ends.established
    assert [each.peer.identity for each in both] == [called.identity, caller.identity]
    ends.client.send(b"buon vento")
    ends.server.send(b"anche a voi")
    assert ends.turn().received() == (b"anche a voi", b"buon vento")
    return ends


def a_minute_passes(calendar: Calendar, *channels: Ends) -> None:
    """Go on a minute, with the timers of every end coming when they are due."""
    ended = calendar.now + 60.0
    timers = [
        (max(due, calendar.now), ends, end)
        for ends in channels
        for end in (ends.client, ends.server)
        if (due := end.next_timer()) is not None and due <= ended
    ]
    for due, ends, end in sorted(timers, key=lambda each: each[0]):
        calendar.now = due
        end.handle_timer(due)
        ends.turn()
    calendar.now = ended
