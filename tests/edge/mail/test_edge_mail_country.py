"""Two people write to each other at two edges, while the real authority goes and comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from baluardo.edge.agent import EdgeAgent
from baluardo.edge.calls.attendance import Statement
from baluardo.edge.calls.seat import CloseCode
from baluardo.protocol.mail_items import name_of
from baluardo.protocol.mail_signed import SIGNED_KINDS, sign_request
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.digest import digest_256
from baluardo.trust.strict_json import write_json
from edge.calls.call_browsers import served_edge
from edge.country import ANNA, BRUNO, Country, until
from edge.mail.mail_office import Writer

ROME, SHIP = "office/rome", "ship/bergamini"
PEOPLE = [f"person/{ANNA}", f"person/{BRUNO}"]
ANNAS, BRUNOS = [f"{each}/laptop" for each in PEOPLE]
GROUP = "0a" * 32


class Page(Writer):
    """A page whose device the authority has issued a certificate to."""

    def __init__(self, country: Country, device: str, edge: str, port: int, later: int = 0) -> None:
        """`later`: seconds by which it attends after the others."""
        super().__init__(device, port, edge, f"{edge.rpartition('/')[2]}.baluardo.localhost")
        self._country, self._later = country, later
        self._challenge, self._signed = "", 0

    def statement(self, challenge: str) -> Statement:
        """Return what is signed, by the country's time."""
        at = int(self._country.calendar.now) + self._later
        return Statement(at, challenge, self.edge, self.origin)

    def credential(self) -> Credential:
        """Return the device's."""
        return self._country.devices[self.device.split("/")[1]]

    async def told(self, request: dict[str, object]) -> dict[str, Any]:
        """Ask as a page does, which signs what changes something; return the frame that answers."""
        if request["kind"] not in SIGNED_KINDS:
            return await self.answer(request)
        while True:
            if not self._challenge:
                told = await self.answer({"kind": "challenge"})
                if "answer" not in told:
                    return told
                self._challenge = told["answer"]["challenge"]
            self._signed += 1
            word = sign_request(request, self.credential(), self._challenge, self._signed)
            told = await self.answer(word)
            if told.get("refusal") != "challenge":
                return told
            self._challenge = ""


@contextlib.asynccontextmanager
async def served(country: Country, place: Path) -> AsyncIterator[tuple[EdgeAgent, int]]:
    """Serve an edge with its pages while inside."""
    agent = country.open_agent(place)
    try:
        async with served_edge(agent.app) as port:
            yield agent, port
    finally:
        agent.close()


async def answered(page: Page, request: dict[str, object]) -> dict[str, Any]:
    """Ask something that is not refused, and return the answer."""
    told = await page.told(request)
    assert "answer" in told, told
    answer: dict[str, Any] = told["answer"]
    return answer


def send(number: int, to: str, octets: bytes) -> dict[str, object]:
    """Return a request to send something."""
    identifier = f"{number:032x}"
    sealed = to_base64(octets)
    return {"kind": "send", "id": identifier, "group": GROUP, "to": [to], "octets": sealed}


async def take(page: Page, posts: int) -> list[tuple[str, str]]:
    """Wait for so many frames of post, take the last, and return its senders and octets.

    One without items says only that the authority is back.
    """

    def brought() -> list[list[dict[str, Any]]]:
        return [each["items"] for each in page.posts if each["items"]]

    await until(lambda: len(brought()) >= posts)
    items = brought()[posts - 1]
    name = name_of(b"".join(digest_256(write_json(each)) for each in items))
    await answered(page, {"kind": "taken", "upto": items[-1]["number"], "items": name})
    return [(each["from"], each["octets"]) for each in items]


def test_two_at_two_edges_write_while_the_authority_goes_and_comes(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as edges, contextlib.AsyncExitStack() as first:
            authority = await first.enter_async_context(country.authority())
            for name in (ANNA, BRUNO):
                await country.person(authority, name)
            places = [await country.enrolled(authority, tmp_path, each) for each in (ROME, SHIP)]
            (rome, there), (ship, aboard) = [
                await edges.enter_async_context(served(country, each)) for each in places
            ]
            await until(lambda: rome.link.connected and ship.link.connected)
            anna = Page(country, ANNAS, ROME, there)
            bruno = Page(country, BRUNOS, SHIP, aboard)
            for page in (anna, bruno):
                edges.push_async_callback(page.close)
                await page.attend()

            # Keys are published, and a conversation begins.
            for page in (anna, bruno):
                packages = [to_base64(f"{page.device} {each}".encode()) for each in range(3)]
                last_resort = to_base64(page.device.encode())
                published = {"kind": "publish", "packages": packages, "last_resort": last_resort}
                assert await answered(page, published) == {"held": 3}
            told = await answered(anna, {"kind": "devices", "people": PEOPLE})
            assert [each["device"] for each in told["devices"]] == [ANNAS, BRUNOS]
            claimed = await answered(anna, {"kind": "packages", "devices": [BRUNOS]})
            assert not claimed["packages"][0]["last_resort"]
            begin = {"kind": "begin", "other": PEOPLE[1], "group": GROUP, "instead": ""}
            assert (await answered(anna, begin))["group"] == GROUP
            other = {**begin, "other": PEOPLE[0], "group": "0b" * 32}
            assert (await bruno.told(other))["refusal"] == "stale"

            # A text, which is there at once.
            sent = await answered(anna, send(1, BRUNOS, b"one"))
            assert await take(bruno, 1) == [(ANNAS, to_base64(b"one"))]

            # The authority goes; a minority waits.
            await first.aclose()
            await until(lambda: not (rome.link.connected or ship.link.connected))
            assert (await anna.told(send(2, BRUNOS, b"two")))["refusal"] == "unavailable"
            async with country.authority() as again:
                await until(lambda: rome.link.connected and ship.link.connected)
                assert await answered(anna, send(1, BRUNOS, b"one")) == sent
                await answered(anna, send(2, BRUNOS, b"two"))
                assert await take(bruno, 2) == [(ANNAS, to_base64(b"two"))], "nothing came twice"
                await answered(bruno, send(3, ANNAS, b"three"))
                assert await take(anna, 1) == [(BRUNOS, to_base64(b"three"))]

                # Bruno goes ashore with his device: what comes meanwhile waits for it there.
                await bruno.close()
                await answered(anna, send(4, BRUNOS, b"four"))
                ashore = Page(country, BRUNOS, ROME, there, later=5)
                edges.push_async_callback(ashore.close)
                await ashore.attend()
                assert await take(ashore, 1) == [(ANNAS, to_base64(b"four"))]
                # An old seat elsewhere has nothing to say any more.
                old = Page(country, BRUNOS, SHIP, aboard, later=2)
                edges.push_async_callback(old.close)
                await old.attend()
                denied = await old.answer({"kind": "devices", "people": PEOPLE})
                assert denied["refusal"] == "denied"
                assert old.posts == []
                await answered(ashore, send(5, ANNAS, b"five"))
                assert anna.code is not CloseCode.REPLACED

                # Who is revoked writes no more, and does not even sit.
                await country.revoke(again, BRUNOS)
                await until(lambda: ashore.code)
                assert ashore.code == CloseCode.NO_LONGER
                unfit = await answered(anna, {"kind": "devices", "people": PEOPLE[1:]})
                assert unfit["devices"] == []

    asyncio.run(scenario())
