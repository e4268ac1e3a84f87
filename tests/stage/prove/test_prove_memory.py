"""What a proof says of memory and of an authority's files, and that its searches can find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from baluardo.stage.prove.memory import memory_of_tree
from baluardo.stage.prove.stored import files_with, judge_stored

KB = 1_024


def test_a_process_and_what_it_started_are_counted() -> None:
    waits = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE) as child:
        try:
            held = memory_of_tree()
            alone = memory_of_tree(child.pid)
        finally:
            child.kill()
    assert held.processes >= 2
    assert alone.processes == 1
    assert held.measure in {"PSS", "RSS"}
    assert held.octets > alone.octets


@pytest.mark.parametrize(("told", "octets", "measure"), [(2, 30, "PSS"), (1, 300, "RSS")])
def test_where_one_share_may_not_be_read_all_are_counted_whole(
    told: int, octets: int, measure: str, tmp_path: Path
) -> None:
    for number, parent in ((7, 1), (8, 7), (9, 8), (10, 1)):
        process = tmp_path / f"{number}"
        process.mkdir()
        (process / "stat").write_text(f"{number} (a) b) S {parent} 0\n")
        ended = number == 9  # a zombie
        (process / "status").write_text("" if ended else f"VmRSS:\t{100 * (number - 6)} kB\n")
        if not ended and number - 6 <= told:
            (process / "smaps_rollup").write_text(f"Pss: {10 * (number - 6)} kB\n")
    held = memory_of_tree(7, tmp_path)
    assert held == (octets * KB, 2, measure)


def test_files_are_searched_and_a_search_that_finds_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "base").write_bytes(b"\x00Anna Rossi\x00")
    (tmp_path / "pipe").symlink_to(tmp_path / "nowhere")
    assert files_with(tmp_path, [b"Rossi", b"Neri"]) == 1
    verdicts = {
        ("a text", "Anna Rossi"): [True, True],
        ("Rossi", "Anna Rossi"): [False, True],
        ("a text", "Nobody"): [True, False],
    }
    for (secret, known), holds in verdicts.items():
        found = judge_stored("it", tmp_path, [secret.encode()], known)
        assert [each.holds for each in found] == holds
