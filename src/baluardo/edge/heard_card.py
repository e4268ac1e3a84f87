"""A card that was genuine when it came, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.errors import CertificateError
from baluardo.foreign_input import read_file
from baluardo.network.tunnel.card import TunnelCard, verify_card
from baluardo.protocol.directory_messages import LARGEST_CARD, check_card_size
from baluardo.protocol.message_fields import check_time
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.strict_json import JsonObject, write_json

LARGEST_FILE: Final = LARGEST_CARD + 1_024


@dataclass(frozen=True, slots=True)
class HeardCard:
    """A site's card that was genuine when it came."""

    card: TunnelCard
    envelope: Envelope
    heard_at: float
    """POSIX seconds."""

    @property
    def path(self) -> str:
        """Whose it is ("ship/bergamini")."""
        return self.card.identity.path

    @property
    def serials(self) -> frozenset[int]:
        """Of the certificates that spoke for it."""
        return frozenset(each.serial for each in self.envelope.signatures[0].chain.certificates)

    def write(self, directory: Path) -> None:
        """Write it durably; TargetError if that cannot be."""
        body = {"envelope": self.envelope.to_object(), "heard_at": self.heard_at}
        write_durably(directory / card_file(self.path), write_json(body), mode=FOR_ALL)

    @classmethod
    def read(cls, path: Path, verifier: Verifier) -> HeardCard:
        """Read a file and verify it again, as of when it came; errors as of its parts."""
        octets = read_file(path, LARGEST_FILE, "The card")
        fields = JsonObject.parse(octets, LARGEST_FILE, "It")
        fields.only(("envelope", "heard_at"))
        heard_at = fields.number("heard_at")
        check_time("heard_at", heard_at)
        envelope = Envelope.of_object(fields.fields.get("envelope"))
        check_card_size(envelope)
        # What was let in is let in again: a demonstration's cards name places on this machine.
        card = verify_card(envelope, verifier.looking_back(), heard_at, loopback=True)
        heard = cls(card, envelope, heard_at)
        if not heard.serials.isdisjoint(named_serials(verifier.revocations)):
            raise CertificateError(f"{card.identity} was revoked.")
        if card_file(heard.path) != path.name:
            raise CertificateError("It is another site's.")
        return heard


def named_serials(revocations: Revocations) -> frozenset[int]:
    """Return every serial that a list names, or has named."""
    listed = {serial for held in revocations.lists.values() for serial in held.revoked}
    kept = {serial for each in revocations.kept.values() for serial in each}
    return frozenset(listed | kept)


def card_file(site: str) -> str:
    """Return the name of a site's file."""
    return f"{site.replace('/', '-', 1)}.json"
