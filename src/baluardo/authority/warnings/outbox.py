"""The outbox of one channel in the database: what is to go out stays until it is settled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import CANCEL, PLMN_WIDE, WAITING
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.message import SerialNumber
from baluardo.emergency.broadcast.of_alert import messages_of
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.way import Order, OrderArea, OrderKind, Receipt
from baluardo.errors import InvalidInputError
from baluardo.terms import Bilingual

SENT: Final = "sent"
REFUSED: Final = "refused"
MOST_PENDING: Final = 200
"""Orders looked at in one go; the others wait in the database."""

logger: Final = logging.getLogger("baluardo.authority.warnings")

_order: Final = schema.warning_order
_warning: Final = schema.warning


class StoreOutbox:
    """The orders of one channel; `emergency.ways.sender.Outbox`."""

    def __init__(self, authority: Authority, channel: Channel) -> None:
        """Look at an authority's database."""
        self._authority, self._channel = authority, channel
        self._made: dict[str, Order] = {}

    async def pending(self) -> Sequence[tuple[Order, float]]:
        """Return what waits, oldest first, with the time from which to try (POSIX seconds)."""
        return await self._authority.store.read(self._pending)

    async def settle(self, key: str, receipt: Receipt) -> None:
        """Note that an order was taken; more than once is fine."""
        await self._authority.store.act(lambda t: self._settle(t, key, SENT, receipt.detail))

    async def failed(self, key: str, problem: str, again_at: float | None) -> None:
        """Note why an order was not taken, and when to try again; None means never."""
        told = Bilingual(it=problem, en=problem)
        if again_at is None:
            await self._authority.store.act(lambda t: self._settle(t, key, REFUSED, told))
            return
        values = {"again": again_at, "detail": told.by_language()}
        await self._authority.store.act(
            lambda t: t.connection.execute(
                update(_order).where(_order.c.key == key, _order.c.state == WAITING).values(values)
            )
        )

    def _pending(self, connection: Connection) -> list[tuple[Order, float]]:
        query = (
            select(
                *(_order.c[name] for name in ("key", "way", "kind", "again")),
                *(
                    _warning.c[name]
                    for name in (
                        *("id", "follows", "level", "alert", "message_code", "update_number"),
                        *("released", "expires"),
                    )
                ),
            )
            .join(_warning, _warning.c.id == _order.c.warning)
            .where(_order.c.state == WAITING, _order.c.channel == self._channel.value)
            .order_by(_order.c.made, _order.c.key)
            .limit(MOST_PENDING)
        )
        rows = list(connection.execute(query))
        known: dict[str, Order] = {}
        for row in rows:
            try:
                known[row.key] = self._made.get(row.key) or self._built(row)
            except InvalidInputError:  # the others must go out all the same
                logger.exception("Order %s of a warning cannot be made.", row.key)
        self._made = known
        return [(known[row.key], row.again) for row in rows if row.key in known]

    def _built(self, row: Row[Any]) -> Order:
        desk = self._authority.warnings
        alert = read_alert(bytes(row.alert), "The warning")
        warned = WarnedArea.of_alert(alert, desk.atlas)
        serial = SerialNumber(PLMN_WIDE, row.message_code, row.update_number)
        messages = messages_of(
            alert, self._channel, row.level, desk.profile, serial, warned.polygons
        )
        return Order(
            key=row.key,
            warning=row.follows if row.kind == CANCEL else row.id,
            way=row.way,
            kind=OrderKind(row.kind),
            channel=self._channel,
            level=row.level,
            alert=bytes(row.alert),
            messages=messages,
            area=OrderArea.of_outline(warned.outline(), warned.cells.names),
            starts=row.released,
            expires=row.expires,
            repetition_s=desk.profile.repetition_s,
        )

    def _settle(self, transaction: Transaction, key: str, state: str, detail: Bilingual) -> None:
        now = transaction.now
        query = select(_order).where(_order.c.key == key, _order.c.state == WAITING)
        row = transaction.connection.execute(query).first()
        if row is None:
            return
        values = {"state": state, "settled": now, "detail": detail.by_language()}
        transaction.connection.execute(update(_order).where(_order.c.key == key).values(values))
        facts = {"warning": row.warning, "way": row.way, "channel": row.channel, "kind": row.kind}
        what = "warning.sent" if state == SENT else "warning.not-sent"
        transaction.log(what, facts)
