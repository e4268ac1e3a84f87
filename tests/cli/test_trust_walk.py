"""The commands of docs/trust.md, typed one after the other as a newcomer would."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path

import pytest

from baluardo.cli.main import main
from baluardo.trust.secret import Secret

DOCS = Path(__file__).parents[2] / "docs"


def commands(page: str) -> list[list[str]]:
    """The words of every command in the page's blocks of shell, comments gone, lines joined."""
    found = []
    for block in page.split("```sh\n")[1:]:
        lines = block.partition("```")[0].replace("\\\n", " ").splitlines()
        found += [shlex.split(line, comments=True) for line in lines]
    return [words for words in found if words]


def test_comments_and_continued_lines() -> None:
    page = "text\n```sh\none --a \\\n    b  # why\n\ntwo > c\n```\nmore\n```sh\nthree\n```\n"
    assert commands(page) == [["one", "--a", "b"], ["two", ">", "c"], ["three"]]


def test_the_walk_through_trust_works_as_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = Secret(b"correct horse battery")
    monkeypatch.setattr("baluardo.cli.keys.from_terminal", lambda _prompt, **_: typed)
    walk = commands((DOCS / "trust.md").read_text(encoding="utf-8"))
    assert len(walk) > 15
    for program, *words in walk:
        assert program == "baluardo", words
        told = tmp_path / (words[-1] if ">" in words else "told")
        typed_in = words[: words.index(">")] if ">" in words else words
        with told.open("w", encoding="utf-8") as out, contextlib.redirect_stdout(out):
            status = main(typed_in)
        assert status == 0, f"{shlex.join(words)}: {told.read_text(encoding='utf-8')}"
