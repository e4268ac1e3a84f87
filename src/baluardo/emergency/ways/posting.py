"""One HTTP exchange with a stranger: bounded in size and time, led nowhere else, to known hosts.

Whoever sets an address up may be wrong or be fooled, so an address that leads into this network is
refused unless that was permitted. The name is looked up once and exactly what was found is dialled:
a name that changes between the look and the call (DNS rebinding) leads nowhere new.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import printable, quoted

CONNECT_SECONDS: Final = 5.0
LARGEST_ANSWER: Final = 1 << 20
MOST_ADDRESSES: Final = 4
"""Of one name, tried one after the other."""
LONGEST_URL: Final = 2_000
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052 section 2.1: the last four octets are an address of IPv4."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever the status says."""

    status: int
    octets: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""

    @property
    def well(self) -> bool:
        """Whether the status says that it was done."""
        return 200 <= self.status < 300

    def sentence(self) -> str:
        """Return the beginning of a text answer, fit to be shown."""
        return printable(self.octets[:200].decode("utf-8", "replace").strip())


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and what is permitted there."""

    url: str
    private: bool = False
    """Whether it may be this machine or lie in a private network, and be plain http."""
    any_certificate: bool = False
    """For answers that are signed by themselves: an expired certificate must stop no warning."""
    answer_s: float = 10.0
    """For the whole exchange, connecting left out."""

    def __post_init__(self) -> None:
        """Refuse addresses that nothing may be sent to; InvalidInputError says why."""
        try:
            url = httpx.URL(self.url)
        except (httpx.InvalidURL, UnicodeError):
            url = None
        if url is None or len(self.url) > LONGEST_URL or url.scheme not in ("http", "https"):
            raise InvalidInputError(f"{quoted(self.url)} is no address as https://HOST/PATH.")
        if not url.host or url.userinfo or url.fragment:
            raise InvalidInputError(
                f"{self.shown}: an address has a host, no user or password, and no fragment."
            )
        if url.scheme == "http" and not self.private:
            raise InvalidInputError(
                f"{self.shown}: plain http is for private networks alone; say https, or permit "
                "private addresses."
            )

    @property
    def shown(self) -> str:
        """The host and no more: paths of webhooks hold secrets."""
        url = httpx.URL(self.url)
        return printable(f"{url.scheme}://{url.netloc.rpartition(b'@')[2].decode('ascii')}")


async def exchange(
    target: Target,
    method: str,
    body: bytes,
    headers: dict[str, str],
    path: str = "",
    most: int = LARGEST_ANSWER,
) -> Answer:
    """Ask once and return what comes back; `path` is put behind the address.

    most: octets of the answer; what is longer is refused.

    SourceError if no whole answer comes in time, or the address leads where it must not. Nobody is
    followed elsewhere: a redirect is an answer like any other.
    """
    url = httpx.URL(target.url.rstrip("/") + path if path else target.url)
    try:
        async with asyncio.timeout(CONNECT_SECONDS * MOST_ADDRESSES + target.answer_s):
            addresses = await _addresses(target, url)
            return await _first_to_answer(target, method, url, addresses, body, headers, most)
    except TimeoutError:
        raise SourceError(f"{target.shown} does not answer in time.") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
        why = printable(str(problem)) or type(problem).__name__
        raise SourceError(f"{target.shown} cannot be reached: {why}.") from None


async def _first_to_answer(
    target: Target,
    method: str,
    url: httpx.URL,
    addresses: list[str],
    body: bytes,
    headers: dict[str, str],
    most: int,
) -> Answer:
    timeout = httpx.Timeout(target.answer_s, connect=CONNECT_SECONDS)
    asked = {
        **headers,
        "host": url.netloc.decode("ascii"),
        # Compressed answers are not asked for: a few octets could become gigabytes.
        "accept-encoding": "identity",
    }
    verify = not target.any_certificate
    async with httpx.AsyncClient(timeout=timeout, verify=verify, trust_env=False) as client:
        for tried, address in enumerate(addresses):
            try:
                request = client.build_request(
                    method,
                    url.copy_with(host=address),
                    content=body or None,
                    headers=asked,
                    extensions={"sni_hostname": url.host, "timeout": timeout.as_dict()},
                )
                return await _read(client, request, target, most)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if tried == len(addresses) - 1:
                    raise
    raise SourceError(f"{target.shown} has no address.")


async def _read(
    client: httpx.AsyncClient, request: httpx.Request, target: Target, most: int
) -> Answer:
    found = bytearray()
    answer = await client.send(request, stream=True, follow_redirects=False)
    try:
        async for part in answer.aiter_raw():
            found += part
            if len(found) > most:
                raise SourceError(f"{target.shown} answers with more than {most} octets.")
    finally:
        await answer.aclose()
    return Answer(answer.status_code, bytes(found), dict(answer.headers))


async def _addresses(target: Target, url: httpx.URL) -> list[str]:
    """Return where a name leads; SourceError for nowhere, or for where it must not lead."""
    if url.host == "localhost" or url.host.endswith(".localhost"):
        found = ["127.0.0.1"]  # RFC 6761 section 6.3; not every resolver knows
    else:
        found = await _looked_up(target, url.host)
    if not target.private and not all(_is_public(each) for each in found):
        raise SourceError(
            f"{target.shown} leads into a private network, which was not permitted: nothing was "
            "sent."
        )
    return found[:MOST_ADDRESSES]


async def _looked_up(target: Target, host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        infos: list[Any] = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceError(f"{target.shown} has no address that can be found.") from None
    return list(dict.fromkeys(info[4][0] for info in infos))


def _is_public(text: str) -> bool:
    """Tell whether an address lies in the open internet, whatever it is written as."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False  # with a zone: a link of this machine
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if within is not None:
            return _is_public(str(within))
        if address in _NAT64:
            return _is_public(str(ipaddress.IPv4Address(address.packed[-4:])))
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast
