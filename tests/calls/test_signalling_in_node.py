"""The pages' half of signalling in Node against the switchboards of two edges, on a bad network.

The phones are the pages' own TypeScript; the machine that plays with them is the one that shows
that calls agree (`test_calls_agree.py`), unchanged.
"""

from __future__ import annotations

import json
import random
import select
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize

from baluardo.calls.bodies import Answer, Body, Dial, End, Info, Refuse, is_device
from baluardo.calls.call import DEVICE_ENDS
from baluardo.calls.causes import Cause
from baluardo.calls.media_places import RelayPlace
from baluardo.calls.messages import Message
from baluardo.calls.timers import LINGER
from baluardo.errors import InvalidInputError
from baluardo.trust.base64_text import to_base64
from calls import test_call_media_places as places
from calls import test_calls_agree as agree
from calls import test_signalling_vectors as known
from calls.world import ANNA, BRUNO, OVER, Weather, World

WEB: Final = Path(__file__).parents[2] / "web"
BUNDLER: Final = WEB / "node_modules" / ".bin" / "rolldown"
SECONDS: Final = 120.0
"""Generous: an answer comes within a millisecond."""
STATES: Final = {
    "dialling": "dialling",
    "ringing there": "ringing back",
    "incoming": "incoming",
    "ringing here": "incoming",
    "talking": "talking",
    "over": OVER,
}
# One line is one thing that happens to one phone; the answer is what it has to say about it. What a
# page does by itself is done here: it rings when it is called, and answers what is wanted.
ENTRY: Final = """
import { createInterface } from "node:readline";
import { decodeMessage, encodeMessage } from "WEB/src/calls/signalling/message";
import { Phone } from "WEB/src/calls/signalling/phone";
import { ofBase64, ofUtf8, utf8 } from "WEB/src/trust/octets";
const phones = new Map();
const judged = (text) => {
  try { return ofUtf8(encodeMessage(decodeMessage(utf8(text)))); }
  catch (problem) {
    if (problem?.name !== "TrustError") throw problem;
    return null;
  }
};
function happens({ id, what, call, now, ...more }) {
  if (what === "judge") return { texts: more.texts.map(judged) };
  if (what === "begin") {
    const kept = { call: "" };
    kept.phone = new Phone(more.own, () => kept.call);
    phones.set(id, kept);
  }
  const kept = phones.get(id);
  const { phone } = kept;
  const media = (word, call) => {
    const fragment = `${phone.device}/${call.slice(0, 6)}`.replace("person/", "");
    return { opaque: utf8(word), fragment };
  };
  let done = null;
  if (what === "dial") {
    kept.call = call;
    phone.dial({ ...more.wish, ...media("offer", call) }, now);
  }
  if (what === "answer") done = phone.answer(call, media("answer", call), now);
  if (what === "end") done = phone.end(call, more.cause, now);
  if (what === "refuse") done = phone.refuse(call, more.cause, now);
  if (what === "hold") done = more.held ? phone.hold(call, now) : phone.resume(call, now);
  if (what === "info") {
    const { fragment } = more;
    done = phone.info(call, { opaque: ofBase64(more.opaque, 99), fragment }, now, more.device);
  }
  if (what === "hurry") phone.hurry(now);
  if (what === "receive") phone.receive(decodeMessage(utf8(more.text)), now);
  if (what === "timer") phone.handleTimer(now);
  const events = [];
  for (let event = phone.nextEvent(); event !== null; event = phone.nextEvent()) {
    if (event.kind === "incoming") phone.ring(event.call, media("prepared", event.call), now);
    if (event.kind === "wanted") phone.answer(event.call, media("answer", event.call), now);
    const { kind, call } = event;
    const { opaque, fragment = "", relay = null } = event.dial ?? event;
    const heard = opaque === undefined ? "" : ofUtf8(opaque);
    events.push({ kind, call, fragment, relay, heard });
  }
  const said = phone.outgoing().map((message) => ofUtf8(encodeMessage(message)));
  return { done, events, said, next: phone.nextTimer(), calls: phone.calls.map((each) => ({
    call: each.call, state: each.state, cause: each.cause,
    heldHere: each.heldHere, heldThere: each.heldThere,
  })) };
}
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(happens(JSON.parse(line)))}\\n`);
}
"""


class Node:
    """The process in which all phones of the pages live."""

    def __init__(self, folder: Path) -> None:
        """Bundle and start."""
        node = shutil.which("node")
        if node is None or not BUNDLER.is_file():
            pytest.skip("the pages' tools are not installed (npm ci in web/)")
        entry, made = folder / "phones.ts", folder / "phones.mjs"
        entry.write_text(ENTRY.replace("WEB", str(WEB)), encoding="utf-8")
        words = [BUNDLER, entry, "--format", "esm", "--platform", "node", "--file", made]
        command = [str(each) for each in words]
        subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=SECONDS)
        self._process = subprocess.Popen(
            [node, str(made)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.phones = 0

    def ask(self, **what: Any) -> dict[str, Any]:
        """Have one thing happen; return what follows."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(what) + "\n")
        stdin.flush()
        assert select.select([stdout], [], [], SECONDS)[0], "Node does not answer"
        line = stdout.readline()
        assert line, "Node has failed; its words are above"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=SECONDS)
        assert self._process.returncode == 0


running: list[Node] = []
"""The one of this module, while its tests run: hypothesis makes its machines itself."""


@pytest.fixture(scope="module", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    made = Node(tmp_path_factory.mktemp("phones"))
    running.append(made)
    yield made
    running.clear()
    made.close()


class PagePhone:
    """A phone of the pages, by the interface of `world.Phone`."""

    def __init__(self, device: str, edge: str, life: int) -> None:
        """Begin without calls."""
        self.device, self.edge, self.life = device, edge, life
        self.calls: dict[str, Any] = {}
        """Also those that the phone itself has forgotten."""
        self.events: list[dict[str, Any]] = []
        (self._node,) = running
        self._node.phones += 1
        self._id = self._node.phones
        self._said: list[Message] = []
        self._next: float | None = None
        self.do("begin", own={"device": device, "edge": edge, "life": life})

    def do(self, what: str, call: str = "", now: float = 0.0, **more: Any) -> bool | None:
        """Have something happen to it."""
        told = self._node.ask(id=self._id, what=what, call=call, now=now, **more)
        self._said += [Message.decode(each.encode()) for each in told["said"]]
        self._next = told["next"]
        self.events += told["events"]
        for each in told["calls"]:
            it = self.calls.setdefault(each["call"], SimpleNamespace())
            it.state = STATES[each["state"]]
            it.cause = None if each["cause"] is None else Cause(each["cause"])
            it.held_here, it.held_there = each["heldHere"], each["heldThere"]
            it.dialogue = SimpleNamespace(say=self._teller(each["call"]))
        for each in told["events"]:
            is_new = each["kind"] == "info" and each["fragment"]
            if is_new or each["kind"] in {"incoming", "ringing", "answered"}:
                it = self.calls[each["call"]]
                it.fragment = each["fragment"]
                it.relay = None if each["relay"] is None else RelayPlace(**each["relay"])
        done: bool | None = told["done"]
        return done

    def dial(self, call: str, dial: Dial, now: float) -> None:
        wish = {
            "person": dial.callee,
            "precedence": dial.precedence.dsn,
            "emergency": dial.emergency,
        }
        self.do("dial", call, now, wish=wish)

    def answer(self, call: str, now: float) -> None:
        assert self.do("answer", call, now)

    def end(self, call: str, body: Body, now: float) -> None:
        assert isinstance(body, End | Refuse)
        if self.calls[call].state == "incoming":
            cause = body.cause if isinstance(body, Refuse) else Cause.BUSY
            assert self.do("refuse", call, now, cause=cause.value)
            return
        cause = body.cause if body.cause in DEVICE_ENDS else Cause.HUNG_UP
        assert self.do("end", call, now, cause=cause.value)

    def hold(self, call: str, held: bool, now: float) -> None:
        is_new = self.calls[call].held_here != held
        assert self.do("hold", call, now, held=held) == is_new

    def hear(self, message: Message, now: float) -> list[Message]:
        self.do("receive", now=now, text=message.encode().decode())
        return []

    def handle_timer(self, now: float) -> None:
        if self._next is not None and self._next <= now:
            self.do("timer", now=now)

    def next_timer(self) -> float | None:
        return self._next

    def outgoing(self) -> list[Message]:
        said, self._said = self._said, []
        return said

    def heard(self, call: str) -> list[str]:
        """What the other browser said in a call."""
        told = [each for each in self.events if each["kind"] == "info" and each["call"] == call]
        return [each["heard"] for each in told]

    def _teller(self, call: str) -> Any:
        def say(body: Info, now: float) -> None:
            told = {"opaque": to_base64(body.opaque), "fragment": body.fragment}
            assert self.do("info", call, now, device=body.device, **told)

        return say


class PageWorld(World):
    """Two real edges whose phones are the pages'."""

    def __init__(self, seed: int = 0, capacity: float = 1e9, sessions: int = 0) -> None:
        """Begin as the other world does."""
        super().__init__(seed, capacity, sessions)
        phones: dict[str, Any] = self.phones
        for device, phone in phones.items():
            phones[device] = PagePhone(device, phone.edge, phone.life)

    def restart(self, leg: str) -> None:
        """Start an edge or a page anew."""
        super().restart(leg)
        if is_device(leg):
            phones: dict[str, Any] = self.phones
            phones[leg] = PagePhone(leg, phones[leg].edge, self.life())


class PageCalls(agree.Calls):
    """What people do and the network does, with the pages' phones."""

    sessions = st.sampled_from([0, 100, 5])

    @initialize(seed=st.integers(0, 2**32), full=st.booleans(), data=st.data())
    def begin(self, seed: int, full: bool, data: st.DataObject) -> None:
        self.world = PageWorld(seed, 300_000.0 if full else 1e9, data.draw(self.sessions))


TestPagesAgree = PageCalls.TestCase
TestPagesAgree.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_a_call_goes_from_dial_to_end_through_both_edges_on_a_bad_network() -> None:
    talked = 0
    for seed in range(6):
        world = PageWorld(seed)
        world.weather = Weather(loss=0.3, repeated=0.3, longest_delay_s=0.5)
        annas, brunos = (world.phones[f"{each}/phone"] for each in (ANNA, BRUNO))
        assert isinstance(annas, PagePhone)
        assert isinstance(brunos, PagePhone)
        call = world.dial(annas.device, BRUNO)
        world.run(10)
        if brunos.calls[call].state != "incoming":
            continue  # so unlucky that it was given up
        brunos.answer(call, world.now)
        for number in range(20):
            annas.calls[call].dialogue.say(Info(brunos.device, f"a{number}".encode()), world.now)
            brunos.calls[call].dialogue.say(Info("", f"b{number}".encode()), world.now)
        world.post()
        world.run(25)
        assert world.talking(call) == [annas.device, brunos.device]
        assert brunos.heard(call) == [f"a{number}" for number in range(20)]
        assert annas.heard(call) == [f"b{number}" for number in range(20)]
        annas.end(call, End(Cause.HUNG_UP), world.now)
        world.post()
        world.run(LINGER + 20)
        assert brunos.calls[call].cause is Cause.HUNG_UP
        assert not any(board.calls for board in world.boards.values())
        assert all(each.next_timer() is None for each in (annas, brunos)), "it is forgotten"
        talked += 1
    assert talked >= 4


def test_two_who_call_each_other_talk_at_once_in_the_call_that_stands() -> None:
    for seed in range(8):
        world = PageWorld(seed)
        devices = f"{ANNA}/phone", f"{BRUNO}/phone"
        one, other = world.dial(devices[0], BRUNO), world.dial(devices[1], ANNA)
        world.run(2)
        loser, winner = max(one, other), min(one, other)
        assert world.talking(winner) == list(devices), "nobody had to answer"
        assert not world.state_of(loser)
        assert world.phones[world.dialled[loser].caller].calls[loser].cause is Cause.GLARE
        lost = next(each for each in devices if each == world.dialled[loser].caller)
        events: list[dict[str, Any]] = getattr(world.phones[lost], "events")  # noqa: B009
        assert [each["call"] for each in events if each["kind"] == "wanted"] == [winner]


def test_both_halves_judge_the_same_texts_alike(node: Node) -> None:
    chance = random.Random(7)  # noqa: S311 - choice of inputs
    values: list[object] = [
        *("", "x", "0a" * 16, "person/a/b", "person/b", "office/rome", "AAEC", "AA==", "routine"),
        *(
            "caller",
            "callee",
            "glare",
            "busy",
            "dial",
            "ringing",
            "answer",
            "refuse",
            "hold",
            "end",
        ),
        *("info", "acknowledgement", "unknown", "alive", "abcd", "è" * 8, "\n", None, True, [], {}),
        *(-1, 0, 1, 2, 2**31 - 1, 2**31, 2**53 - 1, 0.5, known.NEAR),
        *(known.NEAR | {"address": each} for each in (*known.ADDRESSES, *known.NO_ADDRESSES)),
    ]
    names = sorted({name for each in known.TAKEN for name in each} | {"more", "__proto__"})
    texts = []
    for _ in range(4_000):
        fields = dict(chance.choice(known.TAKEN))
        for _ in range(chance.choice((1, 1, 1, 2))):
            if chance.random() < 0.15:
                fields.pop(chance.choice(names), None)
            else:
                fields[chance.choice([*fields, chance.choice(names)])] = chance.choice(values)
        texts.append(json.dumps(fields))
    judged = node.ask(what="judge", texts=texts)["texts"]
    taken = 0
    for text, theirs in zip(texts, judged, strict=True):
        try:
            ours = Message.decode(text.encode()).encode().decode()
        except InvalidInputError:
            ours = None
        assert theirs == ours, text
        taken += ours is not None
    assert 200 < taken < 3_800, "both kinds are among them"


def test_each_page_is_told_its_own_relay_and_the_other_browsers_fragment() -> None:
    world = PageWorld(3, sessions=100)
    call = world.dial(f"{ANNA}/phone", BRUNO)
    world.run(1)
    callee = world.phones[f"{BRUNO}/phone"]
    callee.answer(call, world.now)
    said = callee.outgoing()
    (answer,) = [each.body for each in said if isinstance(each.body, Answer)]
    assert (answer.opaque, answer.relay) == (b"answer", None), "no device names a relay"
    for message in said:
        world.boards[callee.edge].receive(callee.device, message.encode(), world.now)
    world.post()
    world.run(1)
    places.check_media(world, call, callee.device)
