"""Messages sealed to one or to many: HPKE (RFC 9180) for a content key, AES-256-GCM for the rest.

    magic "BSM1", profile 1 octet, recipients 2 octets                        all big-endian
    for each recipient: key id 16 octets, content secret sealed by HPKE
    commitment 32 octets, ciphertext and tag

HPKE's info binds the label, the profile, every key id in order and the caller's context; content
key and commitment are derived from the content secret over the whole head. The commitment makes a
sender use one content secret for all: AES-GCM alone would let two recipients read two different
messages in the same octets. Sealing hides, it does not tell who has sealed: put a signed envelope
(`trust.envelope`) inside. Key ids show who can open a message to whoever sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic

from baluardo.errors import InvalidInputError, ProfileError, SealError
from baluardo.trust.labels import Label
from baluardo.trust.primitives import aead
from baluardo.trust.primitives.hashing import derive, random_octets, sha384
from baluardo.trust.primitives.hpke import HpkePrivateKey, HpkePublicKey, sealed_octets
from baluardo.trust.secret import Secret
from baluardo.trust.suites import PROFILES, AnyProfile, P, Profile

MAGIC: Final = b"BSM1"
KEY_ID_OCTETS: Final = 16
SECRET_OCTETS: Final = 32
COMMITMENT_OCTETS: Final = 32
MOST_RECIPIENTS: Final = 1_000
LARGEST_PLAINTEXT: Final = 16 << 20
"""Octets. Our choice."""

_CODES: Final = {"eu-hybrid": 1, "cnsa": 2}
_FIXED_OCTETS = len(MAGIC) + 3
_NONCE = bytes(aead.NONCE_OCTETS)  # each content key seals once


class SealingPublicKey(Generic[P]):
    """What a member publishes so that others of the same profile may seal to it."""

    __slots__ = ("_hpke", "key_id", "profile")

    def __init__(self, profile: Profile[P], octets: bytes) -> None:
        """Read an encoded key; InvalidInputError if it is none of this profile's."""
        self.profile: Profile[P] = profile
        self._hpke = HpkePublicKey(profile.sealing, octets)
        self.key_id = sha384(_code(profile) + octets)[:KEY_ID_OCTETS]

    @property
    def octets(self) -> bytes:
        """The encoded key, as HPKE serialises it."""
        return self._hpke.octets

    def seal_secret(self, secret: bytes, info: bytes) -> bytes:
        """Seal a content secret: for `seal` alone."""
        return self._hpke.seal(secret, info)

    def __eq__(self, other: object) -> bool:
        """Compare profile and key."""
        return (
            isinstance(other, SealingPublicKey)
            and self.profile.name == other.profile.name
            and self.octets == other.octets
        )

    def __hash__(self) -> int:
        """Hash the key's id."""
        return hash(self.key_id)

    def __repr__(self) -> str:
        """Tell the profile and the key's id."""
        return f"<SealingPublicKey {self.profile.name} {self.key_id.hex()}>"


class SealingKey(Generic[P]):
    """The private key of one member; it shows nothing of itself."""

    __slots__ = ("_hpke", "profile", "public")

    def __init__(self, profile: Profile[P], seed: Secret) -> None:
        """Grow the key from its seed of 32 octets."""
        self.profile: Profile[P] = profile
        self._hpke = HpkePrivateKey(profile.sealing, seed)
        self.public: SealingPublicKey[P] = SealingPublicKey(profile, self._hpke.public.octets)

    @classmethod
    def generate(cls, profile: Profile[P]) -> SealingKey[P]:
        """Make a new key."""
        return cls(profile, HpkePrivateKey.generate(profile.sealing).seed)

    def seed(self) -> Secret:
        """Return the seed, for its keeper."""
        return self._hpke.seed

    def open_secret(self, sealed: bytes, info: bytes) -> Secret:
        """Open a content secret: for `open_sealed` alone."""
        return Secret(self._hpke.open(sealed, info))

    def __repr__(self) -> str:
        """Tell the profile and the public key's id."""
        return f"<SealingKey {self.profile.name} {self.public.key_id.hex()}>"


def seal(plaintext: bytes, recipients: Sequence[SealingPublicKey[P]], context: bytes) -> bytes:
    """Return a message that each recipient can open with the same context, and nobody else.

    ProfileError if recipients are of two profiles, InvalidInputError for none, too many, or one
    twice. `context` says what the message is for; it is not sent.
    """
    if not 0 < len(recipients) <= MOST_RECIPIENTS:
        raise InvalidInputError(f"A message is sealed to 1 to {MOST_RECIPIENTS:,} recipients.")
    if len(plaintext) > LARGEST_PLAINTEXT:
        raise InvalidInputError(f"A message has at most {LARGEST_PLAINTEXT:,} octets.")
    profile = recipients[0].profile
    if any(each.profile.name != profile.name for each in recipients):
        raise ProfileError("One message cannot be sealed to members of two profiles; none was.")
    ids = [each.key_id for each in recipients]
    if len(set(ids)) != len(ids):
        raise InvalidInputError("A recipient is named twice.")
    fixed = MAGIC + _code(profile) + len(ids).to_bytes(2, "big")
    secret = random_octets(SECRET_OCTETS)
    info = _info(fixed, ids, context)
    head = fixed + b"".join(each.key_id + each.seal_secret(secret, info) for each in recipients)
    key, commitment = _content(Secret(secret), head, context)
    return head + commitment + aead.encrypt(key, _NONCE, plaintext, b"")


def open_sealed(message: bytes, key: SealingKey[P], context: bytes) -> bytes:
    """Return the plaintext of a message sealed to this key in this context.

    SealError if it is not for us, was altered, or is for another context; ProfileError if it is of
    another profile.
    """
    parts = _parse(message, key.profile)
    if key.public.key_id not in parts.sealed:
        raise SealError("This message is sealed, but not to this key. Ask its sender to add it.")
    info = _info(message[:_FIXED_OCTETS], list(parts.sealed), context)
    try:
        secret = key.open_secret(parts.sealed[key.public.key_id], info)
        content, commitment = _content(secret, parts.head, context)
        if Secret(commitment) != Secret(parts.commitment):
            raise SealError("Its recipients would read different messages.")
        return aead.decrypt(content, _NONCE, parts.ciphertext, b"")
    except SealError:
        raise SealError(
            "This sealed message cannot be opened: it was altered, or is meant for something else."
        ) from None


def recipients_of(message: bytes, profile: AnyProfile) -> tuple[bytes, ...]:
    """Return the key ids that a sealed message names; nothing of it is verified."""
    return tuple(_parse(message, profile).sealed)


@dataclass(frozen=True, slots=True)
class _Parts:
    head: bytes
    sealed: dict[bytes, bytes]
    """Sealed content secrets by key id, in the order of the message."""
    commitment: bytes
    ciphertext: bytes


def _parse(message: bytes, profile: AnyProfile) -> _Parts:
    if len(message) < _FIXED_OCTETS or not message.startswith(MAGIC):
        raise SealError("This is no sealed message.")
    _check_profile(message[len(MAGIC)], profile)
    count = int.from_bytes(message[len(MAGIC) + 1 : _FIXED_OCTETS], "big")
    slot = KEY_ID_OCTETS + sealed_octets(profile.sealing, SECRET_OCTETS)
    end = _FIXED_OCTETS + count * slot
    body_octets = len(message) - end - COMMITMENT_OCTETS - aead.TAG_OCTETS
    if not 0 < count <= MOST_RECIPIENTS or not 0 <= body_octets <= LARGEST_PLAINTEXT:
        raise SealError("This sealed message has an impossible length; it was cut or altered.")
    slots = [message[at : at + slot] for at in range(_FIXED_OCTETS, end, slot)]
    sealed = {each[:KEY_ID_OCTETS]: each[KEY_ID_OCTETS:] for each in slots}
    if len(sealed) != count:
        raise SealError("This sealed message names a recipient twice.")
    return _Parts(
        message[:end],
        sealed,
        message[end : end + COMMITMENT_OCTETS],
        message[end + COMMITMENT_OCTETS :],
    )


def _check_profile(code: int, profile: AnyProfile) -> None:
    if code == _CODES[profile.name]:
        return
    name = next((name for name in PROFILES if _CODES[name] == code), None)
    if name is None:
        raise SealError("This sealed message is of a profile that nobody knows.")
    raise ProfileError(
        f"This message is sealed by profile {name}, and this community's is {profile.name}. It "
        "was not opened."
    )


def _info(fixed: bytes, ids: Sequence[bytes], context: bytes) -> bytes:
    return Label.SEAL_MESSAGE.value + sha384(fixed + b"".join(ids)) + sha384(context)


def _content(secret: Secret, head: bytes, context: bytes) -> tuple[Secret, bytes]:
    bound = sha384(head) + sha384(context)
    both = derive(secret, Label.SEAL_CONTENT, bound, aead.KEY_OCTETS + COMMITMENT_OCTETS).reveal()
    return Secret(both[: aead.KEY_OCTETS]), both[aead.KEY_OCTETS :]


def _code(profile: AnyProfile) -> bytes:
    return _CODES[profile.name].to_bytes(1, "big")
