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
import socket
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx

from baluardo import __version__
from baluardo.errors import BaluardoError, SourceError

T = TypeVar("T")

ASK_EVERY_S = 2 * 3_600.0
"""CelesTrak's data change every two hours, and whoever asks more often is shut out (its terms)."""

MARKS = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
"""By which headers a server is asked for news, and which of its own they repeat."""

_MARK = re.compile(r"[ -~]{1,1000}")

LAST_STAMP = 4_102_444_800.0
"""2100-01-01; stamps of the cache are POSIX seconds from 1970 to then."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much patience and memory one answer may cost."""

    connect_s: float = 10.0
    read_s: float = 20.0
    """Longest silence in the middle of an answer."""
    total_s: float = 120.0
    """Longest time for all of it, from the name's look-up on, however many redirects."""
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
    """When the body was last good, 0 where there is none."""
    marks: Mapping[str, str]
    body: bytes


NOTHING_KEPT = Kept(asked=-math.inf, fetched=0.0, marks={}, body=b"")


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """The answer of `ask_politely`: what was read and, where it is an older copy, why."""

    value: T
    fetched: float
    problem: str | None = None


class _Line:
    """The connection of an exchange, which another thread may cut at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cut = False
        self._stream: Any = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note each new connection; httpx calls this at every step of an exchange."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            with self._lock:
                self._stream = info["return_value"]
                if self._cut:
                    self._shut_down()

    def cut(self) -> None:
        """End whatever waits on the connection, and every connection to come."""
        with self._lock:
            self._cut = True
            self._shut_down()

    def _shut_down(self) -> None:
        # Closing would free the descriptor's number under the thread that reads from it.
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def fetch(address: str, limits: FetchLimits, marks: Mapping[str, str] | None = None) -> Answer:
    """Get what an http or https address holds; SourceError, with a sentence, if it cannot be had.

    Follows a few redirects, never from https down to http; stops at the limits of size and time.
    """
    shown = shown_address(address)
    if not address.lower().startswith(("http://", "https://")):
        raise SourceError(f"{shown} is not an address that begins with http:// or https://.")
    line = _Line()
    outcome: Future[Answer] = Future()

    def work() -> None:
        try:
            outcome.set_result(_exchange(address, shown, limits, marks or {}, line))
        except BaseException as problem:  # noqa: BLE001  # raised again by the thread that waits
            outcome.set_exception(problem)

    # Names are looked up, connections made and headers read for as long as others like; only a
    # second thread bounds it all.
    threading.Thread(target=work, name="fetch", daemon=True).start()
    try:
        if not wait([outcome], limits.total_s).done:
            raise SourceError(f"{shown} takes longer than {limits.total_s:g} s.")
        return outcome.result()
    except httpx.TimeoutException as problem:
        raise SourceError(f"{shown} did not answer in time.") from problem
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, zlib.error) as problem:
        reason = str(problem).rstrip(".")
        raise SourceError(f"{shown} cannot be reached or read: {reason}.") from problem
    finally:
        line.cut()


def _exchange(
    address: str, shown: str, limits: FetchLimits, marks: Mapping[str, str], line: _Line
) -> Answer:
    timeout = httpx.Timeout(limits.read_s, connect=limits.connect_s)
    headers = {"User-Agent": f"baluardo/{__version__}", "Accept-Encoding": "gzip"}
    with httpx.Client(timeout=timeout, headers=headers) as client:
        request = client.build_request("GET", address, headers=dict(marks))
        for _ in range(limits.redirects + 1):
            request.extensions["trace"] = line.trace
            with contextlib.closing(client.send(request, stream=True)) as response:
                following = response.next_request
                if following is None:
                    return _answer(response, shown, limits)
                if request.url.scheme == "https" and following.url.scheme != "https":
                    raise SourceError(f"{shown} leads from https to an unprotected address.")
                request = following
    raise SourceError(f"{shown} leads on to more than {limits.redirects} other addresses.")


def _answer(response: httpx.Response, shown: str, limits: FetchLimits) -> Answer:
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return Answer(None, {})
    if response.status_code != httpx.codes.OK:
        raise SourceError(f"{shown} answered {response.status_code} {response.reason_phrase}.")
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise SourceError(f"{shown} sends the encoding {coding[:40]!r}, which was not asked for.")
    body = bytearray()
    pieces = response.iter_raw()
    for piece in _inflated(pieces, limits.max_bytes) if coding == "gzip" else pieces:
        body += piece
        if len(body) > limits.max_bytes:
            raise SourceError(f"{shown} sends more than {limits.max_bytes // 1024:,} KiB.")
    return Answer(
        bytes(body), _sound_marks({ask: response.headers.get(got) for ask, got in MARKS.items()})
    )


def _inflated(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Inflate gzip (RFC 1952, one member), never to more than one octet over `most` in all."""
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    for piece in pieces:
        inflated = inflater.decompress(piece, most + 1)
        most -= len(inflated)
        yield inflated
        if inflater.unused_data:
            raise zlib.error("something follows the compressed body")
    if not inflater.eof:
        raise zlib.error("the compressed body is cut off")


def _sound_marks(marks: Mapping[str, object]) -> dict[str, str]:
    """Return the marks that a request can carry: no others, nothing but printable ASCII."""
    return {
        ask: mark
        for ask, mark in marks.items()
        if ask in MARKS and isinstance(mark, str) and _MARK.fullmatch(mark)
    }


def shown_address(address: str) -> str:
    """Return an address fit to be shown: printable, without credentials, query and fragment."""
    plain = re.sub(r"[?#].*", "", re.sub(r"(?<=://)[^/?#]*@", "", address), flags=re.DOTALL)[:200]
    return plain if plain.isprintable() else repr(plain)


def host_of(address: str) -> str | None:
    """Return the host that an address leads to, whatever port and credentials it names."""
    try:
        return httpx.URL(address).host.rstrip(".") or None
    except (httpx.InvalidURL, ValueError):
        return None


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
                asked=_stamp(stamps["asked"]),
                fetched=_stamp(stamps["fetched"]),
                marks=_sound_marks(stamps["marks"]),
                body=body,
            )
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ):
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
        kept = replace(kept, body=b"", marks={}, fetched=0.0)
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


def _stamp(value: object) -> float:
    stamp = float(value)  # type: ignore[arg-type]  # from JSON: what is no number raises
    if not 0.0 <= stamp <= LAST_STAMP:
        raise ValueError(f"{stamp} is no time of this century")
    return stamp


def _reading(read: Callable[[bytes], T], body: bytes) -> T | None:
    try:
        return read(body)
    except BaluardoError:
        return None
