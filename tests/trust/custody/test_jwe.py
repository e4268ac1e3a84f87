"""The JWE form: RFC 7520's examples, and nothing but one way to write it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.trust.custody.jwe import (
    MOST_OCTETS,
    Algorithm,
    Header,
    Jwe,
    of_base64url,
    to_base64url,
)
from baluardo.trust.primitives import aead, keywrap
from baluardo.trust.secret import Secret

PBES2 = {
    "alg": "PBES2-HS512+A256KW",
    "enc": "A256GCM",
    "cty": "application/pkcs8",
    "p2s": "AAAAAAAAAAAAAAAAAAAAAA",
    "p2c": 600_000,
}
DIRECT = {"alg": "dir", "enc": "A256GCM", "cty": "application/pkcs8", "kid": "pkcs11:id=%01"}


def compact(header: object, key: bytes = bytes(40), rest: str = "") -> bytes:
    """A JWE of the right form around any header."""
    text = header if isinstance(header, str) else json.dumps(header)
    parts = (text.encode(), key, bytes(12), b"ciphertext", bytes(16))
    return (".".join(to_base64url(part) for part in parts) + rest).encode()


def test_rfc_7520_section_5_3_key_under_a_passphrase() -> None:
    """PBES2-HS512+A256KW; its content is AES-CBC, which we do not take."""
    header = Header(
        Algorithm.PBES2, "jwk-set+json", salt=of_base64url("8Q1SzinasR3xchYz6ZZcHA"), rounds=100_000
    )
    password = Secret("entrap_o\u2013peter_long\u2013credit_tun".encode())
    wrapping = keywrap.stretch(password, header.salt_input, 8192)
    wrapped = of_base64url("d3qNhUWfqheyPp4H8sjOWsDYajoej4c5Je6rlUtFPWdgtURtmeDV1g")
    content_key = of_base64url("uwsjJXaBK407Qaf0_zpcpmr1Cs0CC50hIUEyGNEt3m0")
    assert keywrap.unwrap(wrapping, wrapped) == Secret(content_key)
    assert keywrap.wrap(wrapping, Secret(content_key)) == wrapped


def test_rfc_7520_section_5_2_content_under_a256gcm() -> None:
    """The protected header as it travels is what is authenticated beside the content."""
    protected = (
        b"eyJhbGciOiJSU0EtT0FFUCIsImtpZCI6InNhbXdpc2UuZ2FtZ2VlQGhvYmJpdG9uLmV4YW1wbGUiLCJlbmMiOiJB"
        b"MjU2R0NNIn0"
    )
    ciphertext = of_base64url(
        "o4k2cnGN8rSSw3IDo1YuySkqeS_t2m1GXklSgqBdpACm6UJuJowOHC5ytjqYgRL-I-soPlwqMUf4UgRWWeaOGNw6"
        "vGW-xyM01lTYxrXfVzIIaRdhYtEMRBvBWbEwP7ua1DRfvaOjgZv6Ifa3brcAM64d8p5lhhNcizPersuhw5f-pGYz"
        "seva-TUaL8iWnctc-sSwy7SQmRkfhDjwbz0fz6kFovEgj64X1I5s7E6GLp5fnbYGLa1QUiML7Cc2GxgvI7zqWo0Y"
        "IEc7aCflLG1-8BboVWFdZKLK9vNoycrYHumwzKluLWEbSVmaPpOslY2n525DxDfWaVFUfKQxMF56vn4B9QMpWAbn"
        "ypNimbM8zVOw"
    )
    tag = of_base64url("UCGiqJxhBI3IFVdPalHHvA")
    key = Secret(of_base64url("mYMfsggkTAm0TbvtlFh2hyoXnbEzJQjMxmgLN3d8xXA"))
    nonce = of_base64url("-nBoKLH0YkLZPSI9")
    plaintext = aead.decrypt(key, nonce, ciphertext + tag, protected).decode()
    assert plaintext.startswith("You can trust us to stick with you through thick and thin\u2013to")
    assert plaintext.endswith("We are your friends, Frodo.")


@pytest.mark.parametrize(
    ("fields", "key"), [(PBES2, bytes(40)), (DIRECT, b"")], ids=["passphrase", "token"]
)
def test_both_kinds_read_and_write(fields: dict[str, Any], key: bytes) -> None:
    read = Jwe.of_compact(compact(fields, key))
    assert read.compact() == compact(fields, key)
    assert json.loads(of_base64url(read.header.protected().decode())) == fields
    assert read.nonce == bytes(12)
    assert read.ciphertext == b"ciphertext" + bytes(16)


BAD_HEADERS: dict[str, tuple[object, str]] = {
    "another algorithm": (PBES2 | {"alg": "RSA-OAEP"}, "alg must be PBES2"),
    "a shorter passphrase suite": (PBES2 | {"alg": "PBES2-HS256+A128KW"}, "alg must be"),
    "no algorithm": ({k: v for k, v in PBES2.items() if k != "alg"}, "alg must be a text"),
    "another cipher": (PBES2 | {"enc": "A128CBC-HS256"}, "enc must be A256GCM"),
    "compression": (PBES2 | {"zip": "DEF"}, "unknown field 'zip'"),
    "critical extensions": (PBES2 | {"crit": ["exp"]}, "unknown field 'crit'"),
    "a key's name under a passphrase": (PBES2 | {"kid": "x"}, "unknown field 'kid'"),
    "rounds of a token": (DIRECT | {"p2c": 100_000}, "unknown field 'p2c'"),
    "few rounds": (PBES2 | {"p2c": 99_999}, "p2c must be a whole number from 100,000"),
    "many rounds": (PBES2 | {"p2c": 10_000_001}, "p2c must be a whole number"),
    "endless rounds": (PBES2 | {"p2c": 10**300}, "whole number beyond"),
    "half a round": (PBES2 | {"p2c": 100_000.5}, "p2c must be a whole number"),
    "rounds in words": (PBES2 | {"p2c": "600000"}, "p2c must be a number"),
    "true rounds": (PBES2 | {"p2c": True}, "p2c must be a number"),
    "negative rounds": (PBES2 | {"p2c": -600_000}, "p2c must be a whole number"),
    "a short salt": (PBES2 | {"p2s": "AAAAAAAAAA"}, "p2s must be base64url of 8 to 64"),
    "a long salt": (PBES2 | {"p2s": "AAAA" * 22}, "p2s must be base64url of 8 to 64"),
    "a salt in padded base64": (PBES2 | {"p2s": "AAAAAAAAAAAAAAAAAAAAAA=="}, "no base64url"),
    "no content type": ({k: v for k, v in PBES2.items() if k != "cty"}, "cty must be a text"),
    "a list": ([PBES2], "is no JSON object"),
    "no JSON": ('{"alg": ', "is no JSON"),
    "a name twice": ('{"alg":"dir","alg":"dir"}', "a name twice"),
    "a deep nest": ("[" * 1_000, "nested deeper"),
    "a large header": (PBES2 | {"cty": "x" * 3_000}, "larger than 2,048"),
    "a long name of a key": (DIRECT | {"kid": "k" * 600}, "kid must be a text"),
}


@pytest.mark.parametrize("case", BAD_HEADERS)
def test_headers_that_are_refused(case: str) -> None:
    header, reason = BAD_HEADERS[case]
    direct = isinstance(header, dict) and header.get("alg") == "dir"
    with pytest.raises(CustodyError, match=reason):
        Jwe.of_compact(compact(header, b"" if direct else bytes(40)))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "five parts"),
        (b"....", "The header is no JSON"),
        (compact(PBES2, rest=".AAAA"), "five parts"),
        (compact(PBES2).rsplit(b".", 1)[0], "five parts"),
        (compact(PBES2, rest="="), "no base64url"),
        (compact(PBES2) + b"\n", "no base64url"),
        (compact(PBES2).replace(b".", b". ", 1), "no base64url"),
        (compact(PBES2)[:-1], "no base64url|wrong length"),
        (compact(PBES2)[:-1] + b"B", "no base64url"),  # the bits that no octet has
        (compact(PBES2, bytes(32)), "wrong length"),
        (compact(PBES2, b""), "wrong length"),
        (compact(DIRECT, bytes(40)), "wrong length"),
        (compact(PBES2, rest="AA"), "wrong length"),
        (b"A" * (MOST_OCTETS + 1), "larger than 65,536"),
        ("\u00e9....".encode(), "no base64url"),
    ],
)
def test_forms_that_are_refused(octets: bytes, reason: str) -> None:
    with pytest.raises(CustodyError, match=reason):
        Jwe.of_compact(octets)


@pytest.mark.parametrize("rounds", [0, 99_999, 10_000_001])
def test_no_header_is_made_that_no_reader_takes(rounds: int) -> None:
    with pytest.raises(InvalidInputError, match="100,000 to 10,000,000"):
        Header(Algorithm.PBES2, "x", salt=bytes(16), rounds=rounds)


@given(st.binary() | st.text(alphabet="ABab01-_.=", max_size=80).map(str.encode))
def test_no_octets_break_the_reader(octets: bytes) -> None:
    with pytest.raises(CustodyError):
        Jwe.of_compact(octets)


@given(st.sampled_from([compact(PBES2), compact(DIRECT, b"")]), st.data())
def test_what_is_read_is_written_as_it_was(valid: bytes, data: st.DataObject) -> None:
    """A mutation is refused, or is another JWE: two texts never read as one."""
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 4)))
    mutated = valid[:start] + data.draw(st.binary(max_size=4)) + valid[end:]
    try:
        assert Jwe.of_compact(mutated).compact() == mutated
    except CustodyError as refused:
        assert str(refused).isprintable()


@given(st.binary(max_size=70))
def test_base64url_without_padding(octets: bytes) -> None:
    text = to_base64url(octets)
    assert text == base64.urlsafe_b64encode(octets).decode().rstrip("=")
    assert of_base64url(text) == octets
