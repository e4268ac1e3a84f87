"""The threat model names tests: all of them exist, and every attacker has some."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
DOCS = TESTS.parent / "docs"
MODEL = (DOCS / "threat-model.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(test_\w+\.py)::(\w+)`")

ATTACKERS = (
    "The operator of the satellites, the carriers, the internet",
    "The quantum computer of 2040",
    "A stranger at the door",
    "The thief of a device or of a disk",
    "A stolen ship",
    "An officer on the inside",
    "An administrator of the authority",
    "Custodians of the root",
    "The supply chain",
)


def sections() -> dict[str, str]:
    """Title and text of every section."""
    titles = re.split(r"^## (.+)$", MODEL, flags=re.MULTILINE)[1:]
    return dict(zip(titles[::2], titles[1::2], strict=True))


def names_in(file: Path) -> set[str]:
    """Names of the tests in a file, those of classes too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")
    }


def missing(text: str) -> list[str]:
    """The tests that a text names and that do not exist."""
    found = []
    for file, name in NAMED.findall(text):
        places = list(TESTS.rglob(file))
        assert len(places) <= 1, f"two files are called {file}"
        if not places or name not in names_in(places[0]):
            found.append(f"{file}::{name}")
    return found


def test_every_named_test_exists() -> None:
    assert missing(MODEL) == []


def test_a_test_that_does_not_exist_is_noticed() -> None:
    assert missing("`test_threat_model.py::test_nothing` `test_none.py::test_it`") == [
        "test_threat_model.py::test_nothing",
        "test_none.py::test_it",
    ]


def test_everything_that_looks_like_a_test_is_named_so_that_it_is_found() -> None:
    assert len(re.findall(r"test_\w+\.py|::test_", MODEL)) == 2 * len(NAMED.findall(MODEL))


def test_every_attacker_says_what_protects_and_what_does_not() -> None:
    written = sections()
    assert set(ATTACKERS) <= written.keys()
    for attacker in ATTACKERS:
        assert "Not protected: " in written[attacker], attacker
        rows = [line for line in written[attacker].splitlines() if line.startswith("| ")][1:]
        assert rows, attacker
        assert all(row.count("|") == 5 and NAMED.search(row) for row in rows), attacker
