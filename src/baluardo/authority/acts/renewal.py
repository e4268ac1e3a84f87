"""The next certificate for whoever asks over their own channel with the present one."""

from __future__ import annotations

from baluardo.authority.acts.holdings import check_certificates
from baluardo.authority.acts.tunnel_cards import remove_revoked_cards
from baluardo.authority.events.event import EventKind
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import CertificateError
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity, Kind


def renew_certificate(
    transaction: Transaction, peer: Identity, envelope: Envelope
) -> Chain | CertificateError:
    """Grant a renewal (`trust.issuing.renewal`) that the peer of a channel asks for itself.

    A key that was copied is revoked on the spot: then the refusal is returned, not raised, so that
    what was written is kept. Raise it after the commit.
    """
    if any(each.chain.leaf.identity != peer for each in envelope.signatures):
        raise CertificateError(
            f"{peer} asks for the renewal of somebody else's certificate: refused. Everybody asks "
            "for their own."
        )
    if peer.kind is Kind.PERSON:
        check_certificates(transaction, peer.name)
    try:
        return transaction.issuing.renew(envelope, transaction.now)
    except CertificateError as refusal:
        # Nothing was published unless a copy was found, and then it must be told at once.
        if transaction.register.is_revoked(envelope.signatures[0].chain.leaf.serial):
            remove_revoked_cards(transaction)
            transaction.tell(EventKind.LISTS)
        return refusal
