"""Calls between two real edges, each in its namespaces: their signalling goes through the tunnel.

What sits at each edge is the core's test phone, handed to the edge as its WebSocket would.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator

import pytest
from running_edges import Pair, RunningEdge, running_pair, until

from baluardo.calls.bodies import Dial, End
from baluardo.calls.causes import Cause
from baluardo.calls.messages import Message
from baluardo.edge.calls.attendance import Statement, new_challenge
from baluardo.edge.calls.neighbours import Neighbours
from baluardo.edge.calls.seat import Seat
from baluardo.edge.calls.service import CallService
from baluardo.edge.calls.through_tunnels import PORT, ThroughTunnels
from baluardo.edge.link import Link
from baluardo.network.links.client import Links
from baluardo.network.links.namespaces import Namespace
from baluardo.network.tunnel.addresses import edge_address
from baluardo.stage.network.staged import why_no_tunnels
from baluardo.terms import Precedence
from calls.world import OVER, TALKING, Phone
from network.places import needs_namespaces
from trust.community import TestCommunity

ANNA, BRUNO = "person/anna", "person/bruno"
ORIGIN = "https://pages.example"
CALL = "0b" * 16

pytestmark = [
    needs_namespaces,
    pytest.mark.skipif(bool(why_no_tunnels()), reason=f"needs tunnels: {why_no_tunnels()}"),
]


class Telephone:
    """The telephone of a running edge, in that edge's loop, and one person who sits there."""

    def __init__(self, edge: RunningEdge, community: TestCommunity, person: str) -> None:
        """Begin; `person` takes a seat."""
        self.edge, self.device = edge, f"{person}/phone"
        self._community = community
        self._stack = contextlib.AsyncExitStack()
        self._said: list[str] = []
        edge.do(self._begin())

    @property
    def people(self) -> dict[str, str]:
        """Who is said to sit where: all of them at first, then what has changed."""
        found: dict[str, str] = {}
        for frame in (each for each in map(json.loads, self._said) if each["type"] == "people"):
            left = frame.get("left")
            found = {} if left is None else {k: v for k, v in found.items() if k not in left}
            found |= {each["person"]: each["site"] for each in frame["people"]}
        return found

    @property
    def neighbours(self) -> Neighbours | None:
        """The way to other edges, while there is one."""
        assert isinstance(self.service.neighbours, Neighbours | None)
        return self.service.neighbours

    def state(self) -> str:
        """How the call stands on this phone."""
        return self.phone.calls[CALL].state if CALL in self.phone.calls else ""

    def act(self, what: str) -> None:
        """Dial the other, answer or hang up."""

        async def acting() -> None:
            now = time.time()
            if what == "dial":
                self.phone.dial(CALL, Dial(self.device, BRUNO, opaque=b"offer"), now)
            elif what == "answer":
                self.phone.answer(CALL, now)
            else:
                self.phone.end(CALL, End(Cause.HUNG_UP), now)
            self._post()

        self.edge.do(acting())

    def close(self) -> None:
        """Leave."""
        self.edge.do(self._stack.aclose())

    async def _begin(self) -> None:
        state = self.edge.state
        home = state.directory
        self.service = CallService(
            self.edge.path, state.verifier, state.clock, home, lambda _: Precedence.FLASH
        )
        joined = ThroughTunnels(
            self.service, self.edge.service, state.endpoint, Link(state).channels.watch
        )
        await self._stack.enter_async_context(self.service.running())
        await self._stack.enter_async_context(joined.running())
        challenge = new_challenge()
        statement = Statement(int(time.time()), challenge, self.edge.path, ORIGIN)
        credential = self._community.credential(self.device, now=time.time() - 60)
        self.phone = Phone(self.device, self.edge.path, int(time.time() * 1_000))
        self.seat = self.service.sit(statement.sign(credential), challenge, ORIGIN)
        task = asyncio.create_task(self._listen(self.seat))
        self._stack.callback(task.cancel)

    async def _listen(self, seat: Seat) -> None:
        while isinstance(frame := await seat.next(), str):
            told = json.loads(frame)
            if told["type"] == "call":
                self.phone.hear(Message.decode(json.dumps(told["message"]).encode()), time.time())
                self._post()
            else:
                self._said.append(frame)

    def _post(self) -> None:
        for message in self.phone.outgoing():
            self.service.hear(self.seat, message.encode())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two edges that know each other."""
    with running_pair(tmp_path_factory.mktemp("calls")) as pair:
        yield pair


def test_a_call_is_set_up_through_the_tunnel_and_nowhere_else(pair: Pair) -> None:
    with contextlib.ExitStack() as stack:
        phones = []
        for edge, person in ((pair.rome, ANNA), (pair.milan, BRUNO)):
            phones.append(Telephone(edge, pair.community, person))
            stack.callback(phones[-1].close)
        anna, bruno = phones
        everybody = {ANNA: pair.rome.path, BRUNO: pair.milan.path}
        until(lambda: anna.people == bruno.people == everybody)

        anna.act("dial")
        until(lambda: anna.state() == "ringing back")
        bruno.act("answer")
        until(lambda: anna.state() == TALKING == bruno.state())
        anna.act("end")
        until(lambda: bruno.state() == OVER)

        # The other edge listens within the tunnel alone, for whoever has one with it.
        address = str(edge_address(pair.milan.state.identity))
        listening = pair.milan.place.run("ss", "-Hltn", f"sport = :{PORT}")
        assert listening == ""
        with Links.connect(pair.milan.service.configuration.network.helper) as links:
            hosts = Namespace("hosts", links.enter())
        with hosts:
            assert f"[{address}]:{PORT}" in hosts.run("ss", "-Hltn")


def test_the_way_is_made_anew_with_the_network(pair: Pair) -> None:
    with contextlib.ExitStack() as stack:
        rome = Telephone(pair.rome, pair.community, ANNA)
        stack.callback(rome.close)
        milan = Telephone(pair.milan, pair.community, BRUNO)
        stack.callback(milan.close)
        until(lambda: rome.neighbours is not None and rome.neighbours.is_open(pair.milan.path))
        before = rome.neighbours

        pair.rome.lose_helper()

        until(lambda: rome.neighbours not in (None, before))
        until(lambda: rome.neighbours is not None and rome.neighbours.is_open(pair.milan.path))
        assert rome.neighbours is not None
        assert rome.neighbours is not before
