"""Custodians who type the words of their papers instead of bringing files."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator
from pathlib import Path

import pytest

from baluardo.cli.trust.options import ATTEMPTS, shares_of
from baluardo.errors import CustodyError
from baluardo.trust.custody.shares import reconstruct, split
from baluardo.trust.secret import Secret

SEED = Secret(bytes(range(32)))
SHARES = [" ".join(share.word_list()) for share in split(SEED, 3, 2, None)]


def arguments(*shares: str) -> argparse.Namespace:
    return argparse.Namespace(share=[Path(each) for each in shares], share_passphrase_file=None)


def typing(monkeypatch: pytest.MonkeyPatch, *lines: str) -> Iterator[str]:
    """Let somebody type these lines, unseen; yields what is left of them."""
    left = iter(lines)
    monkeypatch.setattr(
        "baluardo.cli.trust.options.from_terminal",
        lambda prompt: Secret(next(left).encode()) if "share" in prompt else None,
    )
    return left


def test_typed_words_and_a_file_give_the_seed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "share-2.txt").write_text(SHARES[1])
    typing(monkeypatch, SHARES[0].upper())
    texts, passphrase = shares_of(arguments("-", str(tmp_path / "share-2.txt")))
    assert reconstruct(texts, passphrase) == SEED


def test_a_mistyped_word_is_named_and_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = SHARES[0].split()
    words[4] = "zzzz"
    typing(monkeypatch, " ".join(words), SHARES[0], SHARES[2])
    texts, _ = shares_of(arguments("-", "-"))
    assert reconstruct(texts) == SEED
    said = capsys.readouterr().err
    assert "5" in said
    assert "Type them again" in said


def test_whoever_cannot_type_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    left = typing(monkeypatch, *["no share at all"] * ATTEMPTS, SHARES[0])
    with pytest.raises(CustodyError):
        shares_of(arguments("-"))
    assert next(left) == SHARES[0]


def test_without_a_terminal_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: str) -> str:
        raise OSError

    monkeypatch.setattr(getpass, "getpass", nobody)
    monkeypatch.setattr(
        "baluardo.trust.custody.passphrase.from_terminal.__kwdefaults__",
        {"new": False, "read": nobody},
    )
    with pytest.raises(CustodyError, match="no terminal"):
        shares_of(arguments("-"))
