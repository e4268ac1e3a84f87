"""Pushes CAP alerts to one subscriber over HTTP.

The subscriber is sent the alert's very octets in a signed envelope, or bare with an XML signature
where the country's profile asks for one. Three headers stand
beside them: `webhook-id` (the order's key, the same at every attempt: what came once is not taken
twice), `webhook-timestamp`, both as the Standard Webhooks specification 1.0 names them, and
`content-digest` (RFC 9530). Its `webhook-signature` is for shared secrets and Ed25519, and our keys
are neither: what is believed is the envelope, or the XML signature within the alert.

Subscribers are named by the operator, not by themselves, and still an address can be mistaken or
taken over: it is called over https, it leads nowhere else (redirects are refused), and into private
networks only where its entry says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from baluardo.emergency.cap.alert import CAP_TYPE
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.posting import exchange
from baluardo.emergency.ways.request import check_sender
from baluardo.emergency.ways.subscribers import Form, Subscriber
from baluardo.emergency.ways.way import Order, Receipt
from baluardo.errors import ConflictError, SourceError
from baluardo.terms import Bilingual
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.xml_seal import XmlSeal
from baluardo.trust.digest import digest_256
from baluardo.trust.envelope import sign
from baluardo.trust.xml_signature import sign_xml

ENVELOPE_TYPE: Final = "application/vnd.dsse.envelope.v1+json"


class Webhook:
    """One subscriber as a way out: an order for each, so that none waits for another."""

    def __init__(
        self,
        subscriber: Subscriber,
        credential: Callable[[Channel], Credential],
        seal: Callable[[Channel], XmlSeal] | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the subscriber, and where the credential of a channel's sender is had.

        And its seal for XML; None where bare alerts go without a signature.
        """
        self.name = f"webhook-{subscriber.name}"
        self.channels = subscriber.channels
        self._subscriber = subscriber
        self._credential, self._seal = credential, seal
        self._clock = clock

    async def send(self, order: Order) -> Receipt:
        """Push the order's alert; errors as `WayOut.send`."""
        if order.channel not in self.channels:
            raise ConflictError(
                f"{self._subscriber.name} has not asked for the channel {order.channel.value}: "
                "nothing was sent."
            )
        body, kind = self._body(order)
        target = self._subscriber.target
        answer = await exchange(
            target,
            "POST",
            body,
            {
                "content-type": kind,
                "content-digest": f"sha-256=:{to_base64(digest_256(body))}:",
                "webhook-id": order.key,
                "webhook-timestamp": str(int(self._clock())),
            },
        )
        if not answer.well:
            raise SourceError(f"{target.shown} answers with status {answer.status}.")
        return Receipt(
            self.name,
            self._clock(),
            Bilingual(
                it=f"{self._subscriber.name} ha ricevuto l'avviso.",
                en=f"{self._subscriber.name} has received the alert.",
            ),
        )

    def _body(self, order: Order) -> tuple[bytes, str]:
        credential = self._credential(order.channel)
        check_sender(credential, order.channel)
        if self._subscriber.form is Form.CAP:
            if self._seal is None:
                return order.alert, CAP_TYPE
            return sign_xml(order.alert, self._seal(order.channel)), CAP_TYPE
        return sign(order.alert, CAP_TYPE, credential).to_json(), ENVELOPE_TYPE
