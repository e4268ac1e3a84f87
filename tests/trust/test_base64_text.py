"""Base64 in its three forms: what is written is read, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.trust.base64_text import (
    of_base64,
    of_base64url,
    of_either_base64,
    to_base64,
    to_base64url,
)

# RFC 4648 section 10, and section 9's worked example for both alphabets.
VECTORS = [
    (b"", ""),
    (b"f", "Zg=="),
    (b"fo", "Zm8="),
    (b"foo", "Zm9v"),
    (b"foob", "Zm9vYg=="),
    (b"fooba", "Zm9vYmE="),
    (b"foobar", "Zm9vYmFy"),
    (bytes.fromhex("14fb9c03d97e"), "FPucA9l+"),
]


@pytest.mark.parametrize(("octets", "text"), VECTORS)
def test_published_texts(octets: bytes, text: str) -> None:
    assert to_base64(octets) == text
    assert of_base64(text) == octets
    url = text.rstrip("=").replace("+", "-")
    assert to_base64url(octets) == url
    assert of_base64url(url) == octets


@given(st.binary(max_size=60))
def test_what_is_written_is_read(octets: bytes) -> None:
    text, url = to_base64(octets), to_base64url(octets)
    assert of_base64(text) == of_either_base64(text) == of_base64url(url) == octets
    assert of_either_base64(text.replace("+", "-").replace("/", "_")) == octets


@pytest.mark.parametrize(
    "text", ["e31=", "e30", "e30==", "e3 0", "e30=\n", "e30=e30=", "é===", "=", "____"]
)
def test_the_standard_alphabet_has_one_form(text: str) -> None:
    with pytest.raises(InvalidInputError):
        of_base64(text)


@pytest.mark.parametrize("text", ["e31", "e30=", "e3 0", "e30\n", "é", "A", "++++", "////", "A==="])
def test_the_alphabet_for_addresses_has_one_form(text: str) -> None:
    with pytest.raises(InvalidInputError):
        of_base64url(text)


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (of_base64, to_base64),
        (of_base64url, to_base64url),
        (of_either_base64, to_base64),
    ],
)
@given(text=st.text(max_size=12))
def test_any_text_is_read_or_refused(
    read: Callable[[str], bytes], write: Callable[[bytes], str], text: str
) -> None:
    try:
        octets = read(text)
    except InvalidInputError:
        return
    either = text.replace("-", "+").replace("_", "/") if read is of_either_base64 else text
    assert write(octets) == either
