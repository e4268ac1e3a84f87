"""X.509 lists of revoked certificates (RFC 5280 section 5): making them, and reading one strictly.

A full list tells all that its issuer took back; a delta tells what changed since a numbered one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from baluardo.errors import CertificateError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.certificate import (
    LARGEST_SERIAL,
    PARSER_FAILURES,
    Certificate,
    expect_whole_octets,
)
from baluardo.trust.certificates.dates import to_x509
from baluardo.trust.certificates.signatures import SIGNATURE_OIDS, expect_key_usage
from baluardo.trust.primitives.signing import SigningKey

LARGEST_LIST: Final = 16 * 2**20
"""Octets of DER; an entry has about 50, so this is a list of 300,000."""
LARGEST_NUMBER: Final = 2**63 - 1
"""Of a list; the standard allows 20 octets, we count lists."""


class Reason(Enum):
    """Why a certificate was taken back, as RFC 5280 section 5.3.1 names it."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    CA_COMPROMISE = "cACompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION = "cessationOfOperation"
    HOLD = "certificateHold"
    """Suspended: may be taken off the list again."""
    REMOVED = "removeFromCRL"
    """In deltas only: off the list again, or past its end and no longer worth a line."""
    PRIVILEGE_WITHDRAWN = "privilegeWithdrawn"


NOT_FOR_EVER: Final = frozenset({Reason.HOLD, Reason.REMOVED})
"""Reasons of lists (RFC 5280 section 5.3.1) that this authority never gives."""


_FLAGS: Final = {
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.CA_COMPROMISE: x509.ReasonFlags.ca_compromise,
    Reason.AFFILIATION_CHANGED: x509.ReasonFlags.affiliation_changed,
    Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    Reason.CESSATION: x509.ReasonFlags.cessation_of_operation,
    Reason.HOLD: x509.ReasonFlags.certificate_hold,
    Reason.REMOVED: x509.ReasonFlags.remove_from_crl,
    Reason.PRIVILEGE_WITHDRAWN: x509.ReasonFlags.privilege_withdrawn,
}
"""The standard leaves `unspecified` out rather than writing it (RFC 5280 section 5.3.1)."""
_REASONS: Final = {flag: reason for reason, flag in _FLAGS.items()}


@dataclass(frozen=True, slots=True)
class Revocation:
    """When a certificate was taken back (POSIX seconds), and why."""

    time: float
    reason: Reason = Reason.UNSPECIFIED


@dataclass(frozen=True, slots=True)
class SignedList:
    """One list as it was signed; `base` is the number a delta starts from, None for a full list."""

    number: int
    base: int | None
    this_update: float
    next_update: float
    """POSIX seconds, as `this_update`: by then a newer list is out."""
    entries: Mapping[int, Revocation]
    """By serial number."""
    der: bytes


def make_list(
    issuer_key: SigningKey,
    issuer: Certificate,
    number: int,
    revoked: Mapping[int, Revocation],
    now: float,
    next_update: float,
) -> bytes:
    """Return a full list, DER."""
    for serial, revocation in revoked.items():
        if revocation.reason is Reason.REMOVED:
            raise InvalidInputError(f"Serial {serial:x}: a full list leaves out what is removed.")
    return _sign(issuer_key, issuer, _builder(issuer, number, revoked, now, next_update))


def make_delta(
    issuer_key: SigningKey,
    issuer: Certificate,
    number: int,
    base_number: int,
    changes: Mapping[int, Revocation],
    now: float,
    next_update: float,
) -> bytes:
    """Return a delta, DER: what changed from the list of `base_number` to that of `number`.

    With Reason.REMOVED an entry leaves the list.
    """
    if not 0 <= base_number < number:
        raise InvalidInputError(
            f"A delta's base ({base_number}) is a list before its own number ({number})."
        )
    builder = _builder(issuer, number, changes, now, next_update)
    indicator = x509.DeltaCRLIndicator(base_number)
    return _sign(issuer_key, issuer, builder.add_extension(indicator, critical=True))


def read_list(der: bytes, issuer: Certificate) -> SignedList:
    """Return a list that this issuer signed; CertificateError for anything else."""
    if len(der) > LARGEST_LIST:
        raise CertificateError(f"A revocation list has at most {LARGEST_LIST} octets.")
    expect_key_usage(issuer, "crl_sign", "revocation lists")
    try:
        parsed = x509.load_der_x509_crl(der)
        expect_whole_octets(der, parsed.signature)
        _check_signed(parsed, issuer)
        return _read(parsed, der)
    except PARSER_FAILURES as problem:
        raise CertificateError(
            f"This revocation list cannot be read: {quoted(str(problem))}."
        ) from None


def _check_signed(parsed: x509.CertificateRevocationList, issuer: Certificate) -> None:
    if parsed.issuer != issuer.x509.subject:
        raise CertificateError(
            f"This revocation list is of another issuer than {issuer}; the lists held stay."
        )
    same = parsed.signature_algorithm_oid.dotted_string == SIGNATURE_OIDS[issuer.key.algorithm]
    if not (same and parsed.is_signature_valid(issuer.key.public)):
        raise CertificateError(
            f"This revocation list was not signed by {issuer}, or was altered; the lists held stay."
        )


def _read(parsed: x509.CertificateRevocationList, der: bytes) -> SignedList:
    number, base = _numbers(parsed.extensions)
    if parsed.next_update_utc is None:
        raise CertificateError("This revocation list does not say when the next one is due.")
    this_update = parsed.last_update_utc.timestamp()
    next_update = parsed.next_update_utc.timestamp()
    if not this_update < next_update:
        raise CertificateError("This revocation list is due again before it was made.")
    entries = {entry.serial_number: _entry(entry) for entry in parsed}
    if len(entries) != len(parsed):
        raise CertificateError("This revocation list names a certificate twice.")
    if base is None and any(entry.reason is Reason.REMOVED for entry in entries.values()):
        raise CertificateError("This full revocation list says that something is not on it.")
    return SignedList(number, base, this_update, next_update, MappingProxyType(entries), der)


def _numbers(extensions: x509.Extensions) -> tuple[int, int | None]:
    """Return the list's number and its base; any other critical extension is refused."""
    number = base = None
    for extension in extensions:
        if isinstance(extension.value, x509.CRLNumber):
            number = extension.value.crl_number
        elif isinstance(extension.value, x509.DeltaCRLIndicator):
            base = extension.value.crl_number
        elif extension.critical:
            raise CertificateError(
                "This revocation list has a critical extension that nobody here understands "
                f"({extension.oid.dotted_string})."
            )
    if number is None or not 0 <= number <= LARGEST_NUMBER:
        raise CertificateError("This revocation list is not numbered.")
    if base is not None and not 0 <= base < number:
        raise CertificateError("This revocation list's base is no list before it.")
    return number, base


def _entry(entry: x509.RevokedCertificate) -> Revocation:
    reason = Reason.UNSPECIFIED
    for extension in entry.extensions:
        if isinstance(extension.value, x509.CRLReason):
            reason = _REASONS.get(extension.value.reason, Reason.UNSPECIFIED)
        elif extension.critical:
            raise CertificateError(
                "An entry of this revocation list has a critical extension that nobody here "
                f"understands ({extension.oid.dotted_string})."
            )
    if not 0 < entry.serial_number <= LARGEST_SERIAL:
        raise CertificateError("This revocation list has an entry with an impossible serial.")
    return Revocation(entry.revocation_date_utc.timestamp(), reason)


def _builder(
    issuer: Certificate,
    number: int,
    entries: Mapping[int, Revocation],
    now: float,
    next_update: float,
) -> x509.CertificateRevocationListBuilder:
    if not 0 <= number <= LARGEST_NUMBER:
        raise InvalidInputError(f"A list's number is 0 to {LARGEST_NUMBER}, not {quoted(number)}.")
    if not to_x509(now) < to_x509(next_update):
        raise InvalidInputError("A revocation list is due again after now.")
    # Added one by one, the builder would copy its list each time: hours for a long one.
    lines = [_line(serial, entries[serial]) for serial in sorted(entries)]
    return (
        x509.CertificateRevocationListBuilder(revoked_certificates=lines)
        .issuer_name(issuer.x509.subject)
        .last_update(to_x509(now))
        .next_update(to_x509(next_update))
        .add_extension(x509.AuthorityKeyIdentifier(issuer.key_id, None, None), critical=False)
        .add_extension(x509.CRLNumber(number), critical=False)
    )


def _line(serial: int, revocation: Revocation) -> x509.RevokedCertificate:
    if not 0 < serial < 2**159:
        raise InvalidInputError("A serial number is positive and has at most 159 bits.")
    line = x509.RevokedCertificateBuilder().serial_number(serial)
    line = line.revocation_date(to_x509(revocation.time))
    flag = _FLAGS.get(revocation.reason)
    if flag is not None:
        line = line.add_extension(x509.CRLReason(flag), critical=False)
    return line.build()


def _sign(
    key: SigningKey, issuer: Certificate, builder: x509.CertificateRevocationListBuilder
) -> bytes:
    if key.public != issuer.key:
        raise CertificateError(f"This is not the key of {issuer}: nothing was signed.")
    expect_key_usage(issuer, "crl_sign", "revocation lists")
    signed = builder.sign(key.private, key.certificate_hash)
    return signed.public_bytes(serialization.Encoding.DER)
