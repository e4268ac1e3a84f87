"""Arguments that several `trust` commands share, and how secrets come in.

No secret is ever an argument itself: other programs of the machine can read command lines.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from baluardo.cli.arguments import parse_time
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import read_file
from baluardo.trust.custody.keyfile import Passphrase, Protection, Unlock, Unprotected
from baluardo.trust.custody.passphrase import from_file, from_terminal
from baluardo.trust.custody.token import Token
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.secret import Secret

MOST_SHARE_OCTETS = 16_384


def add_authority_argument(parser: argparse.ArgumentParser) -> None:
    """Add AUTHORITY, the directory."""
    parser.add_argument(
        "authority", type=Path, metavar="AUTHORITY", help="the authority's directory"
    )


def add_holder_argument(parser: argparse.ArgumentParser) -> None:
    """Add HOLDER, the directory."""
    parser.add_argument(
        "holder", type=Path, metavar="HOLDER", help="the directory of the holder's keys"
    )


def add_key_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what seals and opens keys: a passphrase or a token."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help="read the passphrase of sealed keys here (default: ask on the terminal)",
    )
    parser.add_argument(
        "--token",
        metavar="LABEL",
        help="seal new keys by this PKCS#11 token instead of a passphrase",
    )
    parser.add_argument(
        "--token-module",
        type=Path,
        metavar="LIBRARY",
        help="the PKCS#11 library that reaches the token, to seal or to open keys",
    )
    parser.add_argument(
        "--pin-file",
        type=Path,
        metavar="FILE",
        help="read the token's PIN here (default: ask on the terminal)",
    )


def add_unprotected_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--unprotected`, for the keys of edges that start with nobody there."""
    parser.add_argument(
        "--unprotected",
        action="store_true",
        help="leave the key open but for the file's mode: for edges that start with nobody there",
    )


def add_share_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what brings the root's key back."""
    parser.add_argument(
        "--share",
        type=Path,
        metavar="FILE",
        action="append",
        required=True,
        help="a custodian's share; as many as the threshold",
    )
    parser.add_argument(
        "--share-passphrase-file",
        type=Path,
        metavar="FILE",
        help="the additional passphrase of the shares, if the ceremony set one",
    )


def add_time_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--at TIME`."""
    parser.add_argument(
        "--at",
        type=parse_time,
        metavar="TIME",
        default=None,
        help='ISO 8601 or "now" (the default): act as if it were this time',
    )


def parse_days(text: str) -> float:
    """Return a span in days, above 0 and up to ten years."""
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0.0 < days <= 3_653.0:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of days above 0, up to 3,653.')
    return days


def now_of(args: argparse.Namespace) -> float:
    """Return the time to act at, POSIX seconds."""
    return time.time() if args.at is None else float(args.at)


class Secrets:
    """The secrets of one command, each asked for once, when it is first needed."""

    def __init__(self, args: argparse.Namespace, *, new: bool = False) -> None:
        """Take them from where the arguments say; `new` passphrases must be long, asked twice."""
        self._args = args
        self._new = new
        self._known: dict[str, Secret] = {}

    def ask(self, prompt: str) -> Secret:
        """Return the token's PIN or the passphrase."""
        if prompt.startswith("PIN"):
            return self._secret(prompt, self._args.pin_file, new=False)
        return self._secret("Passphrase", self._args.passphrase_file, new=self._new)

    def _secret(self, prompt: str, file: Path | None, *, new: bool) -> Secret:
        if prompt not in self._known:
            read = from_file(file, new=new) if file else from_terminal(prompt, new=new)
            self._known[prompt] = read
        return self._known[prompt]

    def unlock(self) -> Unlock:
        """Return how sealed keys are opened."""
        return Unlock(self.ask, self._args.token_module)

    def access(self) -> KeyAccess:
        """Return how new keys are sealed, too; InvalidInputError for a token nobody can reach."""
        return KeyAccess(self._protection(), self.unlock())

    def _protection(self) -> Protection:
        args = self._args
        if getattr(args, "unprotected", False):
            return Unprotected()
        if args.token is None:
            return Passphrase(self.ask("Passphrase"))
        if args.token_module is None:
            raise InvalidInputError("--token needs --token-module, the library that reaches it.")
        return Token(args.token_module, args.token, self.ask(f"PIN of token {args.token}"))


def shares_of(args: argparse.Namespace) -> tuple[list[str], Secret | None]:
    """Return the texts of the shares and their additional passphrase."""
    texts = [
        read_file(path, MOST_SHARE_OCTETS, "The share").decode(errors="replace")
        for path in args.share
    ]
    file = args.share_passphrase_file
    return texts, None if file is None else from_file(file)
