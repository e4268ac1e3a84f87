"""A browser's request at an edge, forwarded to the authority over the edge's channel.

Only what the authority's API needs is carried: a short list of headers each way, in small letters,
each once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.frames import FrameType
from baluardo.protocol.message_fields import LONGEST_NAME, check_count, text_map, whole
from baluardo.trust.base64_text import to_base64
from baluardo.trust.strict_json import JsonObject

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
API: Final = "/api/"
LARGEST_BODY: Final = 1 << 20
LONGEST_PATH: Final = 1_024
LONGEST_QUERY: Final = 4_096
LONGEST_HEADER: Final = 8_192
LONGEST_CLIENT: Final = 45
"""Characters of an IPv6 address that ends as an IPv4 one."""
LARGEST_HEADERS: Final = 16_384
"""Characters of all values together."""

REQUEST_HEADERS: Final = frozenset(
    {"content-type", "accept", "accept-language", "cookie", "origin", "user-agent"}
)
ANSWER_HEADERS: Final = frozenset(
    {
        "content-type",
        "set-cookie",
        "cache-control",
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "cross-origin-embedder-policy",
        "permissions-policy",
        "x-frame-options",
    }
)

_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)+\Z", re.ASCII)  # RFC 3986 section 3.3
_QUERY = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*\Z", re.ASCII)  # RFC 3986 section 3.4
_HOST = re.compile(r"(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?\Z", re.ASCII)
_DOTS = re.compile(r"\.{1,2}\Z", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e]*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One request of a browser; its cookie says who asks, the channel which edge forwards it."""

    type: ClassVar[FrameType] = FrameType.API_REQUEST

    id: int
    """The edge's own; the answer bears it."""
    method: str
    path: str
    """As it stood in the request, beginning with `/api/`."""
    query: str
    """Without the question mark."""
    headers: Mapping[str, str]
    body: bytes
    host: str
    """What the browser asked for: the Host header."""
    client: str = ""
    """The browser's address as the edge sees it, for rations; empty where it is not told."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds, and whatever could be read as another request."""
        check_count("id", self.id)
        if self.method not in METHODS:
            raise InvalidInputError(f"method {quoted(self.method)}: one of {', '.join(METHODS)}.")
        _check_path(self.path)
        if len(self.query) > LONGEST_QUERY or not _QUERY.match(self.query):
            raise InvalidInputError(f"query {quoted(self.query)}: no query of an address.")
        if len(self.host) > LONGEST_NAME or not _HOST.match(self.host):
            raise InvalidInputError(f"host {quoted(self.host)}: NAME or NAME:PORT.")
        _check_client(self.client)
        object.__setattr__(self, "headers", _checked(self.headers, REQUEST_HEADERS))
        _check_body(self.body)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        fields: dict[str, object] = {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": dict(self.headers),
            "body": to_base64(self.body),
            "host": self.host,
        }
        return {**fields, "client": self.client} if self.client else fields

    @classmethod
    def of_fields(cls, fields: JsonObject) -> ApiRequest:
        """Read the payload's fields."""
        fields.only(("id", "method", "path", "query", "headers", "body", "host", "client"))
        return cls(
            whole(fields, "id"),
            fields.text("method", 8),
            fields.text("path", LONGEST_PATH),
            fields.text("query", LONGEST_QUERY),
            text_map(fields, "headers", len(REQUEST_HEADERS)),
            _body(fields),
            fields.text("host", LONGEST_NAME),
            fields.text("client", LONGEST_CLIENT) if "client" in fields.fields else "",
        )


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """The authority's answer to one forwarded request."""

    type: ClassVar[FrameType] = FrameType.API_ANSWER

    id: int
    """The request's."""
    status: int
    headers: Mapping[str, str]
    body: bytes

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        check_count("id", self.id)
        if not 200 <= self.status <= 599:
            raise InvalidInputError(f"status {self.status}: from 200 to 599.")
        object.__setattr__(self, "headers", _checked(self.headers, ANSWER_HEADERS))
        _check_body(self.body)

    def to_fields(self) -> dict[str, object]:
        """Return the payload's fields."""
        return {
            "id": self.id,
            "status": self.status,
            "headers": dict(self.headers),
            "body": to_base64(self.body),
        }

    @classmethod
    def of_fields(cls, fields: JsonObject) -> ApiAnswer:
        """Read the payload's fields."""
        fields.only(("id", "status", "headers", "body"))
        return cls(
            whole(fields, "id"),
            whole(fields, "status"),
            text_map(fields, "headers", len(ANSWER_HEADERS)),
            _body(fields),
        )


def _check_path(path: str) -> None:
    """Refuse other paths than the API's, and what a server might take for another path."""
    plain = path.replace("%2e", ".").replace("%2E", ".")
    if (
        len(path) > LONGEST_PATH
        or not path.startswith(API)
        or not _PATH.match(path)
        or any(_DOTS.match(part) for part in plain.split("/"))
    ):
        raise InvalidInputError(f"path {quoted(path)}: a path below {API}, without dots to climb.")


def _check_client(client: str) -> None:
    """Refuse what is no network address, or has a zone: that means something elsewhere."""
    if not client:
        return
    try:
        found = ipaddress.ip_address(client)
    except ValueError:
        found = None
    if found is None or "%" in client or len(client) > LONGEST_CLIENT:
        raise InvalidInputError(f"client {quoted(client)}: an IPv4 or IPv6 address, or nothing.")


def _checked(headers: Mapping[str, str], allowed: frozenset[str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if name not in allowed:
            raise InvalidInputError(f"The header {quoted(name)} is not carried over a channel.")
        if len(value) > LONGEST_HEADER or not _VALUE.match(value):
            raise InvalidInputError(  # never its value: it may be a session's
                f"The header {name} is longer than {LONGEST_HEADER:,} characters, or not ASCII."
            )
    if sum(map(len, headers.values())) > LARGEST_HEADERS:
        raise InvalidInputError(f"Headers have at most {LARGEST_HEADERS:,} characters.")
    return MappingProxyType(dict(headers))


def _body(fields: JsonObject) -> bytes:
    """Return the body; it may hold a secret, so no sentence shows it."""
    try:
        return fields.octets("body", LARGEST_BODY)
    except InvalidInputError:
        raise InvalidInputError(
            f"{fields.what}: body must be base64 of at most {LARGEST_BODY:,} octets."
        ) from None


def _check_body(body: bytes) -> None:
    if len(body) > LARGEST_BODY:
        raise InvalidInputError(f"A body has at most {LARGEST_BODY:,} octets.")
