"""The command `baluardo`: finds the subcommand, runs it, and turns what happens into a status.

Exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted. Data goes to stdout, talk
to stderr.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

from baluardo import __version__
from baluardo.cli.audit.group import AUDIT
from baluardo.cli.authority.group import AUTHORITY
from baluardo.cli.command import Command, add_commands
from baluardo.cli.edge.group import EDGE
from baluardo.cli.fleet.group import FLEET
from baluardo.cli.prove.group import PROVE
from baluardo.cli.sky.group import SKY
from baluardo.cli.trust.group import TRUST
from baluardo.errors import BaluardoError

DONE, FAILED, INTERRUPTED = 0, 1, 130

COMMANDS = (
    Command("up", "Run the live sky and its console until Ctrl-C.", "baluardo.cli.up"),
    SKY,
    FLEET,
    AUTHORITY,
    TRUST,
    AUDIT,
    EDGE,
    PROVE,
)

EXAMPLE = """\
exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted

example:
  $ baluardo up --open
  http://127.0.0.1:8470/
  opens a live globe of the constellation; Ctrl-C ends it.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return the exit status.

    Wrong usage leaves through argparse's SystemExit(2), help through SystemExit(0).
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = os.environ.get("BALUARDO_DEBUG") == "1"
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaluardoError as error:
        if debug:
            traceback.print_exc()
        return _fail(str(error))
    except Exception as error:  # noqa: BLE001 - the outermost edge: a person gets a sentence
        if debug:
            traceback.print_exc()
            return FAILED
        kind = type(error).__name__
        return _fail(
            f"Unexpected error ({kind}: {error}). Run again with BALUARDO_DEBUG=1 to see where."
        )
    return status


def _run(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="baluardo",
        description="A state's own secure network over satellites it does not own.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"baluardo {__version__}")
    module = add_commands(parser, COMMANDS, words)
    args = parser.parse_args(words)
    if module is None:  # argparse has refused every line without a known command
        parser.error("a command is missing.")
    return module.run(args)


def _fail(sentence: str) -> int:
    # The reader of stderr may be gone as well; the status still tells.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"baluardo: {sentence}\n")
    return FAILED


def _forget_stdout() -> None:
    """Point stdout nowhere, so that the interpreter's last flush does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
