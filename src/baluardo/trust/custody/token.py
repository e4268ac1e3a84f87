"""A key sealed by a token: AES-256 made inside a PKCS#11 device, which it can never leave.

Tokens of today know no post-quantum signatures, so they keep the key that opens the file instead:
without the token and its PIN the file is noise. The file is a JWE with `dir`, the token's key is
named in `kid` by a PKCS#11 URI (RFC 7512) of its random CKA_ID, and each file has a key of its own,
so that destroying that key destroys the file wherever copies of it went. The library that reaches
the token is said by whoever opens the file, never by the file: it would be run.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast
from urllib.parse import quote, unquote_to_bytes

import pkcs11

from baluardo.errors import CustodyError
from baluardo.foreign_input import printable, quoted
from baluardo.trust.custody.jwe import Algorithm, Header, Jwe
from baluardo.trust.primitives import aead
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.secret import Secret

KEY_BITS: Final = 256
ID_OCTETS: Final = 16
LONGEST_LABEL: Final = 32
"""Octets of a token's label (PKCS#11 2.40, CK_TOKEN_INFO); of ours for the key, too."""

_LOGIN: Final = threading.Lock()
"""A login counts for the whole process (PKCS#11 2.40 section 5.6), so one use at a time."""
_ATTRIBUTES: Final = ["token", "object", "id", "type"]
_REFUSALS: Final[dict[type[pkcs11.PKCS11Error], str]] = {
    pkcs11.PinIncorrect: "The token refuses the PIN. Most tokens lock themselves after a few "
    "wrong ones: be sure of it before you try again.",
    pkcs11.PinLenRange: "The token refuses the PIN: it is too short or too long to be right.",
    pkcs11.PinInvalid: "The token refuses the PIN: it has signs that no PIN of this token has.",
    pkcs11.PinLocked: "The token has locked itself after too many wrong PINs. Its security officer "
    "can set a new PIN; the keys within are not lost.",
    pkcs11.PinExpired: "The token's PIN has expired. Set a new one with the token's own program.",
    pkcs11.UserPinNotInitialized: "The token has no PIN of a user yet. Set one with its own "
    "program.",
    pkcs11.TokenNotPresent: "The token is not in its slot. Put it back and try again.",
    pkcs11.DeviceRemoved: "The token was taken out. Put it back and try again.",
    pkcs11.TokenWriteProtected: "The token is write-protected: no new key can be made in it.",
    pkcs11.DeviceMemory: "The token is full: no new key can be made in it.",
    pkcs11.MechanismInvalid: "The token cannot do AES-256-GCM; use another one.",
    pkcs11.MechanismParamInvalid: "The token does not take AES-256-GCM with a nonce from outside; "
    "use another one.",
}


@dataclass(frozen=True, slots=True)
class Token:
    """A protection: sealed by a key of its own inside this token."""

    module: Path
    """The PKCS#11 library that reaches it."""
    label: str
    """The token's own label."""
    pin: Secret
    """The user's, UTF-8."""
    key_label: str = "baluardo"
    """What a new key is called in the token."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Which key of which token, as a PKCS#11 URI tells it (RFC 7512)."""

    token: str
    label: str
    id: bytes

    def uri(self) -> str:
        """Return the URI."""
        token, label = (quote(text, safe="") for text in (self.token, self.label))
        octets = "".join(f"%{octet:02X}" for octet in self.id)
        return f"pkcs11:token={token};object={label};id={octets};type=secret-key"

    @classmethod
    def of_uri(cls, uri: str) -> TokenKey:
        """Read a URI written as `uri` writes it; CustodyError for any other.

        So no file can name a library to load or a PIN to use (module-path, pin-source).
        """
        scheme, _, path = uri.partition(":")
        pairs = [pair.partition("=")[::2] for pair in path.split(";")]
        if uri.isascii() and scheme == "pkcs11" and [name for name, _ in pairs] == _ATTRIBUTES:
            token, label, key_id = (unquote_to_bytes(value) for _, value in pairs[:3])
            key = cls(token.decode(errors="replace"), label.decode(errors="replace"), key_id)
            if key.uri() == uri and len(key_id) == ID_OCTETS:
                return key
        raise CustodyError(f"{quoted(uri)} names no key of a token as this program writes it.")


class _Cipher(Protocol):
    """What a secret key of a token can do; the binding's own types leave it out."""

    def encrypt(
        self, data: bytes, *, mechanism: pkcs11.Mechanism, mechanism_param: pkcs11.GCMParams
    ) -> bytes: ...

    def decrypt(
        self, data: bytes, *, mechanism: pkcs11.Mechanism, mechanism_param: pkcs11.GCMParams
    ) -> bytes: ...

    def destroy(self) -> None: ...


def seal_in_token(payload: Secret, token: Token, content_type: str) -> bytes:
    """Make a key in the token, seal by it, and return the JWE; CustodyError if the token will not.

    What was sealed is opened once before it is handed out.
    """
    for label in (token.label, token.key_label):
        if not label.isprintable() or not 1 <= len(label.encode()) <= LONGEST_LABEL:
            raise CustodyError(f"{quoted(label)} cannot be a label: 1 to {LONGEST_LABEL} octets.")
    name = TokenKey(token.label, token.key_label, random_octets(ID_OCTETS))
    header = Header(Algorithm.DIRECT, content_type, key_uri=name.uri())
    protected, nonce = header.protected(), random_octets(aead.NONCE_OCTETS)
    gcm = pkcs11.GCMParams(nonce, protected, aead.TAG_OCTETS * 8)
    with _session(token, write=True) as session:
        key = _make_key(session, name)
        try:
            ciphertext = key.encrypt(
                payload.reveal(), mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=gcm
            )
            opened = key.decrypt(
                ciphertext, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=gcm
            )
            if Secret(opened) != payload:
                raise CustodyError("The token does not give back what it sealed; do not use it.")
        except BaseException:
            with contextlib.suppress(pkcs11.PKCS11Error):
                key.destroy()
            raise
    return Jwe(header, protected, b"", nonce, ciphertext).compact()


def open_in_token(sealed: Jwe, token: Token) -> Secret:
    """Have the token open what it sealed; CustodyError says what is missing or wrong."""
    name = TokenKey.of_uri(sealed.header.key_uri)
    gcm = pkcs11.GCMParams(sealed.nonce, sealed.protected, aead.TAG_OCTETS * 8)
    with _session(token, write=False) as session:
        key = _find_key(session, name)
        try:
            return Secret(
                key.decrypt(
                    sealed.ciphertext, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=gcm
                )
            )
        except (pkcs11.EncryptedDataInvalid, pkcs11.FunctionFailed, pkcs11.GeneralError):
            # The standard's answer to a wrong tag is the first; SoftHSM gives the last.
            raise CustodyError(
                "The token has the key, but does not open the file by it: the file was altered "
                "(take a copy from your backup), or the token fails."
            ) from None


@contextlib.contextmanager
def _session(token: Token, write: bool) -> Iterator[pkcs11.Session]:
    """Log in, and turn whatever the token refuses until the end into a sentence."""
    try:
        pin = token.pin.reveal().decode()
    except UnicodeDecodeError:
        raise CustodyError("The PIN is no UTF-8 text, so it cannot be right.") from None
    with _LOGIN:
        device = _find_token(token.module, token.label)
        try:
            with device.open(rw=write, user_pin=pin) as session:
                yield session
        except pkcs11.PKCS11Error as problem:
            sentence = _REFUSALS.get(type(problem)) or (
                f"The token failed ({type(problem).__name__}). Nothing was lost; see that it is "
                "in place and its own program works, then try again."
            )
            raise CustodyError(f"Token {quoted(token.label)}: {sentence}") from None


def _find_token(module: Path, label: str) -> pkcs11.Token:
    try:
        tokens = list(pkcs11.lib(str(module)).get_tokens())
    except (pkcs11.PKCS11Error, ValueError):
        raise CustodyError(
            f"{printable(str(module))} is no PKCS#11 library that can be loaded and asked. "
            "Name the one that came with the token."
        ) from None
    found = [token for token in tokens if token.label == label]
    if len(found) == 1:
        return found[0]
    if found:
        raise CustodyError(f"There are {len(found)} tokens {quoted(label)}; leave one in place.")
    # A slot that nobody has initialised shows a token without a label.
    there = ", ".join(quoted(token.label) for token in tokens if token.label) or "none"
    raise CustodyError(f"There is no token {quoted(label)}; tokens in place: {there}.")


def _find_key(session: pkcs11.Session, name: TokenKey) -> _Cipher:
    wanted = {
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
        pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
        pkcs11.Attribute.ID: name.id,
    }
    for key in session.get_objects(wanted):
        if isinstance(key, pkcs11.SecretKey):
            return cast("_Cipher", key)
    raise CustodyError(
        f"Token {quoted(name.token)} does not have the key {quoted(name.label)} that this file was "
        "sealed by. Without that key, or the token's backup, nothing opens the file."
    )


def _make_key(session: pkcs11.Session, name: TokenKey) -> _Cipher:
    key = session.generate_key(
        pkcs11.KeyType.AES,
        KEY_BITS,
        id=name.id,
        label=name.label,
        store=True,
        capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
        template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
    )
    if key[pkcs11.Attribute.SENSITIVE] and not key[pkcs11.Attribute.EXTRACTABLE]:
        return cast("_Cipher", key)
    key.destroy()
    raise CustodyError("The token makes no keys that stay within; do not use it.")
