"""What charon is told: pinned where it matters, and nothing hostile gets into it."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.esp import charon, configuration, routes
from baluardo.network.links.esp.configuration import (
    EspKeys,
    EspPeer,
    connection,
    connection_name,
    parsed_connection_name,
    secrets,
    settings,
)
from baluardo.network.links.esp.layer import EspLayer
from baluardo.network.links.esp.vici import decode, encode
from baluardo.trust.secret import Secret

OWN = (ipaddress.ip_network("fd00:b:0:1::/64"), ipaddress.ip_network("10.66.1.0/24"))
BEYOND = (ipaddress.ip_network("fd00:b:0:2::/64"), ipaddress.ip_network("10.66.2.0/24"))
HERE, THERE = ipaddress.ip_address("fd00:e::1"), ipaddress.ip_address("fd00:e::2")


def peer(name: str = "norcia") -> EspPeer:
    return EspPeer(name, HERE, THERE, BEYOND)


def test_a_connection_as_charon_is_told_of_it() -> None:
    assert connection("rome", OWN, peer(), 7, 1) == {
        "norcia@7": {
            "version": "2",
            "local_addrs": ["fd00:e::1"],
            "remote_addrs": ["fd00:e::2"],
            "local_port": "4501",
            "remote_port": "4501",
            "proposals": ["aes256gcm16-prfsha384-ecp384"],
            "encap": "yes",
            "mobike": "no",
            "unique": "replace",
            "keyingtries": "1",
            "dpd_delay": "30",
            "rekey_time": "0",
            "reauth_time": "0",
            "ppk_id": "fqdn:e7.norcia.with.rome",
            "ppk_required": "yes",
            "local": {"auth": "psk", "id": "fqdn:e7.rome"},
            "remote": {"auth": "psk", "id": "fqdn:e7.norcia"},
            "children": {
                "inner": {
                    "local_ts": ["fd00:b:0:1::/64", "10.66.1.0/24"],
                    "remote_ts": ["fd00:b:0:2::/64", "10.66.2.0/24"],
                    "esp_proposals": ["aes256gcm16-ecp384"],
                    "mode": "tunnel",
                    "start_action": "none",
                    "close_action": "none",
                    "dpd_action": "clear",
                    "rekey_time": "3600",
                }
            },
        }
    }


def test_both_ends_name_the_post_quantum_key_alike() -> None:
    ours = configuration.identities("rome", "norcia", 7)
    theirs = configuration.identities("norcia", "rome", 7)
    assert ours[2] == theirs[2]
    assert (ours[0], ours[1]) == (theirs[1], theirs[0])
    assert ours[2] != configuration.identities("rome", "norcia", 8)[2]
    with pytest.raises(InvalidInputError):
        configuration.identities("rome", "rome", 7)


def test_settings_read_no_file_and_write_none() -> None:
    text = settings(1, Path("/run/esp"))
    assert "load = random nonce openssl kdf hmac kernel-libipsec kernel-netlink" in text
    assert "socket = unix:///run/esp/charon1.vici" in text
    assert "port_nat_t = 4501" in text
    assert "include" not in text
    assert text.count("{") == text.count("}")


@given(st.text(max_size=60))
def test_no_directory_adds_a_setting(name: str) -> None:
    try:
        text = settings(0, Path("/") / name)
    except InvalidInputError:
        return
    assert text.splitlines()[1:24] == settings(0, Path("/run")).splitlines()[1:24]
    assert len(text.splitlines()) == len(settings(0, Path("/run")).splitlines())
    assert text.count("{") == settings(0, Path("/run")).count("{")


@given(st.text(max_size=120))
def test_hostile_names_are_refused(name: str) -> None:
    try:
        configuration.checked_name(name)
    except InvalidInputError as refusal:
        assert len(str(refusal)) < 300
        assert "\n" not in str(refusal)
        return
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert parsed_connection_name(connection_name(name, 9)) == (name, 9)


@pytest.mark.parametrize(
    "name", ["", "Rome", "rome ", "rome\n", "ro@me", "*", "%any", "ro/me", "é"]
)
def test_names_that_charon_might_take_for_something_else(name: str) -> None:
    with pytest.raises(InvalidInputError):
        peer(name)


@pytest.mark.parametrize(
    "name", ["rome", "@", "rome@", "rome@-1", "rome@1.5", "rome@" + "9" * 20, "rome@²"]
)
def test_connections_that_are_not_ours(name: str) -> None:
    assert parsed_connection_name(name) is None


@given(st.binary(min_size=32, max_size=64), st.binary(min_size=32, max_size=64))
def test_secrets_arrive_octet_for_octet(psk: bytes, ppk: bytes) -> None:
    if psk == ppk:
        return
    told = secrets("rome", "norcia", EspKeys(7, Secret(psk), Secret(ppk)))
    read = [decode(encode(each)) for each in told]
    assert read == [
        {
            "id": b"psk:norcia@7",
            "type": b"IKE",
            "data": psk,
            "owners": [b"fqdn:e7.rome", b"fqdn:e7.norcia"],
        },
        {
            "id": b"ppk:norcia@7",
            "type": b"PPK",
            "data": ppk,
            "owners": [b"fqdn:e7.norcia.with.rome"],
        },
    ]


def test_keys_that_are_none() -> None:
    good, same = os.urandom(32), os.urandom(32)
    for psk, ppk in ((good[:31], same), (good, same[:31]), (same, same), (good, bytes(513))):
        with pytest.raises(InvalidInputError) as refusal:
            EspKeys(1, Secret(psk), Secret(ppk))
        assert good.hex() not in str(refusal.value)
    for epoch in (-1, 2**63):
        with pytest.raises(InvalidInputError):
            EspKeys(epoch, Secret(good), Secret(same))


@pytest.mark.parametrize(
    ("local", "remote", "networks"),
    [
        ("10.0.0.1", "fd00:e::2", BEYOND),
        ("fd00:e::1", "fd00:e::1", BEYOND),
        ("fd00:e::1", "fd00:b:0:2::9", BEYOND),
        ("10.66.2.9", "10.0.0.2", BEYOND),
        ("fd00:e::1", "fd00:e::2", ()),
        ("fd00:e::1", "fd00:e::2", (ipaddress.ip_network("::/0"),)),
        ("fd00:e::1", "fd00:e::2", BEYOND * 33),
    ],
)
def test_peers_that_cannot_be(
    local: str, remote: str, networks: tuple[ipaddress.IPv6Network, ...]
) -> None:
    with pytest.raises(InvalidInputError):
        EspPeer("norcia", ipaddress.ip_address(local), ipaddress.ip_address(remote), networks)


def test_a_network_behind_us_has_room_for_an_address_of_its_own() -> None:
    with pytest.raises(InvalidInputError, match="more than one"):
        EspLayer("rome", [ipaddress.ip_network("fd00:b:0:1::9/128")])


def test_a_layer_that_does_not_run_keeps_still() -> None:
    layer = EspLayer("rome", OWN)
    assert layer.tend() == []
    layer.set_peer(peer(), EspKeys(1, Secret(bytes(32)), Secret(bytes(33))))
    status = layer.status()["norcia"]
    assert (status.established, status.epoch, status.octets_in) == (False, None, 0)
    layer.remove_peer("norcia")
    layer.close()
    assert layer.status() == {}


def test_rules_leave_no_way_but_through_a_tun() -> None:
    lines = routes.rules("in0")
    assert "rule add pref 21 iif in0 unreachable" in lines
    assert "rule add pref 60 not iif lo unreachable" in lines
    assert lines.index("rule add pref 50 lookup local") < lines.index("rule del pref 0")
    assert routes.outward(BEYOND[:1], "ipsec1") == [
        "route replace fd00:b:0:2::/64 dev ipsec1 table 219"
    ]
    assert routes.outward(BEYOND[:1], "") == ["route replace unreachable fd00:b:0:2::/64 table 219"]


def test_what_is_missing_is_named_by_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(charon, "PROGRAM", tmp_path / "charon-systemd")
    monkeypatch.setattr(charon, "PLUGIN_PLACES", (tmp_path,))
    assert charon.why_not() == (
        "Two layers need strongSwan, and not all of it is installed. On Debian: apt install "
        "charon-systemd strongswan-libcharon libcharon-extra-plugins "
        "libstrongswan-standard-plugins."
    )
    for name in ("charon-systemd", "libstrongswan-vici.so", "libstrongswan-kernel-libipsec.so"):
        (tmp_path / name).touch()
    assert charon.why_not().endswith("apt install libstrongswan-standard-plugins.")
    (tmp_path / "libstrongswan-openssl.so").touch()
    assert charon.why_not() == ""
    monkeypatch.setattr(charon, "PROGRAM", tmp_path / "none")
    with pytest.raises(LinkError, match="charon-systemd"):
        EspLayer("rome", OWN).start(None, "in0")  # type: ignore[arg-type]
