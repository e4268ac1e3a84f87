"""The authority's API over a channel: for command lines that hold a device's key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from baluardo.errors import (
    ChannelError,
    ChannelLostError,
    ConflictError,
    InvalidInputError,
    RequestError,
    RoleError,
    SignInError,
    StoreError,
    UnknownError,
)
from baluardo.foreign_input import printable
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.forwarding import LARGEST_BODY, ApiAnswer, ApiRequest
from baluardo.protocol.messages import Hello, Refused
from baluardo.trust.channel.stream import Channel
from baluardo.trust.strict_json import parse_json

HOST: Final = "channel"
"""What stands for a Host header: over a channel, the certificate says who is who."""
NO_CONTENT: Final = 204
_REFUSALS: Final[dict[int, type[Exception]]] = {
    400: InvalidInputError,
    401: SignInError,
    403: RoleError,
    404: UnknownError,
    409: ConflictError,
    422: InvalidInputError,
    503: StoreError,
}


class ApiClient:
    """One question after another; the channel's certificate says who asks."""

    def __init__(self, channel: Channel, lists: Mapping[str, int] | None = None) -> None:
        """Take an open channel to the authority.

        `lists` are the numbers of the revocation lists held, by key id in hexadecimal digits: what
        is held already is not sent.
        """
        self._messages = MessageChannel(channel)
        self._lists = dict(lists or {})
        self._asked = 0

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: str = "",
    ) -> Any:
        """Ask, and return the answer's JSON value; None where the answer has none.

        `path` begins with /api/authority/. SignInError, RoleError, UnknownError, ConflictError,
        InvalidInputError or StoreError with the authority's own sentence, RequestError for any
        other refusal, ChannelLostError if the channel ends.
        """
        if not self._asked:
            software = f"baluardo {version('baluardo')}"
            await self._messages.send(Hello(software, self._lists, 0, 0))
        self._asked += 1
        octets = b"" if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        request = ApiRequest(self._asked, method, path, query, headers, octets, HOST)
        await self._messages.send(request)
        return _value(await self._answer(request.id))

    async def close(self) -> None:
        """Close the channel."""
        await self._messages.close()

    async def _answer(self, asked: int) -> ApiAnswer:
        """Wait for one answer; what else the authority tells meanwhile is not for a command."""
        while (message := await self._messages.receive()) is not None:
            if isinstance(message, ApiAnswer) and message.id == asked:
                return message
            if isinstance(message, Refused):
                raise ChannelError(f"The authority put us out: {message.sentence}")
        raise ChannelLostError("The authority closed before it answered; look what was done.")


def _value(answer: ApiAnswer) -> Any:
    """Return what an answer holds, or raise what it refuses."""
    value = None
    if answer.body and answer.status != NO_CONTENT:
        try:
            value = parse_json(answer.body, LARGEST_BODY, "The authority's answer")
        except InvalidInputError:
            if answer.status < 400:
                raise
    if answer.status < 400:
        return value
    detail = value.get("detail") if isinstance(value, dict) else None
    sentence = (
        printable(detail)
        if isinstance(detail, str)
        else f"The authority refused this with status {answer.status} and no sentence."
    )
    raise _REFUSALS.get(answer.status, RequestError)(sentence)
