"""The authority over HTTP: for who has no channel yet, or none that both ends accept.

Nothing that comes this way is believed: it is judged as if anybody had handed it over. So an
address may be plain http, or behind a certificate that this machine does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx

from baluardo.errors import BaluardoError, InvalidInputError, RequestError, SourceError
from baluardo.foreign_input import printable
from baluardo.protocol.messages import Welcome
from baluardo.protocol.public_bundle import LARGEST_BUNDLE, PublicBundle
from baluardo.trust.envelope import LARGEST_ENVELOPE, Envelope
from baluardo.trust.strict_json import JsonObject, write_json

API: Final = "/api/authority"
LARGEST_ANSWER: Final = 1 << 20
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
LONGEST_SENTENCE: Final = 2_000


class AuthorityWeb:
    """Asks whichever authority answers at an address; one client for all of them."""

    def __init__(self) -> None:
        """Prepare; close it."""
        timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        # What comes is signed or sealed by itself; the edge may have no browser's roots.
        self._client = httpx.AsyncClient(timeout=timeout, verify=False, trust_env=False)  # noqa: S501

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def bundle(self, address: str) -> PublicBundle:
        """Return an authority's public half; nothing of it is believed yet."""
        return PublicBundle.of_octets(
            await self._get(f"{address}{API}/public/bundle", 2 * LARGEST_BUNDLE)
        )

    async def public_file(self, address: str, path: str, most: int) -> bytes:
        """Return one file of an authority's public half; nothing of it is believed yet."""
        return await self._get(f"{address}{API}/public/{path}", most)

    async def welcome(self, address: str) -> Welcome:
        """Return where authorities say they are; it is not verified yet."""
        octets = await self._get(f"{address}{API}/public/welcome", LARGEST_ANSWER)
        return Welcome.of_fields(JsonObject.parse(octets, LARGEST_ANSWER, "The welcome"))

    async def time(self, address: str, nonce: bytes) -> Envelope:
        """Return signed time over a nonce; it is not verified yet."""
        url = f"{address}{API}/public/time?nonce={nonce.hex()}"
        return Envelope.of_json(await self._get(url, LARGEST_ENVELOPE))

    async def enrol(self, address: str, sealed: bytes) -> tuple[int, JsonObject]:
        """Hand in a sealed request, or ask how it stands with it; return status and answer.

        The same message both times: the invitation's secret never travels open, whoever answers.
        """
        headers = {"content-type": "application/octet-stream"}
        return await self._post(f"{address}{API}/enrol/sealed", sealed, headers)

    async def alarm(self, address: str, alarm: Mapping[str, object]) -> tuple[int, JsonObject]:
        """Hand in what a sensor has signed; return status and answer."""
        headers = {"content-type": "application/json"}
        return await self._post(f"{address}{API}/warnings/alarms", write_json(alarm), headers)

    async def _get(self, url: str, most: int) -> bytes:
        status, octets = await self._ask("GET", url, b"", {}, most)
        if status != httpx.codes.OK:
            raise SourceError(f"{printable(url)} answers with status {status}.")
        return octets

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, JsonObject]:
        status, octets = await self._ask("POST", url, body, headers, LARGEST_ANSWER)
        return status, JsonObject.parse(octets, LARGEST_ANSWER, "The authority's answer")

    async def _ask(
        self, method: str, url: str, body: bytes, headers: dict[str, str], most: int
    ) -> tuple[int, bytes]:
        """Ask without following anybody elsewhere; SourceError if no answer comes."""
        found = bytearray()
        try:
            dialled, named = _dialled(url)
            # Compressed answers are not asked for: a few octets could become gigabytes.
            asked = {**headers, **named, "accept-encoding": "identity"}
            async with self._client.stream(
                method, dialled, content=body or None, headers=asked
            ) as answer:
                async for part in answer.aiter_raw():
                    found += part
                    if len(found) > most:
                        raise SourceError(f"{printable(url)} answers with more than {most} octets.")
                return answer.status_code, bytes(found)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
            why = str(problem) or type(problem).__name__
            raise SourceError(f"{printable(url)} cannot be reached: {printable(why)}.") from None


def _dialled(url: str) -> tuple[str, dict[str, str]]:
    """Return where to go for a URL, and the Host header to send.

    Names below localhost are this machine's own (RFC 6761 section 6.3): browsers know that, not
    every resolver does.
    """
    parts = httpx.URL(url)
    if not parts.host.endswith(".localhost"):
        return url, {}
    return str(parts.copy_with(host="127.0.0.1")), {"host": parts.netloc.decode("ascii")}


def sentence_of(status: int, answer: JsonObject) -> str:
    """Return what an answer that refuses says."""
    for name in ("detail", "sentence"):
        value: Any = answer.fields.get(name)
        if isinstance(value, str) and value:
            return printable(value[:LONGEST_SENTENCE])
    return f"The authority refuses with status {status} and no sentence."


def refusal_of(status: int, answer: JsonObject) -> BaluardoError:
    """Return an answer that refuses as an error."""
    if status in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}:
        return InvalidInputError(sentence_of(status, answer))
    return RequestError(sentence_of(status, answer))
