"""What puts algorithms to work in whatever profile: the part of the bill that suites do not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Use:
    """Something that puts algorithms to work, in whatever profile."""

    name: str
    standard: str
    algorithms: tuple[str, ...]
    module: str


USES: Final = (
    Use(
        "Key files under a passphrase",
        "RFC 7516, PBES2-HS512+A256KW with A256GCM (RFC 7518)",
        ("PBKDF2-HMAC-SHA512", "AES-256-KW", "AES-256-GCM"),
        "trust.custody",
    ),
    Use(
        "Key files under a token's key",
        "RFC 7516, dir with A256GCM; PKCS #11",
        ("AES-256-GCM",),
        "trust.custody",
    ),
    Use("Shares of the root's seed", "SLIP-0039", ("SLIP-39",), "trust.custody"),
    Use(
        "Records beside a channel",
        "SP 800-38D with counted nonces, RFC 6479",
        ("AES-256-GCM", "HKDF-SHA384"),
        "trust.records",
    ),
    Use("Hashes of the audit log", "RFC 9162, C2SP tlog-tiles", ("SHA-256",), "trust.audit"),
    Use("Commits of conversations as their orderer names them", "", ("SHA-256",), "trust.digest"),
    Use("Fingerprints of certificates", "RFC 5280", ("SHA-256",), "trust.certificates"),
    Use(
        "Passkeys of people",
        "WebAuthn level 3; a classical door",
        ("ECDSA-P256-SHA256", "Ed25519", "RSA-SHA256"),
        "trust.passkeys",
    ),
    Use(
        "One-time secrets and sessions",
        "128 or 256 random bits, kept as SHA-256",
        ("SHA-256", "Operating system's random"),
        "trust.one_time",
    ),
    Use(
        "Device keys in browsers",
        "WebCrypto: keys not to be exported (no ML-DSA: a sealed seed), DSSE, PKCS #10, log proofs",
        (
            *("ML-DSA-65", "ML-DSA-87", "SHA-256", "SHA-384", "AES-256-GCM"),
            "Operating system's random",
        ),
        "web/src/trust",
    ),
    Use(
        "Chains, lists and safety numbers in browsers",
        "RFC 5280, FIPS 204 by WebCrypto or by @noble/post-quantum, RFC 8018",
        ("ML-DSA-65", "ML-DSA-87", "SHA-256", "PBKDF2-HMAC-SHA512"),
        "web/src/trust",
    ),
    Use(
        "Conversations in browsers",
        "RFC 9420 by ts-mls; members sign with the keys of their certificates",
        ("AES-256-GCM", "SHA-512", "HKDF-SHA512", "HMAC-SHA512", "Operating system's random"),
        "web/src/calls/mls",
    ),
    Use(
        "Frames of calls in browsers",
        "RFC 9605 by WebCrypto",
        ("AES-128-GCM", "AES-256-GCM", "HKDF-SHA256", "HKDF-SHA512", "Operating system's random"),
        "web/src/calls/media",
    ),
    Use(
        "WireGuard keys of sites",
        "RFC 7748; a classical door, under preshared keys from a post-quantum channel",
        ("X25519", "Operating system's random"),
        "trust.wireguard_keys",
    ),
    Use(
        "Probes of bearers",
        "Records under keys of the exchange between two edges",
        ("AES-256-GCM", "HKDF-SHA384"),
        "trust.probe_seal",
    ),
    Use("Approvals of commands", "DSSE v1", ("SHA-384",), "trust.commands"),
    Use(
        "XML signatures of warnings",
        "W3C XML Signature 1.1, enveloped; a classical door",
        (
            *("ECDSA-P384-SHA384", "ECDSA-P256-SHA256", "RSA-SHA256"),
            *("SHA-256", "SHA-384"),
        ),
        "trust.xml_signature",
    ),
    Use("Names of cached downloads", "no security rests on it", ("SHA-256",), "twin.downloads"),
    Use("Keys, nonces, serial numbers", "", ("Operating system's random",), "trust.primitives"),
)
