"""Fetching over http and https with limits, and a cache that keeps a service from being pestered.

Nothing here knows what is fetched: `ask_politely` is given the function that reads the bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import httpx

from baluardo import __version__
from baluardo.errors import BaluardoError, SourceError

T = TypeVar("T")

ASK_EVERY_S = 2 * 3_600.0
"""CelesTrak's data change every two hours, and whoever asks more often is shut out (its terms)."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much patience and memory one answer may cost."""

    connect_s: float = 10.0
    read_s: float = 20.0
    """Longest silence in the middle of an answer."""
    total_s: float = 120.0
    max_bytes: int = 64 * 1024 * 1024
    """After decompression."""
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: a body, or None for "not modified", and the marks to ask with again."""

    body: bytes | None
    marks: Mapping[str, str]
    """Headers for the next request: If-None-Match, If-Modified-Since."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the cache holds about an address; times are POSIX seconds of the wall clock."""

    asked: float
    """When the server was last asked, whatever came of it."""
    fetched: float
    """When the body was last good."""
    marks: Mapping[str, str]
    body: bytes


NOTHING_KEPT = Kept(asked=-math.inf, fetched=-math.inf, marks={}, body=b"")


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """The answer of `ask_politely`: what was read and, where it is an older copy, why."""

    value: T
    fetched: float
    problem: str | None = None


def fetch(address: str, limits: FetchLimits, marks: Mapping[str, str] | None = None) -> Answer:
    """Get what an http or https address holds; SourceError, with a sentence, if it cannot be had.

    Follows a few redirects, never from https down to http; stops at the limits of size and time.
    """
    shown = shown_address(address)
    if not address.lower().startswith(("http://", "https://")):
        raise SourceError(f"{shown} is not an address that begins with http:// or https://.")
    deadline = time.monotonic() + limits.total_s
    timeout = httpx.Timeout(limits.read_s, connect=limits.connect_s)
    agent = {"User-Agent": f"baluardo/{__version__}"}
    try:
        with httpx.Client(timeout=timeout, headers=agent) as client:
            request = client.build_request("GET", address, headers=dict(marks or {}))
            for _ in range(limits.redirects + 1):
                with contextlib.closing(client.send(request, stream=True)) as response:
                    following = response.next_request
                    if following is None:
                        return _answer(response, shown, limits, deadline)
                    if request.url.scheme == "https" and following.url.scheme != "https":
                        raise SourceError(f"{shown} leads from https to an unprotected address.")
                    request = following
            raise SourceError(f"{shown} leads on to more than {limits.redirects} other addresses.")
    except httpx.TimeoutException as problem:
        raise SourceError(f"{shown} did not answer in time.") from problem
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
        raise SourceError(f"{shown} cannot be reached or read: {problem}.") from problem


def _answer(response: httpx.Response, shown: str, limits: FetchLimits, deadline: float) -> Answer:
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return Answer(None, {})
    if response.status_code != httpx.codes.OK:
        raise SourceError(f"{shown} answered {response.status_code} {response.reason_phrase}.")
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > limits.max_bytes:
            raise SourceError(f"{shown} sends more than {limits.max_bytes // 1024:,} KiB.")
        if time.monotonic() > deadline:
            raise SourceError(f"{shown} takes longer than {limits.total_s:g} s.")
    pairs = (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
    return Answer(
        bytes(body), {ask: response.headers[got] for got, ask in pairs if got in response.headers}
    )


def shown_address(address: str) -> str:
    """Return an address fit to be shown: printable, without credentials, query and fragment."""
    plain = re.sub(r"[?#].*", "", re.sub(r"(?<=://)[^/@]*@", "", address), flags=re.DOTALL)[:200]
    return plain if plain.isprintable() else repr(plain)


class Cache:
    """One address's answer in one file: a line of JSON with the stamps, then the body as it came.

    The file is replaced in one step, so that a crash leaves the old one; a file that cannot be
    read is as good as none, and a folder that cannot be written to only costs the cache.
    """

    def __init__(self, folder: Path, address: str) -> None:
        """Choose the file by the address; nothing is read or made yet."""
        words = re.sub(r"[^A-Za-z0-9]+", "-", shown_address(address))[-40:].strip("-")
        self.path = folder / f"{words}-{hashlib.sha256(address.encode()).hexdigest()[:16]}.cache"

    def read(self) -> Kept:
        """Return what is kept, `NOTHING_KEPT` if nothing usable is."""
        try:
            head, _, body = self.path.read_bytes().partition(b"\n")
            stamps = json.loads(head)
            return Kept(
                asked=float(stamps["asked"]),
                fetched=float(stamps["fetched"]),
                marks={str(key): str(value) for key, value in stamps["marks"].items()},
                body=body,
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return NOTHING_KEPT

    def write(self, kept: Kept) -> None:
        """Replace the file; says nothing where the folder cannot be written to."""
        stamps = {"asked": kept.asked, "fetched": kept.fetched, "marks": dict(kept.marks)}
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(json.dumps(stamps).encode() + b"\n" + kept.body)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except OSError:
                Path(name).unlink(missing_ok=True)


def ask_politely(
    address: str,
    cache: Cache,
    now: Callable[[], float],
    limits: FetchLimits,
    read: Callable[[bytes], T],
) -> Asked[T]:
    """Get and read what an address holds, asking its server at most every `ASK_EVERY_S`.

    In between, and whenever the server fails or sends what `read` refuses (by a BaluardoError),
    the kept copy is the answer. A stamp in the future means that the clock was set back: the server
    is asked. Connections that were never made do not count as asking. Where there is no copy, the
    error of the server or of `read` is raised.
    """
    kept = cache.read()
    copy = _reading(read, kept.body) if kept.body else None
    moment = now()
    if 0.0 <= moment - kept.asked < ASK_EVERY_S and (copy is not None or not kept.body):
        minutes = math.ceil((ASK_EVERY_S - (moment - kept.asked)) / 60.0)
        later = f"{shown_address(address)} is asked again in {minutes} minutes at the earliest"
        if copy is None:
            raise SourceError(f"{later}; its last answer could not be used.")
        return Asked(copy, kept.fetched, None if kept.asked == kept.fetched else f"{later}.")

    if copy is None:
        kept = replace(kept, body=b"", marks={}, fetched=-math.inf)
    # The stamp comes first: a program that dies while asking must not ask at once again.
    cache.write(replace(kept, asked=moment))
    try:
        answer = fetch(address, limits, kept.marks)
        if answer.body is not None:
            value = read(answer.body)
            kept = Kept(moment, moment, answer.marks, answer.body)
        elif copy is not None:
            value, kept = copy, replace(kept, asked=moment, fetched=moment)
        else:
            raise SourceError(f"{shown_address(address)} sent nothing where nothing was kept.")
    except BaluardoError as problem:
        if isinstance(problem.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
            cache.write(kept)
        if copy is None:
            raise
        return Asked(copy, kept.fetched, str(problem))
    cache.write(kept)
    return Asked(value, moment)


def _reading(read: Callable[[bytes], T], body: bytes) -> T | None:
    try:
        return read(body)
    except BaluardoError:
        return None
