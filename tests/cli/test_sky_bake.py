"""`baluardo sky bake` and `--baked`: the same answers from the file, and nothing else taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from baluardo.cli.main import main
from baluardo.terms import slot_at, slot_start

START = "2025-05-29T12:00:00Z"
FIRST = slot_at(1_748_520_000.0)


@pytest.fixture(scope="module")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that holds three minutes of the built-in shells."""
    path = tmp_path_factory.mktemp("baked") / "noon.baked"
    assert main(["sky", "bake", "--start", START, "--hours", "0.05", "--to", str(path)]) == 0
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a log of those minutes."""
    path = tmp_path / "pings.csv"
    lines = [f"{slot_start(FIRST) + k:.0f},{25 + k % 7}" for k in range(165)]
    path.write_text("\n".join(["time,rtt_ms", *lines]), encoding="utf-8")
    return path


def test_time_and_size_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "noon.baked"
    words = ["sky", "bake", "--start", START, "--hours", "0.01", "--to", str(path)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "noon.baked: 11 slots from 2025-05-29T11:58:57Z to 2025-05-29T12:01:42Z" in told
    assert f"{path.stat().st_size / 1e6:.1f} MB, made in " in told
    first = path.read_bytes()
    assert main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["octets"] == path.stat().st_size
    assert answer["seconds"] > 0.0
    assert answer["slots"] == 11
    assert path.read_bytes() == first


def test_commands_answer_alike_from_the_file(
    baked: Path, log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["sky", "compare", str(log), "--place", "rome", "--json"]
    capsys.readouterr()
    assert main(words) == 0
    computed = capsys.readouterr().out
    monkeypatch.setattr("baluardo.twin.sky.sky.plan_lasers", None)
    assert main([*words, "--baked", str(baked)]) == 0
    assert capsys.readouterr().out == computed


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    return told.err


def test_other_files_are_refused(
    baked: Path, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sky", "compare", str(log), "--place", "rome", "--baked"]
    assert 'pings.csv was not made by "baluardo sky bake"' in refused([*words, str(log)], capsys)
    assert "cannot be read" in refused([*words, str(tmp_path / "none")], capsys)
    assert "is not a regular file" in refused([*words, str(tmp_path)], capsys)
    hurt = bytearray(baked.read_bytes())
    hurt[len(hurt) // 2] ^= 1
    damaged = tmp_path / "damaged.baked"
    damaged.write_bytes(hurt)
    assert "is damaged; bake it again" in refused([*words, str(damaged)], capsys)
    damaged.write_bytes(hurt[:-1])
    assert "it was cut or added to" in refused([*words, str(damaged)], capsys)


def test_of_another_time_or_catalogue_it_is_refused(
    baked: Path, tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = tmp_path / "late.csv"
    lines = [f"{slot_start(FIRST + 240) + k:.0f},30" for k in range(9)]
    late.write_text("\n".join(["time,rtt_ms", *lines]), encoding="utf-8")
    words = ["sky", "compare", str(late), "--place", "rome", "--baked", str(baked)]
    assert "noon.baked holds the slots that start at" in refused(words, capsys)
    catalogue = shared_data / "sky" / "starlink_2025-05-29.tle"
    told = refused([*words, "--catalogue", str(catalogue)], capsys)
    assert "noon.baked was made of another catalogue than the one in use" in told


def test_a_span_that_ends_too_early_is_refused_before_anything_is_printed(
    baked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sky", "contacts", "rome", "--start", START, "--hours", "0.1", "--json"]
    told = refused([*words, "--baked", str(baked)], capsys)
    assert "--baked: noon.baked holds the slots that start at 2025-05-29T11:58:57Z to " in told
    assert told.rstrip().endswith("from 2025-05-29T11:59:42Z to 2025-05-29T12:05:42Z.")


def test_a_span_that_the_catalogue_does_not_reach_is_not_baked(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalogue = str(shared_data / "sky" / "starlink_2025-05-29.tle")
    target = tmp_path / "late.baked"
    words = ["sky", "bake", "--catalogue", catalogue, "--hours", "1", "--to", str(target)]
    told = refused([*words, "--start", "2035-05-29T00:00Z"], capsys)
    assert "--start: 2035-05-29T00:00:00Z is more than a year from the catalogue's epoch" in told
    assert not target.exists()


def test_where_nothing_can_be_written_nothing_is_baked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sky", "bake", "--start", START, "--hours", "24", "--to"]
    assert "is a directory" in refused([*words, str(tmp_path)], capsys)
    assert "there is no directory" in refused([*words, str(tmp_path / "no" / "file")], capsys)
    target = str(tmp_path / "year.baked")
    told = refused(["sky", "bake", "--start", START, "--hours", "8784", "--to", target], capsys)
    assert "hours or fewer" in told
    assert not (tmp_path / "year.baked").exists()
