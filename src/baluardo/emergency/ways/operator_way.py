"""Hands the signed request to the satellite operator over HTTP, and believes only its signed word.

What the operator does with it is its own (contract): our key signs, its key answers. Neither the
connection nor a status is believed: who stands between can hold a request back, not settle it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.posting import Target, exchange
from baluardo.emergency.ways.receipt import read_receipt
from baluardo.emergency.ways.request import sign_request
from baluardo.emergency.ways.way import Order, Receipt
from baluardo.errors import CertificateError, ConflictError, InvalidInputError, SourceError
from baluardo.foreign_input import printable
from baluardo.terms import Bilingual
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity

ANSWER_S: Final = 15.0


class OperatorWay:
    """The operator's door for one channel: a channel has its own key, and its own way."""

    def __init__(
        self,
        name: str,
        url: str,
        channel: Channel,
        credential: Callable[[], Credential],
        verifier: Callable[[], Verifier],
        operator: Identity,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the address, what is signed and judged with as it stands each time, who answers."""
        self.name = name
        self.channels = frozenset({channel})
        # The operator may sit behind a private line with a private root; what it says is signed.
        self._target = Target(url, private=True, any_certificate=True, answer_s=ANSWER_S)
        self._credential = credential
        self._verifier = verifier
        self._operator = operator
        self._clock = clock

    async def send(self, order: Order) -> Receipt:
        """Ask for the order's broadcast, or for its end; errors as `WayOut.send`."""
        if order.channel not in self.channels:
            raise ConflictError(
                f"{self.name} does not serve the channel {order.channel.value}: nothing was sent."
            )
        request = sign_request(order, self._credential())
        answer = await exchange(
            self._target, "POST", request.to_json(), {"content-type": "application/json"}
        )
        try:
            receipt = read_receipt(
                Envelope.of_json(answer.octets),
                self._verifier(),
                self._clock(),
                request,
                self._operator,
            )
        except (InvalidInputError, CertificateError) as problem:
            # Only what the operator has signed is final: anybody can answer with a status.
            raise SourceError(
                f"{self._target.shown} answers with status {answer.status} and no receipt of "
                f"{self._operator}: {printable(str(problem))}"
            ) from None
        detail = Bilingual(printable(receipt.detail.it), printable(receipt.detail.en))
        return Receipt(self.name, receipt.at / 1_000, detail)
