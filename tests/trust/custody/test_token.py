"""Keys sealed by a token: a real one in software (SoftHSM), and one that fails in every way."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import CustodyError
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.custody.jwe import Jwe
from baluardo.trust.custody.keyfile import (
    Lock,
    Unlock,
    lock_of,
    open_key,
    open_secret,
    read_key,
    seal_secret,
    write_key,
)
from baluardo.trust.custody.token import Token, TokenKey, open_in_token, seal_in_token
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import SignatureAlgorithm
from softhsm import softhsm_library

PIN = Secret(b"482915")
INITIAL = ["--pin", "482915", "--so-pin", "00000000"]
KEY = SigningKey.from_seed(SignatureAlgorithm.ML_DSA_65, Secret(bytes(range(32))))
ELSEWHERE = Path("/nowhere/libtoken.so")


def initialise(label: str) -> None:
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, *INITIAL],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM with a folder of its own and a token `baluardo`; skip where it is not installed."""
    found = softhsm_library()
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    before = os.environ.get("SOFTHSM2_CONF")
    pkcs11.unload(str(found))  # it reads its configuration when it is loaded
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    initialise("baluardo")
    yield found
    pkcs11.unload(str(found))
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def token(library: Path) -> Token:
    return Token(library, "baluardo", PIN)


def unlock(token: Token) -> Unlock:
    return Unlock(lambda _prompt: token.pin, token.module)


def keys_within(token: Token) -> dict[bytes, pkcs11.Key]:
    """Every key in the token, by its id, with what may be known of it."""
    (device,) = pkcs11.lib(str(token.module)).get_tokens(token_label=token.label)
    with device.open(user_pin=PIN.reveal().decode()) as session:
        return {
            key.id: tuple(
                key[attribute]
                for attribute in (
                    pkcs11.Attribute.SENSITIVE,
                    pkcs11.Attribute.ALWAYS_SENSITIVE,
                    pkcs11.Attribute.EXTRACTABLE,
                    pkcs11.Attribute.NEVER_EXTRACTABLE,
                    pkcs11.Attribute.LOCAL,
                    pkcs11.Attribute.WRAP,
                    pkcs11.Attribute.VALUE_LEN,
                )
            )
            for key in session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY})
        }


@pytest.mark.parametrize("algorithm", SignatureAlgorithm)
def test_a_key_comes_back(tmp_path: Path, token: Token, algorithm: SignatureAlgorithm) -> None:
    key, path, prompts = SigningKey.generate(algorithm), tmp_path / "issuer.key", []

    def ask(prompt: str) -> Secret:
        prompts.append(prompt)
        return PIN

    write_key(path, key, token)
    assert lock_of(path) is Lock.TOKEN
    assert read_key(path, Unlock(ask, token.module)).pkcs8() == key.pkcs8()
    assert prompts == ["PIN of token baluardo"]


def test_the_key_is_made_within_and_stays_there(token: Token) -> None:
    before = keys_within(token)
    sealed = Jwe.of_compact(seal_secret(KEY.pkcs8(), token, "application/pkcs8"))
    name = TokenKey.of_uri(sealed.header.key_uri)
    made = {key: facts for key, facts in keys_within(token).items() if key not in before}
    assert made == {name.id: (True, True, False, True, True, False, 32)}
    (device,) = pkcs11.lib(str(token.module)).get_tokens(token_label=token.label)
    with device.open(user_pin=PIN.reveal().decode()) as session:
        key = session.get_key(id=name.id)
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]


def test_the_file_has_no_octet_of_the_seed(token: Token) -> None:
    octets = seal_secret(KEY.pkcs8(), token, "application/pkcs8")
    for part in octets.split(b"."):
        assert bytes(range(8)) not in of_base64url(part.decode())


def test_destroying_the_key_destroys_the_file(token: Token) -> None:
    one, other = (seal_secret(KEY.pkcs8(), token, "application/pkcs8") for _ in range(2))
    name = TokenKey.of_uri(Jwe.of_compact(one).header.key_uri)
    (device,) = pkcs11.lib(str(token.module)).get_tokens(token_label=token.label)
    with device.open(rw=True, user_pin=PIN.reveal().decode()) as session:
        session.get_key(id=name.id).destroy()
    with pytest.raises(CustodyError, match="does not have the key 'baluardo' that this file"):
        open_key(one, unlock(token), "one")
    assert open_key(other, unlock(token), "other").public == KEY.public


def test_a_wrong_pin_then_the_right_one(token: Token) -> None:
    sealed = seal_secret(KEY.pkcs8(), token, "application/pkcs8")
    for wrong in (b"482916", b"1", b"9" * 300):
        with pytest.raises(CustodyError, match=r"'baluardo': The token refuses the PIN") as no:
            open_key(sealed, Unlock(lambda _prompt: Secret(wrong), token.module), "x")  # noqa: B023
        assert wrong.decode() not in str(no.value) or wrong == b"1"
    assert open_key(sealed, unlock(token), "x").public == KEY.public


def test_a_token_that_is_not_there(token: Token) -> None:
    gone = Token(token.module, "in the safe", PIN)
    with pytest.raises(
        CustodyError, match=r"no token 'in the safe'; tokens in place: .*'baluardo'"
    ) as refused:
        seal_in_token(Secret(b"x"), gone, "x")
    assert "''" not in str(refused.value)  # the slot that nobody has initialised


def test_two_tokens_of_one_name(token: Token) -> None:
    for _ in range(2):
        initialise("twin")
    pkcs11.unload(str(token.module))  # a new token is seen when the library starts
    with pytest.raises(CustodyError, match="There are 2 tokens 'twin'; leave one in place"):
        seal_in_token(Secret(b"x"), Token(token.module, "twin", PIN), "x")


@pytest.mark.parametrize("name", ["none.so", "text.so", "nul\0.so"])
def test_a_library_that_is_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(CustodyError, match="is no PKCS#11 library that can be loaded and asked"):
        seal_in_token(Secret(b"x"), Token(tmp_path / name, "baluardo", PIN), "x")


@pytest.mark.parametrize("part", [2, 3, 4], ids=["nonce", "text", "tag"])
def test_an_altered_file(token: Token, part: int) -> None:
    parts = seal_secret(KEY.pkcs8(), token, "application/pkcs8").split(b".")
    octets = bytearray(of_base64url(parts[part].decode()))
    octets[3] ^= 1
    parts[part] = to_base64url(octets).encode()
    with pytest.raises(CustodyError, match=r"does not open the file by it: the file was altered"):
        open_key(b".".join(parts), unlock(token), "x")


def test_the_header_is_bound_to_the_content(token: Token) -> None:
    parts = seal_secret(Secret(bytes(32)), token, "application/x-seed").split(b".")
    header = of_base64url(parts[0].decode()).replace(b"application/x-seed", b"application/pkcs8")
    parts[0] = to_base64url(header).encode()
    with pytest.raises(CustodyError, match="the file was altered"):
        open_secret(b".".join(parts), unlock(token), "application/pkcs8", "x")


def test_several_at_once(token: Token) -> None:
    """A login counts for the whole process; whoever comes second waits."""
    sealed = seal_secret(KEY.pkcs8(), token, "application/pkcs8")
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_key(sealed, unlock(token), "x").public, range(32)))
    assert opened == [KEY.public] * 32


def test_the_pin_is_asked_for_only_if_it_can_be_used() -> None:
    name = TokenKey("baluardo", "issuer", bytes(16))
    fields = f'{{"alg":"dir","cty":"x","enc":"A256GCM","kid":"{name.uri()}"}}'
    parts = (fields.encode(), b"", bytes(12), b"text", bytes(16))
    sealed = ".".join(to_base64url(part) for part in parts).encode()
    for way in (Unlock(), Unlock(module=ELSEWHERE), Unlock(ask=lambda _prompt: PIN)):
        with pytest.raises(CustodyError, match=r"sealed by token 'baluardo'; say which PKCS#11"):
            open_secret(sealed, way, "x", "x")


@pytest.mark.parametrize("label", ["", "x" * 33, "\u00e9" * 17, "a\nb"])
def test_labels_that_no_token_has(label: str) -> None:
    for token in (Token(ELSEWHERE, label, PIN), Token(ELSEWHERE, "baluardo", PIN, label)):
        with pytest.raises(CustodyError, match="cannot be a label"):
            seal_in_token(Secret(b"x"), token, "x")


URI = TokenKey("Roma, n. 1; 100%", "issuer?2031", bytes(range(16))).uri()
ID = "id=%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F"


def test_the_uri_is_that_of_rfc_7512() -> None:
    expected = (
        f"pkcs11:token=Roma%2C%20n.%201%3B%20100%25;object=issuer%3F2031;{ID};type=secret-key"
    )
    assert expected == URI
    assert TokenKey.of_uri(URI) == TokenKey("Roma, n. 1; 100%", "issuer?2031", bytes(range(16)))


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "pkcs11:",
        "https://example.org/",
        f"pkcs11:token=a;object=b;{ID}",
        f"pkcs11:token=a;object=b;{ID};type=private",
        f"pkcs11:object=b;token=a;{ID};type=secret-key",
        f"pkcs11:token=a;token=a;object=b;{ID};type=secret-key",
        f"pkcs11:token=a;object=b;{ID};type=secret-key;serial=1",
        f"pkcs11:token=a;object=b;{ID};type=secret-key?module-path=/tmp/evil.so",
        f"pkcs11:token=a;object=b;{ID};type=secret-key?pin-source=file:/etc/passwd",
        f"pkcs11:token=a;object=b;{ID}%10;type=secret-key",
        "pkcs11:token=a;object=b;id=%01;type=secret-key",
        f"pkcs11:token=%ff;object=b;{ID};type=secret-key",
        f"pkcs11:token=a;object=b;{ID.lower()};type=secret-key",
        f"PKCS11:token=a;object=b;{ID};type=secret-key",
    ],
)
def test_uris_that_are_refused(uri: str) -> None:
    with pytest.raises(CustodyError, match="names no key of a token as this program writes it"):
        TokenKey.of_uri(uri)


@given(st.text())
def test_no_text_is_a_key_of_a_token(text: str) -> None:
    for uri in (text, f"pkcs11:{text}", f"pkcs11:token={text};object=b;{ID};type=secret-key"):
        try:
            assert TokenKey.of_uri(uri).uri() == uri
        except CustodyError as refused:
            assert str(refused).isprintable()


@given(st.text(alphabet=st.characters(codec="utf-8")), st.binary(min_size=16, max_size=16))
def test_any_label_is_named(label: str, key_id: bytes) -> None:
    key = TokenKey(label, label[::-1], key_id)
    assert TokenKey.of_uri(key.uri()) == key


class FalseKey:
    """A key within a token that forgets, or lets its key out."""

    def __init__(self, sensitive: bool, opened: bytes | Exception) -> None:
        self.sensitive = sensitive
        self.opened = opened
        self.destroyed = False

    def __getitem__(self, attribute: pkcs11.Attribute) -> bool:
        return self.sensitive if attribute is pkcs11.Attribute.SENSITIVE else False

    def encrypt(self, data: bytes, **_parameters: object) -> bytes:
        return data + bytes(16)

    def decrypt(self, _data: bytes, **_parameters: object) -> bytes:
        if isinstance(self.opened, Exception):
            raise self.opened
        return self.opened

    def destroy(self) -> None:
        self.destroyed = True


class FalseToken:
    """A library, its one token and the session in one, that fails as it is told."""

    label = "baluardo"

    def __init__(self, key: FalseKey | None = None, problem: Exception | None = None) -> None:
        self.key = key
        self.problem = problem

    def get_tokens(self) -> list[FalseToken]:
        return [self]

    def open(self, **_arguments: object) -> FalseToken:
        if self.problem is not None:
            raise self.problem
        return self

    def __enter__(self) -> FalseToken:
        return self

    def __exit__(self, *_problem: object) -> None:
        return None

    def generate_key(self, *_arguments: object, **_more: object) -> FalseKey:
        assert self.key is not None
        return self.key


def seal_by(monkeypatch: pytest.MonkeyPatch, false: FalseToken) -> None:
    monkeypatch.setattr(pkcs11, "lib", lambda _path: false)
    seal_in_token(Secret(b"payload"), Token(ELSEWHERE, "baluardo", PIN), "x")


PROBLEMS = {
    pkcs11.PinLocked: "has locked itself after too many wrong PINs.*keys within are not lost",
    pkcs11.PinExpired: "PIN has expired",
    pkcs11.PinIncorrect: "refuses the PIN.*lock themselves after a few",
    pkcs11.PinLenRange: "too short or too long",
    pkcs11.PinInvalid: "signs that no PIN",
    pkcs11.UserPinNotInitialized: "no PIN of a user yet",
    pkcs11.TokenNotPresent: "not in its slot",
    pkcs11.DeviceRemoved: "was taken out",
    pkcs11.TokenWriteProtected: "write-protected",
    pkcs11.DeviceMemory: "is full",
    pkcs11.MechanismInvalid: "cannot do AES-256-GCM",
    pkcs11.MechanismParamInvalid: "nonce from outside",
    pkcs11.FunctionFailed: r"The token failed \(FunctionFailed\). Nothing was lost",
    pkcs11.PKCS11Error: r"The token failed \(PKCS11Error\)",
}


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.__name__)
def test_a_token_that_refuses(
    monkeypatch: pytest.MonkeyPatch, problem: type[pkcs11.PKCS11Error]
) -> None:
    with pytest.raises(CustodyError, match=f"Token 'baluardo': .*{PROBLEMS[problem]}"):
        seal_by(monkeypatch, FalseToken(problem=problem("0x30")))


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (FalseKey(False, b"payload"), "makes no keys that stay within"),
        (FalseKey(True, b"another"), "does not give back what it sealed"),
        (FalseKey(True, pkcs11.MechanismInvalid()), "cannot do AES-256-GCM"),
    ],
    ids=["lets its keys out", "forgets", "cannot open"],
)
def test_a_key_that_failed_is_not_left_behind(
    monkeypatch: pytest.MonkeyPatch, key: FalseKey, reason: str
) -> None:
    with pytest.raises(CustodyError, match=reason):
        seal_by(monkeypatch, FalseToken(key))
    assert key.destroyed


def test_a_false_token_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the refusals above are those of what was made false."""
    key = FalseKey(True, b"payload")
    seal_by(monkeypatch, FalseToken(key))
    assert not key.destroyed


def test_after_a_failure_the_token_is_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in itertools.repeat(None, 3):
        with pytest.raises(CustodyError, match="was taken out"):
            seal_by(monkeypatch, FalseToken(problem=pkcs11.DeviceRemoved()))
    seal_by(monkeypatch, FalseToken(FalseKey(True, b"payload")))


def test_what_a_token_shows_of_itself() -> None:
    assert "482915" not in repr(Token(ELSEWHERE, "baluardo", PIN))


@pytest.mark.parametrize("octets", [1, 32, 5_000])
def test_any_secret_is_sealed(token: Token, octets: int) -> None:
    sealed = Jwe.of_compact(seal_in_token(Secret(bytes(octets)), token, "x"))
    assert open_in_token(sealed, token) == Secret(bytes(octets))


def test_a_pin_that_is_no_text(token: Token) -> None:
    with pytest.raises(CustodyError, match="no UTF-8"):
        seal_in_token(Secret(b"x"), Token(token.module, "baluardo", Secret(b"\xff")), "x")
