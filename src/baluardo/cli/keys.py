"""How keys are sealed and opened on the command line, and how secrets come in.

No secret is ever an argument itself: other programs of the machine can read command lines.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.errors import InvalidInputError
from baluardo.trust.custody.keyfile import Passphrase, Protection, Unlock, Unprotected
from baluardo.trust.custody.passphrase import from_file, from_terminal
from baluardo.trust.custody.token import Token
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.secret import Secret


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


class Secrets:
    """The secrets of one command, each asked for once, when it is first needed."""

    def __init__(self, args: argparse.Namespace, *, new: bool = False) -> None:
        """Take them from where the arguments say; `new` ones must be long, and are asked twice."""
        self._args = args
        self._new = new
        self._known: dict[str, Secret] = {}

    def ask(self, prompt: str) -> Secret:
        """Return the token's PIN or the passphrase."""
        if prompt.startswith("PIN"):
            return self._secret(prompt, self._args.pin_file, new=False)
        return self._passphrase(new=self._new)

    def _passphrase(self, *, new: bool) -> Secret:
        return self._secret("Passphrase", self._args.passphrase_file, new=new)

    def _secret(self, prompt: str, file: Path | None, *, new: bool) -> Secret:
        if prompt not in self._known:
            read = from_file(file, new=new) if file else from_terminal(prompt, new=new)
            self._known[prompt] = read
        return self._known[prompt]

    def unlock(self) -> Unlock:
        """Return how sealed keys are opened."""
        return Unlock(self.ask, self._args.token_module)

    def access(self) -> KeyAccess:
        """Return how new keys are sealed, too; InvalidInputError for a token nobody can reach.

        A passphrase that is going to seal must be long, and is asked for twice on a terminal: a
        slip of the finger would lock the key for ever.
        """
        return KeyAccess(self._protection(), self.unlock())

    def existing(self) -> KeyAccess:
        """Return the same for a directory whose keys are sealed already, in one way for all."""
        args = self._args
        if args.token is not None or getattr(args, "unprotected", False):
            return self.access()
        return KeyAccess(Passphrase(self._passphrase(new=False)), self.unlock())

    def _protection(self) -> Protection:
        args = self._args
        if getattr(args, "unprotected", False):
            if args.token is not None:
                raise InvalidInputError(
                    "--token seals the new key and --unprotected leaves it open: name one of them."
                )
            if args.passphrase_file is not None:
                raise InvalidInputError(
                    "--passphrase-file seals the new key and --unprotected leaves it open: name "
                    "one of them."
                )
            return Unprotected()
        if args.token is None:
            return Passphrase(self._passphrase(new=True))
        if args.token_module is None:
            raise InvalidInputError("--token needs --token-module, the library that reaches it.")
        return Token(args.token_module, args.token, self.ask(f"PIN of token {args.token}"))
