"""The wheel check finds what is missing, extra or different in a wheel."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

import check_wheel

FILES = {"baluardo/__init__.py": "one", "baluardo/console/static/index.html": "page"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name, text in {**FILES, "baluardo/__pycache__/x.pyc": "made"}.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "src"


def pack(folder: Path, files: dict[str, str]) -> Path:
    wheel = folder / "baluardo-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, "baluardo-1.0.dist-info/RECORD": ""}.items():
            archive.writestr(name, text)
    return wheel


def test_complete_wheel_has_no_differences(source: Path, tmp_path: Path) -> None:
    assert check_wheel.differences(pack(tmp_path, FILES), source) == []


def test_differences_are_named(source: Path, tmp_path: Path) -> None:
    wheel = pack(tmp_path, {"baluardo/__init__.py": "two", "baluardo/more.py": ""})
    assert check_wheel.differences(wheel, source) == [
        "baluardo/console/static/index.html is not in the wheel.",
        "baluardo/more.py is only in the wheel.",
        "baluardo/__init__.py differs in the wheel.",
        "The wheel carries no web page.",
    ]


def test_folder_without_a_wheel_is_wrong_usage(tmp_path: Path) -> None:
    assert check_wheel.main([str(tmp_path)]) == 2
