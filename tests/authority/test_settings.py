"""Settings: what is written is read again, and what cannot work is refused by name."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from baluardo.authority.settings import FILE, LOCAL_DOMAIN, MOST_ADDRESSES, Settings, host_port
from baluardo.errors import BaluardoError, InvalidInputError, SourceError, TargetError

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=2, max_size=4).map(".".join)
PORT = st.integers(0, 65_535)
ADDRESS = st.builds(lambda host, port: f"{host}:{port}", DOMAIN, st.integers(1, 65_535))
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
SETTINGS = st.builds(
    Settings,
    name=LABEL,
    domain=DOMAIN,
    web_host=TEXT,
    web_port=PORT,
    channel_host=TEXT,
    channel_port=PORT,
    web=st.lists(DOMAIN.map("https://{}".format), max_size=MOST_ADDRESSES).map(tuple),
    channels=st.lists(ADDRESS, max_size=MOST_ADDRESSES).map(tuple),
    database=TEXT,
    events=st.just("") | ADDRESS.map("nats://{}".format),
    proxy=st.booleans(),
) | st.builds(Settings, name=LABEL, domain=DOMAIN, demonstration=st.booleans())


@given(settings=SETTINGS)
@example(settings=Settings(database='\x00\x1f"\\\x7f\x80\u2028\U0001f6f0'))
def test_settings_come_back_as_they_went(settings: Settings) -> None:
    assert Settings.of_toml(settings.to_toml(), "here") == settings


@given(text=TEXT | st.binary(max_size=200).map(lambda octets: octets.decode("utf-8", "replace")))
def test_any_other_text_is_refused_in_a_sentence(text: str) -> None:
    try:
        Settings.of_toml(text, "here")
    except InvalidInputError as refusal:
        assert str(refusal)


@given(
    values=st.dictionaries(
        st.sampled_from(["name", "domain", "web_port", "web", "channels", "events", "more"]),
        st.none() | st.integers() | st.booleans() | TEXT | st.lists(TEXT, max_size=3),
        max_size=4,
    )
)
def test_any_value_is_taken_whole_or_refused(values: dict[str, Any]) -> None:
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if value is not None]
    text = "\n".join(lines)
    tomllib.loads(text)
    try:
        settings = Settings.of_toml(text, "here")
    except InvalidInputError:
        return
    assert Settings.of_toml(settings.to_toml(), "here") == settings


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"name": "Roma"}, "name"),
        ({"name": "x" * 64}, "name"),
        ({"name": "roma\n"}, "name"),
        ({"domain": "localhost"}, "domain"),
        ({"domain": "-a.example"}, "domain"),
        ({"web_port": -1}, "web_port"),
        ({"channel_port": 65_536}, "channel_port"),
        ({"web": ("ftp://x.example",)}, "web"),
        ({"web": ("https://",)}, "web"),
        ({"web": ("https://[x",)}, "web"),
        ({"channels": ("nowhere",)}, "nowhere"),
        ({"channels": ("host:0",)}, "host:0"),
        ({"web": ("https://x.example",) * 17}, "addresses"),
        ({"events": "http://x:1"}, "events"),
        ({"events": "nats://[x"}, "events"),
    ],
)
def test_what_cannot_work_is_refused_by_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        Settings(**values)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nome = 1", "no setting"),
        ("web_port = true", "whole number"),
        ('web_port = "8470"', "whole number"),
        ("demonstration = 1", "true or false"),
        ("name = 1", "a text"),
        ("web = 'https://x.example'", "list of texts"),
        ("web = [1]", "list of texts"),
        ("name = [", "not TOML"),
        ("[[[[", "not TOML"),
        ("x = " + "[" * 5_000, "not TOML"),
    ],
)
def test_file_that_is_wrong_is_refused_with_its_name(text: str, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named) as told:
        Settings.of_toml(text, "/etc/authority.toml")
    assert "/etc/authority.toml" in str(told.value)


def test_file_is_its_owners_alone_and_not_replaced_by_accident(tmp_path: Path) -> None:
    settings = Settings(database="postgresql://anna:geheim@db.example/rete", name="roma")
    settings.write(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert Settings.read(tmp_path) == settings
    with pytest.raises(TargetError):
        Settings().write(tmp_path)
    assert Settings.read(tmp_path) == settings
    Settings().write(tmp_path, replace=True)
    assert Settings.read(tmp_path).domain == LOCAL_DOMAIN


def test_directory_without_settings_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="authority init"):
        Settings.read(tmp_path)


def test_oversized_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"#" * 70_000)
    with pytest.raises(BaluardoError):
        Settings.read(tmp_path)
    (tmp_path / FILE).write_bytes(b"name = '\xff'")
    with pytest.raises(InvalidInputError):
        Settings.read(tmp_path)


def test_addresses_are_taken_apart() -> None:
    assert host_port("[::1]:8471") == ("::1", 8471)
    assert host_port("roma.example:1") == ("roma.example", 1)
    for wrong in ("x", "x:", ":1", "x:99999", "x:1 ", "[::1:1", "x\n:1"):
        with pytest.raises(InvalidInputError):
            host_port(wrong)


@pytest.mark.parametrize(
    "more", [{"proxy": True}, {"web": ("https://authority.rete.example",)}], ids=["proxy", "web"]
)
def test_what_lets_anybody_in_is_for_one_machine_alone(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="for this machine alone"):
        Settings(demonstration=True, **more)


def test_pages_behind_a_proxy_are_at_their_name_without_a_port() -> None:
    assert Settings(domain="rete.example", proxy=True).own_url == "https://authority.rete.example"
    named = Settings(domain="rete.example", proxy=True, web=("https://roma.rete.example",))
    assert named.own_url == "https://roma.rete.example"
    assert named.page_hosts == ("authority.rete.example", "roma.rete.example")
