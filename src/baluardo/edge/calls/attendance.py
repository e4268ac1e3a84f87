"""A browser's signed word that it sits at a site: made for one challenge, believed by all edges.

The site's own edge verifies that it answers its challenge, on its own pages. Every other edge
verifies the same envelope again: who signed it, that the certificate is in force, and that it is
of the site whose channel brought it. No edge can make one up. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from baluardo.calls.bodies import check_leg, is_device, person_of
from baluardo.errors import CertificateError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import whole
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import LONGEST_URI, Kind
from baluardo.trust.randomness import random_octets
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

ATTENDANCE_TYPE: Final = "application/vnd.baluardo.attendance+json"
CHALLENGE_OCTETS: Final = 32
LARGEST_STATEMENT: Final = 1_024
LONGEST_ORIGIN: Final = 300
HERE_SECONDS: Final = 240
"""By which a browser's clock may differ from its own edge's, either way. Our choice: the newest
attendance counts, so nobody may attend from the future."""
AHEAD_SECONDS: Final = 300
"""By which it may be ahead of another edge's: clocks of edges differ too."""

_CHALLENGE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ORIGIN = re.compile(r"https?://[!-~]+", re.ASCII)


def new_challenge() -> str:
    """Return what an attendance has to answer, 64 hexadecimal digits; each is used once."""
    return random_octets(CHALLENGE_OCTETS).hex()


@dataclass(frozen=True, slots=True)
class Statement:
    """What a browser signs."""

    at: int
    """POSIX seconds, by the browser's clock."""
    challenge: str
    edge: str
    """The site: `office/rome`."""
    origin: str
    """Of the page, as browsers write it: `https://rome.baluardo.example`."""

    def __post_init__(self) -> None:
        """Refuse what no browser at a site says."""
        if not 0 < self.at <= LARGEST_NUMBER:
            raise InvalidInputError(f"at {quoted(self.at)} is no time in POSIX seconds.")
        if not _CHALLENGE.fullmatch(self.challenge):
            raise InvalidInputError(
                f"challenge {quoted(self.challenge)}: {2 * CHALLENGE_OCTETS} small hexadecimal "
                "digits."
            )
        check_leg(self.edge)
        if is_device(self.edge):
            raise InvalidInputError(f"edge {quoted(self.edge)} is a device, and no site.")
        if len(self.origin) > LONGEST_ORIGIN or not _ORIGIN.fullmatch(self.origin):
            raise InvalidInputError(f"origin {quoted(self.origin)} is no origin of a page.")

    def to_octets(self) -> bytes:
        """Return the one written form."""
        return write_json(
            {
                "at": self.at,
                "challenge": self.challenge,
                "edge": self.edge,
                "origin": self.origin,
            }
        )

    @classmethod
    def of_octets(cls, octets: bytes) -> Statement:
        """Read the written form; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_STATEMENT, "The attendance")
        fields.only(("at", "challenge", "edge", "origin"))
        statement = cls(
            whole(fields, "at"),
            fields.text("challenge", 2 * CHALLENGE_OCTETS),
            fields.text("edge", LONGEST_URI),
            fields.text("origin", LONGEST_ORIGIN),
        )
        if statement.to_octets() != octets:
            raise InvalidInputError("The attendance is not in its one written form: refused.")
        return statement

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed by a device."""
        return sign(self.to_octets(), ATTENDANCE_TYPE, credential)


@dataclass(frozen=True, slots=True)
class Attendance:
    """A device that sits at a site, as was verified."""

    device: str
    """`person/anna.rossi/phone`."""
    site: str
    at: int
    """POSIX seconds."""
    not_after: float
    """End of its certificate, POSIX seconds."""
    serials: frozenset[int]
    """Of the certificates that speak for it."""

    @property
    def person(self) -> str:
        """Whose device it is: `person/anna.rossi`."""
        return person_of(self.device)


def verify_here(
    envelope: Envelope, verifier: Verifier, now: float, edge: str, challenge: str, origin: str
) -> Attendance:
    """Return who sits at our own site: it answers our challenge, on a page of ours.

    InvalidInputError, SignatureError, CertificateError or ProfileError says why it is not believed.
    """
    statement, attendance = _verify(envelope, verifier, now)
    if statement.edge != edge:
        raise InvalidInputError(
            f"{attendance.device} attends at {statement.edge}, and this is {edge}: refused."
        )
    if statement.challenge != challenge:
        raise InvalidInputError(
            f"{attendance.device} answers another challenge than was asked: an attendance counts "
            "once. Refused."
        )
    if statement.origin != origin:
        raise InvalidInputError(
            f"{attendance.device} attends from {quoted(statement.origin)}, which is not where "
            "this edge has its pages: refused."
        )
    if abs(statement.at - now) > HERE_SECONDS:
        raise InvalidInputError(
            f"The clock of {attendance.device} is {abs(statement.at - now):.0f} s "
            f"{'ahead of' if statement.at > now else 'behind'} that of its site: refused. Set it "
            "right."
        )
    return attendance


def verify_there(envelope: Envelope, verifier: Verifier, now: float, site: str) -> Attendance:
    """Return who sits at another site, by an envelope that its channel brought; errors likewise."""
    statement, attendance = _verify(envelope, verifier, now)
    if statement.edge != site:
        raise InvalidInputError(
            f"{site} says that {attendance.device} is there, who has attended at "
            f"{statement.edge}: refused."
        )
    return attendance


def _verify(envelope: Envelope, verifier: Verifier, now: float) -> tuple[Statement, Attendance]:
    if len(envelope.payload) > LARGEST_STATEMENT or len(envelope.signatures) != 1:
        raise InvalidInputError(
            f"An attendance has one signature and at most {LARGEST_STATEMENT:,} octets: refused."
        )
    verified = verify(envelope, verifier, now, ATTENDANCE_TYPE)
    (peer,) = verified.signers
    if peer.identity.kind is not Kind.PERSON:
        raise CertificateError(f"{peer.identity} is no person's device: it attends nowhere.")
    statement = Statement.of_octets(verified.payload)
    if statement.at > now + AHEAD_SECONDS:
        raise InvalidInputError(
            f"The clock of {peer.identity} is {statement.at - now:.0f} s ahead of the one here: "
            "refused. Set it right."
        )
    serials = frozenset(each.serial for each in peer.chain.certificates)
    device = peer.identity.path
    return statement, Attendance(device, statement.edge, statement.at, peer.not_after, serials)
