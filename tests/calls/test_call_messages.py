"""Messages of calls: each comes back as it was, and nothing else is taken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.bodies import (
    MOST_OPAQUE,
    REFUSALS,
    Acknowledgement,
    Alive,
    Answer,
    Body,
    Dial,
    End,
    Hold,
    Info,
    Refuse,
    Resume,
    Ringing,
    Side,
    Unknown,
)
from baluardo.calls.causes import Cause
from baluardo.calls.media_places import RelayPlace
from baluardo.calls.messages import MOST_OCTETS, Message
from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence

DEVICE = "person/anna.rossi/phone"

opaque = st.binary(max_size=200)
devices = st.sampled_from([DEVICE, "person/b/laptop"])
ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
fragments = st.just("") | st.from_regex(r"[A-Za-z0-9+/]{4,256}", fullmatch=True)
relays = st.none() | st.builds(
    RelayPlace,
    st.sampled_from(["192.0.2.1", "2001:db8::1", "2001:db8:1:2:3:4:5:6", "::1", "fd00::7"]),
    st.integers(1, 65_535),
)
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(
        Dial,
        devices,
        st.just("person/bruno"),
        st.sampled_from(Precedence),
        st.booleans(),
        opaque,
        fragments,
        relays,
    ),
    st.builds(Ringing, devices, opaque, fragments, relays),
    st.builds(Answer, devices, opaque, fragments, relays),
    st.builds(Refuse, st.sampled_from(REFUSALS)),
    st.just(Hold()),
    st.just(Resume()),
    st.builds(Info, st.just("") | devices, opaque),
    st.builds(End, st.sampled_from(Cause), st.just("") | ids),
    st.just(Alive()),
    st.builds(Acknowledgement, st.integers(0, 2**31 - 1), st.integers(1, 2**53 - 1)),
    st.just(Unknown()),
)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    body = draw(bodies)
    numbered = not isinstance(body, Acknowledgement | Unknown)
    return Message(
        draw(ids),
        draw(st.sampled_from(["office/rome", "ship/bergamini", DEVICE])),
        draw(st.sampled_from(Side)),
        draw(st.integers(1, 2**53 - 1)),
        draw(st.integers(1, 2**31 - 1)) if numbered else 0,
        body,
    )


@settings(max_examples=200, deadline=None)
@given(message=messages())
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    octets = message.encode()
    assert Message.decode(octets) == message
    assert Message.decode(octets).encode() == octets


def test_the_largest_message_is_taken() -> None:
    call, life = "ff" * 16, 2**53 - 1
    device = "person/" + "a" * 63 + "/" + "b" * 63
    relay = RelayPlace(":".join(["ffff"] * 8).replace("ffff", "2001", 1), 65_535)
    body = Answer(device, b"\xff" * MOST_OPAQUE, "a" * 256, relay)
    octets = Message(call, device, Side.CALLEE, life, 2**31 - 1, body).encode()
    assert len(octets) < MOST_OCTETS
    assert Message.decode(octets).body == body


GOOD = json.loads(
    Message("0a" * 16, DEVICE, Side.CALLER, 7, 1, Dial(DEVICE, "person/bruno")).encode()
)
WITHOUT_FRAGMENT = {name: value for name, value in GOOD.items() if name != "fragment"}
WITHOUT_RELAY = {name: value for name, value in GOOD.items() if name != "relay"}
END = json.loads(Message("0a" * 16, DEVICE, Side.CALLER, 7, 1, End(Cause.HUNG_UP)).encode())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (GOOD | {"call": "0A" * 16}, "is no id"),
        (GOOD | {"call": "0a" * 15}, "is no id"),
        (GOOD | {"leg": "authority/time"}, "neither a device nor the edge"),
        (GOOD | {"leg": "person/anna"}, "names a device"),
        (GOOD | {"side": "both"}, "caller or callee"),
        (GOOD | {"life": 0}, "life 0 is not between"),
        (GOOD | {"life": True}, "a whole number"),
        (GOOD | {"number": 0}, "number 0 is not between"),
        (GOOD | {"number": 2**31}, "is not between"),
        (GOOD | {"number": 1.0}, "a whole number"),
        (GOOD | {"type": "invite"}, "which there is not"),
        (GOOD | {"more": 1}, "unknown field"),
        (GOOD | {"precedence": "urgent"}, "no precedence"),
        (GOOD | {"emergency": 1}, "true or false"),
        (GOOD | {"caller": "ship/bergamini"}, "is no device"),
        (GOOD | {"callee": "person/bruno/phone"}, "without a device"),
        (GOOD | {"callee": "person/bruno\n"}, "without a device"),
        (GOOD | {"opaque": "_" * 4 + "="}, "base64"),
        (GOOD | {"opaque": "A" * (MOST_OPAQUE * 4 // 3 + 8)}, "at most"),
        (GOOD | {"fragment": "abc"}, "no ICE fragment"),
        (GOOD | {"fragment": "abcd\n"}, "no ICE fragment"),
        (GOOD | {"fragment": "àbcd"}, "no ICE fragment"),
        (GOOD | {"fragment": "a" * 257}, "at most 256"),
        (GOOD | {"fragment": None}, "a text"),
        (WITHOUT_FRAGMENT, "it is missing"),
        (WITHOUT_RELAY, "it is missing"),
        (GOOD | {"relay": "192.0.2.1:1"}, "no JSON object"),
        (GOOD | {"relay": False}, "no JSON object"),
        (GOOD | {"relay": {"address": "192.0.2.1"}}, "port must be a whole number"),
        (GOOD | {"relay": {"port": 1}}, "address must be a text"),
        (GOOD | {"relay": {"address": "192.0.2.1", "port": 1, "more": 1}}, "unknown field"),
        (GOOD | {"relay": {"address": "192.0.2.1", "port": 0}}, "not between 1 and 65535"),
        (GOOD | {"relay": {"address": "192.0.2.1", "port": 65_536}}, "not between 1 and 65535"),
        (GOOD | {"relay": {"address": "192.0.2.1", "port": True}}, "a whole number"),
        (GOOD | {"relay": {"address": "192.0.2.1", "port": "1"}}, "a whole number"),
        (GOOD | {"relay": {"address": "192.0.2.01", "port": 1}}, "shortest form"),
        (GOOD | {"relay": {"address": "edge.example", "port": 1}}, "shortest form"),
        (GOOD | {"relay": {"address": "2001:DB8::1", "port": 1}}, "shortest form"),
        (GOOD | {"relay": {"address": "2001:db8:0::1", "port": 1}}, "shortest form"),
        (GOOD | {"relay": {"address": "fe80::1%lo", "port": 1}}, "of one relay"),
        (GOOD | {"relay": {"address": "::ffff:c000:201", "port": 1}}, "of one relay"),
        (GOOD | {"relay": {"address": "::", "port": 1}}, "of one relay"),
        (GOOD | {"relay": {"address": "224.0.0.1", "port": 1}}, "of one relay"),
        (END | {"cause": "because"}, "no cause"),
        (END | {"instead": "x"}, "is no id"),
        (END | {"type": "refuse"}, "unknown field"),
    ],
)
def test_other_messages_are_refused_with_a_sentence(
    changed: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        Message.decode(json.dumps(changed).encode())


def test_where_media_goes_is_written_in_one_form_also_where_nothing_is_said() -> None:
    assert GOOD["fragment"] == ""
    assert GOOD["relay"] is None
    relay = RelayPlace("2001:db8::1", 40_000)
    message = Message("0a" * 16, DEVICE, Side.CALLEE, 7, 1, Ringing(DEVICE, b"", "user", relay))
    fields = json.loads(message.encode())
    assert fields["fragment"] == "user"
    assert fields["relay"] == {"address": "2001:db8::1", "port": 40_000}


def test_a_device_refuses_for_its_own_reasons_alone() -> None:
    with pytest.raises(InvalidInputError, match="no refusal of a device"):
        Refuse(Cause.NO_ROOM)
    with pytest.raises(InvalidInputError, match="not between 0 and 0"):
        Message("0a" * 16, DEVICE, Side.CALLER, 7, 1, Unknown())


def test_every_cause_has_its_words_in_both_languages_and_in_sip() -> None:
    for cause in Cause:
        assert cause.sentence.it != cause.sentence.en
        assert all(text.endswith(".") for text in cause.sentence.by_language().values())
        protocol, value, text = cause.reason_header.split(" ;")
        assert text.startswith('text="')
        if cause.preemption:
            assert protocol == "preemption"
            assert value == f"cause={cause.preemption}"
        else:
            assert protocol == "Q.850"
            assert 1 <= int(value.removeprefix("cause=")) <= 127
    assert {each.preemption for each in Cause} == {0, 1, 2, 3, 4}
