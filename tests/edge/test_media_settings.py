"""`[calls]` of an edge's configuration: where media goes, and who may send it."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.media_settings import LOOPBACK_NETWORKS, CallMedia, browser_networks
from baluardo.errors import InvalidInputError

OWN = (ip_network("fd12:3456:789a:1::/64"), ip_network("10.1.2.0/24"))


def read(text: str) -> EdgeConfiguration:
    return EdgeConfiguration.of_toml(text, "edge.toml")


@pytest.mark.parametrize(
    ("pages", "address"),
    [
        ("", "127.0.0.1"),
        ('host = "192.168.7.1"', "192.168.7.1"),
        ('host = "2001:DB8::0:1"', "2001:db8::1"),
        ('host = "::1"', "::1"),
        ('host = "0.0.0.0"', "127.0.0.1"),
        ('host = "::"', "127.0.0.1"),
        ('host = "localhost"', "127.0.0.1"),
        ('host = "::ffff:192.168.7.1"', "127.0.0.1"),
        ('proxy = true\nsocket = "/run/edge.sock"', "127.0.0.1"),
    ],
)
def test_media_goes_where_the_pages_listen_unless_that_is_no_one_address(
    pages: str, address: str
) -> None:
    assert read(f"[pages]\n{pages}\n").media_address == address
    named = read(f'[pages]\n{pages}\n[calls]\nmedia = "10.1.2.3"\n')
    assert named.media_address == "10.1.2.3"


def test_everything_may_be_said() -> None:
    text = '[calls]\nmedia = "127.0.0.1"\ndoor = "/run/media.sock"\nnetworks = ["10.9.0.0/16"]\n'
    networks = (ip_network("10.9.0.0/16"),)
    assert read(text).calls == CallMedia("127.0.0.1", Path("/run/media.sock"), networks)
    assert read("").calls == read("[calls]").calls == CallMedia()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('media = "edge.example"', "no address of IP in its shortest form"),
        ('media = "0.0.0.0"', "no address of one relay"),
        ('media = "ff02::1"', "no address of one relay"),
        ('media = "fe80::1%eth0"', "no address of one relay"),
        ('media = "2001:db8:0::1"', "shortest form"),
        ("media = 7", "media"),
        ('door = "run/media.sock"', "the path of a Unix socket, from /"),
        (f'door = "/{"x" * 107}"', "at most 107 octets"),
        ('networks = ["0.0.0.0/0"]', "that is everybody"),
        ('networks = ["::/0"]', "that is everybody"),
        ('networks = ["10.0.0.1/8"]', "a network such as"),
        ('networks = ["lan"]', "a network such as"),
        (f"networks = {[f'10.{n}.0.0/16' for n in range(17)]}", "17 entries; 16 at most"),
        ('medium = "10.1.2.3"', "medium"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(line: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match="calls") as refused:
        read(f"[calls]\n{line}\n")
    assert says in str(refused.value)


@given(st.text(max_size=60), st.text(max_size=60), st.lists(st.text(max_size=30), max_size=20))
def test_any_text_is_taken_or_refused(media: str, door: str, networks: list[str]) -> None:
    def quoted(text: str) -> str:
        return '"' + "".join(f"\\U{ord(each):08x}" for each in text) + '"'

    listed = ", ".join(map(quoted, networks))
    text = f"[calls]\nmedia = {quoted(media)}\ndoor = {quoted(door)}\nnetworks = [{listed}]\n"
    try:
        read(text)
    except InvalidInputError as problem:
        assert "edge.toml" in str(problem)


def test_browsers_on_loopback_are_on_this_machine_and_others_in_the_sites_networks() -> None:
    named = (ip_network("192.168.7.0/24"), OWN[1])
    assert browser_networks("127.0.0.1", (), OWN) == LOOPBACK_NETWORKS
    assert browser_networks("::1", named, OWN) == (*LOOPBACK_NETWORKS, *named)
    assert browser_networks("192.168.7.1", named, OWN) == (*OWN, named[0])


ASKING = """
import resource
from baluardo.edge.open_files import raise_open_files, sessions_of_relay
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
raise_open_files()
print(resource.getrlimit(resource.RLIMIT_NOFILE), sessions_of_relay())
"""


@pytest.mark.parametrize(
    ("soft", "hard", "limits", "sessions"),
    [
        (256, 10_000, "(8192, 10000)", 1_024),
        (256, 2_500, "(2500, 2500)", 738),
        (256, 300, "(300, 300)", 75),
        (9_000, 10_000, "(9000, 10000)", 1_024),
    ],
)
def test_an_edge_lets_itself_have_more_sockets_and_its_relay_as_many_as_are_left(
    soft: int, hard: int, limits: str, sessions: int
) -> None:
    asked = [sys.executable, "-c", ASKING.format(soft=soft, hard=hard)]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.split(") ") == [limits[:-1], f"{sessions}\n"]
