"""Arguments that several `audit` commands share, and what they name."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.errors import InvalidInputError, LogError, SourceError
from baluardo.foreign_input import read_file
from baluardo.trust.audit.checkpoint import Checkpoint
from baluardo.trust.audit.note import MOST_VKEY_CHARACTERS, Note, VerifierKey
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.reading import LogReader, read_checkpoint


def add_log_argument(parser: argparse.ArgumentParser) -> None:
    """Add LOG, the directory."""
    parser.add_argument("log", type=Path, metavar="LOG", help="a log's directory, or a copy of it")


def add_openings_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--openings DIRECTORY`."""
    parser.add_argument(
        "--openings",
        type=Path,
        metavar="DIRECTORY",
        help="where personal details are kept (default: openings beside the log's public half)",
    )


def parse_count(text: str) -> int:
    """Return a whole number of entries or witnesses, 0 or more."""
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 0 on.')
    return int(text)


def verifier_key_of(word: str) -> VerifierKey:
    """Return the verifier key that a file holds or that the word itself is."""
    try:
        octets = read_file(Path(word), MOST_VKEY_CHARACTERS, "The verifier key")
    except SourceError:
        if "+" not in word:
            raise
        return VerifierKey.of_text(word)
    return VerifierKey.of_text(octets.decode(errors="replace"))


def openings_of(args: argparse.Namespace) -> Openings:
    """Return the openings that belong to the log."""
    if args.openings is not None:
        return Openings(args.openings)
    return Openings(args.log.resolve().parent.parent / "openings")


def reader_of(log: Path) -> tuple[Checkpoint, LogReader]:
    """Return a log's newest checkpoint, not verified, and a reader of what it covers."""
    checkpoint = Checkpoint.of_body(Note.of_octets(read_checkpoint(log)).text)
    return checkpoint, LogReader(log, checkpoint.size)


def entry_of(reader: LogReader, index: int) -> bytes:
    """Return an entry; LogError says how many there are if it is none of them."""
    try:
        return reader.entry(index)
    except InvalidInputError as problem:
        raise LogError(str(problem)) from None
