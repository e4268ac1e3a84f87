"""Sealed messages: for whom, in what context, and that profiles cannot be mixed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, ProfileError, SealError
from baluardo.trust import sealing
from baluardo.trust.primitives import aead
from baluardo.trust.sealing import (
    LARGEST_PLAINTEXT,
    MOST_RECIPIENTS,
    SealingKey,
    SealingPublicKey,
    open_sealed,
    recipients_of,
    seal,
)
from baluardo.trust.secret import Secret
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile

PROFILES = pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=lambda p: p.name)
KEYS = {
    profile.name: [SealingKey(profile, Secret(bytes([number] * 32))) for number in range(3)]
    for profile in (EU_HYBRID, CNSA)
}
EU = KEYS["eu-hybrid"]


@PROFILES
def test_one_and_many(profile: AnyProfile) -> None:
    keys = KEYS[profile.name]
    for count in (1, 2):
        message = seal(b"secret", [key.public for key in keys[:count]], b"order 7")
        assert recipients_of(message, profile) == tuple(key.public.key_id for key in keys[:count])
        for key in keys[:count]:
            assert open_sealed(message, key, b"order 7") == b"secret"
        with pytest.raises(SealError, match="not to this key"):
            open_sealed(message, keys[2], b"order 7")


@PROFILES
def test_lengths(profile: AnyProfile) -> None:
    """What a sealed message costs beside its plaintext."""
    overhead = {"eu-hybrid": (55, 1184), "cnsa": (55, 1729)}[profile.name]
    for count in (1, 3):
        recipients = [key.public for key in KEYS[profile.name][:count]]
        assert len(seal(b"x" * 100, recipients, b"")) == 100 + overhead[0] + count * overhead[1]


def test_another_context_does_not_open() -> None:
    message = seal(b"secret", [EU[0].public], b"order 7")
    for context in (b"", b"order 8", b"order 7 "):
        with pytest.raises(SealError, match="meant for something else"):
            open_sealed(message, EU[0], context)


def test_each_message_has_a_content_key_of_its_own() -> None:
    one, other = (seal(b"same", [EU[0].public], b"") for _ in range(2))
    assert one[:3] == other[:3]
    assert one[-20:] != other[-20:]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_octet_is_bound(data: st.DataObject) -> None:
    """Alter, cut or lengthen it anywhere, another recipient's part included: nobody opens it."""
    message = seal(b"secret", [EU[0].public, EU[1].public], b"context")
    at = data.draw(st.integers(0, 8 * len(message) - 1))
    altered = bytearray(message)
    altered[at // 8] ^= 1 << at % 8
    cut = data.draw(st.integers(0, len(message) - 1))
    for hostile in (bytes(altered), message[:cut], message + b"\0"):
        for key in EU[:2]:
            with pytest.raises((SealError, ProfileError)):
                open_sealed(hostile, key, b"context")


def test_recipients_cannot_be_exchanged_or_dropped() -> None:
    message = seal(b"secret", [key.public for key in EU], b"")
    slot = (len(message) - 55 - 6) // 3
    head, slots = message[:7], [message[7 + n * slot : 7 + (n + 1) * slot] for n in range(3)]
    rest = message[7 + 3 * slot :]
    two = head[:-1] + b"\2"
    for hostile in (
        head + slots[1] + slots[0] + slots[2] + rest,
        two + slots[0] + slots[1] + rest,
    ):
        with pytest.raises(SealError, match="altered"):
            open_sealed(hostile, EU[0], b"")
    with pytest.raises(SealError, match="twice"):
        open_sealed(head + slots[0] + slots[0] + slots[1] + rest, EU[0], b"")


def test_one_sender_cannot_tell_two_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two content secrets in one message, each good to its recipient, are refused by one."""
    secrets = iter([b"\1" * 32, b"\2" * 32])
    honest = SealingPublicKey.seal_secret

    def two_faced(self: SealingPublicKey[object], _: bytes, info: bytes) -> bytes:
        return honest(self, next(secrets), info)

    monkeypatch.setattr(sealing, "random_octets", lambda octets: b"\1" * octets)
    monkeypatch.setattr(SealingPublicKey, "seal_secret", two_faced)
    message = seal(b"secret", [EU[0].public, EU[1].public], b"")
    assert open_sealed(message, EU[0], b"") == b"secret"
    # Even if the ciphertext were one that both keys open (AES-GCM commits to neither).
    monkeypatch.setattr(aead, "decrypt", lambda *_: b"another story")
    with pytest.raises(SealError):
        open_sealed(message, EU[1], b"")


def test_profiles_do_not_mix() -> None:
    cnsa = KEYS["cnsa"][0]
    with pytest.raises(ProfileError, match="two profiles"):
        seal(b"", [EU[0].public, cnsa.public], b"")  # type: ignore[list-item]
    with pytest.raises(ProfileError, match="eu-hybrid"):
        open_sealed(seal(b"", [EU[0].public], b""), cnsa, b"")
    with pytest.raises(InvalidInputError):
        SealingPublicKey(CNSA, EU[0].public.octets)


MIXING = """
from baluardo.trust.sealing import SealingKey, SealingPublicKey, seal
from baluardo.trust.suites import CNSA, EU_HYBRID

eu, cnsa = SealingKey.generate(EU_HYBRID).public, SealingKey.generate(CNSA).public
seal(b"", [eu, eu], b"")
seal(b"", [cnsa], b"")
seal(b"", [eu, cnsa], b"")  # line 8
wrong: SealingPublicKey[type(cnsa)] = eu  # line 9
"""


def test_mixing_profiles_does_not_type_check(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    snippet = tmp_path / "mixing.py"
    snippet.write_text(MIXING.replace("type(cnsa)", "Cnsa").replace("CNSA,", "CNSA, Cnsa,"))
    source = Path(sealing.__file__).parents[2]
    options = ["--strict", "--follow-imports=silent", "--config-file=", "--cache-dir=cache"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(snippet)],
        env={**os.environ, "MYPYPATH": str(source)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line.partition(": error: ")[0] for line in done.stdout.splitlines() if "err" in line]
    assert errors[:-1] == ["mixing.py:8", "mixing.py:9"], done.stdout + done.stderr


def test_limits() -> None:
    with pytest.raises(InvalidInputError):
        seal(b"", [], b"")
    with pytest.raises(InvalidInputError, match="twice"):
        seal(b"", [EU[0].public, EU[0].public], b"")
    with pytest.raises(InvalidInputError):
        seal(b"", [EU[0].public] * (MOST_RECIPIENTS + 1), b"")
    with pytest.raises(InvalidInputError):
        seal(bytes(LARGEST_PLAINTEXT + 1), [EU[0].public], b"")
    head = sealing.MAGIC + b"\1"
    for hostile in (
        b"",
        head,
        head + b"\0\0" + bytes(48),
        head + b"\xff\xff" + bytes(65535 * 1184 + 48),
        b"\0" + seal(b"", [EU[0].public], b"")[1:],
        sealing.MAGIC + b"\x09" + seal(b"", [EU[0].public], b"")[5:],
    ):
        with pytest.raises(SealError):
            open_sealed(hostile, EU[0], b"")


def test_a_thousand_recipients() -> None:
    """The most there may be; all but one key are made of one, as making keys takes long."""
    keys = [
        SealingPublicKey(EU_HYBRID, EU[1].public.octets[:-2] + number.to_bytes(2, "big"))
        for number in range(MOST_RECIPIENTS - 1)
    ]
    message = seal(b"to all", [*keys, EU[0].public], b"")
    assert open_sealed(message, EU[0], b"") == b"to all"


@given(st.binary(max_size=300))
def test_any_octets_are_refused(octets: bytes) -> None:
    for message in (octets, sealing.MAGIC + octets):
        with pytest.raises((SealError, ProfileError)):
            open_sealed(message, EU[0], b"")


def test_keys_live_on_in_seed_and_octets_and_show_nothing() -> None:
    key = SealingKey.generate(EU_HYBRID)
    again = SealingKey(EU_HYBRID, key.seed())
    assert again.public == key.public
    assert hash(again.public) == hash(SealingPublicKey(EU_HYBRID, key.public.octets))
    assert key.public != EU[0].public
    shown = repr(key) + repr(key.public) + repr(key.seed())
    assert key.public.key_id.hex() in shown
    assert key.seed().reveal().hex() not in shown
