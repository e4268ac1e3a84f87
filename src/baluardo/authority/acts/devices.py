"""One's own devices: their certificates, and the next one by the present key."""

from __future__ import annotations

from baluardo.authority.acts.renewal import renew_certificate
from baluardo.authority.acts.revocation import State, state_of
from baluardo.authority.principal import Principal
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import CertificateError
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.register import Issued, Register


def list_devices(
    register: Register, principal: Principal, now: float
) -> list[tuple[Issued, State]]:
    """Return the certificates of a person's own devices, the newest first."""
    held = register.holders.get(f"{Kind.PERSON.value}/{principal.person}", [])
    return [(each, state_of(register, each, now)) for each in reversed(held)]


def renew_device(
    transaction: Transaction, principal: Principal, envelope: Envelope
) -> Chain | CertificateError:
    """Grant a renewal of one of one's own devices; it is signed with that device's present key.

    A refusal that is returned has written something: see `acts.renewal`.
    """
    signers = [each.chain.leaf.identity for each in envelope.signatures]
    signer = signers[0] if signers else None
    if signer is None or (signer.kind, signer.name) != (Kind.PERSON, principal.person):
        raise CertificateError(
            "This renewal is not signed by a device of yours: refused. Everybody asks for their "
            "own."
        )
    return renew_certificate(transaction, signer, envelope)
