"""What `wg` is told and shows, with the tool itself where it is installed; keys on the disk."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import CustodyError, InvalidInputError
from baluardo.network.tunnel.keys import open_lane_keys
from baluardo.network.tunnel.place import Place
from baluardo.network.tunnel.wireguard import (
    Change,
    Shown,
    ShownPeer,
    WantedPeer,
    configuration,
    new_keepalive,
    new_preshared,
    parse_dump,
    reconcile,
)
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key

KEYS = [WireGuardKey.generate() for _ in range(5)]


def wanted(number: int, keepalive: int = 0, subnet: int | None = None) -> WantedPeer:
    """A peer as it should be."""
    return WantedPeer(
        KEYS[number].public,
        Place.of_text(f"127.1.0.{number + 1}:51820"),
        (ip_network(f"fd12::{number if subnet is None else subnet:x}:0/112"),),
        random_preshared_key(),
        keepalive,
    )


def dumped(peers: list[WantedPeer]) -> str:
    """What `wg show wg0 dump` writes of an interface with these peers."""
    own = KEYS[4]
    lines = [f"{own.private_text().reveal().decode()}\t{own.public}\t51821\toff"]
    lines += [
        f"{p.public_key}\t(none)\t{p.endpoint}\t{','.join(map(str, p.networks))}"
        f"\t1780000000\t1000\t2000\t{p.keepalive or 'off'}"
        for p in peers
    ]
    return "\n".join(lines) + "\n"


def test_a_dump_is_read_and_its_secrets_are_forgotten() -> None:
    text = dumped([wanted(0), wanted(1, keepalive=25)])
    shown = parse_dump(text)
    assert shown.public_key == KEYS[4].public
    assert shown.port == 51_821
    assert [peer.keepalive for peer in shown.peers] == [0, 25]
    assert shown.peers[0] == ShownPeer(
        KEYS[0].public,
        "127.1.0.1:51820",
        frozenset({ip_network("fd12::/112")}),
        1_780_000_000,
        1_000,
        2_000,
        0,
    )
    assert KEYS[4].private_text().reveal().decode() not in repr(shown)


def test_an_interface_with_nothing() -> None:
    assert parse_dump("(none)\t(none)\t0\toff\n") == Shown("", 0, ())


@given(st.text(max_size=300) | st.text(alphabet="\t\n0a(none)", max_size=300))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse_dump(text)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()


def test_peers_as_they_should_be_are_not_named() -> None:
    peers = [wanted(0), wanted(1, keepalive=25)]
    assert reconcile(peers, parse_dump(dumped(peers))) == ()


def test_the_fewest_changes() -> None:
    standing = [wanted(0), wanted(1), wanted(2)]
    new, moved = wanted(3, subnet=1), wanted(2, keepalive=25)
    changes = reconcile([standing[0], moved, new], parse_dump(dumped(standing)))
    assert [change.arguments for change in changes] == [
        ("peer", KEYS[1].public, "remove"),
        ("peer", KEYS[2].public, "persistent-keepalive", "25"),
        (
            *("peer", KEYS[3].public, "preshared-key", "/dev/stdin"),
            *("endpoint", "127.1.0.4:51820", "persistent-keepalive", "0"),
            *("allowed-ips", "fd12::1:0/112"),
        ),
    ]
    assert [change.stdin is None for change in changes] == [True, True, False]


def test_every_change_is_made_by_applying_them() -> None:
    """From anything to anything: afterwards nothing is left to change."""
    standing = {peer.public_key: peer for peer in (wanted(0), wanted(1))}
    goal = [wanted(1, keepalive=5), wanted(2), wanted(3, subnet=0)]
    for change in reconcile(goal, parse_dump(dumped(list(standing.values())))):
        _, key, *rest = change.arguments
        if rest == ["remove"]:
            del standing[key]
        else:
            standing[key] = next(each for each in goal if each.public_key == key)
    assert reconcile(goal, parse_dump(dumped(list(standing.values())))) == ()


def test_two_peers_never_share_a_network_or_a_key() -> None:
    for pair in ([wanted(0), wanted(1, subnet=0)], [wanted(0), wanted(0, subnet=9)]):
        with pytest.raises(InvalidInputError, match="Two peers"):
            reconcile(pair, Shown("", 0, ()))


def test_secrets_go_to_standard_input_alone() -> None:
    key = random_preshared_key()
    change = new_preshared(KEYS[0].public, key)
    assert change.arguments == ("peer", KEYS[0].public, "preshared-key", "/dev/stdin")
    assert change.stdin is not None
    assert change.stdin.reveal().decode() not in repr(change)
    assert new_keepalive(KEYS[0].public, 1) == Change(
        ("peer", KEYS[0].public, "persistent-keepalive", "1")
    )
    text = configuration(KEYS[4], 51_821, [wanted(0)])
    assert isinstance(text, Secret)
    lines = text.reveal().decode().splitlines()
    assert lines[0] == "[Interface]"
    assert lines.count("[Peer]") == 1
    assert sum(line.startswith("PresharedKey = ") for line in lines) == 1


def test_lane_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    first = open_lane_keys(tmp_path / "tunnel", 1)
    both = open_lane_keys(tmp_path / "tunnel", 2)
    assert both[0].public == first[0].public
    assert both[1].public != first[0].public
    for path in (tmp_path / "tunnel").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("octets", [b"", b"x" * 44, b"A" * 500])
def test_a_spoilt_key_is_neither_used_nor_replaced(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "lane0.key"
    path.write_bytes(octets)
    path.chmod(0o600)
    with pytest.raises(CustodyError, match="holds no private key"):
        open_lane_keys(tmp_path, 1)
    assert path.read_bytes() == octets


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    open_lane_keys(tmp_path, 1)
    path = tmp_path / "lane0.key"
    path.chmod(0o644)
    with pytest.raises(CustodyError, match="others than its owner"):
        open_lane_keys(tmp_path, 1)
    path.chmod(0o600)
    path.rename(tmp_path / "aside")
    path.symlink_to(tmp_path / "aside")
    with pytest.raises(CustodyError):
        open_lane_keys(tmp_path, 1)
