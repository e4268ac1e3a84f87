"""Doors for what people bring: passkeys, one-time secrets, codes that are typed."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence

from authenticator import Authenticator
from door import Door
from material import as_text, only

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.trust.one_time import OneTimeSecret, digest_of, digest_of_code
from baluardo.trust.passkeys import (
    LARGEST_CREDENTIAL,
    NewPasskey,
    credential_id_of,
    verify_authentication,
    verify_registration,
)
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import parse_json

RP = "baluardo.localhost"
ORIGINS = ["https://rome.baluardo.localhost"]
CHALLENGE = bytes(32)
SECRET = OneTimeSecret(Secret(bytes(range(16))))
SESSION = OneTimeSecret(Secret(bytes(range(32))))


@functools.cache
def device() -> Authenticator:
    return Authenticator()


@functools.cache
def passkey() -> NewPasskey:
    return verify_registration(device().make(CHALLENGE), CHALLENGE, RP, ORIGINS)


def answer(octets: bytes) -> object:
    return parse_json(octets, LARGEST_CREDENTIAL, "It")


def registered(octets: bytes) -> None:
    verify_registration(answer(octets), CHALLENGE, RP, ORIGINS)


def used(octets: bytes) -> None:
    """Nobody but the passkey itself gets through; only the handle is not what it signs."""
    credential, key = answer(octets), passkey().public_key
    credential_id_of(credential)
    found = verify_authentication(credential, CHALLENGE, RP, ORIGINS, key, 0)
    only(*range(1, 100))(found.sign_count)


def registrations() -> Sequence[bytes]:
    return [json.dumps(device().make(CHALLENGE)).encode()]


def uses() -> Sequence[bytes]:
    passkey()
    return [json.dumps(device().use(CHALLENGE)).encode() for _ in range(2)]


DOORS = (
    Door("passkeys.registration", registered, (InvalidInputError, SignatureError), registrations),
    Door("passkeys.authentication", used, (InvalidInputError, SignatureError), uses),
    Door(
        "one-time.secret",
        as_text(digest_of),
        (InvalidInputError,),
        lambda: [SECRET.text().encode(), SESSION.text().encode()],
    ),
    Door(
        "one-time.code",
        as_text(digest_of_code),
        (InvalidInputError,),
        lambda: [SECRET.typable().encode(), SECRET.typable().lower().replace("-", " ").encode()],
    ),
)
