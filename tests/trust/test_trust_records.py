"""Numbered records: what opens, what does not, and that nonces never meet a key twice."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust import records
from baluardo.trust.primitives import aead, hashing
from baluardo.trust.records import (
    LARGEST_RECORD,
    MOST_BLOCKS,
    OVERHEAD_OCTETS,
    RecordOpener,
    RecordSealer,
    Role,
)
from baluardo.trust.secret import Secret

SECRET = Secret(bytes(range(32)))


def pair(secret: Secret = SECRET) -> tuple[RecordSealer, RecordOpener]:
    """The initiator's sealer and the responder's opener."""
    return RecordSealer(secret, Role.INITIATOR), RecordOpener(secret, Role.RESPONDER)


def test_both_directions() -> None:
    for role in Role:
        record = RecordSealer(SECRET, role).seal(b"ahoy", b"to rome")
        assert len(record) == len(b"ahoy") + OVERHEAD_OCTETS
        assert RecordOpener(SECRET, role.other).open(record, b"to rome") == b"ahoy"
        with pytest.raises(SealError):
            RecordOpener(SECRET, role).open(record, b"to rome")


def test_directions_and_contexts_have_keys_of_their_own() -> None:
    """The same plaintext under the same counter never has the same ciphertext."""
    made = {
        RecordSealer(secret, role, context).seal(b"the same")
        for secret in (SECRET, Secret(bytes(32)))
        for role in Role
        for context in (b"", b"a", b"b")
    }
    assert len(made) == 12


def test_the_nonce_is_the_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    encrypt = aead.encrypt

    def spy(key: Secret, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
        seen.append(nonce)
        return encrypt(key, nonce, plaintext, associated)

    monkeypatch.setattr(aead, "encrypt", spy)
    sealer, _ = pair()
    for _ in range(3):
        sealer.seal(b"")
    assert seen == [bytes(4) + counter.to_bytes(8, "big") for counter in range(3)]


def test_any_order_once() -> None:
    sealer, opener = pair()
    sealed = [sealer.seal(str(number).encode()) for number in range(500)]
    order = list(range(500))
    random.Random(6479).shuffle(order)  # noqa: S311  # an order, not a secret
    assert [int(opener.open(sealed[number])) for number in order] == order
    for record in sealed:
        with pytest.raises(SealError):
            opener.open(record)


def test_a_forged_counter_does_not_move_the_window() -> None:
    sealer, opener = pair()
    honest = sealer.seal(b"honest")
    for counter in (MOST_BLOCKS - 1, 1, 0):
        with pytest.raises(SealError):
            opener.open(counter.to_bytes(8, "big") + bytes(32))
    assert opener.open(honest) == b"honest"


def test_the_end_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of text and of associated data count, and one for each tag; a refusal costs none."""
    monkeypatch.setattr(records, "MOST_BLOCKS", 8)
    sealer, _ = pair()
    sealer.seal(b"")  # 1
    sealer.seal(bytes(16))  # 2
    sealer.seal(bytes(17), b"a")  # 4
    for _ in range(2):
        with pytest.raises(SealError, match="agree on a new key"):
            sealer.seal(b"1")
    assert sealer.seal(b"")[:8] == (3).to_bytes(8, "big")
    with pytest.raises(SealError, match="agree on a new key"):
        sealer.seal(b"")


def test_a_key_bears_as_much_as_in_tls() -> None:
    """An advantage of 2^-57 in blocks^2 / 2^129 (draft-irtf-cfrg-aead-limits, AES-GCM)."""
    assert MOST_BLOCKS**2 * 2**57 <= 2**129


def test_a_counter_beyond_the_last_is_refused_though_authentic() -> None:
    head = MOST_BLOCKS.to_bytes(8, "big")
    key = hashing.derive(SECRET, records.Label.RECORD_KEY, Role.INITIATOR.value + b"/", 32)
    with pytest.raises(SealError):
        pair()[1].open(head + aead.encrypt(key, bytes(4) + head, b"", b""))
    last = (MOST_BLOCKS - 1).to_bytes(8, "big")
    assert pair()[1].open(last + aead.encrypt(key, bytes(4) + last, b"ok", b"")) == b"ok"


def test_limits() -> None:
    sealer, opener = pair()
    assert opener.open(sealer.seal(bytes(LARGEST_RECORD))) == bytes(LARGEST_RECORD)
    with pytest.raises(InvalidInputError):
        sealer.seal(bytes(LARGEST_RECORD + 1))
    with pytest.raises(SealError):
        opener.open(bytes(OVERHEAD_OCTETS + LARGEST_RECORD + 1))
    with pytest.raises(InvalidInputError):
        RecordSealer(Secret(bytes(31)), Role.INITIATOR)


@given(st.binary(max_size=200), st.binary(max_size=40), st.integers(0, 2**63), st.integers(0, 2))
def test_altered_records_are_refused(plain: bytes, associated: bytes, seed: int, how: int) -> None:
    sealer, opener = pair()
    record = sealer.seal(plain, associated)
    if how == 0:
        at = seed % (8 * len(record))
        altered = bytearray(record)
        altered[at // 8] ^= 1 << at % 8
        hostile = bytes(altered)
    elif how == 1:
        hostile = record[: seed % len(record)]
    else:
        hostile = record + bytes(seed % 5 + 1)
    with pytest.raises(SealError):
        opener.open(hostile, associated)
    assert opener.open(record, associated) == plain


@given(st.binary(max_size=300))
def test_any_octets_are_dropped(octets: bytes) -> None:
    with pytest.raises(SealError):
        pair()[1].open(octets)
