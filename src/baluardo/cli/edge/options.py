"""Arguments that several `edge` commands share."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_edge_argument(parser: argparse.ArgumentParser) -> None:
    """Add EDGE, the directory."""
    parser.add_argument("edge", type=Path, metavar="EDGE", help="the edge's directory")
