"""One registry of every label that separates one use of a key from another.

A label enters a signature (ML-DSA context string, FIPS 204 section 5.2), a derivation (HKDF info,
RFC 5869), HPKE's info (RFC 9180) or a TLS exporter (RFC 8446 section 7.5). No label is the
beginning of another, so no two uses can be confused by what follows it. Certificates and TLS sign
with the empty context, as their standards say: nothing here can be replayed as one of those.
"""

from __future__ import annotations

from enum import Enum, unique


@unique
class Label(Enum):
    """Each label with the module that uses it."""

    SIGN_ENVELOPE = b"baluardo/envelope/v1"
    """Every DSSE envelope (`trust.envelope`): commands, signed time, renewals, sealing keys."""
    SIGN_GROUP = b"baluardo/mls/v1"
    """What members of a group sign, by their devices' keys (`web.src.calls.mls`)."""
    SIGN_CHECKPOINT = b"baluardo/checkpoint/v1"
    """Checkpoints and cosignatures of the audit log (`trust.audit.checkpoint`)."""
    SEAL_MESSAGE = b"baluardo/seal/v1"
    """HPKE info of sealed messages (`trust.sealing`)."""
    SEAL_CONTENT = b"baluardo/content/v1"
    """Content key of a message sealed to several (`trust.sealing`)."""
    RECORD_KEY = b"baluardo/record/v1"
    """Key of a stream of numbered records (`trust.records`)."""
    EXPORT_TUNNEL = b"EXPORTER-Baluardo-tunnel-psk"
    """WireGuard preshared keys from an edge-to-edge channel (`network.tunnel`)."""
    EXPORT_PROBES = b"EXPORTER-Baluardo-probes"
    """Keys of the datagrams that measure bearers, from the same channel (`network.tunnel`)."""
    EXPORT_INNER = b"EXPORTER-Baluardo-inner-layer"
    """Keys of the second layer within a tunnel, from the same channel (`network.tunnel`)."""
    EXPORT_RECORDS = b"EXPORTER-Baluardo-records"
    """Keys of record streams beside a channel (`emergency.messages`)."""
