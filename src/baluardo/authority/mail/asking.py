"""Whether a device itself has asked: what changes something bears its word, which counts once."""

from __future__ import annotations

from baluardo.authority.mail.refusal import denied
from baluardo.authority.mail.seats import Seat
from baluardo.protocol.mail_requests import AnyRequest
from baluardo.protocol.mail_signed import Word, verify_request
from baluardo.trust.certificates.verification import Verifier


def verify_word(
    request: AnyRequest, word: Word | None, seat: Seat, verifier: Verifier, now: float
) -> Word:
    """Return the word under a request, once the seat's own device has signed it.

    MailRefusedError where there is none, or one under another challenge; SignatureError,
    CertificateError or ProfileError where it is not genuine.
    """
    if word is None:
        raise denied(
            f"{seat.device} has not signed this request: nothing was done. Load the page anew; it "
            "may be older than the authority."
        )
    seat.freshness.check(word.challenge)
    verify_request(request.to_object(), word, seat.chain, verifier, now)
    return word
