"""What the commands that prove have in common: a nation is run, and a table says what held."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

from baluardo.cli.output import emit, emit_json, say
from baluardo.scenario.nation import Nation, default_path, load
from baluardo.stage.network.user_namespace import enter_if_needed
from baluardo.stage.prove.result import Finding, table
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.sky.catalogue import Catalogue

DONE: Final = 0
FAILED: Final = 1

Proof = Callable[[Nation, Catalogue, Callable[[str], None]], Coroutine[Any, Any, list[Finding]]]


def run_proof(args: argparse.Namespace, prove: Proof) -> int:
    """Prove, and tell what was found; 1 if a claim does not hold."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    enter_if_needed(sys.argv[1:])
    nation = load(args.scenario or default_path())
    catalogue = load_catalogue(nation.catalogue).catalogue
    return tell(asyncio.run(prove(nation, catalogue, say)), as_json=args.json)


def tell(findings: list[Finding], *, as_json: bool) -> int:
    """Tell what was found; 1 if a claim does not hold."""
    if as_json:
        emit_json([each.to_object() for each in findings])
    else:
        emit(table(findings))
    shown = [each for each in findings if each.shown]
    return DONE if shown and all(each.holds for each in shown) else FAILED
