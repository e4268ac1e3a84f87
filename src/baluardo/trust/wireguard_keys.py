"""Keys as WireGuard writes them: 32 octets in base64, the private and the preshared ones hidden."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.primitives import x25519
from baluardo.trust.primitives.hashing import random_octets
from baluardo.trust.secret import Secret

KEY_OCTETS: Final = x25519.KEY_OCTETS
KEY_CHARACTERS: Final = 44


@dataclass(frozen=True, slots=True)
class WireGuardKey:
    """A key pair of one interface; whoever makes it keeps `private_text` durably and privately."""

    private: Secret = field(compare=False)
    public: str = field(init=False)
    """The public half as WireGuard writes it."""

    def __post_init__(self) -> None:
        """Derive the public half; InvalidInputError unless the private one has 32 octets."""
        object.__setattr__(self, "public", to_base64(x25519.public_key_of(self.private)))

    @classmethod
    def generate(cls) -> WireGuardKey:
        """Make a new pair."""
        return cls(x25519.new_private_key())

    @classmethod
    def of_private(cls, text: Secret) -> WireGuardKey:
        """Read a private half as WireGuard writes it; no sentence of a refusal shows any of it."""
        try:
            octets = of_base64(text.reveal().decode("ascii"))
        except (InvalidInputError, UnicodeDecodeError):
            octets = b""
        if len(octets) != KEY_OCTETS:
            raise InvalidInputError("This is no private key of WireGuard: 32 octets in base64.")
        return cls(Secret(octets))

    def private_text(self) -> Secret:
        """Return the private half as WireGuard reads it, still hidden."""
        return key_text(self.private)


def key_text(key: Secret) -> Secret:
    """Return a private or preshared key as WireGuard reads it, still hidden."""
    if len(key) != KEY_OCTETS:
        raise InvalidInputError(f"A key of WireGuard has {KEY_OCTETS} octets.")
    return Secret(to_base64(key.reveal()).encode())


def random_preshared_key() -> Secret:
    """Return a preshared key that nobody else has: with it, no handshake succeeds."""
    return Secret(random_octets(KEY_OCTETS))


def public_octets(text: str) -> bytes:
    """Read a public key, 32 octets; InvalidInputError for what is none, or is the neutral point."""
    octets = b""
    if len(text) == KEY_CHARACTERS and text.isascii():
        try:
            octets = of_base64(text)
        except InvalidInputError:
            octets = b""
    if len(octets) != KEY_OCTETS or not any(octets):
        raise InvalidInputError(f"{quoted(text)} is no public key of WireGuard.")
    return octets
