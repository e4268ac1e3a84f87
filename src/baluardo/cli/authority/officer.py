"""What an officer's commands share: the keys of a device, and a channel to the authority.

The device was enrolled as a person's (`baluardo edge enrol`); its certificate says who asks, and
the authority's door decides what that person may.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from baluardo.cli.keys import Secrets, add_key_arguments, add_unprotected_argument
from baluardo.edge.state import EdgeState
from baluardo.errors import ChannelLostError, InvalidInputError
from baluardo.protocol.api_client import ApiClient
from baluardo.protocol.web_address import host_port
from baluardo.trust.channel.stream import open_channel
from baluardo.trust.identity import Kind

API: Final = "/api/authority"
T = TypeVar("T")


class Desk:
    """An officer's device with an open channel to the authority."""

    def __init__(self, state: EdgeState, client: ApiClient) -> None:
        """Use `at_desk`."""
        self.state = state
        self._client = client

    async def get(self, path: str, query: str = "") -> Any:
        """Ask for something below the API's prefix."""
        return await self._client.call("GET", f"{API}{path}", query=query)

    async def post(self, path: str, body: object) -> Any:
        """Have something done."""
        return await self._client.call("POST", f"{API}{path}", body)

    @property
    def now(self) -> float:
        """The time to sign and to judge by, POSIX seconds."""
        return self.state.clock()


def add_officer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--keys DIRECTORY` and what opens them."""
    parser.add_argument(
        "--keys",
        type=Path,
        required=True,
        metavar="DIRECTORY",
        help="of your device, as `baluardo edge enrol` has made it",
    )
    add_key_arguments(parser)
    add_unprotected_argument(parser)


def at_desk(args: argparse.Namespace, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Open the device's keys and a channel, do the work, close both.

    InvalidInputError if the device is no person's, ChannelLostError if no authority answers; the
    authority's own refusals are raised as they are.
    """
    state = EdgeState.open(args.keys, Secrets(args).existing())
    try:
        if state.identity.kind is not Kind.PERSON:
            raise InvalidInputError(
                f"{args.keys} holds the keys of {state.identity}: an officer's device is needed."
            )
        return asyncio.run(_with_client(state, work))
    finally:
        state.close()


async def _with_client(state: EdgeState, work: Callable[[Desk], Awaitable[T]]) -> T:
    client = await _connect(state)
    try:
        return await work(Desk(state, client))
    finally:
        await client.close()


async def _connect(state: EdgeState) -> ApiClient:
    problem: ChannelLostError | None = None
    for address in state.whereabouts.channels:
        host, port = host_port(address)
        try:
            channel = await open_channel(host, port, state.endpoint, state.authority)
        except ChannelLostError as lost:
            problem = lost
            continue
        return ApiClient(channel, state.known.numbers())
    raise problem or ChannelLostError("This device knows no address of an authority: enrol anew.")
