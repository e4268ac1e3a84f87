"""Signed notes, verifier keys and checkpoints; the published ones among them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LogError, SignatureError
from baluardo.trust.audit.checkpoint import (
    Checkpoint,
    cosigned_message,
    open_checkpoint,
    sign_checkpoint,
)
from baluardo.trust.audit.merkle import EMPTY_ROOT, leaf_hash
from baluardo.trust.audit.note import MOST_SIGNATURES, Note, NoteSignature, VerifierKey, key_id
from baluardo.trust.labels import Label
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

VECTORS = Path(__file__).parents[2] / "vectors" / "trust"

# C2SP/C2SP signed-note.md (commit 0552876): the example.
QUASIMODO = (
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed è subito sera.\n"
    "\n"
    "\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC"
    "+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
# golang.org/x/mod/sumdb/note, note_test.go: a verifier key and its id.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
# C2SP/C2SP tlog-checkpoint.md (commit 2793893): the example's text.
BEHIND_THE_SOFA = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
)


def test_published_note_is_read_and_written_alike() -> None:
    note = Note.of_octets(QUASIMODO.encode())
    assert note.text.endswith("\n\ned è subito sera.\n")
    (signature,) = note.signatures
    assert (signature.name, signature.key_id.hex()) == ("quasimodo.example/salvatore", "367ba04b")
    assert note.octets() == QUASIMODO.encode()


def test_key_ids_are_the_published_ones() -> None:
    name, shown, typed = PETER.split("+", 2)
    assert key_id(name, b64decode(typed)).hex() == shown


def test_published_checkpoint_body() -> None:
    checkpoint = Checkpoint.of_body(BEHIND_THE_SOFA)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.body == BEHIND_THE_SOFA


def test_cosigned_message_is_what_others_sign() -> None:
    """A checkpoint of FiloSottile/torchwood, cmd/litewitness/testdata/mldsa.txt (commit fac5716).

    Its log's key is an ML-DSA-44 key grown from the seed given there; its signature is genuine
    over our message, with the empty context that C2SP uses.
    """
    seed = bytes.fromhex("2886adc2b0eabfce67c0472939127998bf886cf256bfee8ba76a253fce1146e0")
    public = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed).public_key()
    note = Note.of_octets((VECTORS / "torchwood_mldsa44_checkpoint.txt").read_bytes())
    checkpoint = Checkpoint.of_body(note.text)
    assert checkpoint.root == leaf_hash(b"testonly")
    (signature,) = note.signatures
    assert signature.key_id.hex() == "b5df45c5"
    assert signature.key_id == key_id(signature.name, b"\x06" + public.public_bytes_raw())
    timestamp = int.from_bytes(signature.octets[:8], "big")
    message = cosigned_message(
        signature.name, timestamp, checkpoint.origin, 0, checkpoint.size, checkpoint.root
    )
    public.verify(signature.octets[8:], message)


@pytest.mark.parametrize("algorithm", [SignatureAlgorithm.ML_DSA_65, SignatureAlgorithm.ML_DSA_87])
def test_a_checkpoint_of_either_profile_is_opened(algorithm: SignatureAlgorithm) -> None:
    key = SigningKey.from_seed(algorithm, Secret(bytes(32)))
    checkpoint = Checkpoint("marina.example/log", 3, leaf_hash(b"x"))
    line = sign_checkpoint(checkpoint, checkpoint.origin, key, 1_700_000_000)
    vkey = VerifierKey.of_text(VerifierKey("marina.example/log", key.public).text)
    opened = open_checkpoint(Note(checkpoint.body, (line,)).octets(), vkey)
    assert (opened.checkpoint, opened.signed_at) == (checkpoint, 1_700_000_000)
    assert not opened.witnesses


def test_signature_commits_to_everything_that_is_said(log_key: SigningKey) -> None:
    root = leaf_hash(b"x")
    said = ("w.example/1", 1_700_000_000, "marina.example/log", 0, 3, root)
    signature = log_key.sign(cosigned_message(*said), Label.SIGN_CHECKPOINT)
    log_key.public.verify(signature, cosigned_message(*said), Label.SIGN_CHECKPOINT)
    others = [
        ("w.example/2", *said[1:]),
        (said[0], 1_700_000_001, *said[2:]),
        (*said[:2], "marina.example/lag", *said[3:]),
        (*said[:3], 1, *said[4:]),
        (*said[:4], 4, root),
        (*said[:5], leaf_hash(b"y")),
    ]
    for other in others:
        with pytest.raises(SignatureError):
            log_key.public.verify(signature, cosigned_message(*other), Label.SIGN_CHECKPOINT)
    with pytest.raises(SignatureError):
        log_key.public.verify(signature, cosigned_message(*said), Label.SIGN_ENVELOPE)


def test_witnesses_are_found_and_unknown_lines_ignored(
    log_key: SigningKey, log_vkey: VerifierKey, witness_keys: dict[str, SigningKey]
) -> None:
    checkpoint = Checkpoint(log_vkey.name, 3, leaf_hash(b"x"))
    lines = [sign_checkpoint(checkpoint, log_vkey.name, log_key, 1_000)]
    lines += [sign_checkpoint(checkpoint, n, k, 1_001) for n, k in witness_keys.items()]
    lines.append(NoteSignature("somebody.example", b"\x01\x02\x03\x04", b"x"))
    known = VerifierKey("witness.example/navy", witness_keys["witness.example/navy"].public)
    opened = open_checkpoint(Note(checkpoint.body, tuple(lines)).octets(), log_vkey, [known])
    assert opened.witnesses == {"witness.example/navy": 1_001}


def test_checkpoints_that_are_not_the_logs_are_refused(
    log_key: SigningKey, log_vkey: VerifierKey, witness_keys: dict[str, SigningKey]
) -> None:
    checkpoint = Checkpoint(log_vkey.name, 3, leaf_hash(b"x"))
    line = sign_checkpoint(checkpoint, log_vkey.name, log_key, 1_000)
    note = Note(checkpoint.body, (line,))
    other = Checkpoint(log_vkey.name, 4, leaf_hash(b"x"))
    with pytest.raises(SignatureError, match="not genuine"):
        open_checkpoint(Note(other.body, (line,)).octets(), log_vkey)
    name, key = next(iter(witness_keys.items()))
    witnessed = sign_checkpoint(checkpoint, name, key, 1_000)
    with pytest.raises(SignatureError, match=r"not signed by marina\.example/log"):
        open_checkpoint(Note(checkpoint.body, (witnessed,)).octets(), log_vkey)
    with pytest.raises(LogError, match="not of 'another"):
        open_checkpoint(note.octets(), VerifierKey("another.example", log_key.public))
    forged = NoteSignature(name, VerifierKey(name, key.public).key_id, line.octets)
    with pytest.raises(SignatureError, match="witness"):
        open_checkpoint(note.signed(forged).octets(), log_vkey, [VerifierKey(name, key.public)])


def test_a_newer_line_takes_the_place_of_the_older(log_key: SigningKey) -> None:
    checkpoint = Checkpoint("marina.example/log", 3, leaf_hash(b"x"))
    old, new = (sign_checkpoint(checkpoint, checkpoint.origin, log_key, t) for t in (1, 2))
    assert Note(checkpoint.body, (old,)).signed(new).signatures == (new,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n3\n",
        "origin\n03\n" + b64encode(bytes(32)).decode() + "\n",
        "origin\n-3\n" + b64encode(bytes(32)).decode() + "\n",
        "origin\n9223372036854775808\n" + b64encode(bytes(32)).decode() + "\n",
        "origin\n3\n" + b64encode(bytes(31)).decode() + "\n",
        "origin\n3\n" + "A" * 42 + "B=\n",
        "origin\n3\n" + b64encode(bytes(32)).decode() + "\nextension\n",
        "origin\n0\n" + b64encode(bytes(32)).decode() + "\n",
        "\n3\n" + b64encode(bytes(32)).decode() + "\n",
        "o\u2028x\n3\n" + b64encode(bytes(32)).decode() + "\n",
        "o" * 256 + "\n3\n" + b64encode(bytes(32)).decode() + "\n",
        "origin\n3\n" + b64encode(bytes(32)).decode(),
    ],
)
def test_malformed_bodies_are_refused(text: str) -> None:
    with pytest.raises(LogError):
        Checkpoint.of_body(text)


def test_impossible_checkpoints_are_not_made(log_key: SigningKey) -> None:
    for origin, size, root in (
        ("", 1, bytes(32)),
        ("a\nb", 1, bytes(32)),
        ("a", -1, bytes(32)),
        ("a", 2**63, bytes(32)),
        ("a", 1, bytes(31)),
        ("a", 0, bytes(32)),
    ):
        with pytest.raises(InvalidInputError):
            Checkpoint(origin, size, root)
    empty = Checkpoint("a", 0, EMPTY_ROOT)
    for time in (-1, 2**63):
        with pytest.raises(InvalidInputError):
            sign_checkpoint(empty, "a", log_key, time)


def test_verifier_keys_are_read_and_every_mangling_refused(log_vkey: VerifierKey) -> None:
    text = log_vkey.text
    assert VerifierKey.of_text(text) == log_vkey
    assert VerifierKey.of_text(f" {text}\n") == log_vkey
    for at in range(0, len(text), 7):
        mangled = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        for wrong in (mangled, text[:at], text[at + 1 :]):
            with pytest.raises(InvalidInputError):
                VerifierKey.of_text(wrong)
    with pytest.raises(InvalidInputError, match="another kind"):
        VerifierKey.of_text(PETER)
    with pytest.raises(InvalidInputError):
        VerifierKey.of_text("a" * 9_000)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "x" * 256])
def test_unfit_names_are_refused(name: str, log_key: SigningKey) -> None:
    with pytest.raises(InvalidInputError, match="cannot name a key"):
        VerifierKey(name, log_key.public)


def test_keys_of_pages_sign_no_checkpoints() -> None:
    key = SigningKey.generate(SignatureAlgorithm.ECDSA_P384)
    with pytest.raises(InvalidInputError, match="sign no checkpoints"):
        VerifierKey("a.example", key.public)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 name\n",
        "text\n\n\u2014 name AAAA\n".encode(),  # an id and nothing signed
        "text\n\n\u2014 name AAAAAAA\n".encode(),
        "text\n\n\u2014 na+me AAAAAAAA\n".encode(),
        "text\n\n\u2014 name  AAAAAAAA\n".encode(),
        b"text\n\n- name AAAAAAAA\n",
        "text\n\n\u2014 name AAAAAAAA".encode(),
        "te\txt\n\n\u2014 name AAAAAAAA\n".encode(),
        b"te\xffxt\n\n\xe2\x80\x94 name AAAAAAAA\n",
        ("text\n\n" + "\u2014 name AAAAAAAA\n" * (MOST_SIGNATURES + 1)).encode(),
        b"x" * 1_048_577,
    ],
)
def test_malformed_notes_are_refused(octets: bytes) -> None:
    with pytest.raises(LogError):
        Note.of_octets(octets)


def test_as_many_signatures_as_promised_are_taken() -> None:
    note = Note.of_octets(("text\n\n" + "\u2014 name AAAAAAAA\n" * MOST_SIGNATURES).encode())
    assert len(note.signatures) == MOST_SIGNATURES


@given(st.binary(max_size=300))
def test_any_octets_are_a_note_or_refused(octets: bytes) -> None:
    try:
        note = Note.of_octets(octets)
    except LogError:
        return
    assert note.octets() == octets


@given(st.integers(0, len(QUASIMODO.encode()) - 1), st.binary(max_size=3))
def test_altered_notes_are_read_as_they_are_or_refused(at: int, splice: bytes) -> None:
    octets = QUASIMODO.encode()
    altered = octets[:at] + splice + octets[at + 1 :]
    try:
        note = Note.of_octets(altered)
    except LogError:
        return
    assert note.octets() == altered


@given(st.text(max_size=120))
def test_any_text_is_a_body_or_refused(text: str) -> None:
    for body in (text, f"{text}\n3\n{b64encode(bytes(32)).decode()}\n"):
        try:
            checkpoint = Checkpoint.of_body(body)
        except LogError:
            continue
        assert checkpoint.body == body


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_text_is_a_verifier_key_or_refused(text: str, octets: bytes) -> None:
    for word in (text, f"n+00000000+{b64encode(octets).decode()}"):
        with pytest.raises(InvalidInputError):
            VerifierKey.of_text(word)
