"""Whatever people do and the network does, in the end both sides of every call agree."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from baluardo.calls.bodies import REFUSALS, End, Info, Refuse
from baluardo.calls.causes import Cause
from baluardo.calls.timers import ALIVE_AFTER, GIVE_UP, LINGER, LONGEST_REPEAT, RING
from baluardo.terms import Precedence
from calls.world import (
    ANNA,
    BRUNO,
    CARLA,
    OVER,
    ROME,
    SHIP,
    TALKING,
    WAITING,
    Phone,
    Weather,
    World,
)

QUIET = RING + ALIVE_AFTER + 2 * GIVE_UP + LONGEST_REPEAT + LINGER
"""After which nothing of what was done before may still be under way."""
PEOPLE = (ANNA, BRUNO, CARLA)
DEVICES = tuple(f"{person}/{name}" for person in PEOPLE for name in ("laptop", "phone"))
MIRROR = {"held here": "held there", "held there": "held here"}


class Calls(RuleBasedStateMachine):
    """Six phones at two edges; every choice is hypothesis's, the weather's chance has its seed."""

    world: World
    sessions = st.just(0)
    """For how many each edge's relay has room; 0: there are no relays."""

    @initialize(seed=st.integers(0, 2**32), full=st.booleans(), data=st.data())
    def begin(self, seed: int, full: bool, data: st.DataObject) -> None:
        self.world = World(seed, 300_000.0 if full else 1e9, data.draw(self.sessions))

    @rule(
        device=st.sampled_from(DEVICES),
        callee=st.sampled_from(PEOPLE),
        precedence=st.sampled_from(Precedence),
        emergency=st.booleans(),
    )
    def dial(self, device: str, callee: str, precedence: Precedence, emergency: bool) -> None:
        self.world.dial(device, callee, precedence=precedence, emergency=emergency)

    @rule(one=st.sampled_from(DEVICES), other=st.sampled_from(DEVICES))
    def dial_each_other(self, one: str, other: str) -> None:
        self.world.dial(one, other.rpartition("/")[0])
        self.world.dial(other, one.rpartition("/")[0])

    @rule(number=st.integers(0, 50), both=st.booleans())
    def answer(self, number: int, both: bool) -> None:
        ringing = self._calls_in("incoming")
        if ringing:
            _, call = ringing[number % len(ringing)]
            answering = [each for each in ringing if each[1] == call]
            for device, _ in answering if both else answering[:1]:
                self.world.phones[device].answer(call, self.world.now)
            self.world.post()

    @rule(
        number=st.integers(0, 50),
        cause=st.sampled_from(REFUSALS),
    )
    def refuse(self, number: int, cause: Cause) -> None:
        self._with_one_of(
            ("incoming",),
            number,
            lambda phone, call: phone.end(call, Refuse(cause), self.world.now),
        )

    @rule(
        number=st.integers(0, 50),
        cause=st.sampled_from([Cause.HUNG_UP, Cause.PREEMPTED_BY_DEVICE, Cause.NO_ROOM]),
    )
    def hang_up(self, number: int, cause: Cause) -> None:
        self._with_one_of(
            (*WAITING, TALKING),
            number,
            lambda phone, call: phone.end(call, End(cause), self.world.now),
        )

    @rule(number=st.integers(0, 50), held=st.booleans())
    def hold(self, number: int, held: bool) -> None:
        self._with_one_of(
            (TALKING,), number, lambda phone, call: phone.hold(call, held, self.world.now)
        )

    @rule(number=st.integers(0, 50), device=st.sampled_from(("", *DEVICES)))
    def tell(self, number: int, device: str) -> None:
        self._with_one_of(
            (*WAITING, TALKING),
            number,
            lambda phone, call: phone.calls[call].dialogue.say(
                Info(device, b"between browsers"), self.world.now
            ),
        )

    @rule(
        loss=st.sampled_from([0.0, 0.0, 0.2, 0.5, 1.0]),
        repeated=st.sampled_from([0.0, 0.5]),
        delay=st.sampled_from([0.02, 0.6, 5.0]),
    )
    def change_weather(self, loss: float, repeated: float, delay: float) -> None:
        self.world.weather = Weather(loss, repeated, delay)

    @rule(seconds=st.sampled_from([0.01, 0.1, 1.0, 1.0, 7.0, 35.0]))
    def wait(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(leg=st.sampled_from((ROME, SHIP, *DEVICES)))
    def restart(self, leg: str) -> None:
        self.world.restart(leg)

    @rule(edge=st.sampled_from((ROME, SHIP)), leg=st.sampled_from((ROME, SHIP, *DEVICES)))
    def hurry(self, edge: str, leg: str) -> None:
        self.world.boards[edge].hurry(leg, self.world.now)
        self.world.post()

    def teardown(self) -> None:
        """Let it settle, over a network that still loses and repeats; then everybody agrees."""
        if not hasattr(self, "world"):
            return
        world = self.world
        world.weather = Weather(loss=0.1, repeated=0.2, longest_delay_s=0.2)
        world.run(QUIET)
        assert self._calls_in(*WAITING) == [], "nobody rings for ever"
        live = 0
        for call, dial in world.dialled.items():
            states = world.state_of(call)
            talking = world.talking(call)
            live += len(states)
            if not states:
                assert talking == []
                self._check_ending(call)
                continue
            (one, other) = sorted(states.items())
            assert other[1] == MIRROR.get(one[1], one[1])
            assert one[1] in {"connected", "held by both", *MIRROR}
            (answered,) = {
                each.device
                for board in world.boards.values()
                for each in board.calls
                if each.call == call
            }
            assert sorted(talking) == sorted([dial.caller, answered])
            here, there = (world.phones[each].calls[call] for each in (dial.caller, answered))
            assert (here.held_here, here.held_there) == (there.held_there, there.held_here)
        assert live == sum(len(board.calls) for board in world.boards.values()), "nothing is kept"
        for board in world.boards.values():
            booked = {each.call for each in board._admission.requests}
            assert booked == {each.call for each in board.calls}

    def _check_ending(self, call: str) -> None:
        """Everybody who still knows of it knows why it is over."""
        world = self.world
        for phone in world.phones.values():
            if call in phone.calls:
                assert phone.calls[call].state == OVER
                assert phone.calls[call].cause is not None
        if not world.restarted:
            endings = world.endings(call)
            ringers = [p for p in world.phones.values() if call in p.calls]
            assert len(endings) in ({2} if len(ringers) > 1 else {0, 1, 2})

    def _calls_in(self, *states: str) -> list[tuple[str, str]]:
        return [
            (device, call)
            for device, phone in self.world.phones.items()
            for call, it in phone.calls.items()
            if it.state in states
        ]

    def _with_one_of(
        self, states: tuple[str, ...], number: int, do: Callable[[Phone, str], None]
    ) -> None:
        found = self._calls_in(*states)
        if found:
            device, call = found[number % len(found)]
            do(self.world.phones[device], call)
            self.world.post()


MANY = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TestCallsAgree = Calls.TestCase
TestCallsAgree.settings = MANY
