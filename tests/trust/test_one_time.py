"""One-time secrets: what is shown is brought back, what is kept shows nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.trust import one_time
from baluardo.trust.one_time import (
    OneTimeSecret,
    code_matches,
    digest_of,
    digest_of_code,
    emergency_code,
    matches,
    session_token,
)
from baluardo.trust.primitives.hashing import sha256
from baluardo.trust.secret import Secret

secrets = st.binary(min_size=16, max_size=16).map(lambda octets: OneTimeSecret(Secret(octets)))
separators = st.sampled_from(["", " ", "-", " - ", "\u2010", "\u2013", "\u2212", "\n", "\u00a0"])


def test_lengths() -> None:
    assert len(OneTimeSecret.make().text()) == 22
    assert len(session_token().text()) == 43
    assert len(OneTimeSecret.make().digest) == len(session_token().digest) == 32


def test_no_two_are_the_same() -> None:
    made = [make().digest for make in (OneTimeSecret.make, session_token, emergency_code)]
    made += [OneTimeSecret.make().digest for _ in range(200)]
    assert len(set(made)) == len(made)


def test_nothing_shows_the_secret() -> None:
    secret = session_token()
    for shown in (repr(secret), str(secret), f"{secret}"):
        assert secret.text() not in shown
        assert secret.secret.reveal().hex() not in shown
    assert "32 octets" in repr(secret)


@given(secrets)
def test_what_is_shown_is_what_is_brought_back(secret: OneTimeSecret) -> None:
    assert digest_of(secret.text()) == secret.digest == sha256(secret.secret.reveal())
    assert matches(secret.digest, secret.text())
    assert digest_of_code(secret.typable()) == secret.digest
    assert code_matches(secret.digest, secret.typable())


@given(secrets, secrets)
def test_another_text_does_not_match(one: OneTimeSecret, other: OneTimeSecret) -> None:
    same = one.secret == other.secret
    assert matches(one.digest, other.text()) is same
    assert code_matches(one.digest, other.typable()) is same


@given(secrets, st.data())
def test_a_code_is_typed_as_people_type(secret: OneTimeSecret, data: st.DataObject) -> None:
    typed = ""
    for character in secret.typable().replace("-", ""):
        alike = {"0": "0oO", "1": "1iIlL"}.get(character, character + character.lower())
        typed += data.draw(separators) + data.draw(st.sampled_from(alike))
    if len(typed) <= one_time.LONGEST_TYPED:
        assert digest_of_code(typed) == secret.digest


def test_a_code_has_the_form_that_is_printed() -> None:
    assert OneTimeSecret(Secret(bytes(16))).typable() == "00000-00000-00000-00000-000000"
    most = OneTimeSecret(Secret(b"\xff" * 16)).typable()
    assert most == "7ZZZZ-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZZZ"
    counted = OneTimeSecret(Secret((2**125 + 17).to_bytes(16, "big"))).typable()
    assert counted == "10000-00000-00000-00000-00000H"


def test_a_long_secret_is_not_typed() -> None:
    with pytest.raises(InvalidInputError):
        session_token().typable()


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "00000-00000-00000-00000-00000",
        "00000-00000-00000-00000-0000000",
        "80000-00000-00000-00000-000000",
        "U0000-00000-00000-00000-000000",
        "00000_00000-00000-00000-000000",
        "\u0660" * 26,
        "\u0131" * 26,
        "-" * 10_000,
    ],
)
def test_what_is_no_code_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match="no emergency code"):
        digest_of_code(typed)
    assert not code_matches(bytes(32), typed)


@given(st.text(max_size=60))
@example("A" * 21 + "B")
@example("A" * 22 + "=")
@example("A" * 21 + "/")
@example("A" * 10**6)
def test_only_one_text_stands_for_a_secret(text: str) -> None:
    try:
        digest = digest_of(text)
    except InvalidInputError as refusal:
        assert not matches(bytes(32), text)
        assert len(str(refusal)) < 200
        if len(text) > 20:
            assert text not in str(refusal)
        return
    assert matches(digest, text)


@pytest.mark.parametrize("text", ["A" * 21 + "B", "A" * 42 + "B", "A" * 22 + "=", "A" * 32])
def test_a_text_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="no one-time secret"):
        digest_of(text)


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_a_digest_of_another_length_matches_nothing(digest: bytes) -> None:
    assert not matches(digest, OneTimeSecret.make().text())
