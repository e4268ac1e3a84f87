"""First octets: TLS goes on, everything else is known within eleven octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.trust.channel.greeting import GREETING_OCTETS, Greeting, greeting
from baluardo.trust.channel.tls import Role

CLIENT_HELLO = bytes.fromhex("16030105f6010005f20303")
"""The record and message heads of a ClientHello with an ML-KEM key share (RFC 8446 4.1.2, 5.1)."""
SERVER_HELLO = bytes.fromhex("16030304ba020004b60303")
ALERT = bytes.fromhex("15030300020228")


@pytest.mark.parametrize(
    ("octets", "role", "found"),
    [
        (CLIENT_HELLO, Role.SERVER, Greeting.TLS),
        (CLIENT_HELLO + b"more", Role.SERVER, Greeting.TLS),
        (SERVER_HELLO, Role.CLIENT, Greeting.TLS),
        (ALERT, Role.CLIENT, Greeting.TLS),
        (ALERT, Role.SERVER, Greeting.FOREIGN),
        (SERVER_HELLO, Role.SERVER, Greeting.FOREIGN),
        (CLIENT_HELLO, Role.CLIENT, Greeting.FOREIGN),
        (b"", Role.SERVER, Greeting.PART),
        (b"\x16\x03", Role.SERVER, Greeting.PART),
        (b"GET / HTTP/1.1\r\n", Role.SERVER, Greeting.HTTP),
        (b"PO", Role.SERVER, Greeting.PART),
        (b"HTTP/1.1 400", Role.CLIENT, Greeting.HTTP),
        (b"SSH-2.0-OpenSSH_9.6", Role.SERVER, Greeting.FOREIGN),
        (b"\x80\x2e\x01\x00\x02", Role.SERVER, Greeting.FOREIGN),  # SSL 2
        (b"\x16\x02\x00", Role.SERVER, Greeting.FOREIGN),
        (b"\x16\x03\x01\xff\xff", Role.SERVER, Greeting.FOREIGN),  # no record is so long
        (b"\x16\x03\x01\x00\x01", Role.SERVER, Greeting.FOREIGN),  # nor so short
        (CLIENT_HELLO[:6] + b"\x01\x00\x00\x03\x03", Role.SERVER, Greeting.FOREIGN),  # 64 KiB long
        (CLIENT_HELLO[:9] + b"\x02\x00", Role.SERVER, Greeting.FOREIGN),
    ],
)
def test_what_came_first_is_known(octets: bytes, role: Role, found: Greeting) -> None:
    assert greeting(octets, role) is found


@pytest.mark.parametrize("role", list(Role))
@given(octets=st.one_of(st.binary(max_size=40), st.just(CLIENT_HELLO), st.just(SERVER_HELLO)))
def test_more_octets_never_change_a_verdict(role: Role, octets: bytes) -> None:
    found = [greeting(octets[:n], role) for n in range(len(octets) + 1)]
    decided = [each for each in found if each is not Greeting.PART]
    assert len(set(decided)) <= 1
    assert decided or len(octets) < GREETING_OCTETS
    assert found[: len(found) - len(decided)] == [Greeting.PART] * (len(found) - len(decided))
