"""The private WireGuard keys of an edge's lanes: made once, kept privately, never replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from baluardo.errors import CustodyError
from baluardo.network.tunnel.keys import open_devices_key, open_lane_keys


def test_lane_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    first = open_lane_keys(tmp_path / "tunnel", 1)
    both = open_lane_keys(tmp_path / "tunnel", 2)
    assert both[0].public == first[0].public
    assert both[1].public != first[0].public
    for path in (tmp_path / "tunnel").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_key_of_plain_devices_is_no_lanes(tmp_path: Path) -> None:
    key, lanes = open_devices_key(tmp_path), open_lane_keys(tmp_path, 2)
    assert open_devices_key(tmp_path).public == key.public
    assert key.public not in {each.public for each in lanes}
    assert (tmp_path / "devices.key").stat().st_mode & 0o777 == 0o600


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
