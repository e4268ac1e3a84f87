"""Watching a feed of alerts over HTTP: each new alert once, and no server is pestered.

A driver: `feeds` and `reading` say what the octets mean. Addresses, those that a feed names too,
lead into no private network unless that was permitted (`ways.posting`).
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar
from urllib.parse import urldefrag, urljoin

from baluardo.emergency.cap import feeds, reading
from baluardo.emergency.cap.alert import Alert, Reference
from baluardo.emergency.cap.feeds import Entry, read_feed
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.ways.posting import Answer, Target, exchange
from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import quoted

EVERY_S: Final = 30.0
MOST_WAIT_S: Final = 3_600.0
"""The longest that a feed is left alone after failures, whatever it asks for."""
MOST_AT_ONCE: Final = 200
"""Alerts fetched in one round; the rest in the next."""
MOST_REMEMBERED: Final = 20_000
MOST_REDIRECTS: Final = 3
MOST_TRIES: Final = 5
"""For one alert that cannot be fetched."""
MOST_PROBLEMS: Final = 50
"""Sentences told of one round."""
_MARKS: Final = {"etag": "if-none-match", "last-modified": "if-modified-since"}
_MARK: Final = re.compile(r"[ -~]{1,1000}")

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Judged:
    """What of an alert's octets may be read, and who has signed it, in words."""

    octets: bytes
    signer: str


Judge = Callable[[bytes], Judged]
"""Judges the octets of one alert; InvalidInputError, one sentence, if nobody vouches for them."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one look at a feed has brought."""

    alerts: tuple[Alert, ...] = ()
    """New ones: those that the feed holds, then those that lie elsewhere, in its order."""
    problems: tuple[str, ...] = ()
    """About entries that are wrong, or could not be had: these are tried again."""
    changed: bool = True
    """Whether the feed was another than the last time."""
    signers: Mapping[Reference, str] = field(default_factory=dict)
    """Who has signed which of the alerts, where a judge was asked."""
    failure: str | None = None
    """Why the feed could not be had, or is none: one sentence. `watch` alone tells it so."""


class FeedWatcher:
    """One feed, and what was seen of it."""

    def __init__(
        self,
        target: Target,
        every_s: float = EVERY_S,
        judge: Judge | None = None,
    ) -> None:
        """Watch an address; without a judge alerts are taken as they come.

        With one, only an alert that lies alone at an address is taken: within a feed it stands
        among namespaces and entries of others, and its own octets can be told no more.
        """
        self._target, self._every_s, self._judge = target, every_s, judge
        self._marks: dict[str, str] = {}
        self._tried: OrderedDict[str, int] = OrderedDict()
        """How often each entry was tried, by its name; done with are those of MOST_TRIES."""
        self._taken: OrderedDict[Reference, int] = OrderedDict()
        """Alerts that were returned, as Python hashes them."""
        self._failures = 0
        self._asked_to_wait_s = 0.0

    @property
    def wait_s(self) -> float:
        """How long to leave the feed alone now: longer after each failure, or as it asked."""
        doubled = self._every_s * 2.0 ** min(self._failures, 16)
        most = max(MOST_WAIT_S, self._every_s)
        return min(most, max(doubled, self._asked_to_wait_s))

    async def look(self) -> Round:
        """Ask once; SourceError or InvalidInputError if the feed cannot be had or is none.

        An alert that is new is returned once, in this round or a later one.
        """
        try:
            found = await self._look()
        except (SourceError, InvalidInputError):
            self._failures += 1
            raise
        self._failures, self._asked_to_wait_s = 0, 0.0
        return found

    async def watch(
        self,
        take: Callable[[Round], Awaitable[None]],
        stop: asyncio.Event,
    ) -> None:
        """Look again and again until `stop`; `take` is given each round, failed ones too."""
        while not stop.is_set():
            try:
                found = await self.look()
            except (SourceError, InvalidInputError) as problem:
                found = Round(changed=False, failure=str(problem))
            await take(found)
            try:
                async with asyncio.timeout(self.wait_s):
                    await stop.wait()
            except TimeoutError:
                continue

    async def _look(self) -> Round:
        answer, address = await self._get(self._target, feeds.LARGEST, self._marks)
        if answer.status == 304:
            return Round(changed=False)
        shown = self._target.shown
        # In a thread: a large feed would hold everything else up.
        entries = await asyncio.to_thread(read_feed, answer.octets, f"The feed of {shown}", address)
        # Those that hold their alert cost nothing, and some feeds give them no names.
        new = [each for each in entries if each.alert is not None or not self._done(each.name)]
        held = [each for each in new if each.address is None]
        lying = [each for each in new if each.address is not None]
        alerts: list[Alert] = []
        signers: dict[Reference, str] = {}
        problems: list[str] = []
        whole = len(lying) <= MOST_AT_ONCE
        for entry in (*held, *lying[:MOST_AT_ONCE]):
            tries = MOST_TRIES
            try:
                alert, signer = await self._alert(entry, answer.octets)
                if self._is_new(alert):
                    alerts.append(alert)
                    if signer is not None:
                        signers[alert.reference] = signer
            except InvalidInputError as problem:
                problems.append(str(problem))
            except SourceError as problem:
                problems.append(str(problem))
                tries = self._tried.get(entry.name, 0) + 1
                whole = whole and tries == MOST_TRIES
            _remember(self._tried, entry.name, tries)
        # While something is left to be had, the feed must be told again as a whole.
        self._marks = _marks_of(answer.headers) if whole else {}
        return Round(tuple(alerts), tuple(problems[:MOST_PROBLEMS]), signers=signers)

    def _done(self, name: str) -> bool:
        return self._tried.get(name, 0) >= MOST_TRIES

    async def _alert(self, entry: Entry, feed: bytes) -> tuple[Alert, str | None]:
        """Return an entry's alert and who has signed it; `feed` is what the entry stands in."""
        if entry.alert is not None and self._judge is None:
            return entry.alert, None
        if entry.alert is not None and not entry.whole:
            raise InvalidInputError(
                f"The feed of {self._target.shown} holds the alert "
                f"{quoted(entry.alert.identifier)} within itself, where no signature can be "
                "verified: it is left out."
            )
        if entry.alert is None and entry.address is None:
            raise InvalidInputError(entry.problem or "An entry of the feed holds nothing.")
        octets, target = feed, self._target
        if entry.address is not None:
            target = replace(self._target, url=urldefrag(entry.address).url)
            answer, _ = await self._get(target, reading.LARGEST, {})
            octets = answer.octets
        return await asyncio.to_thread(self._read, octets, f"The alert of {target.shown}")

    def _read(self, octets: bytes, source: str) -> tuple[Alert, str | None]:
        if self._judge is None:
            return read_alert(octets, source), None
        try:
            judged = self._judge(octets)
        except InvalidInputError as problem:
            raise InvalidInputError(f"{source} is left out: {problem}") from None
        return read_alert(judged.octets, source), judged.signer

    def _is_new(self, alert: Alert) -> bool:
        """Tell whether an alert was not returned before; InvalidInputError if another was."""
        known = self._taken.get(alert.reference)
        if known is not None and known != hash(alert):
            raise InvalidInputError(
                f"{self._target.shown} gives two alerts {quoted(alert.identifier)} of "
                f"{quoted(alert.sender)} that differ: the later is left out."
            )
        _remember(self._taken, alert.reference, hash(alert))
        return known is None

    async def _get(self, target: Target, most: int, marks: Mapping[str, str]) -> tuple[Answer, str]:
        """Return an answer of 200 or 304 and the address that gave it."""
        headers = {"accept": "application/cap+xml, application/atom+xml, application/xml;q=0.9"}
        for _ in range(MOST_REDIRECTS + 1):
            answer = await exchange(target, "GET", b"", {**headers, **marks}, most=most)
            if answer.status not in (301, 302, 303, 307, 308):
                break
            target = _led_on(target, answer.headers.get("location", ""))
        else:
            raise SourceError(f"{target.shown} leads on to over {MOST_REDIRECTS} other addresses.")
        if answer.status == 304 and marks:
            return answer, target.url
        if answer.status != 200:
            self._note_wait(answer)
            raise SourceError(f"{target.shown} answered {answer.status}.")
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        if coding != "identity":
            # Not asked for; a few octets of it could become gigabytes.
            raise SourceError(
                f"{target.shown} sends its answer compressed, which was not asked for."
            )
        return answer, target.url

    def _note_wait(self, answer: Answer) -> None:
        asked = answer.headers.get("retry-after", "")
        if answer.status in (429, 503) and re.fullmatch(r"\d{1,9}", asked, re.ASCII):
            self._asked_to_wait_s = float(asked)


def _led_on(target: Target, location: str) -> Target:
    try:
        address = urldefrag(urljoin(target.url, location)).url
    except ValueError:
        address = ""
    if target.url.startswith("https:") and not address.startswith("https:"):
        raise SourceError(f"{target.shown} leads from https to an unprotected address.")
    return replace(target, url=address)


def _marks_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return by what the server is asked for news: nothing that a request could not carry."""
    found = {asked: headers.get(said, "") for said, asked in _MARKS.items()}
    return {asked: mark for asked, mark in found.items() if _MARK.fullmatch(mark)}


def _remember(held: OrderedDict[K, int], name: K, value: int) -> None:
    held[name] = value
    held.move_to_end(name)
    while len(held) > MOST_REMEMBERED:
        held.popitem(last=False)
