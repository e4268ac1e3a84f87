"""The orderer's signed word: which commit ends which epoch of a group.

An authority that names two commits for one epoch leaves two signed notices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import CertificateError, InvalidInputError
from baluardo.protocol.mail_fields import (
    DIGEST_OCTETS,
    check_epoch,
    check_group,
    check_hex,
    check_orderer,
    epoch_of,
)
from baluardo.protocol.message_fields import check_count, whole
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import LONGEST_URI, Kind
from baluardo.trust.strict_json import JsonObject, write_json

NOTICE_TYPE: Final = "application/vnd.baluardo.mail-notice+json"
LARGEST_NOTICE: Final = 1_024


@dataclass(frozen=True, slots=True)
class MailNotice:
    """One commit is named for one epoch."""

    group: str
    """32 octets in small hexadecimal digits."""
    epoch: int
    """The epoch that the commit ends."""
    commit: str
    """SHA-256 of the commit's octets, in small hexadecimal digits."""
    orderer: str
    """Who says so: `spiffe://COMMUNITY/authority/NAME`."""
    at: int
    """POSIX milliseconds."""

    def __post_init__(self) -> None:
        """Refuse what names nothing."""
        check_group("group", self.group)
        check_epoch(self.epoch)
        check_hex("commit", self.commit, DIGEST_OCTETS)
        check_orderer(self.orderer)
        check_count("at", self.at)

    def to_octets(self) -> bytes:
        """Return the one written form."""
        return write_json(
            {
                "group": self.group,
                "epoch": str(self.epoch),
                "commit": self.commit,
                "orderer": self.orderer,
                "at": self.at,
            }
        )

    @classmethod
    def of_octets(cls, octets: bytes) -> MailNotice:
        """Read the written form; InvalidInputError for any other."""
        fields = JsonObject.parse(octets, LARGEST_NOTICE, "The notice")
        fields.only(("group", "epoch", "commit", "orderer", "at"))
        notice = cls(
            fields.text("group", LONGEST_URI),
            epoch_of(fields),
            fields.text("commit", LONGEST_URI),
            fields.text("orderer", LONGEST_URI),
            whole(fields, "at"),
        )
        if notice.to_octets() != octets:
            raise InvalidInputError("The notice is not in its one written form: refused.")
        return notice

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed; InvalidInputError unless the orderer itself signs."""
        if credential.identity.uri != self.orderer:
            raise InvalidInputError(f"{credential.identity} orders no commits of {self.orderer}.")
        return sign(self.to_octets(), NOTICE_TYPE, credential)


def verify_notice(envelope: Envelope, verifier: Verifier, now: float) -> MailNotice:
    """Return what an orderer has signed.

    InvalidInputError, SignatureError, CertificateError or ProfileError says why it is not believed.
    """
    verified = verify(envelope, verifier, now, NOTICE_TYPE)
    notice = MailNotice.of_octets(verified.payload)
    for signer in verified.signers:
        if signer.identity.kind is not Kind.AUTHORITY or signer.identity.uri != notice.orderer:
            raise CertificateError(
                f"{signer.identity} names a commit, and is not the orderer that it names: refused."
            )
    return notice
