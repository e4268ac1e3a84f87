"""Key files: sealed by a passphrase or open, and every way in which they must not open."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CustodyError, SourceError, TargetError
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.custody.jwe import ROUNDS
from baluardo.trust.custody.keyfile import (
    DEFAULT_ROUNDS,
    Lock,
    Passphrase,
    Unlock,
    Unprotected,
    lock_of,
    open_key,
    open_secret,
    read_key,
    seal_secret,
    write_key,
)
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm

SECRET = Secret("otto più una parola".encode())
SEALED_BY = Passphrase(SECRET, ROUNDS[0])
KEY = SigningKey.from_seed(SignatureAlgorithm.ML_DSA_65, Secret(bytes(range(32))))
SEALED = seal_secret(KEY.pkcs8(), SEALED_BY, "application/pkcs8")


class Person:
    """Answers prompts, and remembers them."""

    def __init__(self, secret: Secret = SECRET) -> None:
        self.secret = secret
        self.asked: list[str] = []

    def __call__(self, prompt: str) -> Secret:
        self.asked.append(prompt)
        return self.secret


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
@pytest.mark.parametrize("protection", [SEALED_BY, Unprotected()], ids=["sealed", "open"])
def test_a_key_comes_back(
    tmp_path: Path, algorithm: SignatureAlgorithm, protection: Passphrase | Unprotected
) -> None:
    key, path = SigningKey.generate(algorithm), tmp_path / "issuer.key"
    write_key(path, key, protection)
    back = read_key(path, Unlock(Person()))
    assert back.pkcs8() == key.pkcs8()
    assert back.public == key.public


def test_only_what_is_asked_for_is_asked(tmp_path: Path) -> None:
    sealed, plain = tmp_path / "sealed.key", tmp_path / "plain.key"
    write_key(sealed, KEY, SEALED_BY)
    write_key(plain, KEY, Unprotected())
    person = Person()
    read_key(plain, Unlock(person))
    read_key(plain)
    assert person.asked == []
    read_key(sealed, Unlock(person))
    assert person.asked == ["Passphrase of sealed.key"]
    assert (lock_of(sealed), lock_of(plain)) == (Lock.PASSPHRASE, Lock.NOTHING)
    with pytest.raises(CustodyError, match="sealed by a passphrase, and none was given"):
        read_key(sealed)


def test_the_owner_alone_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_key(tmp_path / "a.key", KEY, SEALED_BY)
        write_key(tmp_path / "b.key", KEY, Unprotected())
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a.key", "b.key")] == [0o600] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.key", "b.key"]


def test_a_key_is_never_written_over_unasked(tmp_path: Path) -> None:
    path = tmp_path / "issuer.key"
    write_key(path, KEY, SEALED_BY)
    before = path.read_bytes()
    with pytest.raises(TargetError, match="already there and was left as it is"):
        write_key(path, SigningKey.generate(KEY.algorithm), SEALED_BY)
    assert path.read_bytes() == before
    other = SigningKey.generate(KEY.algorithm)
    write_key(path, other, Unprotected(), replace=True)
    assert read_key(path).public == other.public


def test_an_open_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "edge.key"
    write_key(path, KEY, Unprotected())
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with pytest.raises(CustodyError, match=r"edge\.key may be read by others.*chmod 600"):
            read_key(path)
    sealed = tmp_path / "issuer.key"
    write_key(sealed, KEY, SEALED_BY)
    sealed.chmod(0o644)  # what is sealed may be copied
    assert read_key(sealed, Unlock(Person())).public == KEY.public


def test_a_wrong_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "issuer.key"
    write_key(path, KEY, SEALED_BY)
    wrong = Person(Secret(b"another passphrase"))
    with pytest.raises(CustodyError, match=r"issuer\.key: The passphrase does not open it") as no:
        read_key(path, Unlock(wrong))
    assert "another passphrase" not in str(no.value)
    assert no.value.__cause__ is None


@pytest.mark.parametrize("part", [0, 1, 2, 3, 4], ids=["header", "key", "nonce", "text", "tag"])
def test_an_altered_file(part: int) -> None:
    parts = SEALED.split(b".")
    octets = bytearray(of_base64url(parts[part].decode()))
    if part:
        octets[3] ^= 1
    else:
        place = octets.index(b'"p2s":"') + 8
        octets[place] = ord("B" if octets[place] == ord("A") else "A")
    parts[part] = to_base64url(octets).encode()
    reason = "The passphrase is right, but the file was altered" if part > 1 else "does not open it"
    with pytest.raises(CustodyError, match=reason):
        open_key(b".".join(parts), Unlock(Person()), "issuer.key")


def test_the_header_is_bound_to_the_content() -> None:
    """Unlike the salt, the content type changes no key: only the tag protects it."""
    parts = SEALED.split(b".")
    header = json.loads(of_base64url(parts[0].decode()))
    header["cty"] = "application/seed"
    parts[0] = to_base64url(json.dumps(header).encode()).encode()
    with pytest.raises(CustodyError, match="The passphrase is right, but the file was altered"):
        open_secret(b".".join(parts), Unlock(Person()), "application/seed", "x")


def test_one_kind_of_secret_is_not_taken_for_another() -> None:
    seed = seal_secret(Secret(bytes(32)), SEALED_BY, "application/x-seed")
    person = Person()
    with pytest.raises(CustodyError, match="It seals 'application/x-seed' where application/pkcs8"):
        open_key(seed, Unlock(person), "issuer.key")
    assert person.asked == []
    assert open_secret(seed, Unlock(person), "application/x-seed", "x") == Secret(bytes(32))


def test_other_programs_can_open_it() -> None:
    """RFC 7516 and RFC 7518 section 4.8 once more, without our code."""
    header, wrapped, nonce, text, tag = (
        base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)) for part in SEALED.split(b".")
    )
    fields = json.loads(header)
    assert fields["alg"] == "PBES2-HS512+A256KW"
    assert (fields["enc"], fields["cty"]) == ("A256GCM", "application/pkcs8")
    salt = base64.urlsafe_b64decode(fields["p2s"] + "==")
    assert len(salt) == 16
    stretched = hashlib.pbkdf2_hmac(
        "sha512", SECRET.reveal(), b"PBES2-HS512+A256KW\0" + salt, fields["p2c"], 32
    )
    content_key = aes_key_unwrap(stretched, wrapped)
    pkcs8 = AESGCM(content_key).decrypt(nonce, text + tag, SEALED.split(b".")[0])
    assert Secret(pkcs8) == KEY.pkcs8()


def test_every_file_is_sealed_afresh() -> None:
    again = seal_secret(KEY.pkcs8(), SEALED_BY, "application/pkcs8").split(b".")
    for one, other in zip(SEALED.split(b"."), again, strict=True):
        assert one != other
    assert Passphrase(SECRET).rounds == DEFAULT_ROUNDS == 600_000


def test_an_open_key_is_plain_pem(tmp_path: Path) -> None:
    path = tmp_path / "edge.key"
    write_key(path, KEY, Unprotected())
    loaded = serialization.load_pem_private_key(path.read_bytes(), None)
    assert SigningKey(loaded).pkcs8() == KEY.pkcs8()
    assert max(map(len, path.read_text().splitlines())) <= 64


def pem(key: rsa.RSAPrivateKey, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )


def test_keys_of_other_programs_and_kinds() -> None:
    key = rsa.generate_private_key(65537, 2048)
    encrypted = pem(key, serialization.BestAvailableEncryption(b"x"))
    plain = pem(key, serialization.NoEncryption())
    for octets, reason in (
        (encrypted, "'ENCRYPTED PRIVATE KEY' where PRIVATE KEY is wanted"),
        (plain, "what is in it is no key of ours"),
        (plain + plain, "more than one thing"),
        (plain[:-20], "It is no key file: This is no PEM"),
        (b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "no key of ours"),
        (b"-----BEGIN PRIVATE KEY-----" + b" \n" * 30_000, "This is no PEM"),
        (b"", "five parts"),
        (b"\x00" * 70_000, "larger than 65,536"),
    ):
        with pytest.raises(CustodyError, match=reason):
            open_key(octets, Unlock(Person()), "issuer.key")


def test_a_sealed_thing_that_is_no_key() -> None:
    sealed = seal_secret(Secret(b"no key at all"), SEALED_BY, "application/pkcs8")
    with pytest.raises(CustodyError, match="It opens, but what is in it is no key of ours"):
        open_key(sealed, Unlock(Person()), "issuer.key")


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"The key file .*none\.key cannot be read"):
        read_key(tmp_path / "none.key")
    with pytest.raises(SourceError, match="cannot be read"):
        lock_of(tmp_path / "none.key")
    with pytest.raises(TargetError, match="cannot be written"):
        write_key(tmp_path / "no" / "such" / "folder", KEY, Unprotected())
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(CustodyError, match=r"The key file .*junk: It is no sealed key"):
        lock_of(tmp_path / "junk")


@given(st.binary(max_size=300), st.sampled_from([b"", b"-----BEGIN PRIVATE KEY-----\n"]))
@settings(deadline=None)
def test_no_octets_break_the_reader(octets: bytes, before: bytes) -> None:
    with pytest.raises(CustodyError):
        open_key(before + octets, Unlock(Person()), "issuer.key")


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_mutation_opens_as_another_key(data: st.DataObject) -> None:
    """The header is left alone: it decides how long a reader works (`test_jwe`)."""
    start = data.draw(st.integers(SEALED.index(b"."), len(SEALED)))
    end = data.draw(st.integers(start, min(len(SEALED), start + 4)))
    mutated = SEALED[:start] + data.draw(st.binary(max_size=4)) + SEALED[end:]
    try:
        key = open_key(mutated, Unlock(Person()), "issuer.key")
    except CustodyError as refused:
        assert str(refused).endswith(".")
    else:
        assert mutated.strip() == SEALED
        assert key.public == KEY.public


def test_a_writer_that_is_killed_leaves_no_half_key(tmp_path: Path) -> None:
    """Every system call of the writer is its last in turn; the old key opens until the new does."""
    path = tmp_path / "issuer.key"
    write_key(path, KEY, Unprotected())
    outcomes = set()
    for step in range(1, 40):
        done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(step)], check=False)
        outcomes.add(read_key(path).public == KEY.public)
        if done.returncode == 0:
            break
    assert done.returncode == 0
    assert outcomes == {True, False}


KILLED = """
import os, sys
from pathlib import Path
from baluardo.trust.custody.keyfile import Unprotected, write_key
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import SignatureAlgorithm

key = SigningKey.generate(SignatureAlgorithm.ML_DSA_65)
left = int(sys.argv[2])

def hook(event, arguments):
    global left
    if event in {"open", "os.rename", "os.remove", "os.link", "os.chmod"}:
        left -= 1
        if left == 0:
            os._exit(9)

sys.addaudithook(hook)
write_key(Path(sys.argv[1]), key, Unprotected(), replace=True)
"""
