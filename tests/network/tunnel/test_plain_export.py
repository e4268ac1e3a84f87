"""A plain configuration: what is in it, whom it is refused to, what WireGuard makes of it."""

from __future__ import annotations

import configparser
import ipaddress
import shutil
import subprocess
from dataclasses import replace

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LinkError, ProfileError
from baluardo.network.links.namespaces import Namespace, can_make_namespaces
from baluardo.network.tunnel.plain_export import (
    NOTICE,
    Interface,
    PlainExport,
    PlainSite,
    as_qr,
    export_plain,
)
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, key_text

ALLOWED = {"office/rome"}
SITE = PlainSite(
    name="office/rome",
    public_key=WireGuardKey(Secret(bytes(range(1, 33)))).public,
    endpoint_host="192.0.2.7",
    endpoint_port=51_820,
    networks=(ipaddress.ip_network("fd00:b:0:1::/64"), ipaddress.ip_network("10.66.1.0/24")),
    reachable=(ipaddress.ip_network("fd00:b:0:2::/64"),),
)
ADDRESSES: list[Interface] = [
    ipaddress.ip_interface("fd00:b:0:1::77/64"),
    ipaddress.ip_interface("10.66.1.77/24"),
]


def made(site: PlainSite = SITE) -> PlainExport:
    return export_plain("tablet-3", ADDRESSES, site, ALLOWED)


def sections(export: PlainExport) -> configparser.ConfigParser:
    reader = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=True)
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    reader.read_string(export.text.reveal().decode())
    return reader


def test_the_file_says_first_what_it_is_not() -> None:
    lines = made().text.reveal().decode().splitlines()
    assert lines[: len(NOTICE)] == [f"# {line}" for line in NOTICE]
    assert "NOT POST-QUANTUM" in lines[0]


def test_what_the_device_gets_and_what_the_site_adds() -> None:
    export = made()
    file = sections(export)
    own = WireGuardKey.of_private(Secret(file["Interface"]["PrivateKey"].encode()))
    assert own.public == export.public_key
    assert file["Interface"]["Address"] == "fd00:b:0:1::77/128, 10.66.1.77/32"
    assert dict(file["Peer"]) == {
        "PublicKey": SITE.public_key,
        "PresharedKey": key_text(export.preshared_key).reveal().decode(),
        "Endpoint": "192.0.2.7:51820",
        "AllowedIPs": "fd00:b:0:1::/64, 10.66.1.0/24, fd00:b:0:2::/64",
        "PersistentKeepalive": "25",
    }
    for each in (file["Interface"]["PrivateKey"], file["Peer"]["PresharedKey"]):
        assert each not in repr(export)


def test_each_device_has_keys_of_its_own() -> None:
    assert made().public_key != made().public_key
    assert made().preshared_key != made().preshared_key


def test_no_other_site_may_hand_one_out() -> None:
    with pytest.raises(ProfileError, match="not let office/milan"):
        made(replace(SITE, name="office/milan"))
    with pytest.raises(ProfileError, match="plain_export"):
        export_plain("tablet-3", ADDRESSES, SITE, frozenset())


@pytest.mark.parametrize(
    ("host", "written"),
    [
        ("2001:db8::7", "[2001:db8::7]:51820"),
        ("rome.example", "rome.example:51820"),
        ("192.0.2.7", "192.0.2.7:51820"),
        ("a." * 126 + "a", "a." * 126 + "a:51820"),
        ("rome.example.", "rome.example.:51820"),
    ],
)
def test_endpoints(host: str, written: str) -> None:
    assert sections(made(replace(SITE, endpoint_host=host)))["Peer"]["Endpoint"] == written


@pytest.mark.parametrize(
    "site",
    [
        replace(SITE, endpoint_host="rome.example\nPostUp = id"),
        replace(SITE, endpoint_host="0.0.0.0"),  # noqa: S104 - that it is refused is the test
        replace(SITE, endpoint_host="fe80::1%eth0"),
        replace(SITE, endpoint_host="999.1.1.1"),
        replace(SITE, endpoint_host="999.1.1.1."),
        replace(SITE, endpoint_host="a..example"),
        replace(SITE, endpoint_host="-a.example"),
        replace(SITE, endpoint_host="a" * 64 + ".example"),
        replace(SITE, endpoint_host="a." * 127),
        # A pattern over the whole name would try every way of cutting it up, and never end.
        replace(SITE, endpoint_host="gatewayoftheofficeofromeitalia_1.example"),
        replace(SITE, endpoint_host=""),
        replace(SITE, endpoint_port=0),
        replace(SITE, public_key="x" * 44),
        replace(SITE, name="office/rome\nPostUp = id"),
        replace(SITE, networks=()),
        replace(SITE, reachable=(ipaddress.ip_network("::/0"),)),
    ],
)
def test_sites_that_cannot_be(site: PlainSite) -> None:
    with pytest.raises(InvalidInputError):
        made(site)


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        ["10.66.9.1/24"],
        ["10.66.1.0/24"],
        ["10.66.1.255/24"],
        ["fd00:b:0:1::/64"],
        ["10.66.1.4/24", "10.66.1.5/24"],
    ],
)
def test_addresses_that_cannot_be(addresses: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        export_plain("tablet-3", [ipaddress.ip_interface(a) for a in addresses], SITE, ALLOWED)


def test_the_sites_own_key_is_no_devices() -> None:
    key = WireGuardKey(Secret(bytes(range(1, 33))))
    with pytest.raises(InvalidInputError, match="own"):
        export_plain("tablet-3", ADDRESSES, SITE, ALLOWED, key)


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_adds_a_line(name: str, host: str) -> None:
    """wg-quick runs PostUp as root: whatever the names hold, the file has its own lines alone."""
    try:
        export = export_plain(name, ADDRESSES, replace(SITE, endpoint_host=host), ALLOWED)
    except InvalidInputError:
        return
    lines = export.text.reveal().decode().splitlines()
    assert len(lines) == len(NOTICE) + 13
    assert all(char.isprintable() for line in lines for char in line)


def test_the_qr_code_is_the_file() -> None:
    export = made()
    drawn = as_qr(export).reveal().decode().splitlines()
    matrix = segno.make_qr(export.text.reveal(), error="m", boost_error=False).matrix
    read = [
        [char not in full for char in line]
        for line in drawn
        for full in ("\N{FULL BLOCK}\N{UPPER HALF BLOCK}", "\N{FULL BLOCK}\N{LOWER HALF BLOCK}")
    ]
    side = len(matrix)
    assert [row[4:-4] for row in read[4 : 4 + side]] == [[bool(m) for m in row] for row in matrix]
    assert not any(any(row) for row in (*read[:4], *read[4 + side :]))


def test_a_file_too_long_for_a_code() -> None:
    many = tuple(ipaddress.ip_network(f"fd00:b:{n:x}:ffff:ffff:ffff:ffff:0/112") for n in range(32))
    beyond = tuple(
        ipaddress.ip_network(f"fd00:c:{n:x}:ffff:ffff:ffff:ffff:0/112") for n in range(32)
    )
    networks = (SITE.networks[0], *many[1:])
    site = replace(SITE, networks=networks, reachable=beyond)
    export = export_plain("tablet-3", ADDRESSES[:1], site, ALLOWED)
    with pytest.raises(InvalidInputError, match="too long"):
        as_qr(export)


_why = can_make_namespaces() or ("" if shutil.which("wireguard-go") else "no wireguard-go")


@pytest.mark.skipif(bool(_why), reason=f"needs WireGuard in a namespace: {_why}")
def test_wireguard_itself_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """`wg setconf` after `wg-quick strip`, which drops what is for wg-quick alone."""
    monkeypatch.setenv("WG_PROCESS_FOREGROUND", "1")
    export = made()
    kept = [
        line
        for line in export.text.reveal().decode().splitlines()
        if not line.startswith(("#", "Address", "MTU"))
    ]
    with Namespace.create("device") as device:
        process = device.popen(
            ["wireguard-go", "-f", "balplain0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            shown = _shown(device, kept)
            assert export.public_key in shown
            assert SITE.public_key in shown
            assert "fd00:b:0:2::/64" in shown
            assert key_text(export.preshared_key).reveal().decode() in shown
        finally:
            process.terminate()
            process.wait(20)


def _shown(device: Namespace, lines: list[str]) -> str:
    for _ in range(200):
        try:
            device.run(
                "wg", "setconf", "balplain0", "/dev/stdin", stdin="".join(f"{x}\n" for x in lines)
            )
            return device.run("wg", "show", "balplain0", "dump")
        except LinkError as problem:
            if "parsing" in str(problem):
                raise
            device.run("sleep", "0.02")
    raise AssertionError("wireguard-go does not start")
