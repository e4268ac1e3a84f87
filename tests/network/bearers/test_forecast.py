"""A forecast's file: read strictly, told of where it is broken, read anew when it is replaced."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.cli.main import main
from baluardo.errors import InvalidInputError
from baluardo.network.bearers.forecast import (
    LARGEST_FILE,
    MOST_SLOTS,
    Forecast,
    ForecastFile,
    read_forecast,
)
from baluardo.terms import SLOT_SECONDS, slot_at, slot_start

DOCS = Path(__file__).parents[3] / "docs" / "operations" / "edge.md"
START = "2025-05-29T12:00:00Z"
NOON = slot_at(1_748_520_000.0)
HEAD = b"time,slot,gateway,rate_up_bps\n"


def sheet(*rates: int, first: int = NOON) -> bytes:
    rows = (f"t,{first + n},Milano,{rate}\n" for n, rate in enumerate(rates))
    return HEAD + "".join(rows).encode()


@pytest.fixture(scope="module")
def commanded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command itself writes."""
    path = tmp_path_factory.mktemp("forecast") / "rome.csv"
    words = ["sky", "contacts", "rome", "--start", START, "--hours", "0.1", "--csv", str(path)]
    assert main(words) == 0
    return path


def test_what_the_command_writes_is_read(commanded: Path) -> None:
    found = read_forecast(commanded.read_bytes(), "rome.csv")
    header, *rows = (line.split(",") for line in commanded.read_text().splitlines())
    rate = header.index("rate_up_bps")
    assert found == Forecast(NOON, tuple(float(row[rate]) for row in rows))
    assert found.end - found.start == 24 * SLOT_SECONDS
    assert len(set(found.up_bps)) > 1
    assert found.soon_bps(found.start + 1.0) == found.up_bps[0]


def test_the_command_of_the_manual_writes_what_the_edge_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = DOCS.read_text(encoding="utf-8")
    (shown,) = re.findall(r"(?m)^ExecStart=\S*/baluardo (sky contacts .*)$", text)
    words = shlex.split(shown)
    target = words[words.index("--csv") + 1]
    assert f'forecast = "{target}"' in text
    words[words.index("--csv") + 1] = str(tmp_path / "dish.csv")
    words[words.index("--hours") + 1] = "0.05"  # fewer slots of the same: it costs seconds
    words[words.index("--catalogue") : words.index("--catalogue") + 2] = ["--at", START]
    monkeypatch.chdir(tmp_path)
    assert main(words) == 0
    assert read_forecast((tmp_path / "dish.csv").read_bytes(), "dish.csv").first == NOON


def test_the_least_rate_of_the_near_future() -> None:
    found = read_forecast(sheet(20, 8, 0, 30), "f.csv")
    start = slot_start(NOON)
    assert found.soon_bps(start) == 20.0
    assert found.soon_bps(start + 14.8) == 8.0
    assert found.soon_bps(start + 14.6) == 20.0
    assert found.soon_bps(start + 29.9) == 8.0  # what is out does not count beside what is not
    assert found.soon_bps(start + 31.0) == 0.0
    assert found.soon_bps(start + 44.9) == 30.0
    assert found.soon_bps(start + 59.9) == 30.0
    for outside in (start - 0.1, start + 60.0, float("nan"), float("inf")):
        assert found.soon_bps(outside) is None


@pytest.mark.parametrize(
    ("octets", "word"),
    [
        (b"", "is empty"),
        (HEAD, "has no slot"),
        (b"time,slot\n1,2\n", "line 1: the columns slot and rate_up_bps"),
        (b"slot,slot,rate_up_bps\n1,1,2\n", "each once"),
        (sheet(1) + b"t,7\n", "line 3: 2 fields, where the first line names 4"),
        (sheet(1, 2).replace(b",2\n", b",nan\n"), "line 3: rate_up_bps 'nan' is no rate"),
        (sheet(1).replace(b",1\n", b",-1\n"), "'-1' is no rate"),
        (sheet(1).replace(b",1\n", b",1e9\n"), "'1e9' is no rate"),
        (sheet(1).replace(b",1\n", b"," + b"9" * 400 + b"\n"), "is no rate"),
        (HEAD + b"t,seven,Milano,1\n", "line 2: slot 'seven' is no number"),
        (HEAD + "t,\u0663,Milano,1\n".encode(), "is no number of a slot"),
        (HEAD + b"t,5,Milano,1\nt,7,Milano,1\n", "line 3: slot 7 stands where 6 comes next"),
        (HEAD + b"t,5,Milano,1\nt,5,Milano,1\n", "slot 5 stands where 6"),
        (HEAD + b't,5,"Milano,1\n', "line 2: no CSV"),
        (sheet(1) + b"\xff", "line 3: no UTF-8"),
        (HEAD + b"t," + b"x" * 1_000 + b",5,1\n", "line 2: longer than 1,000"),
        (sheet(*[1] * (MOST_SLOTS + 1)), "more than 11,521 lines"),
        (b"x" * (LARGEST_FILE + 1), "larger than 4,194,304 octets"),
    ],
)
def test_what_is_broken_is_refused_with_its_line(octets: bytes, word: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_forecast(octets, "f.csv")
    assert word in str(refused.value)
    assert str(refused.value).startswith("f.csv")


def test_two_days_and_names_with_commas_are_read() -> None:
    assert len(read_forecast(sheet(*[5] * MOST_SLOTS), "f.csv").up_bps) == MOST_SLOTS
    named = sheet(1, 2).replace(b"Milano", b'"Milano, nord"')
    assert read_forecast(named, "f.csv").up_bps == (1.0, 2.0)


@given(st.lists(st.integers(0, 10**12 - 1), min_size=1, max_size=40), st.integers(0, 10**8))
def test_what_was_written_is_what_is_read(rates: list[int], first: int) -> None:
    found = read_forecast(sheet(*rates, first=first), "f.csv")
    assert found == Forecast(first, tuple(map(float, rates)))
    for n, rate in enumerate(rates):
        assert found.soon_bps(slot_start(first + n), 0.0) == rate


@st.composite
def injured(draw: st.DrawFn) -> bytes:
    """A good file of which a piece was replaced."""
    octets = sheet(*draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=5)))
    at = draw(st.integers(0, len(octets)))
    to = draw(st.integers(at, min(len(octets), at + 40)))
    return octets[:at] + draw(st.binary(max_size=30)) + octets[to:]


@given(st.one_of(st.binary(max_size=300), injured()), st.floats())
def test_a_hostile_file_is_refused_in_a_sentence_or_gives_rates(octets: bytes, at: float) -> None:
    try:
        found = read_forecast(octets, "f.csv")
    except InvalidInputError as refused:
        assert len(str(refused)) < 1_000
        assert str(refused).isprintable()
    else:
        assert all(0.0 <= rate < 1e12 for rate in found.up_bps)
        soon = found.soon_bps(at)
        assert soon is None or soon in (0.0, *found.up_bps)


def replace(path: Path, octets: bytes) -> None:
    """As the command does: whole, by another name first."""
    other = path.with_suffix(".new")
    other.write_bytes(octets)
    other.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "dish.csv"
    replace(place, sheet(20, 8))
    return place


def test_a_broken_file_changes_nothing_and_is_told_of(path: Path) -> None:
    file = ForecastFile(path)
    assert file.latest is None
    file.look()
    assert file.latest == Forecast(NOON, (20.0, 8.0))
    assert file.problem is None
    replace(path, sheet(20, 8) + b"rubbish\n")
    file.look()
    assert file.latest == Forecast(NOON, (20.0, 8.0))
    assert file.problem is not None
    assert "dish.csv, line 4: 1 fields" in file.problem.en
    assert "until its end" in file.problem.en
    path.unlink()
    file.look()
    assert file.latest == Forecast(NOON, (20.0, 8.0))
    assert file.problem is not None
    assert "No such file" in file.problem.en
    replace(path, sheet(7))
    file.look()
    assert (file.latest, file.problem) == (Forecast(NOON, (7.0,)), None)


def test_a_pipe_or_a_directory_holds_nobody(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path):
        file = ForecastFile(place)
        file.look()
        assert file.latest is None
        assert file.problem is not None
        assert "not a regular file" in file.problem.en


def test_a_file_of_the_same_size_and_time_is_another_one_once_it_was_replaced(path: Path) -> None:
    file = ForecastFile(path)
    file.look()
    before = path.stat()
    other = path.with_suffix(".new")
    other.write_bytes(sheet(20, 9))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    file.look()
    assert file.latest == Forecast(NOON, (20.0, 9.0))


def test_the_thread_notices_what_is_put_there(path: Path) -> None:
    file = ForecastFile(path, look_s=0.01)
    file.start()
    try:
        for rates in ((20, 8), (3, 4), (5,)):
            replace(path, sheet(*rates))
            wanted = Forecast(NOON, tuple(map(float, rates)))
            for _ in range(3_000):
                if file.latest == wanted:
                    break
                file._stop.wait(0.01)
            assert file.latest == wanted
    finally:
        file.close()
    assert not file._thread.is_alive()
