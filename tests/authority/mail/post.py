"""The post office as tests use it: devices that sit at sites, and ask without a channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from authority.officers import State
from baluardo.authority.acts.revocation import publish_due
from baluardo.authority.mail.boxes import collect, take
from baluardo.authority.mail.conversations import begin, told_conversation
from baluardo.authority.mail.order import commit
from baluardo.authority.mail.packages import claim, known_devices, publish
from baluardo.authority.mail.seats import Seat, check_seat, note_seat, verify_seat
from baluardo.authority.mail.sending import send
from baluardo.protocol.attendance import Statement
from baluardo.protocol.mail_answers import MailRefusal
from baluardo.protocol.mail_items import Collected, MailItem, digest_of, name_of
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Begin,
    Collect,
    Commit,
    Conversation,
    Devices,
    Packages,
    Publish,
    Send,
    Taken,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.envelope import Envelope

ROME, SHIP = "office/rome", "ship/bergamini"
ANNA, BRUNO, MARIO = "person/anna.rossi", "person/bruno.neri", "person/mario.riva"
ANNAS, BRUNOS, MARIOS = f"{ANNA}/laptop", f"{BRUNO}/laptop", f"{MARIO}/laptop"
PHONE = f"{ANNA}/phone"
DAY = 86_400.0
THE_FIRST = Taken(1, "00" * 32)
"""A word that is in form, of something that nobody was handed out."""
_numbers = count(1)


def group_id() -> str:
    """Return a group's identifier that was not used yet."""
    return f"{next(_numbers):064x}"


def message_id() -> str:
    """Return a message's identifier that was not used yet."""
    return f"{next(_numbers):032x}"


def attendance(credential: Credential, site: str, at: float) -> Envelope:
    """Return a device's signed word that it sits at a site."""
    return Statement(int(at), "ab" * 32, site, "https://rome.baluardo.example").sign(credential)


class Post:
    """The post office of a state that is open."""

    def __init__(self, state: State) -> None:
        """Let everybody who writes here sit in Rome."""
        self.state = state
        state.enrol(PHONE)
        self.seats = {each: self.sit(each) for each in (ANNAS, PHONE, BRUNOS, MARIOS)}

    @property
    def store(self) -> Any:
        return self.state.authority.store

    @property
    def orderer(self) -> str:
        return self.state.authority.identity.uri

    def sit(self, device: str, site: str = ROME, at: float | None = None) -> Seat:
        """Let a device attend, and return its seat once the post office believes it."""
        now = self.state.calendar.now
        envelope = attendance(self.state.devices[device], site, now if at is None else at)
        verifier = self.store.issuing.verifier()
        seat = verify_seat(envelope, verifier, now, site, device)
        noted: Seat = self.store.act_blocking(lambda transaction: note_seat(transaction, seat))
        return noted

    def later(self, seconds: float, *renewed: str) -> None:
        """Let time pass; lists are published, and these devices have newer certificates."""
        self.state.calendar.now += seconds
        self.store.act_blocking(publish_due)
        for path in renewed:
            self.state.enrol(path)
            self.seats[path] = self.sit(path)

    def ask(self, who: str | Seat, request: AnyRequest) -> Any:
        """Ask as a device, and return the answer."""
        seat = self.seats[who] if isinstance(who, str) else who
        acts: dict[type, Callable[[Any], Any]] = {
            Publish: lambda t: publish(t, seat, request),  # type: ignore[arg-type]
            Packages: lambda t: claim(t, seat, request),  # type: ignore[arg-type]
            Begin: lambda t: begin(t, seat, request, self.orderer),  # type: ignore[arg-type]
            Commit: lambda t: commit(t, seat, request, self.state.authority.credential),  # type: ignore[arg-type]
            Send: lambda t: send(t, seat, request),  # type: ignore[arg-type]
            Taken: lambda t: take(t, seat, request),  # type: ignore[arg-type]
        }
        if type(request) in acts:
            return self.store.act_blocking(acts[type(request)])
        return self.store.read_blocking(lambda connection: self._looked(connection, seat, request))

    def _looked(self, connection: Any, seat: Seat, request: AnyRequest) -> Any:
        now, register = self.state.calendar.now, self.store.register
        check_seat(connection, register, seat, now)
        if isinstance(request, Devices):
            return known_devices(connection, register, now, request)
        if isinstance(request, Conversation):
            return told_conversation(connection, seat, request, self.orderer)
        return collect(connection, seat, self.state.authority.credential, now)

    def waiting(self, who: str) -> list[MailItem]:
        """Return what waits for a device, page by page, and leave it there."""
        told: Collected = self.ask(who, Collect())
        assert not told.more
        return list(told.items)

    def take(self, who: str | Seat, upto: int | None = None) -> None:
        """Say as a device that it keeps what it is brought now, up to a number; None: all of it."""
        items = self.ask(who, Collect()).items
        if items := [each for each in items if upto is None or each.number <= upto]:
            self.ask(who, taken(items))

    def begun(self, one: str = ANNAS, other: str = BRUNO) -> str:
        """Let a group stand for two people, and return it."""
        group = group_id()
        self.ask(one, Begin(other, group, ""))
        return group

    def sent(self, group: str, *to: str, sender: str = ANNAS, octets: bytes = b"text") -> int:
        """Send a message, and return when it was stored."""
        return int(self.ask(sender, Send(message_id(), group, to, octets)).at)


def taken(items: Sequence[MailItem]) -> Taken:
    """Return a device's word that it keeps what it was brought."""
    return Taken(items[-1].number, name_of(b"".join(map(digest_of, items))))


def code_of(problem: Any) -> MailRefusal:
    """Return the code of a refusal that pytest has caught."""
    found: MailRefusal = problem.value.code
    return found
