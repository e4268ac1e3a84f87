"""The core of a channel over memory: what both ends agree, how it ends, what never happens."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import ChannelError, ChannelLostError, InvalidInputError
from baluardo.protocol.network_policy import MOST_SITES
from baluardo.trust.channel import connection as core
from baluardo.trust.channel import endpoint as endpoints
from baluardo.trust.channel.connection import ChannelConnection, State
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Closed, Data, Established, Lost, Refused
from baluardo.trust.channel.tls import Role
from baluardo.trust.identity import Identity
from baluardo.trust.labels import Label
from baluardo.trust.suites import CNSA, EU_HYBRID, PROFILES, AnyProfile
from trust.channel_wire import Ends
from trust.community import NOW, TestCommunity, make_community

LAST = (Refused, Closed, Lost)


@functools.cache
def community(profile: AnyProfile) -> TestCommunity:
    return make_community(profile)


def endpoint(path: str, profile: AnyProfile = EU_HYBRID, now: float = NOW) -> Endpoint:
    here = community(profile)
    return Endpoint(here.credential(path), here.verifier(), lambda: now)


def both(profile: AnyProfile = EU_HYBRID) -> tuple[Endpoint, Endpoint, Identity]:
    return (
        endpoint("office/roma", profile),
        endpoint("ship/bergamini", profile),
        community(profile).identity("ship/bergamini"),
    )


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=list(PROFILES))
def test_both_ends_know_each_other_and_a_resumption_is_small(profile: AnyProfile) -> None:
    office, ship, expected = both(profile)
    full = Ends(office, ship, expected).turn()
    client, server = full.established
    assert (client.peer.identity, server.peer.identity) == (
        expected,
        community(profile).identity("office/roma"),
    )
    assert not client.resumed
    assert full.octets <= 46_000
    full.part()
    resumed = Ends(office, ship, expected).turn()
    client, server = resumed.established
    assert client.resumed
    assert server.resumed
    assert client.peer.identity == expected
    assert len(server.peer.chain.intermediates) == 1
    assert resumed.octets <= (3_200 if profile is EU_HYBRID else 4_200)


def test_data_arrive_whole_and_in_order_both_ways() -> None:
    office, ship, expected = both()
    ends = Ends(office, ship, expected).turn()
    up, down = bytes(range(256)) * 700, b"answer" * 30_000
    for n in range(0, len(up), 50_000):
        ends.client.send(up[n : n + 50_000])
    ends.server.send(b"")
    ends.server.send(down)
    assert ends.turn().received() == (down, up)


def test_a_close_in_order_is_told_to_both() -> None:
    office, ship, expected = both()
    ends = Ends(office, ship, expected).turn()
    ends.client.send(b"last words")
    ends.part()
    assert ends.received()[1] == b"last words"
    assert (ends.client_events[-1], ends.server_events[-1]) == (Closed(), Closed())
    with pytest.raises(ChannelLostError):
        ends.client.send(b"too late")


def test_a_cut_is_not_taken_for_an_end_and_can_be_resumed() -> None:
    office, ship, expected = both()
    ends = Ends(office, ship, expected).turn()
    ends.client.receive_end()
    ends.server.receive_end()
    assert all(isinstance(e.next_event(), Lost) for e in (ends.client, ends.server))
    assert Ends(office, ship, expected).turn().established[0].resumed


def test_a_way_that_breaks_in_a_handshake_costs_no_session() -> None:
    office, ship, expected = both()
    Ends(office, ship, expected).turn().part()
    broken = ChannelConnection(office, Role.CLIENT, NOW, expected)
    broken.receive_end()
    assert isinstance(broken.next_event(), Lost)
    assert Ends(office, ship, expected).turn().established[0].resumed


def test_a_new_credential_ends_resumption_and_no_channel() -> None:
    office, ship, expected = both()
    ends = Ends(office, ship, expected).turn()
    ship.credential = community(EU_HYBRID).credential("ship/bergamini")
    ends.client.send(b"still here")
    assert ends.turn().received()[1] == b"still here"
    again = Ends(office, ship, expected).turn()
    assert not again.established[0].resumed
    assert again.established[0].peer.fingerprint == ship.credential.chain.leaf.fingerprint


@pytest.mark.parametrize("end", [Role.CLIENT, Role.SERVER])
def test_new_anchors_count_at_once_and_end_resumption(end: Role) -> None:
    office, ship, expected = both()
    changed = office if end is Role.CLIENT else ship
    Ends(office, ship, expected).turn().part()
    ours = changed.verifier.anchors
    changed.verifier.anchors = replace(ours)
    full = Ends(office, ship, expected).turn()
    assert not full.established[0].resumed
    full.part()
    changed.verifier.anchors = make_community(name="italia.example").anchors
    refused = Ends(office, ship, expected).turn().refusals
    assert "another community" in refused[end is Role.SERVER].reason
    changed.verifier.anchors = ours
    assert Ends(office, ship, expected).turn().established


def test_a_servers_sessions_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_PEERS", 3)
    office, ship, expected = both()
    contexts = set()
    for _ in range(7):
        office.credential = office.credential  # forget the session: a full handshake each time
        contexts.add(id(ship.context(Role.SERVER)))
        assert not Ends(office, ship, expected).turn().part().established[1].resumed
    assert ship.context(Role.SERVER).full <= 3
    assert len(contexts) > 1


def test_sessions_of_replaced_contexts_are_bounded_while_their_channels_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoints, "MOST_PEERS", 2)
    monkeypatch.setattr(endpoints, "MOST_CONTEXTS", 2)
    office, ship, expected = both()
    lasting, keeping = [], set()
    for _ in range(12):
        office.credential = office.credential
        lasting.append(Ends(office, ship, expected).turn())
        context = ship.context(Role.SERVER)
        if context.keeps_sessions:
            keeping.add(context)
    assert len(keeping) == 2
    assert all(ends.established for ends in lasting)
    assert not Ends(office, ship, expected).turn().part().established[0].resumed
    keeping.clear()
    del context
    lasting.clear()
    assert not Ends(office, ship, expected).turn().part().established[0].resumed
    assert Ends(office, ship, expected).turn().part().established[0].resumed


def test_a_client_keeps_a_bounded_number_of_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_SESSIONS", 2)
    office, ship, _ = both()
    for name in "abc":
        ends = Ends(office, ship, None).turn()
        session = ends.client._tls.get_session()
        assert session is not None
        office.remember(name, ship.context(Role.CLIENT), session)
        ends.part()
    assert office.recall("a", ship.context(Role.CLIENT)) is None
    assert office.recall("c", ship.context(Role.CLIENT)) is not None
    assert office.recall("c", ship.context(Role.CLIENT)) is None


def test_a_client_keeps_a_session_for_every_site_of_a_community() -> None:
    """A hub begins its rounds in the same order each time: none may put out the one to come."""
    office, ship, expected = both()
    session = Ends(office, ship, expected).turn().client._tls.get_session()
    assert session is not None
    context = office.context(Role.CLIENT)
    names = [f"office/s{number}" for number in range(MOST_SITES - 1)]
    for name in names:
        office.remember(name, context, session)
    for name in names:
        again = office.recall(name, context)
        assert again is not None
        office.remember(name, context, again)


class TestExport:
    def test_both_ends_export_the_same_and_every_use_differs(self) -> None:
        office, ship, expected = both()
        first = Ends(office, ship, expected).turn()
        second = Ends(office, ship, None).turn()
        exported = [
            (end.export(label, context, octets).reveal())
            for ends in (first, second)
            for label in (Label.EXPORT_TUNNEL, Label.EXPORT_RECORDS)
            for context in (b"", b"round 1", b"round 2")
            for octets in (32, 48)
            for end in (ends.client, ends.server)
        ]
        assert exported[::2] == exported[1::2]
        assert len({each[:32] for each in exported}) == len(exported) // 2
        first.part()
        third = Ends(office, ship, expected).turn()
        assert third.established[0].resumed
        assert third.client.export(Label.EXPORT_TUNNEL, b"") not in [
            ends.export(Label.EXPORT_TUNNEL, b"") for ends in (second.client, second.server)
        ]
        assert third.client.export(Label.EXPORT_TUNNEL, b"").reveal() not in exported

    def test_it_is_bound_to_both_certificates(self) -> None:
        office, ship, expected = both()
        ends = Ends(office, ship, expected).turn()
        exported = ends.client.export(Label.EXPORT_TUNNEL, b"")
        ends.client._context.credential = community(EU_HYBRID).credential("office/roma")
        assert ends.client.export(Label.EXPORT_TUNNEL, b"") != exported

    def test_only_labels_of_exporters_and_only_on_an_open_channel(self) -> None:
        office, ship, expected = both()
        ends = Ends(office, ship, expected)
        with pytest.raises(ChannelError, match="open channel"):
            ends.client.export(Label.EXPORT_TUNNEL, b"")
        ends.turn()
        with pytest.raises(InvalidInputError, match="no label of an exporter"):
            ends.client.export(Label.SIGN_ENVELOPE, b"")
        with pytest.raises(InvalidInputError, match="octets 0"):
            ends.client.export(Label.EXPORT_TUNNEL, b"", 0)


class TestBounds:
    def test_a_handshake_that_does_not_end_is_lost_at_its_deadline(self) -> None:
        office, ship, _ = both()
        server = ChannelConnection(ship, Role.SERVER, NOW)
        client = ChannelConnection(office, Role.CLIENT, NOW)
        server.receive(client.outgoing()[:500], NOW)
        server.handle_timer(NOW + 9.9)
        assert server.state is State.HANDSHAKE
        assert server.next_timer() == NOW + 10.0
        server.handle_timer(NOW + 10.0)
        assert server.next_event() == Lost("The channel was not made within 10 s.")
        assert server.next_timer() is None

    def test_an_end_that_never_gives_its_verdict_is_lost_at_the_deadline(self) -> None:
        office, ship, expected = both()
        ends = Ends(office, ship, expected)
        ends.server.receive(ends.client.outgoing(), NOW)
        ends.client.receive(ends.server.outgoing(), NOW)
        assert ends.client.state is State.ADMISSION
        ends.client.handle_timer(NOW + 10.0)
        assert isinstance(ends.client.next_event(), Lost)

    @pytest.mark.parametrize("piece", [400, 100_000])
    def test_nobody_sends_much_before_being_let_in(
        self, piece: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(core, "MOST_BEFORE_OPEN", 1_000)
        office, ship, _ = both()
        server = ChannelConnection(ship, Role.SERVER, NOW)
        hello = ChannelConnection(office, Role.CLIENT, NOW).outgoing()
        for n in range(0, len(hello), piece):
            server.receive(hello[n : n + piece], NOW)
        event = server.next_event()
        assert isinstance(event, Lost)
        assert "over 1000 octets" in event.reason

    def test_much_that_comes_together_with_being_let_in_is_data(self) -> None:
        office, ship, expected = both()
        ends = Ends(office, ship, expected)
        ends.server.receive(ends.client.outgoing(), NOW)
        ends.client.receive(ends.server.outgoing(), NOW)
        ends.server.receive(ends.client.outgoing(), NOW)
        much = b"chart" * 50_000
        ends.server.send(much)  # right behind its verdict, which the client has not read yet
        assert ends.client.state is State.ADMISSION
        assert ends.turn().received()[0] == much

    def test_a_timer_that_came_counts_though_the_clock_was_set_back(self) -> None:
        ahead = NOW + 3_600.0
        office, ship = (endpoint(path, now=ahead) for path in ("office/roma", "ship/bergamini"))
        ends = Ends(office, ship).turn()
        ends.server.handle_timer(NOW)
        assert ends.server.next_timer() == ahead + core.JUDGE_AGAIN_SECONDS
        ends.server.handle_timer(NOW, due=True)
        assert ends.server.next_timer() == NOW + core.JUDGE_AGAIN_SECONDS
        waiting = ChannelConnection(ship, Role.SERVER, ahead)
        waiting.handle_timer(NOW, due=True)
        assert isinstance(waiting.next_event(), Lost)

    def test_noise_is_known_before_any_tls_object_is_made(self) -> None:
        _, ship, _ = both()
        for octets in (b"\x00" * 300, b"SSH-2.0-x\r\n", b"GET / HTTP/1.1\r\n\r\n"):
            server = ChannelConnection(ship, Role.SERVER, NOW)
            server.receive(octets, NOW)
            assert isinstance(server.next_event(), Refused)
            assert server._tls is None
            assert server.outgoing() == b""

    def test_a_huge_verdict_is_refused(self) -> None:
        office, ship, expected = both()
        ends = Ends(office, ship, expected)
        ends.server.receive(ends.client.outgoing(), NOW)
        ends.client._admit = lambda tls, _now: tls.sendall(b"\x01\xff\xff" + b"a" * 70_000)
        ends.turn()
        assert "reason of 65535 octets" in ends.server_events[-1].reason

    def test_a_key_is_not_used_beyond_what_aes_gcm_bears(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(core, "MOST_RECORDS", 3)
        office, ship, expected = both()
        ends = Ends(office, ship, expected).turn()
        ends.client.send(bytes(2 * core.RECORD))
        with pytest.raises(ChannelLostError, match="as much as it may"):
            ends.client.send(bytes(2 * core.RECORD))
        ends.turn()
        assert len(ends.received()[1]) == 2 * core.RECORD
        assert isinstance(ends.client_events[-1], Lost)


class TestTampering:
    @settings(max_examples=25, deadline=None)
    @given(where=st.integers(0, 2_000), flip=st.integers(1, 255), whole=st.booleans())
    def test_altered_octets_never_become_data(self, where: int, flip: int, whole: bool) -> None:
        office, ship, _ = both()
        ends = Ends(office, ship).turn()
        ends.client.send(b"fire at will" * 100)
        octets = bytearray(ends.client.outgoing())
        octets[where % len(octets)] ^= flip
        ends.server.receive(bytes(octets), NOW)
        if whole:
            ends.server.receive_end()
        ends.turn()
        assert ends.received()[1] == b""

    @settings(max_examples=40, deadline=None)
    @given(
        message=st.integers(0, 2),
        where=st.one_of(st.integers(0, 65_535), st.integers(-40, -1)),
        flip=st.integers(1, 255),
    )
    def test_an_altered_handshake_opens_no_channel(
        self, message: int, where: int, flip: int
    ) -> None:
        office, ship, _ = both()
        ends = Ends(office, ship)
        for turn in range(4):
            for source, target in ((ends.client, ends.server), (ends.server, ends.client)):
                octets = bytearray(source.outgoing())
                if octets and turn * 2 + (source is ends.server) == message:
                    octets[where % len(octets)] ^= flip
                target.receive(bytes(octets), NOW)
        for end in (ends.client, ends.server):
            end.handle_timer(NOW + 10.0)
        ends.turn()
        for end, other in ((ends.client, ends.server), (ends.server, ends.client)):
            if end.state is State.ENDED:  # its driver lets go of the socket
                other.receive_end()
        ends.turn()
        # An alteration that changes no meaning (a record's legacy version) does nothing; one of
        # the last verdict alone lets one end believe in a channel that it is told is lost.
        told = [ends.client_events, ends.server_events]
        established = [any(isinstance(e, Established) for e in events) for events in told]
        if all(established):
            keys = [e.export(Label.EXPORT_RECORDS, b"") for e in (ends.client, ends.server)]
            assert keys[0] == keys[1]
        elif any(established):
            assert isinstance(told[established.index(True)][-1], Lost)


INPUTS = st.one_of(
    st.tuples(st.just("receive"), st.binary(max_size=80)),
    st.tuples(st.just("carry"), st.just(b"")),
    st.tuples(st.just("send"), st.binary(max_size=50)),
    st.tuples(st.just("timer"), st.just(b"")),
    st.tuples(st.just("end"), st.just(b"")),
    st.tuples(st.just("close"), st.just(b"")),
    st.tuples(st.just("abandon"), st.just(b"")),
)


@functools.cache
def lasting() -> tuple[Endpoint, Endpoint]:
    office, ship, _ = both()
    return office, ship


@settings(max_examples=60, deadline=None)
@given(
    role=st.sampled_from(Role),
    prepared=st.sampled_from(["nothing", "hello", "admission", "open", "closing"]),
    steps=st.lists(INPUTS, max_size=12),
)
def test_any_input_in_any_state_ends_at_most_once(
    role: Role, prepared: str, steps: list[tuple[str, bytes]]
) -> None:
    ends = Ends(*lasting())
    end, other = (ends.client, ends.server) if role is Role.CLIENT else (ends.server, ends.client)
    events = ends.client_events if role is Role.CLIENT else ends.server_events
    if prepared == "hello":
        ends.server.receive(ends.client.outgoing(), NOW)
    if prepared == "admission":
        ends.server.receive(ends.client.outgoing(), NOW)
        ends.client.receive(ends.server.outgoing(), NOW)
    if prepared in {"open", "closing"}:
        ends.turn()
    if prepared == "closing":
        end.close(NOW)
    now = NOW
    for verb, octets in steps:
        now += 4.0
        if verb == "receive":
            end.receive(octets, now)
        elif verb == "carry":
            end.receive(other.outgoing(), now)
            other.receive(end.outgoing(), now)
        elif verb == "send" and end.state is State.OPEN:
            end.send(octets)
        elif verb == "timer":
            end.handle_timer(now)
        elif verb == "end":
            end.receive_end()
        elif verb == "close":
            end.close(now)
        elif verb == "abandon":
            end.abandon("Enough.")
    while (event := end.next_event()) is not None:
        events.append(event)
    kinds = [type(event) for event in events]
    assert kinds.count(Established) <= 1
    assert sum(kind in LAST for kind in kinds) <= 1
    assert (end.state is State.ENDED) == bool(kinds and kinds[-1] in LAST)
    if Data in kinds:
        assert kinds.index(Established) < kinds.index(Data)
    if end.state is State.ENDED:
        assert end.next_timer() is None
