"""Files that commands write: whole or not at all, and refused before the work where possible."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from baluardo.cli.files import check_target, write_whole
from baluardo.errors import TargetError
from without_rights import nobody


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    check_target(path)
    write_whole(path, b"one")
    check_target(path)
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["map.png"]  # noqa: PTH208 - nothing else is left there


def test_link_goes_on_pointing_to_the_new_file(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_device_is_written_to(tmp_path: Path) -> None:
    assert tmp_path
    check_target(Path("/dev/null"))
    write_whole(Path("/dev/null"), b"gone")
    assert not Path("/dev/null").is_file()


def test_what_cannot_be_written(tmp_path: Path) -> None:
    for path, sentence in (
        (tmp_path, "is a directory"),
        (tmp_path / "missing" / "map.png", "there is no directory"),
        (Path("nul\0byte"), "cannot be written"),
    ):
        with pytest.raises(TargetError, match=sentence):
            check_target(path)
        with pytest.raises(TargetError, match="cannot be written"):
            write_whole(path, b"octets")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(TargetError):
        write_whole(loop, b"octets")


def test_no_permission() -> None:
    # Not in tmp_path, into which other users cannot even look.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o555)
        with nobody():
            with pytest.raises(TargetError, match="permission denied"):
                check_target(folder / "map.png")
            with pytest.raises(TargetError, match="Permission denied"):
                write_whole(folder / "map.png", b"octets")
        assert list(folder.iterdir()) == []


def test_a_folder_that_may_not_be_entered() -> None:
    with tempfile.TemporaryDirectory() as made:
        inner = Path(made) / "locked" / "inner"
        inner.mkdir(parents=True)
        inner.parent.chmod(0)
        Path(made).chmod(0o755)
        with nobody():
            for write in (check_target, lambda path: write_whole(path, b"octets")):
                with pytest.raises(TargetError, match="cannot be written") as refused:
                    write(inner / "map.png")
                assert "Errno" not in str(refused.value)
        inner.parent.chmod(0o700)


def test_old_file_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "map.png"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TargetError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["map.png"]
