"""Stamps, damage and interpreters: the parts of the set-up that decide what is done again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import environment


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder of installed packages with one whole package in it."""
    (tmp_path / "one-1.0.dist-info").mkdir()
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "code.py").write_text("one = 1\n", encoding="utf-8")
    (tmp_path / "one-1.0.dist-info" / "RECORD").write_text(
        "one/code.py,sha256=x,8\none/__pycache__/code.pyc,,\none-1.0.dist-info/RECORD,,\n",
        encoding="utf-8",
    )
    return tmp_path


def test_fingerprint_follows_contents_and_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    first = environment.fingerprint([one, two], "x")
    assert first == environment.fingerprint([one, two], "x")
    assert first != environment.fingerprint([two, one], "x")
    assert first != environment.fingerprint([one, two], "y")
    two.write_text("3")
    assert first != environment.fingerprint([one, two], "x")
    # The border between two parts counts, not only their text run together.
    assert environment.fingerprint([], "ab", "c") != environment.fingerprint([], "a", "bc")


def test_stamp_is_written_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    stamp = tmp_path / "made" / "run.stamp"
    assert environment.read_stamp(stamp) == ""
    environment.write_stamp(stamp, "abc")
    environment.write_stamp(stamp, "def")
    assert environment.read_stamp(stamp) == "def"
    assert [path.name for path in stamp.parent.iterdir()] == ["run.stamp"]


def test_whole_package_has_no_damage(package: Path) -> None:
    assert environment.first_damage(package) is None


@pytest.mark.parametrize("harm", ["truncated", "missing", "unrecorded"])
def test_interrupted_installation_is_seen(package: Path, harm: str) -> None:
    if harm == "truncated":
        (package / "one" / "code.py").write_text("one", encoding="utf-8")
    elif harm == "missing":
        (package / "one" / "code.py").unlink()
    else:
        (package / "one-1.0.dist-info" / "RECORD").unlink()
    damage = environment.first_damage(package)
    assert damage is not None
    assert damage.startswith("one-1.0.dist-info")


def test_state_names_folder_and_python(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    assert environment.state_of(tmp_path) == ""
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    state = environment.state_of(tmp_path)
    assert str(tmp_path) in state
    assert ".".join(map(str, sys.version_info[:3])) in state


def test_variables_that_would_lead_pip_astray_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    monkeypatch.setenv("PIP_CERT", "kept")
    variables = environment.clean_variables()
    assert "PIP_TARGET" not in variables
    assert "PYTHONHOME" not in variables
    assert variables["PIP_CERT"] == "kept"


def test_unknown_group_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.main(["nonsense"]) == 2
    assert "usage" in capsys.readouterr().err


def test_every_group_has_its_lock() -> None:
    for group in environment.GROUPS.values():
        assert group.lock.is_file()
        assert all(need in environment.GROUPS for need in group.needs)
