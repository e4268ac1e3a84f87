"""A browser's signed word that it sits at a site, as the site's own edge judges it.

It answers this edge's challenge, on a page of this edge's, by a clock that is about right. What
everybody else judges by is `protocol.attendance`. Pure.
"""

from __future__ import annotations

from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.attendance import (
    AHEAD_SECONDS,
    ATTENDANCE_TYPE,
    CHALLENGE_OCTETS,
    LARGEST_STATEMENT,
    LONGEST_ORIGIN,
    Attendance,
    Statement,
    verify_statement,
    verify_there,
)
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.randomness import random_octets

__all__ = [
    "AHEAD_SECONDS",
    "ATTENDANCE_TYPE",
    "CHALLENGE_OCTETS",
    "HERE_SECONDS",
    "LARGEST_STATEMENT",
    "LONGEST_ORIGIN",
    "Attendance",
    "Statement",
    "new_challenge",
    "verify_here",
    "verify_there",
]

HERE_SECONDS: Final = 240
"""By which a browser's clock may differ from its own edge's, either way. Our choice: the newest
attendance counts, so nobody may attend from the future."""


def new_challenge() -> str:
    """Return what an attendance has to answer, 64 hexadecimal digits; each is used once."""
    return random_octets(CHALLENGE_OCTETS).hex()


def verify_here(
    envelope: Envelope, verifier: Verifier, now: float, edge: str, challenge: str, origin: str
) -> Attendance:
    """Return who sits at our own site: it answers our challenge, on a page of ours.

    InvalidInputError, SignatureError, CertificateError or ProfileError says why it is not believed.
    """
    statement, attendance = verify_statement(envelope, verifier, now)
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
