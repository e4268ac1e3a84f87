"""Where media goes: every edge's relay is told, each device its own one, and nothing stays open."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from baluardo.calls.bodies import Answer, Body, Dial, End, Info, Refuse, Ringing, Side
from baluardo.calls.causes import Cause
from baluardo.calls.events import Decided
from baluardo.calls.media_places import RelayPlace
from baluardo.calls.messages import Message
from baluardo.calls.timers import GIVE_UP, LINGER
from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence
from calls.test_calls_agree import DEVICES, MANY, PEOPLE, Calls
from calls.world import (
    ANNAS,
    BRUNO,
    BRUNOS,
    BRUNOS_OTHER,
    CARLA,
    NEAR,
    RELAYS,
    ROME,
    SHIP,
    TALKING,
    WAITING,
    Phone,
    Session,
    Weather,
    World,
    fragment_of,
    talk,
)

CARLAS = f"{CARLA}/phone"
STRANGE = RelayPlace("198.51.100.7", 40_000)


def check_media(world: World, call: str, device: str) -> None:
    """Both devices send to their own relay, and both relays to each other, for these browsers."""
    caller = world.dialled[call].caller
    here, there = sessions(world, call, caller, device)
    assert here.other == there.far
    assert there.other == here.far
    of_caller, of_callee = (said(world, each, call, device) for each in (caller, device))
    assert here.fragments == (of_caller, of_callee)
    assert there.fragments == (of_callee, of_caller)
    for session, of, other in ((here, caller, of_callee), (there, device, of_caller)):
        told = world.phones[of].calls[call]
        assert told.relay == session.near
        assert told.fragment == other
        assert session.claim.precedence is world.dialled[call].precedence


def said(world: World, of: str, call: str, device: str) -> str:
    """The fragment that one of the two said last to the other; pages tell it otherwise."""
    phone = world.phones[of]
    return phone.said(call, device) if isinstance(phone, Phone) else fragment_of(of, call)


def sessions(world: World, call: str, caller: str, device: str) -> tuple[Session, Session]:
    """The one session of each side."""
    found = []
    for each, side in ((caller, Side.CALLER), (device, Side.CALLEE)):
        relay = world.relays[world.phones[each].edge]
        found += relay.of_call(call, side).values()
    here, there = found
    return here, there


def opened(world: World) -> int:
    return sum(len(relay.sessions) for relay in world.relays.values())


class CallsWithRelays(Calls):
    """The same choices, with relays that have room for everything or for little."""

    sessions = st.sampled_from([10_000, 10_000, 5, 2])

    def __init__(self) -> None:
        super().__init__()
        self.renewed = 0
        self.strange: set[str] = set()
        """Calls in which a fragment was said to somebody whom the caller did not know of."""

    @rule(
        device=st.sampled_from(DEVICES),
        callee=st.sampled_from(PEOPLE),
        answering=st.permutations(("laptop", "phone")),
        both=st.booleans(),
    )
    def talk(self, device: str, callee: str, answering: list[str], both: bool) -> None:
        """Dial and answer, which by single choices seldom comes about."""
        call = self.world.dial(device, callee)
        self.world.run(1.0)
        for name in answering[: 2 if both else 1]:
            phone = self.world.phones[f"{callee}/{name}"]
            if call in phone.calls and phone.calls[call].state == "incoming":
                phone.answer(call, self.world.now)
        self.world.post()

    @rule(number=st.integers(0, 50), data=st.data())
    def renew(self, number: int, data: st.DataObject) -> None:
        """Make media anew, as the caller also with a device that rings without having answered."""
        found = self._calls_in(*WAITING, TALKING)
        if found:
            device, call = found[number % len(found)]
            it = self.world.phones[device].calls[call]
            answered = [it.other, ""] if it.other else []
            named = [""] if it.dial.caller != device else [*it.rang, *answered]
            if named:
                self._renew(device, call, data.draw(st.sampled_from(named)))

    @rule(number=st.integers(0, 50), named=st.sampled_from(("", *DEVICES)))
    def renew_with_anybody(self, number: int, named: str) -> None:
        """Say a fragment to whomever: what edges expect is still what browsers were told."""
        found = self._calls_in(*WAITING, TALKING)
        if found:
            device, call = found[number % len(found)]
            self.strange.add(call)
            self._renew(device, call, named)

    def _renew(self, device: str, call: str, named: str) -> None:
        self.renewed += 1
        phone, fragment = self.world.phones[device], f"new/{self.renewed:04}"
        phone.renew(call, named, fragment, self.world.now)
        self.world.post()

    @invariant()
    def only_calls_that_go_on_have_sessions(self) -> None:
        if not hasattr(self, "world"):
            return
        for edge, relay in self.world.relays.items():
            calls = [each for each in self.world.boards[edge].calls if not each.is_over]
            for call in calls:
                number = len(relay.of_call(call.call, call.side))
                assert number == 1 if call.side is Side.CALLER or call.device else number >= 1
            assert len(relay.sessions) == sum(
                len(relay.of_call(each.call, each.side)) for each in calls
            )

    def teardown(self) -> None:
        """When all is settled, who talks has a way for media, and nobody else has anything."""
        super().teardown()
        if not hasattr(self, "world"):
            return
        world, talking = self.world, 0
        for call, dial in world.dialled.items():
            for device in set(world.talking(call)) - {dial.caller}:
                talking += 1
                if call in self.strange:
                    self._check_told(call, device)
                else:
                    check_media(world, call, device)
        assert opened(world) == 2 * talking

    def _check_told(self, call: str, device: str) -> None:
        """Each of the two relays expects what the two browsers were told of each other."""
        world = self.world
        caller = world.dialled[call].caller
        here, there = sessions(world, call, caller, device)
        to_caller, to_callee = (
            world.phones[each].calls[call].fragment for each in (caller, device)
        )
        assert (here.other, there.other) == (there.far, here.far)
        assert here.fragments == (to_callee, to_caller)
        assert there.fragments == (to_caller, to_callee)


TestCallsWithRelays = CallsWithRelays.TestCase
TestCallsWithRelays.settings = settings(MANY, max_examples=60)


def test_each_device_is_told_its_own_relay_and_relays_are_told_each_other() -> None:
    world = World(sessions=100)
    call = talk(world, precedence=Precedence.FLASH)
    check_media(world, call, BRUNOS)
    here, there = sessions(world, call, ANNAS, BRUNOS)
    assert (here.near.address, there.near.address) == (NEAR, NEAR)
    assert (here.far.address, there.far.address) == (RELAYS[ROME], RELAYS[SHIP])
    world.phones[ANNAS].end(call, End(Cause.HUNG_UP), world.now)
    world.post()
    world.run(1)
    assert opened(world) == 0


def test_while_it_rings_the_first_device_is_prepared_and_then_who_answers() -> None:
    world = World(sessions=100)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    (caller,) = world.relays[ROME].of_call(call, Side.CALLER).values()
    ringing = world.relays[SHIP].of_call(call, Side.CALLEE)
    assert len(ringing) == 2
    assert all(each.other == caller.far for each in ringing.values())
    relays = {world.phones[each].calls[call].relay for each in (BRUNOS, BRUNOS_OTHER)}
    assert relays == {each.near for each in ringing.values()}, "each device has its own"
    (first,) = (each for each in ringing.values() if each.far == caller.other)
    assert caller.fragments == tuple(reversed(first.fragments or ()))
    late = BRUNOS if first.near == world.phones[BRUNOS_OTHER].calls[call].relay else BRUNOS_OTHER
    world.phones[late].answer(call, world.now)
    world.post()
    world.run(0.5)
    check_media(world, call, late)
    assert opened(world) == 2, "who lost has no session any more"


def test_a_device_that_is_busy_gives_its_session_back_while_another_rings() -> None:
    world = World(sessions=100)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    world.phones[BRUNOS].end(call, Refuse(Cause.BUSY), world.now)
    world.post()
    world.run(0.5)
    assert len(world.relays[SHIP].of_call(call, Side.CALLEE)) == 1
    world.phones[BRUNOS_OTHER].answer(call, world.now)
    world.post()
    world.run(0.5)
    check_media(world, call, BRUNOS_OTHER)


def test_a_call_within_a_site_has_a_session_for_each_side() -> None:
    world = World(sessions=100)
    call = talk(world, CARLA, CARLAS)
    check_media(world, call, CARLAS)
    assert len(world.relays[ROME].sessions) == 2
    assert not world.relays[SHIP].sessions


def test_without_a_relay_nobody_is_told_of_one() -> None:
    world = World()
    call = talk(world)
    for device in (ANNAS, BRUNOS):
        assert world.phones[device].calls[call].relay is None
    assert world.phones[ANNAS].calls[call].fragment == fragment_of(BRUNOS, call)
    assert world.phones[BRUNOS].calls[call].fragment == fragment_of(ANNAS, call)


@pytest.mark.parametrize("leg", [ROME, SHIP, ANNAS, BRUNOS])
def test_a_call_that_is_lost_leaves_nothing_open(leg: str) -> None:
    world = World(sessions=100)
    talk(world)
    world.restart(leg)
    world.run(GIVE_UP + LINGER)
    assert opened(world) == 0


def test_a_call_that_yields_leaves_nothing_open() -> None:
    world = World(capacity=150_000.0, sessions=100)  # one routine call
    talk(world)
    world.capacity = 0.0
    world.run(16)
    assert opened(world) == 0


def test_a_relay_without_room_refuses_the_call_and_nobody_yields_in_vain() -> None:
    world = World(capacity=150_000.0, sessions=1)
    low = world.dial(CARLAS, BRUNO)
    world.run(0.5)
    assert len(world.relays[SHIP].sessions) == 1, "one of two devices rings, as there is room"
    high = world.dial(ANNAS, BRUNO, precedence=Precedence.PRIORITY)
    world.run(0.5)
    assert world.phones[ANNAS].calls[high].cause is Cause.NO_ROOM
    assert len(world.state_of(low)) == 2
    refusals = [each.decision for each in world.decisions[ROME] if each.decision.cause]
    assert [each.request.call for each in refusals] == [high]
    assert "relay" in refusals[0].reason.en


def test_a_call_that_admission_refuses_opens_nothing_for_long() -> None:
    world = World(capacity=0.0, sessions=100)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    assert world.phones[ANNAS].calls[call].cause is Cause.NO_ROOM
    assert opened(world) == 0


@pytest.mark.parametrize(
    ("leg", "edge", "room"), [(ANNAS, ROME, 100), (ANNAS, ROME, 0), (ROME, SHIP, 100)]
)
def test_a_call_that_names_a_relay_of_others_is_refused_told_and_recorded(
    leg: str, edge: str, room: int
) -> None:
    world = World(sessions=room)
    board = world.boards[edge]
    dial = Dial(ANNAS, BRUNO, fragment="anna", relay=STRANGE)
    octets = Message("cd" * 16, leg, Side.CALLER, 5, 1, dial).encode()
    for _ in range(2):  # a repeated word gets the same answer, and decides nothing anew
        with pytest.raises(InvalidInputError, match="relay that is not theirs"):
            board.receive(leg, octets, world.now)
        answers = [Message.decode(each) for _, each, _ in board.outgoing()]
        assert answers[-1].body == End(Cause.NOT_THEIRS)
    event = board.next_event()
    assert isinstance(event, Decided)
    assert event.decision.cause is Cause.NOT_THEIRS
    assert board.next_event() is None
    assert not board.calls
    assert opened(world) == 0


@pytest.mark.parametrize(
    "body", [each(BRUNOS, b"", "bruno", STRANGE) for each in (Ringing, Answer, Info)]
)
@pytest.mark.parametrize(("leg", "edge"), [(BRUNOS, SHIP), (SHIP, ROME)])
def test_a_relay_of_others_named_within_a_call_changes_nothing(
    leg: str, edge: str, body: Body
) -> None:
    world = World(sessions=100)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    before = {name: repr(each) for name, each in world.relays[edge].sessions.items()}
    life = world.boards[SHIP].life if leg == SHIP else world.phones[BRUNOS].life
    forged = Message(call, leg, Side.CALLEE, life, 4, body)
    with pytest.raises(InvalidInputError, match="relay that is not theirs"):
        world.boards[edge].receive(leg, forged.encode(), world.now)
    assert world.boards[edge].outgoing() == []
    assert before == {name: repr(each) for name, each in world.relays[edge].sessions.items()}
    world.phones[BRUNOS].answer(call, world.now)
    world.post()
    world.run(0.5)
    check_media(world, call, BRUNOS)


def test_one_edge_may_not_name_the_relay_of_another() -> None:
    world = World(sessions=100)
    dial = Dial(ANNAS, BRUNO, relay=RelayPlace(RELAYS[SHIP], 1))
    octets = Message("cd" * 16, ROME, Side.CALLER, 5, 1, dial).encode()
    with pytest.raises(InvalidInputError, match="relay that is not theirs"):
        world.boards[SHIP].receive(ROME, octets, world.now)


def test_an_edge_without_a_relay_tells_its_devices_nothing_of_another_one() -> None:
    world = World()
    dial = Dial(ANNAS, BRUNO, fragment="anna", relay=STRANGE)
    octets = Message("cd" * 16, ROME, Side.CALLER, 5, 1, dial).encode()
    world.boards[SHIP].receive(ROME, octets, world.now)
    told = [
        Message.decode(each).body for leg, each, _ in world.boards[SHIP].outgoing() if leg != ROME
    ]
    assert told
    assert all(isinstance(each, Dial) and each.relay is None for each in told)
    assert {each.fragment for each in told if isinstance(each, Dial)} == {"anna"}


def test_a_device_that_says_no_fragment_is_let_in_nowhere() -> None:
    world = World(sessions=100)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    phone = world.phones[BRUNOS].calls[call]
    phone.state = TALKING
    phone.dialogue.say(Answer(BRUNOS), world.now)
    world.post()
    world.run(0.5)
    here, there = sessions(world, call, ANNAS, BRUNOS)
    assert here.other == there.far, "its place is known all the same"
    assert (here.fragments or ("", ""))[1] != ""


def test_a_new_fragment_of_either_side_is_followed_at_both_edges() -> None:
    world = World(sessions=100)
    call = talk(world)
    for device, named in ((ANNAS, ""), (BRUNOS, ""), (ANNAS, BRUNOS), (ANNAS, BRUNOS_OTHER)):
        fragment = f"new/of/{len(named)}/{device[7:]}"
        world.phones[device].renew(call, named, fragment, world.now)
        world.post()
        world.run(0.5)
        check_media(world, call, BRUNOS)
    assert world.phones[BRUNOS].calls[call].fragment == f"new/of/{len(BRUNOS)}/{ANNAS[7:]}"
    assert world.phones[ANNAS].calls[call].heard == [b"again"]


def test_media_made_anew_with_who_answered_leaves_the_others_alone() -> None:
    world = World(sessions=100)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.5)
    (caller,) = world.relays[ROME].of_call(call, Side.CALLER).values()
    ringing = world.relays[SHIP].of_call(call, Side.CALLEE)
    first = world.phones[ANNAS].calls[call].rang[0]
    late = BRUNOS if first == BRUNOS_OTHER else BRUNOS_OTHER
    world.phones[ANNAS].renew(call, late, "prepared/later", world.now)
    world.post()
    world.run(0.5)
    old = fragment_of(ANNAS, call)
    assert caller.fragments == (old, fragment_of(first, call)), "still joined to the first"
    told = {each.fragments and each.fragments[1] for each in ringing.values()}
    assert told == {old, "prepared/later"}, "each expects what its device was told"
    world.phones[late].answer(call, world.now)
    world.post()
    world.run(0.5)
    check_media(world, call, late)
    world.phones[ANNAS].renew(call, "", "again/more", world.now)
    world.post()
    world.run(0.5)
    check_media(world, call, late)


def test_a_fragment_for_nobody_goes_nowhere() -> None:
    world = World(sessions=100)
    world.weather = Weather(longest_delay_s=0.001)  # nothing overtakes the dial
    call = world.dial(ANNAS, BRUNO)
    for number, named in enumerate(("", BRUNOS, CARLAS)):  # nobody has rung yet
        world.phones[ANNAS].renew(call, named, f"early/{number}", world.now)
    world.post()
    world.run(0.5)
    world.phones[BRUNOS].answer(call, world.now)
    world.post()
    world.run(0.5)
    old = fragment_of(ANNAS, call)
    here, there = sessions(world, call, ANNAS, BRUNOS)
    assert world.phones[BRUNOS].calls[call].fragment == old
    assert (here.fragments or ("", ""))[0] == old
    assert (there.fragments or ("", ""))[1] == old


def test_an_edge_that_makes_devices_up_fills_nothing_and_who_answers_is_heard() -> None:
    world = World(sessions=100)
    world.weather = Weather(longest_delay_s=0.001)
    call = world.dial(ANNAS, BRUNO)
    world.run(0.0015)
    board, life = world.boards[ROME], world.boards[SHIP].life
    far = RelayPlace(RELAYS[SHIP], 7)
    for number in range(1, 40):
        ringing = Ringing(f"{BRUNO}/made-up-{number}", b"", f"made/up/{number}", far)
        message = Message(call, SHIP, Side.CALLEE, life, number, ringing)
        board.receive(SHIP, message.encode(), world.now)
    answer = Answer(BRUNOS, b"", "bruno/one", far)
    board.receive(SHIP, Message(call, SHIP, Side.CALLEE, life, 40, answer).encode(), world.now)
    again = Info(BRUNOS, b"", "bruno/two", far)
    board.receive(SHIP, Message(call, SHIP, Side.CALLEE, life, 41, again).encode(), world.now)
    (caller,) = world.relays[ROME].of_call(call, Side.CALLER).values()
    assert caller.fragments == (fragment_of(ANNAS, call), "bruno/two")
    assert caller.other == far
