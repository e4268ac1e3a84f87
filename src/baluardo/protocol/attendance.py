"""A browser's signed word that it sits at a site: made for one challenge, believed by all.

The site's own edge verifies that it answers its challenge, on its own pages
(`edge.calls.attendance`). Every other edge, and the authority for a device's written messages,
verify the same envelope again: who signed it, that the certificate is in force, and that it is of
the site whose channel brought it. No edge can make one up. Pure.
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
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

ATTENDANCE_TYPE: Final = "application/vnd.baluardo.attendance+json"
CHALLENGE_OCTETS: Final = 32
LARGEST_STATEMENT: Final = 1_024
LONGEST_ORIGIN: Final = 300
AHEAD_SECONDS: Final = 300
"""By which a browser's clock may be ahead of the verifier's: clocks of edges differ too."""

_CHALLENGE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ORIGIN = re.compile(r"https?://[!-~]+", re.ASCII)


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


def verify_there(envelope: Envelope, verifier: Verifier, now: float, site: str) -> Attendance:
    """Return who sits at another site, by an envelope that its channel brought.

    InvalidInputError, SignatureError, CertificateError or ProfileError says why it is not believed.
    """
    statement, attendance = verify_statement(envelope, verifier, now)
    if statement.edge != site:
        raise InvalidInputError(
            f"{site} says that {attendance.device} is there, who has attended at "
            f"{statement.edge}: refused."
        )
    return attendance


def verify_statement(
    envelope: Envelope, verifier: Verifier, now: float
) -> tuple[Statement, Attendance]:
    """Return what a person's device has signed, wherever it sits; errors as `verify_there`."""
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
