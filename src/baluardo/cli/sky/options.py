"""Arguments that change the sky itself: the layout of the lasers, and what has failed."""

from __future__ import annotations

import argparse

from baluardo.twin.sky.lasers import LaserOptions, Layout
from baluardo.twin.sky.sky import Failures, SkyOptions


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--layout`, `--failed` and `--cut`."""
    parser.add_argument(
        "--layout",
        choices=[str(x) for x in Layout],
        default=str(Layout.GRID),
        help="laser terminals: fore, aft and two, one or none across (default: grid)",
    )
    parser.add_argument(
        "--failed",
        type=_numbers,
        default=frozenset(),
        metavar="NUMBERS",
        help="satellites out of order, by catalogue number and commas",
    )
    parser.add_argument(
        "--cut",
        type=_pairs,
        default=frozenset(),
        metavar="A:B,...",
        help="laser links out of order, by the catalogue numbers of their ends",
    )


def sky_options(args: argparse.Namespace) -> SkyOptions:
    """Return the options of the sky that `add_options` declared."""
    return SkyOptions(
        lasers=LaserOptions(layout=Layout(args.layout)),
        failures=Failures(satellites=args.failed, lasers=args.cut),
    )


def _numbers(text: str) -> frozenset[int]:
    return frozenset(_number(word) for word in text.split(","))


def _pairs(text: str) -> frozenset[tuple[int, int]]:
    pairs = set()
    for word in text.split(","):
        first, colon, second = word.partition(":")
        if not colon:
            raise argparse.ArgumentTypeError(f'"{word}" is not two catalogue numbers as A:B.')
        pairs.add((_number(first), _number(second)))
    return frozenset(pairs)


def _number(word: str) -> int:
    digits = word.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise argparse.ArgumentTypeError(f'"{digits}" is no catalogue number (up to nine digits).')
    return int(digits)
