"""Keys as WireGuard writes them, against RFC 7748 and the tool `wg` itself."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.trust.base64_text import to_base64
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import (
    WireGuardKey,
    key_text,
    public_octets,
    random_preshared_key,
)

# RFC 7748 section 6.1: Bob's key pair.
BOB_PRIVATE = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
BOB_PUBLIC = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"


def test_the_pair_of_the_standard() -> None:
    key = WireGuardKey(Secret(bytes.fromhex(BOB_PRIVATE)))
    assert public_octets(key.public) == bytes.fromhex(BOB_PUBLIC)


def test_a_pair_comes_back_from_its_private_half() -> None:
    key = WireGuardKey.generate()
    assert WireGuardKey.of_private(key.private_text()).public == key.public
    assert WireGuardKey.generate().public != key.public


def test_new_keys_are_clamped() -> None:
    """RFC 7748 section 5, as `wg genkey` does it, so that tools show the same octets."""
    octets = WireGuardKey.generate().private.reveal()
    assert octets[0] & 7 == 0
    assert octets[31] >> 6 == 1


@pytest.mark.skipif(shutil.which("wg") is None, reason="the tool wg is not installed")
def test_wg_agrees() -> None:
    for _ in range(3):
        key = WireGuardKey.generate()
        done = subprocess.run(
            ["wg", "pubkey"], input=key.private_text().reveal(), capture_output=True, check=True
        )
        assert done.stdout.decode().strip() == key.public
    made = subprocess.run(["wg", "genkey"], capture_output=True, check=True).stdout.strip()
    assert WireGuardKey.of_private(Secret(made)).private_text() == Secret(made)


@given(
    st.one_of(
        st.binary(max_size=60),
        st.binary(min_size=0, max_size=40).map(lambda o: to_base64(o).encode()),
    )
)
def test_what_is_no_private_key_is_refused_and_not_shown(octets: bytes) -> None:
    try:
        key = WireGuardKey.of_private(Secret(octets))
    except InvalidInputError as refusal:
        assert str(refusal) == "This is no private key of WireGuard: 32 octets in base64."
    else:
        assert key.private_text().reveal() == octets


def test_secrets_hide() -> None:
    key = WireGuardKey.generate()
    assert key.private_text().reveal().decode() not in f"{key} {key!r} {key.private_text()}"
    assert len(random_preshared_key()) == 32
    assert random_preshared_key() != random_preshared_key()
    with pytest.raises(InvalidInputError):
        key_text(Secret(b"short"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A" * 43 + "=",
        "A" * 44,
        "é" * 44,
        to_base64(bytes(31) + b"x") + " ",
        to_base64(b"x" * 33),
    ],
)
def test_what_is_no_public_key(text: str) -> None:
    with pytest.raises(InvalidInputError):
        public_octets(text)
