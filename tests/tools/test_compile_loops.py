"""What is compiled before the tests is what runs in them: nobody compiles it again."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import compile_loops

PATIENCE = 600.0
"""Seconds, where nothing is compiled yet and other tests run; else it takes three."""
LOOPS = (r"bearers\w*/.*engine_loop\.serve", r"wire\w*/.*loop\.run", r"relay\w*/.*loop\.run")
"""Where they are kept: beside their source, or in a folder named after it."""


def told() -> str:
    """Run the tool; return what Numba tells of its cache."""
    done = subprocess.run(
        [sys.executable, compile_loops.__file__],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "NUMBA_DEBUG_CACHE": "1"},
        check=True,
    )
    return done.stdout


def test_a_second_run_compiles_nothing() -> None:
    told()
    again = told()
    assert "data saved" not in again
    for loop in LOOPS:
        assert re.search(f"data loaded from .*{loop}", again), loop
