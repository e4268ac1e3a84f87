"""Hands messages to OsmoCBC, an open cell broadcast centre, over its REST interface.

Source: osmo-cbc 0.5.1, user manual, chapter "ECBE REST interface", with its `cbc.schema.json` and
`smscb.schema.json`, and where these leave something open what `src/rest_api.c` takes. What follows
from it, and what an operator must know:

- The only scope is the whole network (`scope_plmn`), and warning-area coordinates are not carried:
  every phone of the network shows the message. So a way is made only for a network that is small
  enough, such as one that was set up for the purpose, and whoever sets it up says so.
- One message stands under a message identifier at a time, a second one is refused (409), and
  nothing can be asked for. A newer warning takes the place of the older; which one stands there is
  known to the process that put it there alone.
- Nobody is authenticated: the address must be reachable for the sender alone.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from baluardo.emergency.broadcast.alphabet import Alphabet
from baluardo.emergency.broadcast.message import Coding
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.air_message import PAGE_OCTETS, AirMessage
from baluardo.emergency.ways.posting import Answer, Target, exchange
from baluardo.emergency.ways.way import Order, OrderKind, Receipt
from baluardo.errors import ConflictError, InvalidInputError, SourceError
from baluardo.terms import Bilingual

API: Final = "/api/ecbe/v1/message"
GSM_PERIOD_S: Final = 1.883
"""Unit of the repetition period over CBSP: eight multiframes (3GPP TS 48.049, 8.2.8)."""
LTE_PERIOD_S: Final = 1.0
"""Over SBc-AP, which takes the same number for seconds (TS 29.168, TS 36.413 9.2.1.48)."""
MOST_PERIODS: Final = 4_095
MOST_BROADCASTS: Final = 65_535
CANCEL_S: Final = 900.0
"""For how long a cancel is on the air: phones that look seldom look by then. Our choice."""
ANSWER_S: Final = 20.0
"""It waits 15 s for its base stations before it answers."""
CREATED, OK, BAD_REQUEST, NOT_FOUND, CONFLICT = 201, 200, 400, 404, 409

_CATEGORY = {
    Channel.PUBLIC: "high_priority",
    Channel.EXERCISE: "normal",
    Channel.TEST: "background",
}


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is broadcast under an identifier."""

    warning: str
    serial: int
    starts: float


class OsmoCbc:
    """One cell broadcast centre and its whole network."""

    def __init__(
        self,
        name: str,
        url: str,
        channels: frozenset[Channel],
        *,
        whole_network: bool = False,
        gsm: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the address (`http://HOST:12345`); InvalidInputError unless `whole_network`.

        `whole_network` is the word of whoever sets it up that every warning of these channels may
        reach each phone of the network, wherever it is. `gsm` says that the centre's peers are base
        station controllers (CBSP), not mobility management entities (SBc-AP).
        """
        if not whole_network:
            raise InvalidInputError(
                f"{name}: OsmoCBC reaches every phone of its network, whatever the warning's area. "
                "Set whole_network = true only where that is right."
            )
        self.name = name
        self.channels = channels
        self._target = Target(url, private=True, answer_s=ANSWER_S)
        self._period_s = GSM_PERIOD_S if gsm else LTE_PERIOD_S
        self._clock = clock
        self._standing: dict[int, _Standing] = {}
        """What this process has put on the air, by identifier."""

    async def send(self, order: Order) -> Receipt:
        """Put the messages on the air, a cancel's in place of others; errors as `WayOut.send`."""
        if order.channel not in self.channels:
            raise ConflictError(
                f"{self.name} does not serve the channel {order.channel.value}: nothing was sent."
            )
        messages = [AirMessage.of(each) for each in order.messages]
        if not messages:
            raise ConflictError(f"{self.name}: the order holds no message to broadcast.")
        if order.kind is OrderKind.CANCEL:
            left = await self._take_back(messages, order)
            return Receipt(self.name, self._clock(), _taken_back(left))
        replaced = [each for each in messages if await self._broadcast(each, order)]
        return Receipt(self.name, self._clock(), _broadcast(len(messages), len(replaced)))

    async def _broadcast(self, message: AirMessage, order: Order) -> bool:
        """Put one message on the air; True if another had to go for it."""
        number = message.message_id
        this = _Standing(order.warning, message.serial, order.starts)
        standing = self._standing.get(number)
        if standing == this:
            return False
        if standing is not None and standing.starts > order.starts:
            raise ConflictError(
                f"{self.name}: a newer warning is broadcast under the identifier {number} already."
            )
        body = json.dumps(cbc_message(message, order, self._clock(), self._period_s)).encode()
        answer = await self._ask("POST", "", body)
        replaced = answer.status == CONFLICT
        if replaced:
            # Whether it is this very message, put there before a receipt was lost, cannot be
            # asked. If it is, phones know its serial number and do not show it a second time.
            await self._delete(number)
            answer = await self._ask("POST", "", body)
        if answer.status == BAD_REQUEST:
            raise ConflictError(f"{self.name} refuses the message {number}: {answer.sentence()}.")
        if answer.status != CREATED:
            raise self._unexpected(answer, number)
        self._standing[number] = this
        return replaced

    async def _take_back(self, messages: list[AirMessage], order: Order) -> int:
        """Put a cancel's words in place; how many identifiers bear a later warning, and stay."""
        ours = []
        for each in messages:
            standing = self._standing.get(each.message_id)
            if standing is None or standing.warning == order.warning:
                ours.append(each)
        for each in ours:  # what is wrong is silenced everywhere before anything else is said
            this = _Standing(order.warning, each.serial, order.starts)
            if self._standing.get(each.message_id) != this:
                await self._delete(each.message_id)
        for each in ours:
            await self._broadcast(each, order)
        return len(messages) - len(ours)

    async def _delete(self, number: int) -> None:
        answer = await self._ask("DELETE", f"/{number}", b"")
        if answer.status not in (OK, NOT_FOUND):
            raise self._unexpected(answer, number)

    async def _ask(self, method: str, path: str, body: bytes) -> Answer:
        headers = {"content-type": "application/json"} if body else {}
        return await exchange(self._target, method, body, headers, f"{API}{path}")

    def _unexpected(self, answer: Answer, number: int) -> SourceError:
        return SourceError(
            f"{self.name} answers for the message {number} with status {answer.status}: "
            f"{answer.sentence()}."
        )


def cbc_message(
    message: AirMessage, order: Order, now: float, period_s: float
) -> dict[str, object]:
    """Return a message as `cbc.schema.json` defines it.

    now: POSIX seconds; period_s: what the centre's peers count repetition periods in.
    """
    left_s = order.expires - now
    if order.kind is OrderKind.CANCEL:
        left_s = min(left_s, CANCEL_S)
    periods = min(max(round(message.repetition_s / period_s), 1), MOST_PERIODS)
    # Whatever was planned, it ends with the warning.
    until_expiry = max(math.ceil(left_s / (periods * period_s)), 1)
    broadcasts = min(message.broadcasts or until_expiry, until_expiry, MOST_BROADCASTS)
    return {
        "cbe_name": "baluardo",
        "category": _CATEGORY[order.channel],
        "repetition_period": periods,
        "num_of_bcast": broadcasts,
        "scope": {"scope_plmn": {}},
        "smscb_message": {
            "message_id": message.message_id,
            "serial_nr": {"serial_nr_encoded": message.serial},
            "payload": {
                "payload_encoded": {
                    "dcs": message.dcs,
                    "pages": [page.hex() for page in _pages(message)],
                }
            },
        },
    }


def _pages(message: AirMessage) -> list[bytes]:
    """Return the pages' content.

    The centre takes all but the last for full and counts the last one's octets itself. GSM 7 bit is
    filled up with carriage returns, which phones do not show; what fills UCS-2 up stays out.
    """
    pages = [page[:PAGE_OCTETS] for page in message.pages]
    last = message.pages[-1]
    if len(last) > PAGE_OCTETS and Coding(message.dcs).alphabet is Alphabet.UCS2:
        pages[-1] = last[: min(last[PAGE_OCTETS], PAGE_OCTETS)]
    return pages


def _broadcast(messages: int, replaced: int) -> Bilingual:
    more_it = f" {replaced} hanno preso il posto di altri." if replaced else ""
    more_en = f" {replaced} took the place of others." if replaced else ""
    return Bilingual(
        it=f"{messages} messaggi in onda in tutta la rete del centro, senza area.{more_it}",
        en=f"{messages} messages on the air in the centre's whole network, without area.{more_en}",
    )


def _taken_back(left: int) -> Bilingual:
    if left:
        return Bilingual(
            it=f"Annullato; {left} identificativi portano già un avviso più recente.",
            en=f"Taken back; {left} identifiers bear a newer warning already.",
        )
    return Bilingual(
        it="Tolto dall'onda; al suo posto va in onda l'annullamento.",
        en="Taken off the air; the cancel is broadcast in its place.",
    )
