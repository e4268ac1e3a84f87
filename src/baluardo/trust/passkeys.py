"""Passkeys of people: WebAuthn (W3C, level 3) as this house uses it. Alone imports `webauthn`.

Discoverable credentials whose authenticator has verified its user, by PIN or body, at every use;
no attestation, as nobody is asked which make of authenticator they have. What a browser sends is
bounded and taken apart strictly before the library sees any of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_attestation_object,
)
from webauthn.helpers.cose import COSECRV, COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import (
    DecodedEC2PublicKey,
    DecodedOKPPublicKey,
    DecodedRSAPublicKey,
)
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from baluardo.errors import BaluardoError, InvalidInputError, SignatureError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.strict_json import JsonObject, write_json

CHALLENGE_OCTETS: Final = 32
TIMEOUT_MILLISECONDS: Final = 120_000
"""How long a browser lets a person look for the authenticator. Our choice."""
LARGEST_CREDENTIAL: Final = 32_768
"""Octets of JSON. Our choice: an answer without attestation has about 1,000."""
LARGEST_PART: Final = 8_192
LARGEST_ATTESTATION: Final = 16_384
LARGEST_SIGNATURE: Final = 1_024
LARGEST_ID: Final = 1_023
"""Octets (WebAuthn section 4, credential ID)."""
LARGEST_HANDLE: Final = 64
"""Octets (section 5.4.3)."""
LARGEST_KEY: Final = 2_048
MOST_EXISTING: Final = 64
MOST_TRANSPORTS: Final = 8
LEAST_RSA_OCTETS: Final = 256
MOST_RSA_OCTETS: Final = 512
MOST_RSA_EXPONENT: Final = 4
"""Octets of RSA keys: 2,048 to 4,096 bits, so that nobody's key costs us seconds. Our choice."""
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal", "cable"})
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_FORMATS: Final = frozenset({AttestationFormat.NONE, AttestationFormat.PACKED})
"""None was asked for; some authenticators attest with the new key itself all the same."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PasskeyChallenge:
    """What a browser is asked to have signed, once."""

    options: dict[str, Any]
    """JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`, or `...RequestOptions...`."""
    challenge: bytes
    """To be kept until the answer comes, and taken for one answer only; 32 octets."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was just made."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    """COSE_Key (RFC 9052), as the authenticator wrote it."""
    sign_count: int
    backed_up: bool
    """Whether it is copied among its holder's devices by whoever makes them."""
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PasskeyUse:
    """A passkey that was just used by its holder, whom the authenticator has verified."""

    sign_count: int
    """To be kept in the place of the one before."""
    user_handle: bytes
    """Whose it says it is: must be the handle under which it was registered."""


def registration_options(
    rp_id: str,
    rp_name: str,
    person: str,
    display_name: str,
    user_handle: bytes,
    existing: Sequence[bytes],
) -> PasskeyChallenge:
    """Return what makes a browser offer to make a passkey.

    `user_handle`, 1 to 64 octets, tells the person and says nothing about them; `existing` are the
    ids of their passkeys, so that no authenticator makes a second one. InvalidInputError for what
    no browser would take.
    """
    if not 1 <= len(user_handle) <= LARGEST_HANDLE:
        raise InvalidInputError(f"A user handle has 1 to {LARGEST_HANDLE} octets.")
    if len(existing) > MOST_EXISTING:
        raise InvalidInputError(f"A person has at most {MOST_EXISTING} passkeys.")
    if not all((rp_id, rp_name, person, display_name)):
        raise InvalidInputError("A passkey is made for a named person at a named place.")
    challenge = random_octets(CHALLENGE_OCTETS)
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_name=person,
        user_id=user_handle,
        user_display_name=display_name,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in existing],
        supported_pub_key_algs=_ALGORITHMS,
    )
    return PasskeyChallenge(json.loads(options_to_json(options)), challenge)


def authentication_options(rp_id: str) -> PasskeyChallenge:
    """Return what makes a browser offer the passkeys it has for this place."""
    if not rp_id:
        raise InvalidInputError("A passkey is used at a named place.")
    challenge = random_octets(CHALLENGE_OCTETS)
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return PasskeyChallenge(json.loads(options_to_json(options)), challenge)


def verify_registration(
    credential: object, challenge: bytes, rp_id: str, origins: Sequence[str]
) -> NewPasskey:
    """Return the passkey that a browser says it has made; `credential` is its JSON, parsed.

    `origins` are the addresses of pages on which that may happen, such as "https://site.example".
    SignatureError if it is not one made for this challenge, here, by an authenticator that verified
    its user, with a key that we verify.
    """
    fields = _credential(credential)
    response = _response(fields, {"attestationObject": LARGEST_ATTESTATION})
    attestation = of_base64url(response["attestationObject"])
    transports = _transports(fields)

    def made() -> NewPasskey:
        if parse_attestation_object(attestation).fmt not in _FORMATS:
            raise SignatureError("A passkey was refused: it brings an attestation, unasked.")
        found = verify_registration_response(
            credential=_for_library(fields, response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=list(origins),
            require_user_presence=True,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        if to_base64url(found.credential_id) != fields.fields["id"]:
            raise SignatureError("A passkey was refused: it has two different ids.")
        _check_key(found.credential_public_key)
        return NewPasskey(
            found.credential_id,
            found.credential_public_key,
            found.sign_count,
            found.credential_backed_up,
            transports,
        )

    return _careful(made)


def credential_id_of(credential: object) -> bytes:
    """Return which passkey an answer is said to be from, to look its public key up.

    SignatureError if it is no answer of a browser. Nothing of it is genuine yet.
    """
    return of_base64url(_credential(credential).text("id", 2 * LARGEST_ID))


def verify_authentication(
    credential: object,
    challenge: bytes,
    rp_id: str,
    origins: Sequence[str],
    passkey: bytes,
    sign_count: int,
) -> PasskeyUse:
    """Return the use of a passkey; `passkey` is its public key, `sign_count` the last one kept.

    SignatureError if it does not sign this challenge, here, for a user it has verified, and if its
    count of signatures does not go up: then there are two of it. Those without a count stay at 0.
    """
    fields = _credential(credential)
    sizes = {"authenticatorData": LARGEST_PART, "signature": LARGEST_SIGNATURE}
    response = _response(fields, sizes | {"userHandle": LARGEST_HANDLE})
    handle = of_base64url(response["userHandle"])
    if not handle:
        raise SignatureError("A passkey was refused: it does not say whose it is.")

    def used() -> PasskeyUse:
        _check_key(passkey)
        found = verify_authentication_response(
            credential=_for_library(fields, response),
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=list(origins),
            credential_public_key=passkey,
            credential_current_sign_count=0,  # judged below, after the signature
            require_user_verification=True,
        )
        count = found.new_sign_count
        if (count or sign_count) and count <= sign_count:
            raise SignatureError(
                f"A passkey was refused: it has signed {count} times, and had {sign_count} times "
                "before. There is a copy of it. Remove it, and find out where the copy is."
            )
        return PasskeyUse(count, handle)

    return _careful(used)


def _credential(credential: object) -> JsonObject:
    """Cover a browser's answer: an object of bounded size, of the right type, with one id."""
    try:
        fields = JsonObject.of(credential, "The passkey's answer")
        if len(write_json(credential)) > LARGEST_CREDENTIAL:
            raise InvalidInputError(
                f"The passkey's answer is larger than {LARGEST_CREDENTIAL:,} octets."
            )
        if fields.text("type", 16) != "public-key":
            raise fields.wrong("type", "public-key")
        named = _octets(fields, "id", LARGEST_ID)
        if not named or fields.text("rawId", 2 * LARGEST_ID) != fields.fields["id"]:
            raise fields.wrong("rawId", "the id")
    except InvalidInputError as problem:
        raise SignatureError(f"A passkey was refused: {problem}") from None
    return fields


def _response(fields: JsonObject, sizes: dict[str, int]) -> dict[str, str]:
    """Return the parts of the response that are understood, each base64url of bounded size."""
    try:
        inner = fields.inner("response")
        found = {
            name: to_base64url(_octets(inner, name, most))
            for name, most in ({"clientDataJSON": LARGEST_PART} | sizes).items()
        }
        _check_client_data(of_base64url(found["clientDataJSON"]))
    except InvalidInputError as problem:
        raise SignatureError(f"A passkey was refused: {problem}") from None
    return found


def _check_client_data(octets: bytes) -> None:
    """Refuse what was signed inside another site's page: somebody else drew what the user saw."""
    client = JsonObject.parse(octets, LARGEST_PART, "What the browser signed")
    if client.fields.get("crossOrigin", False) is not False or "topOrigin" in client.fields:
        raise InvalidInputError("it was used inside a page of another origin.")
    client.text("type", 64)
    client.text("challenge", 2 * CHALLENGE_OCTETS)
    client.text("origin", 512)


def _transports(fields: JsonObject) -> tuple[str, ...]:
    """Return how the authenticator is reached, as far as it says so in words that we know."""
    told = fields.inner("response").fields.get("transports", [])
    if not isinstance(told, list) or len(told) > MOST_TRANSPORTS:
        raise SignatureError("A passkey was refused: its transports are no short list.")
    return tuple(sorted({each for each in told if isinstance(each, str)} & _TRANSPORTS))


def _octets(fields: JsonObject, name: str, most: int) -> bytes:
    octets = of_base64url(fields.text(name, -(-8 * most // 6)))
    if len(octets) > most:
        raise fields.wrong(name, f"base64url of at most {most:,} octets")
    return octets


def _for_library(fields: JsonObject, response: dict[str, str]) -> dict[str, Any]:
    identifier = fields.fields["id"]
    return {"id": identifier, "rawId": identifier, "type": "public-key", "response": response}


def _check_key(key: bytes) -> None:
    """Refuse keys of other algorithms, on other curves or off them, or of odd sizes."""
    if not 0 < len(key) <= LARGEST_KEY:
        raise SignatureError("A passkey was refused: its key has an impossible size.")
    found = decode_credential_public_key(key)
    decoded_public_key_to_cryptography(found)
    match found:
        case DecodedEC2PublicKey(alg=COSEAlgorithmIdentifier.ECDSA_SHA_256, crv=COSECRV.P256):
            return
        case DecodedOKPPublicKey(alg=COSEAlgorithmIdentifier.EDDSA, crv=COSECRV.ED25519):
            return
        case DecodedRSAPublicKey(alg=COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256):
            modulus = found.n.lstrip(b"\0")
            exponent = int.from_bytes(found.e[: MOST_RSA_EXPONENT + 1], "big")
            whole = LEAST_RSA_OCTETS <= len(modulus) <= MOST_RSA_OCTETS
            if whole and len(found.e) <= MOST_RSA_EXPONENT and exponent >= 3:
                return
    raise SignatureError(
        "A passkey was refused: its key is none of ES256, EdDSA and RS256. Use another "
        "authenticator."
    )


def _careful(step: Callable[[], T]) -> T:
    """Let the library work on hostile octets: whatever it stumbles over is a refusal."""
    try:
        return step()
    except BaluardoError:
        raise
    except Exception as problem:  # noqa: BLE001 - decoders of CBOR, X.509 and COSE raise anything
        raise SignatureError(
            f"A passkey was refused ({quoted(str(problem))}). Try again; if it goes on, register "
            "it anew."
        ) from None
