"""The operator's door over real HTTP: what is believed, and what is only tried again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.operator_way import OperatorWay
from baluardo.emergency.ways.receipt import BeamReceipt, Outcome
from baluardo.emergency.ways.request import KnownRequests, read_request, sender_identity
from baluardo.emergency.ways.way import Order, Receipt
from baluardo.errors import ConflictError, InvalidInputError, SourceError
from baluardo.terms import Bilingual
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from emergency.way_world import OPERATOR, Taken, community, operator, order, sender, taking
from trust.community import NOW

NAME = "italia.example"
DETAIL = Bilingual(it="Sei satelliti.", en="Six satellites.")
ANSWER = tuple[int, bytes]


class Desk:
    """An operator as the protocol page describes it: it does once what comes once or often."""

    def __init__(self, outcome: Outcome = Outcome.ACCEPTED) -> None:
        self.known = KnownRequests()
        self.done: list[str] = []
        self.outcome = outcome

    def answer(self, _method: str, _path: str, _headers: dict[str, str], body: bytes) -> ANSWER:
        permitted = {each: frozenset({sender_identity(NAME, each)}) for each in Channel}
        envelope = Envelope.of_json(body)
        request = read_request(envelope, community().verifier(), NOW + 1.0, permitted)
        if self.known.is_new(request, NOW + 1.0):
            self.done.append(request.key)
        receipt = BeamReceipt.of_request(request, self.outcome, NOW + 1.0, DETAIL)
        return 200, receipt.sign(operator()).to_json()


@pytest.fixture
def server() -> Iterator[Taken]:
    with taking() as server:
        yield server


def way(server: Taken, channel: Channel = Channel.EXERCISE) -> OperatorWay:
    return OperatorWay(
        "operator",
        f"{server.address}/beams",
        channel,
        lambda: sender(channel),
        lambda: community().verifier(),
        Identity.of_path(NAME, OPERATOR),
        lambda: NOW + 1.0,
    )


def send(out: OperatorWay, made: Order) -> Receipt:
    return asyncio.run(out.send(made))


def test_the_operator_takes_an_order_once(server: Taken) -> None:
    desk = Desk()
    server.answer = desk.answer
    receipts = [send(way(server), order()) for _ in range(3)]
    assert receipts == [Receipt("operator", NOW + 1.0, DETAIL)] * 3
    assert len(server.asked) == 3
    assert desk.done == [order().key]
    method, path, headers, _ = server.asked[0]
    assert (method, path, headers["content-type"]) == ("POST", "/beams", "application/json")


def test_a_signed_refusal_is_final(server: Taken) -> None:
    server.answer = Desk(Outcome.REFUSED).answer
    with pytest.raises(ConflictError, match="The operator refuses: Six satellites"):
        send(way(server), order())


def test_another_channel_is_refused_before_anything_is_sent(server: Taken) -> None:
    with pytest.raises(ConflictError, match="does not serve the channel public"):
        send(way(server), order(Channel.PUBLIC))
    wrong = OperatorWay(
        "operator",
        server.address,
        Channel.PUBLIC,
        lambda: sender(Channel.EXERCISE),
        lambda: community().verifier(),
        Identity.of_path(NAME, OPERATOR),
    )
    with pytest.raises(InvalidInputError, match="nothing was signed"):
        send(wrong, order(Channel.PUBLIC))
    assert server.asked == []


def somebody_elses_receipt(*asked: object) -> ANSWER:
    body = asked[3]
    assert isinstance(body, bytes)
    envelope = Envelope.of_json(body)
    permitted = {each: frozenset({sender_identity(NAME, each)}) for each in Channel}
    request = read_request(envelope, community().verifier(), NOW + 1.0, permitted)
    receipt = BeamReceipt.of_request(request, Outcome.REFUSED, NOW, DETAIL)
    return 200, receipt.sign(sender(Channel.TEST)).to_json()


@pytest.mark.parametrize(
    "answer",
    [
        lambda *_: (204, b""),
        lambda *_: (200, b"{}"),
        lambda *_: (200, b"<html>"),
        lambda *_: (409, b'{"error":"refused for ever"}'),
        lambda *_: (403, b"go away"),
        lambda *_: (503, b""),
        lambda *_: (200, b"x" * (1 << 21)),
        somebody_elses_receipt,
    ],
)
def test_what_the_operator_has_not_signed_settles_nothing(
    server: Taken, answer: Callable[..., ANSWER]
) -> None:
    server.answer = answer
    with pytest.raises(SourceError):
        send(way(server), order())


def test_nobody_is_followed_elsewhere(server: Taken) -> None:
    with taking() as elsewhere:
        server.headers = {"Location": elsewhere.address}
        server.answer = lambda *_: (307, b"")
        with pytest.raises(SourceError, match="status 307"):
            send(way(server), order())
        assert elsewhere.asked == []


def test_nobody_at_home() -> None:
    with taking() as server:
        gone = way(server)
    with pytest.raises(SourceError, match="cannot be reached"):
        send(gone, order())


def test_an_operator_who_never_answers(server: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baluardo.emergency.ways.operator_way.ANSWER_S", 0.3)
    over = threading.Event()

    def never(*_: object) -> ANSWER:
        over.wait()
        return 204, b""

    server.answer = never
    try:
        with pytest.raises(SourceError, match=r"127\.0\.0\.1"):
            send(way(server), order())
    finally:
        over.set()
