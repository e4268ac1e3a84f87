"""Invitations: one text, nothing shown of the secret, bounds, the link and the QR code."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st
from protocol_material import COMMUNITY, NAMES

from baluardo.errors import InvalidInputError
from baluardo.protocol.invitation import (
    LONGEST_TEXT,
    PREFIX,
    QUIET_ZONE,
    Invitation,
    qr_svg,
)
from baluardo.trust.base64_text import of_base64url, to_base64url
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import parse_json, write_json
from trust.community import NOW

ADDRESSES = st.sampled_from([
    "https://italia.example", "https://a.example:8443", "http://baluardo.localhost:8080",
    "http://127.0.0.1:8000", "http://[::1]:80", "https://[2001:db8::1]",
])  # fmt: skip
INVITATIONS = st.builds(
    Invitation,
    st.lists(ADDRESSES, min_size=1, max_size=4).map(tuple),
    NAMES.map(lambda name: Identity(COMMUNITY, Kind.PERSON, name, "phone")),
    st.sampled_from(["eu-hybrid", "cnsa"]),
    st.binary(min_size=32, max_size=32),
    st.floats(1.0, 2e11),
    st.binary(min_size=16, max_size=16).map(Secret),
)
BERGAMINI = Invitation(
    ("https://italia.example",),
    Identity(COMMUNITY, Kind.SHIP, "bergamini"),
    "eu-hybrid",
    bytes(range(32)),
    NOW,
    Secret(b"sixteen octets!!"),
)


def respelt(**changes: object) -> str:
    """Return the text with fields changed; a field of None is left out."""
    octets = BERGAMINI.to_text().removeprefix(PREFIX)
    value = parse_json(of_base64url(octets), 2_048, "It")
    assert isinstance(value, dict)
    fields = {name: each for name, each in {**value, **changes}.items() if each is not None}
    return PREFIX + to_base64url(write_json(fields))


@given(INVITATIONS)
def test_round_trip_is_exact(invitation: Invitation) -> None:
    text = invitation.to_text()
    assert len(text) <= LONGEST_TEXT
    read = Invitation.of_text(f"  {text}\n")
    assert read == invitation
    assert read.secret.reveal() == invitation.secret.reveal()
    assert read.to_text() == text


def test_the_longest_invitation_fits_its_bound_and_a_qr_code() -> None:
    address = "https://" + "a" * 192
    identity = Identity("c" * 63, Kind.PERSON, "n" * 63, "d" * 63)
    longest = Invitation(
        (address,) * 4, identity, "eu-hybrid", bytes(32), 1780000000.1234567, Secret(bytes(16))
    )
    assert len(longest.to_text()) <= LONGEST_TEXT
    assert Invitation.of_text(longest.to_text()) == longest
    assert "<path" in qr_svg("x" * LONGEST_TEXT, "")
    with pytest.raises(InvalidInputError, match="longer than a QR code"):
        qr_svg("x" * 2_400, "")


def test_nothing_shows_the_secret() -> None:
    secret = BERGAMINI.secret.reveal()
    for shown in (repr(BERGAMINI), str(BERGAMINI), f"{BERGAMINI}"):
        assert secret.decode() not in shown
        assert to_base64url(secret) not in shown
    for broken in (
        respelt(secret=to_base64url(secret) + "="),
        respelt(secret=to_base64url(secret) * 9),
        respelt(secret=to_base64url(secret)[:-3]),
        respelt(more=1),
        respelt(v=2),
        BERGAMINI.to_text()[:-5],
    ):
        with pytest.raises(InvalidInputError) as refusal:
            Invitation.of_text(broken)
        assert to_base64url(secret)[:6] not in str(refusal.value)


@pytest.mark.parametrize("changes", [
    {"v": None}, {"addresses": []}, {"addresses": ["https://a"] * 5}, {"addresses": [1]},
    {"addresses": ["http://italia.example"]}, {"addresses": ["https://italia.example/"]},
    {"addresses": ["https://italia.example@evil.example"]}, {"addresses": ["https://a:99999"]},
    {"addresses": ["javascript:alert(1)"]}, {"addresses": ["https://"]},
    {"addresses": ["https://[::"]}, {"addresses": ["https://A.example"]},
    {"community": "../x"}, {"profile": "rot13"}, {"root": "00"}, {"root": "A" * 64},
    {"root": "zz" * 32}, {"identity": "person/anna"}, {"identity": "king/anna"},
    {"expires": "soon"}, {"expires": -1}, {"expires": 10**15}, {"secret": 5}, {"secret": ""},
])  # fmt: skip
def test_wrong_fields_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        Invitation.of_text(respelt(**changes))


@given(
    st.text(max_size=80).map(lambda text: PREFIX + text)
    | st.binary(max_size=80).map(lambda octets: PREFIX + to_base64url(octets))
    | st.text(max_size=80)
    | st.just("x" * 10_000)
)
def test_texts_of_strangers(text: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        Invitation.of_text(text)
    assert str(refusal.value).isprintable()


def test_the_link_keeps_its_secret_behind_the_fragment() -> None:
    link = BERGAMINI.link("https://roma.italia.example:8443")
    assert link == f"https://roma.italia.example:8443/enrol#{BERGAMINI.to_text()}"
    for url in ("http://roma.italia.example", "https://roma.italia.example/x", "javascript:1"):
        with pytest.raises(InvalidInputError, match="site_url"):
            BERGAMINI.link(url)


@given(st.text(st.characters(max_codepoint=255), min_size=1, max_size=120), st.text(max_size=20))
def test_the_svg_is_the_code(text: str, title: str) -> None:
    """Every dark module is painted once, no light one is, and the quiet zone stays white."""
    svg = qr_svg(text, title)
    root = ET.fromstring(svg)  # noqa: S314  # our own
    matrix = segno.make_qr(text, error="m", boost_error=False).matrix
    side = len(matrix) + 2 * QUIET_ZONE
    assert root.get("viewBox") == f"0 0 {side} {side}"
    path = root.findall("{*}path")[1].get("d") or ""
    runs = [tuple(map(int, run)) for run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path)]
    painted = [(x + step, y) for x, y, width in runs for step in range(width)]
    dark = {
        (x + QUIET_ZONE, y + QUIET_ZONE)
        for y, row in enumerate(matrix)
        for x, module in enumerate(row)
        if module
    }
    assert len(painted) == len(dark)
    assert set(painted) == dark
    assert re.sub(r"M(\d+) (\d+)h(\d+)v1h-\d+z", "", path) == ""


def test_the_svg_may_stand_in_a_page() -> None:
    svg = qr_svg("x", "</title><script>\0")
    assert "<script" not in svg
    assert "style" not in svg
    assert "\0" not in svg
    assert ET.fromstring(svg).find("{*}title") is not None  # noqa: S314  # our own
