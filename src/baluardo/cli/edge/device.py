"""An officer's device at a command line that asks no authority."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from baluardo.cli.keys import Secrets
from baluardo.edge.state import EdgeState
from baluardo.errors import InvalidInputError
from baluardo.trust.identity import Kind


@contextmanager
def at_device(args: argparse.Namespace) -> Iterator[EdgeState]:
    """Open the keys that `add_officer_arguments` names while inside.

    InvalidInputError if they are no person's; errors as `EdgeState.open`.
    """
    state = EdgeState.open(args.keys, Secrets(args).existing())
    try:
        if state.identity.kind is not Kind.PERSON:
            raise InvalidInputError(
                f"{args.keys} holds the keys of {state.identity}: an officer's device is needed."
            )
        yield state
    finally:
        state.close()
