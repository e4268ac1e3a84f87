"""Whatever comes to a door is answered with a sentence, and never takes the writer down."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority.state import Browser, State

JSON = {"content-type": "application/json"}
DOORS = (
    ("POST", "sign-in"),
    ("POST", "sign-in/options"),
    ("POST", "break-glass"),
    ("POST", "enrol/open"),
    ("POST", "enrol/device"),
    ("POST", "enrol/status"),
    ("POST", "me/passkeys"),
    ("POST", "me/devices"),
    ("POST", "me/renew"),
    ("POST", "invitations"),
    ("PUT", "directory/gina.costa"),
    ("POST", f"requests/{'0' * 32}/approve"),
    ("POST", f"requests/{'0' * 32}/refuse"),
)
FIELDS = (
    "id",
    "credential",
    "person",
    "code",
    "reason",
    "token",
    "request",
    "passkey",
    "label",
    "device",
    "envelope",
    "identity",
    "display_name",
    "languages",
    "numbers",
    "hours",
    "response",
    "payload",
    "signatures",
)
strings = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "0" * 32,
            "A" * 22,
            "A" * 43,
            "\u0000",
            "\ud800",
            "anna.rossi",
            "ship/x",
            "'; --",
            "\u202e",
        ]
    ),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | strings,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | strings, inner, max_size=6)
    ),
    max_leaves=20,
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=6)
octets = st.one_of(
    bodies.map(lambda body: json.dumps(body).encode()),
    values.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200),
)


def ask(browser: Browser, method: str, path: str, content: bytes) -> Any:
    answer = browser.ask(method, path, content=content, headers=JSON)
    assert answer.status_code < 500 or answer.status_code == 503, (path, content, answer.text)
    assert answer.headers["content-type"] == "application/json"
    if answer.status_code >= 400:
        assert isinstance(answer.json()["detail"], str)
    return answer


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(door=st.sampled_from(DOORS), content=octets)
def test_doors_take_anything(hostile: Browser, door: tuple[str, str], content: bytes) -> None:
    hostile.state.calendar.now += 30.0  # the ration of attempts fills again
    answer = ask(hostile, *door, content)
    assert answer.status_code != 503, answer.text
    assert hostile.state.store.problem is None


@pytest.fixture
def hostile(state: State) -> Browser:
    """Return a browser of an officer, who may ask everything."""
    return state.signed_in("anna.rossi")


@pytest.mark.parametrize(
    "path",
    [
        "directory?q=%00",
        "directory?q=%ed%a0%80",
        "directory?after=%00",
        "directory?q=" + "a" * 121,
        "me/sessions/%00",
        "me/passkeys/%00",
        "invitations/..%2f..",
    ],
)
def test_addresses_may_hold_anything(hostile: Browser, path: str) -> None:
    for method in ("GET", "DELETE"):
        answer = hostile.ask(method, path, headers=JSON)
        assert answer.status_code < 500, (method, answer.text)
    assert hostile.state.store.problem is None
