"""Arguments that several `edge` commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from baluardo.edge.configuration import FILE


def add_edge_argument(parser: argparse.ArgumentParser) -> None:
    """Add EDGE, the directory."""
    parser.add_argument("edge", type=Path, metavar="EDGE", help="the edge's directory")


def add_config_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--config FILE`."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"what this edge is told (default: {FILE} in EDGE, where there is one)",
    )
