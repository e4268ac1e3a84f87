"""The cryptographic bill of materials: CycloneDX 1.6 (ECMA-424), made from the suite tables.

Deterministic: the same version with the same libraries gives the same octets, and the serial number
is derived from them. Nothing is looked up but the versions of the installed libraries.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Final, cast
from uuid import UUID

from cryptography.hazmat.backends.openssl.backend import backend

from baluardo import __version__
from baluardo.trust.bill.algorithms import ALGORITHMS, Algorithm, algorithm_spelled
from baluardo.trust.bill.uses import USES, Use
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.suites import (
    CLASSICAL_DOORS,
    PROFILES,
    AnyProfile,
    ClassicalDoor,
    SignatureAlgorithm,
)

Json = dict[str, object]

PRODUCT: Final = "baluardo"
LIBRARIES: Final = (
    "cryptography",
    "pyOpenSSL",
    "python-pkcs11",
    "shamir-mnemonic",
    "signxml",
    "webauthn",
)
"""Python packages that do cryptography for us; OpenSSL comes inside the first."""

TLS_CIPHER_NUMBERS: Final = {"TLS_AES_256_GCM_SHA384": ("0x13", "0x02")}
"""RFC 8446 appendix B.4."""
_TLS_CIPHER_PARTS: Final = {"TLS_AES_256_GCM_SHA384": ("AES-256-GCM", "HKDF-SHA384")}


def bill_of_materials(timestamp: str | None = None) -> Json:
    """Return the bill as CycloneDX 1.6 JSON; `timestamp` (ISO 8601) enters only where given."""
    components = [
        *_libraries(),
        *(_algorithm(algorithm) for algorithm in _used_algorithms()),
        *(c for profile in PROFILES.values() for c in _profile(profile)),
        *_browser_certificates(),
        *(_use(use) for use in USES),
        *(_door(door) for door in CLASSICAL_DOORS),
    ]
    metadata: Json = {
        "component": {
            "type": "application",
            "bom-ref": PRODUCT,
            "name": PRODUCT,
            "version": __version__,
        }
    }
    if timestamp is not None:
        metadata["timestamp"] = timestamp
    bill: Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": list(_dependencies(components)),
    }
    return {"serialNumber": f"urn:uuid:{_derived_uuid(json.dumps(bill, sort_keys=True))}"} | bill


def _derived_uuid(text: str) -> UUID:
    """A UUID of version 8 (RFC 9562 section 5.8) made of the text's SHA-256."""
    octets = bytearray(sha256(text.encode())[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    return UUID(bytes=bytes(octets))


def _ref(name: str) -> str:
    return "crypto/" + name.lower().replace(" ", "-")


def _properties(values: Mapping[str, str]) -> list[Json]:
    return [{"name": f"baluardo:{k}", "value": v} for k, v in values.items() if v]


def _asset(name: str, description: str, crypto: Json, **properties: str) -> Json:
    """A component of type cryptographic-asset."""
    component: Json = {
        "type": "cryptographic-asset",
        "bom-ref": _ref(name),
        "name": name,
        "description": description,
        "cryptoProperties": crypto,
        "properties": _properties({k.replace("_", "-"): v for k, v in properties.items()}),
    }
    return {key: value for key, value in component.items() if value}


def _libraries() -> Iterator[Json]:
    for name in LIBRARIES:
        installed = version(name)
        purl = f"pkg:pypi/{name.lower()}@{installed}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": installed, "purl": purl}
    openssl = backend.openssl_version_text().split()[1]
    purl = f"pkg:generic/openssl@{openssl}"
    yield {"type": "library", "bom-ref": purl, "name": "OpenSSL", "version": openssl, "purl": purl}


def _used_algorithms() -> list[Algorithm]:
    """Everything that a suite, a use or a door names, and what those are put together from."""
    names = {
        *(name for profile in PROFILES.values() for name in _named_by(profile)),
        *(name for use in USES for name in use.algorithms),
        *(name for door in CLASSICAL_DOORS for name in door.algorithms),
    }
    found: dict[str, Algorithm] = {}
    waiting = sorted(names)
    while waiting:
        algorithm = algorithm_spelled(waiting.pop())
        if algorithm.name not in found:
            found[algorithm.name] = algorithm
            waiting.extend(algorithm.parts)
    return [algorithm for algorithm in ALGORITHMS.values() if algorithm.name in found]


def _named_by(profile: AnyProfile) -> Iterator[str]:
    certificates, channel = profile.certificates, profile.channel
    for signature in (certificates.root, certificates.issuer, certificates.leaf, profile.log):
        yield signature.value
    yield from (channel.group, *channel.signature_algorithms, *_TLS_CIPHER_PARTS[channel.cipher])
    yield from (profile.sealing.kem, profile.sealing.kdf, profile.sealing.aead)
    yield from (profile.groups.kem, profile.groups.signature)


def _refs(names: Iterable[str]) -> list[str]:
    return [_ref(algorithm_spelled(name).name) for name in names]


def _algorithm(algorithm: Algorithm) -> Json:
    shown: Json = {
        "primitive": algorithm.primitive,
        "parameterSetIdentifier": algorithm.parameter_set,
        "curve": algorithm.curve,
        "mode": algorithm.mode,
        "executionEnvironment": "software-plain-ram",
        "cryptoFunctions": list(algorithm.functions),
        "classicalSecurityLevel": algorithm.classical_bits,
    }
    properties: Json = {key: value for key, value in shown.items() if value}
    properties["nistQuantumSecurityLevel"] = algorithm.quantum_level
    crypto: Json = {"assetType": "algorithm", "algorithmProperties": properties}
    if algorithm.oid:
        crypto["oid"] = algorithm.oid
    doors = [door.name for door in CLASSICAL_DOORS if algorithm.name in door.algorithms]
    return _asset(algorithm.name, algorithm.standard, crypto, classical_doors="; ".join(doors))


def _protocol(
    name: str, description: str, kind: str, names: Iterable[str], **properties: str
) -> Json:
    crypto: Json = {
        "assetType": "protocol",
        "protocolProperties": {"type": kind, "cryptoRefArray": _refs(names)},
    }
    return _asset(name, description, crypto, **properties)


def _profile(profile: AnyProfile) -> Iterator[Json]:
    yield _tls(profile)
    certificates, sealing, groups = profile.certificates, profile.sealing, profile.groups
    for role, key, signed_by in (
        ("root", certificates.root, certificates.root),
        ("issuer", certificates.issuer, certificates.root),
        ("leaf", certificates.leaf, certificates.issuer),
    ):
        yield from _certificate(f"{role} certificate ({profile.name})", key, signed_by)
    parts = (sealing.kem, sealing.kdf, sealing.aead)
    in_profile = {"profile": profile.name}
    yield _protocol(f"Sealing ({profile.name})", "HPKE, RFC 9180", "other", parts, **in_profile)
    yield _protocol(
        f"Audit log ({profile.name})",
        "Checkpoints and cosignatures, C2SP tlog-checkpoint",
        "other",
        (profile.log.value, "SHA-256"),
        **in_profile,
    )
    yield _protocol(
        f"Signed envelopes ({profile.name})",
        "DSSE v1",
        "other",
        (certificates.leaf.value,),
        **in_profile,
    )
    yield _protocol(
        f"Group keys ({profile.name})",
        "MLS, RFC 9420; calls and written messages",
        "other",
        (groups.kem, groups.signature),
        **in_profile,
    )


def _tls(profile: AnyProfile) -> Json:
    channel = profile.channel
    parts = (channel.group, *channel.signature_algorithms, *_TLS_CIPHER_PARTS[channel.cipher])
    suite: Json = {
        "name": channel.cipher,
        "algorithms": _refs(parts),
        "identifiers": list(TLS_CIPHER_NUMBERS[channel.cipher]),
    }
    crypto: Json = {
        "assetType": "protocol",
        "protocolProperties": {"type": "tls", "version": "1.3", "cipherSuites": [suite]},
    }
    return _asset(f"Channel ({profile.name})", "TLS 1.3, RFC 8446", crypto, profile=profile.name)


def _certificate(
    name: str, key: SignatureAlgorithm, signed_by: SignatureAlgorithm
) -> Iterator[Json]:
    public = _asset(
        f"Public key of {name}",
        "SubjectPublicKeyInfo",
        {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": {
                "type": "public-key",
                "algorithmRef": _ref(key.value),
            },
        },
    )
    certificate: Json = {
        "signatureAlgorithmRef": _ref(signed_by.value),
        "subjectPublicKeyRef": public["bom-ref"],
        "certificateFormat": "X.509",
    }
    yield public
    yield _asset(
        name.capitalize(),
        "X.509 v3, RFC 5280",
        {"assetType": "certificate", "certificateProperties": certificate},
    )


def _browser_certificates() -> Iterator[Json]:
    classical = SignatureAlgorithm.ECDSA_P384
    for role in ("root", "leaf"):
        yield from _certificate(f"{role} certificate (pages of sites)", classical, classical)


def _use(use: Use) -> Json:
    return _protocol(use.name, use.standard, "other", use.algorithms, module=use.module)


def _door(door: ClassicalDoor) -> Json:
    return _protocol(
        door.name,
        door.why,
        "other",
        door.algorithms,
        classical_door="yes",
        bounded_by=door.bounded_by,
    )


def _dependencies(components: Iterable[Json]) -> Iterator[Json]:
    """The product stands on everything; each asset on those that it names."""
    known = list(components)
    yield {"ref": PRODUCT, "dependsOn": sorted(cast("str", c["bom-ref"]) for c in known)}
    for algorithm in _used_algorithms():
        if algorithm.parts:
            yield {"ref": _ref(algorithm.name), "dependsOn": sorted(_refs(algorithm.parts))}
    for component in known:
        if named := _named_in(component):
            yield {"ref": component["bom-ref"], "dependsOn": sorted(named)}


def _named_in(component: Json) -> set[str]:
    """The references to other components that a certificate or a protocol carries."""
    crypto = cast("Json", component.get("cryptoProperties", {}))
    protocol = cast("dict[str, list[Json]]", crypto.get("protocolProperties", {}))
    certificate = cast("dict[str, str]", crypto.get("certificateProperties", {}))
    named = set(cast("list[str]", protocol.get("cryptoRefArray", [])))
    for suite in protocol.get("cipherSuites", []):
        named |= set(cast("list[str]", suite["algorithms"]))
    return named | {ref for key, ref in certificate.items() if key.endswith("Ref")}
