"""Passkeys: made and used as browsers do it, and everything that is not quite so is refused."""

from __future__ import annotations

import copy
import dataclasses
import functools
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SignatureError
from baluardo.trust import passkeys
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.passkeys import (
    NewPasskey,
    PasskeyUse,
    authentication_options,
    credential_id_of,
    registration_options,
    verify_authentication,
    verify_registration,
)
from trust.authenticator import BACKED_UP, ELIGIBLE, PRESENT, VERIFIED, Authenticator, cose

RP = "baluardo.localhost"
ORIGINS = ["https://authority.baluardo.localhost", "https://rome.baluardo.localhost"]
CHALLENGE = bytes(range(32))
Bend = Callable[[dict[str, Any]], object]


def registered(device: Authenticator, challenge: bytes = CHALLENGE) -> NewPasskey:
    return verify_registration(device.make(challenge), challenge, RP, ORIGINS)


def used(
    device: Authenticator, passkey: NewPasskey, count: int | None = None, **other: Any
) -> PasskeyUse:
    settings: dict[str, Any] = {
        "credential": device.use(CHALLENGE),
        "challenge": CHALLENGE,
        "rp_id": RP,
        "origins": ORIGINS,
        "passkey": passkey.public_key,
        "sign_count": passkey.sign_count if count is None else count,
    }
    return verify_authentication(**(settings | other))


@functools.cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@pytest.mark.parametrize("kind", ["es256", "eddsa", "rs256"])
def test_a_passkey_is_made_and_used(kind: str) -> None:
    keys = {"eddsa": ed25519.Ed25519PrivateKey.generate(), "rs256": rsa_key()}
    device = Authenticator(key=keys[kind]) if kind in keys else Authenticator()
    made = registered(device)
    assert made.credential_id == device.credential_id
    assert (made.sign_count, made.backed_up) == (1, False)
    assert made.transports == ("hybrid", "internal")
    assert used(device, made) == PasskeyUse(2, device.handle)
    assert used(device, made, 2) == PasskeyUse(3, device.handle)
    assert credential_id_of(device.use(CHALLENGE)) == made.credential_id
    assert repr(made.public_key) not in repr(made)


def test_options_say_what_is_asked_of_a_browser() -> None:
    existing = [b"\1" * 16]
    made = registration_options(RP, "Italia", "anna.rossi", "Anna Rossi", b"\2" * 32, existing)
    assert made.options["challenge"] == to_base64url(made.challenge)
    assert len(made.challenge) == 32
    assert made.options["rp"] == {"id": RP, "name": "Italia"}
    assert made.options["user"] == {
        "id": to_base64url(b"\2" * 32),
        "name": "anna.rossi",
        "displayName": "Anna Rossi",
    }
    assert [each["alg"] for each in made.options["pubKeyCredParams"]] == [-7, -8, -257]
    assert made.options["authenticatorSelection"]["residentKey"] == "required"
    assert made.options["authenticatorSelection"]["userVerification"] == "required"
    assert made.options["attestation"] == "none"
    assert made.options["excludeCredentials"][0]["id"] == to_base64url(existing[0])
    asked = authentication_options(RP)
    assert asked.options["rpId"] == RP
    assert asked.options["userVerification"] == "required"
    assert asked.options["challenge"] == to_base64url(asked.challenge)
    assert not asked.options.get("allowCredentials")
    assert asked.challenge != authentication_options(RP).challenge


@pytest.mark.parametrize(
    ("handle", "existing", "person"),
    [(b"", 0, "a"), (b"1" * 65, 0, "a"), (b"1", 65, "a"), (b"1", 0, "")],
)
def test_options_for_nobody_are_refused(handle: bytes, existing: int, person: str) -> None:
    with pytest.raises(InvalidInputError):
        registration_options(RP, "Italia", person, "A", handle, [b"1"] * existing)
    with pytest.raises(InvalidInputError):
        authentication_options("")


def test_a_passkey_that_is_copied_by_its_maker_says_so() -> None:
    made = registered(Authenticator(flags=PRESENT | VERIFIED | ELIGIBLE | BACKED_UP))
    assert made.backed_up


def test_self_attestation_is_taken_and_no_other() -> None:
    registered(Authenticator(format="packed"))
    for other in ("fido-u2f", "tpm", "apple", "android-key", "android-safetynet", "new"):
        with pytest.raises(SignatureError, match="refused"):
            registered(Authenticator(format=other))


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED, PRESENT | VERIFIED | BACKED_UP])
def test_whose_user_was_not_there_or_not_verified(flags: int) -> None:
    with pytest.raises(SignatureError):
        registered(Authenticator(flags=flags))
    device = Authenticator()
    made = registered(device)
    device.flags = flags
    with pytest.raises(SignatureError):
        used(device, made)


@pytest.mark.parametrize(
    "bent",
    [
        {"rp_id": "evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "http://rome.baluardo.localhost"},
        {"origin": "https://rome.baluardo.localhost:8443"},
        {"client": {"type": "webauthn.get"}, "name": "make"},
        {"client": {"type": "webauthn.create"}, "name": "use"},
        {"client": {"challenge": to_base64url(bytes(32))}},
        {"client": {"crossOrigin": True}},
        {"client": {"crossOrigin": "false"}},
        {"client": {"topOrigin": "https://evil.example"}},
        {"client": {"origin": None}},
        {"client": {"origin": ["https://rome.baluardo.localhost"]}},
    ],
)
def test_what_was_signed_for_another_place_or_purpose(bent: dict[str, Any]) -> None:
    device = Authenticator()
    made = registered(device)
    only = bent.get("name")
    changed = dataclasses.replace(device, **{k: v for k, v in bent.items() if k != "name"})
    if only != "use":
        with pytest.raises(SignatureError, match="refused"):
            registered(changed)
    if only != "make":
        with pytest.raises(SignatureError, match="refused"):
            used(changed, made)


def test_a_challenge_is_answered_once_and_by_its_own_answer() -> None:
    device = Authenticator()
    made = registered(device)
    old = device.use(CHALLENGE)
    assert used(device, made, credential=old).sign_count == 2
    with pytest.raises(SignatureError, match="challenge"):
        used(device, made, credential=old, challenge=bytes(32))


def test_the_key_of_another_passkey_does_not_verify() -> None:
    device, other = Authenticator(), Authenticator()
    made, theirs = registered(device), registered(other)
    with pytest.raises(SignatureError, match="signature"):
        used(device, theirs, 0)
    assert used(device, made)


@pytest.mark.parametrize("before", [2, 3, 2**32 - 1])
def test_a_count_that_does_not_go_up_tells_of_a_copy(before: int) -> None:
    device = Authenticator()
    made = registered(device)
    with pytest.raises(SignatureError, match="There is a copy of it"):
        used(device, made, before)
    device.counts, device.count = False, 0
    with pytest.raises(SignatureError, match="There is a copy of it"):
        used(device, made, before)


def test_passkeys_without_a_count_stay_at_zero() -> None:
    device = Authenticator(counts=False)
    made = registered(device)
    assert made.sign_count == used(device, made).sign_count == used(device, made).sign_count == 0


def test_a_forged_count_is_no_copy_but_a_forgery() -> None:
    """Who cannot sign must not be able to have a passkey taken for copied."""
    device = Authenticator()
    made = registered(device)
    answer = device.use(CHALLENGE)
    data = bytearray(of_base64url(answer["response"]["authenticatorData"]))
    data[33:37] = bytes(4)
    answer["response"]["authenticatorData"] = to_base64url(bytes(data))
    with pytest.raises(SignatureError, match="signature"):
        used(device, made, 9, credential=answer)


P384 = ec.generate_private_key(ec.SECP384R1())


@pytest.mark.parametrize(
    "key",
    [
        cose(P384),
        cose(P384) | {3: -7},
        cose(Authenticator().key) | {3: -35},
        cose(Authenticator().key) | {-2: bytes(32)},
        cose(ed25519.Ed25519PrivateKey.generate()) | {-1: 7},
        cose(rsa_key(1024)),
        cose(rsa_key()) | {3: -65535},
        cose(rsa_key()) | {-1: b"\xff" * 513},
        cose(rsa_key()) | {-2: b"\1"},
        cose(rsa_key()) | {-2: b"\xff" * 9},
        {1: 7, 3: -48, -1: bytes(1312)},
        {1: 2},
        {},
    ],
)
def test_keys_that_we_do_not_verify(key: dict[int, Any]) -> None:
    with pytest.raises(SignatureError, match="refused"):
        registered(Authenticator(cose=key))


def test_a_damaged_key_of_ours_is_a_refusal() -> None:
    device = Authenticator()
    registered(device)
    for key in (b"", b"\x04" + bytes(64), b"\xa0", b"\xff" * 99, b"\1" * 4096):
        with pytest.raises(SignatureError, match="refused"):
            used(device, NewPasskey(b"1", key, 0, False, ()))


BENDS: list[Bend] = [
    lambda c: c.clear(),
    lambda c: c.update(id="AAAA"),
    lambda c: c.update(id="", rawId=""),
    lambda c: c.update(id=c["id"] + "=", rawId=c["id"] + "="),
    lambda c: c.update(rawId=None),
    lambda c: c.update(type="public-key\0"),
    lambda c: c.update(type=["public-key"]),
    lambda c: c.update(response=[]),
    lambda c: c.update(extra="x" * 40_000),
    lambda c: c.update(extra=float("nan")),
    lambda c: c.update(extra=b"octets"),
    lambda c: c.update({"id": "A" * 1400, "rawId": "A" * 1400}),
    lambda c: c["response"].update(clientDataJSON="e30"),
    lambda c: c["response"].update(clientDataJSON=to_base64url(b"\xef\xbb\xbf{}")),
    lambda c: c["response"].update(clientDataJSON=to_base64url(b"[" * 6_000)),
    lambda c: c["response"].update(clientDataJSON="*"),
    lambda c: c["response"].pop("clientDataJSON"),
]


@pytest.mark.parametrize("bend", BENDS)
def test_what_is_no_answer_of_a_browser(bend: Bend) -> None:
    device = Authenticator()
    made = registered(device)
    for answer in (device.make(CHALLENGE), device.use(CHALLENGE)):
        bend(answer)
        with pytest.raises(SignatureError, match="refused"):
            verify_registration(answer, CHALLENGE, RP, ORIGINS)
        with pytest.raises(SignatureError, match="refused"):
            used(device, made, credential=answer)


@pytest.mark.parametrize("value", [None, [], "text", 7, {"a": {}}, b"octets"])
def test_what_is_not_even_an_object(value: object) -> None:
    with pytest.raises(SignatureError, match="refused"):
        verify_registration(value, CHALLENGE, RP, ORIGINS)
    with pytest.raises(SignatureError, match="refused"):
        credential_id_of(value)


def test_what_does_not_say_whose_it_is() -> None:
    device = Authenticator(handle=b"")
    made = registered(device)
    with pytest.raises(SignatureError, match="whose it is"):
        used(device, made)
    for wrong in (None, "A" * 99):
        answer = device.use(CHALLENGE)
        answer["response"]["userHandle"] = wrong
        with pytest.raises(SignatureError, match="userHandle"):
            used(device, made, credential=answer)


@pytest.mark.parametrize("told", ["usb", ["usb"] * 9, {"usb": 1}])
def test_transports_that_are_no_short_list(told: object) -> None:
    answer = Authenticator().make(CHALLENGE)
    answer["response"]["transports"] = told
    with pytest.raises(SignatureError, match="transports"):
        verify_registration(answer, CHALLENGE, RP, ORIGINS)


def test_the_id_is_the_one_that_the_authenticator_has_signed() -> None:
    answer = Authenticator().make(CHALLENGE)
    answer["id"] = answer["rawId"] = to_base64url(b"\6" * 32)
    with pytest.raises(SignatureError, match="two different ids"):
        verify_registration(answer, CHALLENGE, RP, ORIGINS)


DEVICE = Authenticator()
MADE = registered(DEVICE)


@given(seed=st.integers(0, 2**63), part=st.sampled_from(["clientDataJSON", "attestationObject"]))
def test_an_injured_registration_is_refused_or_the_same(seed: int, part: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    answer = copy.deepcopy(DEVICE.make(CHALLENGE))
    octets = bytearray(of_base64url(answer["response"][part]))
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(octets))
        octets[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 4))
    answer["response"][part] = to_base64url(bytes(octets))
    try:
        made = verify_registration(answer, CHALLENGE, RP, ORIGINS)
    except SignatureError as refusal:
        assert len(str(refusal)) < 600
    else:
        assert made.credential_id == MADE.credential_id


@given(
    seed=st.integers(0, 2**63),
    part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
)
def test_no_injured_use_is_taken(seed: int, part: str) -> None:
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    answer = DEVICE.use(CHALLENGE)
    before = of_base64url(answer["response"][part])
    octets = bytearray(before)
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    answer["response"][part] = to_base64url(bytes(octets))
    with pytest.raises(SignatureError):
        used(DEVICE, MADE, 0, credential=answer)


def test_sizes_are_bounded_before_anything_is_read() -> None:
    answer = DEVICE.use(CHALLENGE)
    answer["response"]["signature"] = "A" * (2 * passkeys.LARGEST_SIGNATURE)
    with pytest.raises(SignatureError, match="signature"):
        used(DEVICE, MADE, credential=answer)
