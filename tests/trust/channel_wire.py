"""Two ends of a channel in memory, for tests: octets go across, what is agreed can be looked at."""

from __future__ import annotations

from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import (
    Data,
    Established,
    Event,
    Expected,
    Refused,
)
from baluardo.trust.channel.tls import Role


class Ends:
    """A client's and a server's core with the octets that went between them counted."""

    def __init__(
        self,
        client: Endpoint,
        server: Endpoint,
        expected: Expected | None = None,
        wanted: Expected | None = None,
    ) -> None:
        """Begin, at the time each end's own clock shows; `wanted` is whom the server expects."""
        self.clocks = client.clock, server.clock
        name = "" if expected is not None else "server"
        self.client = ChannelConnection(client, Role.CLIENT, client.clock(), expected, name)
        self.server = ChannelConnection(server, Role.SERVER, server.clock(), wanted)
        self.octets = 0
        self.client_events: list[Event] = []
        self.server_events: list[Event] = []

    def turn(self) -> Ends:
        """Carry octets both ways until neither end has any; collect the events."""
        ends = (self.client, self.server)
        moved = True
        while moved:
            moved = False
            for source, target, clock in (
                (self.client, self.server, self.clocks[1]),
                (self.server, self.client, self.clocks[0]),
            ):
                octets = source.outgoing()
                moved = moved or bool(octets)
                self.octets += len(octets)
                target.receive(octets, clock())
        for end, events in zip(ends, (self.client_events, self.server_events), strict=True):
            while (event := end.next_event()) is not None:
                events.append(event)
        return self

    def part(self) -> Ends:
        """Close in order from the client's end."""
        self.client.close(self.clocks[0]())
        return self.turn()

    @property
    def established(self) -> tuple[Established, Established]:
        """Return what client and server were told; they must both have been told it first."""
        client, server = self.client_events[0], self.server_events[0]
        if not (isinstance(client, Established) and isinstance(server, Established)):
            raise TypeError(f"not established: {client}, {server}")
        return client, server

    @property
    def refusals(self) -> tuple[Refused, Refused]:
        """Return why client and server parted."""
        client, server = self.client_events[-1], self.server_events[-1]
        if not (isinstance(client, Refused) and isinstance(server, Refused)):
            raise TypeError(f"not refused: {client}, {server}")
        return client, server

    def received(self) -> tuple[bytes, bytes]:
        """Return the data that client and server got."""
        client, server = (
            b"".join(event.octets for event in events if isinstance(event, Data))
            for events in (self.client_events, self.server_events)
        )
        return client, server
