"""A private key in a file: sealed by a passphrase, by a token, or, for lone machines, open.

Sealed ones are one line of JWE (`jwe`, `token`) around the PKCS#8 of the key; open ones are PEM,
for edges that must start with nobody there, and are refused if others may read them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, write_durably
from baluardo.errors import CertificateError, CustodyError, InvalidInputError, SealError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.trust.certificates.pem import armour, blocks
from baluardo.trust.custody.jwe import MOST_OCTETS, Algorithm, Header, Jwe
from baluardo.trust.custody.private_file import check_private
from baluardo.trust.custody.token import Token, TokenKey, open_in_token, seal_in_token
from baluardo.trust.primitives import aead, keywrap
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret

DEFAULT_ROUNDS: Final = 600_000
"""0.17 s on the machine this was chosen on; OWASP asks for 210,000 with HMAC-SHA512 (2023)."""
PKCS8: Final = "application/pkcs8"
"""RFC 5958 section 7."""

_FILE = "The key file"
_SALT_OCTETS = 16
_PRIVATE_KEY = "PRIVATE KEY"
"""The label of RFC 7468 section 10."""


class Lock(Enum):
    """What a key file asks for before it opens."""

    PASSPHRASE = auto()
    TOKEN = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A protection: seal by a passphrase."""

    secret: Secret
    rounds: int = DEFAULT_ROUNDS
    """Of PBKDF2; `jwe.ROUNDS` says how many are permitted."""


@dataclass(frozen=True, slots=True)
class Unprotected:
    """No protection but the file's mode: for machines that start with nobody there."""


Protection = Passphrase | Token | Unprotected
"""What a new key file is sealed by."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """How whoever opens a key file answers what the file asks for."""

    ask: Callable[[str], Secret] | None = None
    """Answers "Passphrase of FILE" or "PIN of token LABEL"; called only if the file asks."""
    module: Path | None = None
    """The PKCS#11 library that reaches the token: never taken from the file, as it is run."""


def write_key(path: Path, key: SigningKey, protection: Protection, replace: bool = False) -> None:
    """Write a key to a file of mode 0600; TargetError if it is there and not to be replaced."""
    if isinstance(protection, Unprotected):
        octets = armour(key.pkcs8().reveal(), _PRIVATE_KEY).encode()
    else:
        octets = seal_secret(key.pkcs8(), protection, PKCS8) + b"\n"
    write_durably(path, octets, mode=OWNER_ALONE, replace=replace)


def read_key(path: Path, unlock: Unlock | None = None) -> SigningKey:
    """Open a key file; SourceError if it cannot be read, CustodyError if it cannot be opened.

    Without `unlock` only keys that are not sealed open.
    """
    octets = read_file(path, MOST_OCTETS, _FILE)
    try:
        key = open_key(octets, unlock or Unlock(), path.name)
        sealed = _lock(octets) is not Lock.NOTHING
    except CustodyError as problem:
        raise CustodyError(f"{_FILE} {printable(str(path))}: {problem}") from None
    if not sealed:
        check_private(path, _FILE)
    return key


def open_key(octets: bytes, unlock: Unlock, name: str) -> SigningKey:
    """Open the content of a key file; `name` is what the prompt calls it. CustodyError."""
    sealed = _lock(octets) is not Lock.NOTHING
    payload = open_secret(octets, unlock, PKCS8, name) if sealed else _of_pem(octets)
    try:
        return SigningKey.of_pkcs8(payload)
    except InvalidInputError as problem:
        raise CustodyError(f"It opens, but what is in it is no key of ours: {problem}") from None


def lock_of(path: Path) -> Lock:
    """Tell what a key file asks for; SourceError, CustodyError."""
    try:
        return _lock(read_file(path, MOST_OCTETS, _FILE))
    except CustodyError as problem:
        raise CustodyError(f"{_FILE} {printable(str(path))}: {problem}") from None


def seal_secret(payload: Secret, protection: Passphrase | Token, content_type: str) -> bytes:
    """Return any secret as one line of JWE, without a line break."""
    if isinstance(protection, Token):
        return seal_in_token(payload, protection, content_type)
    header = Header(
        Algorithm.PBES2, content_type, salt=random_octets(_SALT_OCTETS), rounds=protection.rounds
    )
    wrapping = keywrap.stretch(protection.secret, header.salt_input, header.rounds)
    content_key, nonce = Secret(random_octets(aead.KEY_OCTETS)), random_octets(aead.NONCE_OCTETS)
    protected = header.protected()
    ciphertext = aead.encrypt(content_key, nonce, payload.reveal(), protected)
    wrapped = keywrap.wrap(wrapping, content_key)
    return Jwe(header, protected, wrapped, nonce, ciphertext).compact()


def open_secret(octets: bytes, unlock: Unlock, content_type: str, name: str) -> Secret:
    """Return what `seal_secret` sealed; CustodyError says why it does not open.

    `name` is what the prompt calls it.
    """
    sealed = Jwe.of_compact(octets.strip())
    found = sealed.header.content_type
    if found != content_type:
        raise CustodyError(f"It seals {quoted(found)} where {content_type} is wanted.")
    if sealed.header.algorithm is Algorithm.PBES2:
        if unlock.ask is None:
            raise CustodyError("It is sealed by a passphrase, and none was given.")
        return _open_by_passphrase(sealed, unlock.ask(f"Passphrase of {printable(name)}"))
    label = TokenKey.of_uri(sealed.header.key_uri).token
    if unlock.module is None or unlock.ask is None:
        raise CustodyError(
            f"It is sealed by token {quoted(label)}; say which PKCS#11 library reaches the token, "
            "and have its PIN ready."
        )
    pin = unlock.ask(f"PIN of token {printable(label)}")
    return open_in_token(sealed, Token(unlock.module, label, pin))


def _lock(octets: bytes) -> Lock:
    if octets.lstrip().startswith(b"-----BEGIN"):
        return Lock.NOTHING
    direct = Jwe.of_compact(octets.strip()).header.algorithm is Algorithm.DIRECT
    return Lock.TOKEN if direct else Lock.PASSPHRASE


def _open_by_passphrase(sealed: Jwe, secret: Secret) -> Secret:
    wrapping = keywrap.stretch(secret, sealed.header.salt_input, sealed.header.rounds)
    try:
        content_key = keywrap.unwrap(wrapping, sealed.wrapped_key)
    except SealError:
        raise CustodyError(
            "The passphrase does not open it. If you are sure of the passphrase, the file was "
            "altered: take a copy from your backup."
        ) from None
    try:
        return Secret(aead.decrypt(content_key, sealed.nonce, sealed.ciphertext, sealed.protected))
    except SealError:
        raise CustodyError(
            "The passphrase is right, but the file was altered: take a copy from your backup."
        ) from None


def _of_pem(octets: bytes) -> Secret:
    try:
        ((label, der),) = blocks(octets.strip(), MOST_OCTETS)
    except CertificateError as problem:
        raise CustodyError(f"It is no key file: {problem}") from None
    except ValueError:
        raise CustodyError("It holds more than one thing; a key file holds one key.") from None
    if label != _PRIVATE_KEY:
        raise CustodyError(
            f"It holds {quoted(label)} where {_PRIVATE_KEY} is wanted. Keys that another program "
            "has sealed must be opened by that program first."
        )
    return Secret(der)
