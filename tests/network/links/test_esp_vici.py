"""VICI: what is written is read back, what is not a message is refused, charon's words are told."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.esp.associations import associations
from baluardo.network.links.esp.vici import MOST_OCTETS, Vici, decode, encode

names = st.text(min_size=1, max_size=20)
values = st.binary(max_size=40)
messages = st.recursive(
    st.dictionaries(names, values | st.lists(values, max_size=4), max_size=4),
    lambda inner: st.dictionaries(names, inner | values, max_size=4),
    max_leaves=12,
)


def test_the_example_of_the_protocols_own_description() -> None:
    """README, "Message format", with its element numbers; written here octet by octet."""
    message = {"key1": "value1", "section1": {"sub": {}, "list1": ["item1", "item2"]}}
    written = (
        b"\x03\x04key1\x00\x06value1"
        b"\x01\x08section1\x01\x03sub\x02"
        b"\x04\x05list1\x05\x00\x05item1\x05\x00\x05item2\x06\x02"
    )
    assert encode(message) == written
    assert decode(written) == {
        "key1": b"value1",
        "section1": {"sub": {}, "list1": [b"item1", b"item2"]},
    }


@given(messages)
def test_whatever_octets_come_back_as_they_were(message: dict[str, bytes]) -> None:
    """No octet of a name or a secret can end a value, begin a section or be quoted wrongly."""
    assert decode(encode(message)) == message


@given(st.binary(max_size=200))
def test_foreign_octets_are_read_as_written_or_refused(octets: bytes) -> None:
    try:
        message = decode(octets)
    except InvalidInputError:
        return
    assert encode(message) == octets
    associations([message], 0)


@given(messages, st.data())
def test_a_message_cut_or_altered_is_refused_or_another(
    message: dict[str, bytes], data: st.DataObject
) -> None:
    octets = bytearray(encode(message))
    if not octets:
        return
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= data.draw(st.integers(1, 255))
    for changed in (bytes(octets), bytes(octets[:at])):
        try:
            read = decode(changed)
        except InvalidInputError:
            continue
        assert encode(read) == changed
        associations([read], 0)


@pytest.mark.parametrize(
    "octets",
    [
        b"\x02",
        b"\x01\x01a",
        b"\x01\x01a" * 9 + b"\x02" * 9,
        b"\x03\x01a\x00\x00" * 2,
        b"\x03\x00\x00\x00",
        b"\x03\x01\xff\x00\x00",
        b"\x04\x01a\x03",
        b"\x05\x00\x00",
        b"\x07",
        bytes(MOST_OCTETS + 1),
    ],
)
def test_no_messages(octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode(octets)


@pytest.mark.parametrize("message", [{"": "x"}, {"n" * 256: "x"}, {"n": bytes(65_536)}])
def test_what_cannot_be_written(message: dict[str, bytes]) -> None:
    with pytest.raises(InvalidInputError):
        encode(message)


class OtherEnd:
    """A socket that answers each packet with the next of what it was given."""

    def __init__(self, path: Path, answers: list[bytes]) -> None:
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._server.bind(str(path))
        self._server.listen()
        self.heard = b""
        self._answers = answers
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            for answer in self._answers:
                self.heard += connection.recv(65_536)
                connection.sendall(answer)

    def close(self) -> None:
        self._thread.join(20)
        self._server.close()


def packet(kind: int, octets: bytes = b"") -> bytes:
    return struct.pack("!IB", len(octets) + 1, kind) + octets


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "socket"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (packet(1, encode({"success": "no", "errmsg": "no such"})), "did not do load: no such"),
        (packet(1, encode({"success": "no"})), "does not say why"),
        (packet(2), "does not know load"),
        (struct.pack("!I", 2**31), "announces"),
        (struct.pack("!I", 0), "announces"),
        (b"", "hung up"),
        (packet(1)[:4], "hung up"),
    ],
)
def test_answers_that_are_none(path: Path, answer: bytes, sentence: str) -> None:
    other = OtherEnd(path, [answer])
    vici = Vici(path)
    with pytest.raises(LinkError, match=sentence) as refusal:
        vici.ask("load", {"data": "hidden"})
    assert "hidden" not in str(refusal.value)
    vici.close()
    other.close()


def test_a_stream_of_events(path: Path) -> None:
    told = packet(7, b"\x02sa" + encode({"a": "1"})) + packet(7, b"\x02sa" + encode({"b": "2"}))
    other = OtherEnd(path, [packet(5), told + packet(1), packet(5)])
    vici = Vici(path)
    assert vici.stream("list", "sa") == [{"a": b"1"}, {"b": b"2"}]
    vici.close()
    other.close()


def test_after_an_answer_that_was_none_the_next_is_asked_anew(path: Path) -> None:
    other = OtherEnd(path, [packet(1, b"\x02")])
    vici = Vici(path)
    with pytest.raises(LinkError, match="not understood"):
        vici.ask("version")
    other.close()
    path.unlink()
    again = OtherEnd(path, [packet(1, encode({"version": "5"}))])
    assert vici.ask("version") == {"version": b"5"}
    vici.close()
    again.close()


def test_nobody_there(path: Path) -> None:
    with pytest.raises(LinkError, match="does not answer"):
        Vici(path)
