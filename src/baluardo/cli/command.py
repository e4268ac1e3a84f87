"""What a subcommand is to the command line: its name, its sentence, where its code lives.

Only the module of the chosen subcommand is imported, so that `baluardo --help` and a mistyped name
answer at once and do not wait for the numerics.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast


class AddParser(Protocol):
    """The part of argparse's subparsers action that a command needs."""

    def add_parser(
        self,
        name: str,
        *,
        help: str,  # noqa: A002 - argparse's own word
        description: str,
        epilog: str,
        formatter_class: type[argparse.HelpFormatter],
        allow_abbrev: bool,
    ) -> argparse.ArgumentParser: ...


class CommandModule(Protocol):
    """One file per subcommand: it declares its arguments, and it runs."""

    def register(self, subparsers: AddParser) -> None:
        """Add the subcommand's parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Do the work and return the exit status; BaluardoError for what is refused."""


@dataclass(frozen=True, slots=True)
class Command:
    """An entry of the command table: a leaf names its module, a group its commands."""

    name: str
    summary: str
    module: str = ""
    commands: tuple[Command, ...] = ()
    example: str = ""

    def load(self) -> CommandModule:
        """Import the module of a leaf."""
        return cast("CommandModule", importlib.import_module(self.module))


def command_parser(
    subparsers: AddParser, name: str, summary: str, example: str
) -> argparse.ArgumentParser:
    """Add a subcommand's parser: `summary` is a sentence, `example` the worked example at the end.

    An example is given as it is typed and answered, one command a line after a `$`.
    """
    return subparsers.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example:\n{example}".rstrip() if example else "",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_commands(
    parser: argparse.ArgumentParser, commands: Sequence[Command], arguments: Sequence[str]
) -> CommandModule | None:
    """Add a table of commands to a parser; return the module of the one that is chosen.

    The chosen one is found by name before argparse runs: only it declares its arguments. The
    others get no more than their line in the help text.
    """
    subparsers = cast(
        "AddParser",
        parser.add_subparsers(title="commands", metavar="COMMAND", required=True),
    )
    name = next((a for a in arguments if not a.startswith("-")), "")
    chosen: CommandModule | None = None
    for command in commands:
        if command.commands:
            group = command_parser(subparsers, command.name, command.summary, command.example)
            if command.name == name:
                rest = arguments[arguments.index(name) + 1 :]
                chosen = add_commands(group, command.commands, rest)
        elif command.name == name:
            chosen = command.load()
            chosen.register(subparsers)
        else:
            command_parser(subparsers, command.name, command.summary, "")
    return chosen
