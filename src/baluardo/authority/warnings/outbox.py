"""The outbox of one channel in the database: what is to go out stays until it is settled."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select, update

from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import CANCEL, PLMN_WIDE, WAITING
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.broadcast.message import BroadcastMessage, SerialNumber
from baluardo.emergency.broadcast.of_alert import messages_of
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.way import Order, OrderArea, OrderKind, Receipt
from baluardo.errors import InvalidInputError
from baluardo.terms import Bilingual

SENT: Final = "sent"
REFUSED: Final = "refused"
MOST_OF_WAY: Final = 32
"""Orders of one way looked at in one go, its oldest; the others wait in the database, and no way
waits for another."""

logger: Final = logging.getLogger("baluardo.authority.warnings")

_Content = tuple[tuple[BroadcastMessage, ...], OrderArea]
"""What phones receive, and where."""

_order: Final = schema.warning_order
_warning: Final = schema.warning


class StoreOutbox:
    """The orders of one channel; `emergency.ways.sender.Outbox`."""

    def __init__(self, authority: Authority, channel: Channel) -> None:
        """Look at an authority's database."""
        self._authority, self._channel = authority, channel
        self._made: dict[str, Order] = {}

    async def pending(self) -> Sequence[tuple[Order, float]]:
        """Return what waits, oldest first, with the time from which to try (POSIX seconds).

        What cannot be made any more is refused, and in the log: the others go out all the same.
        """
        found, broken = await self._authority.store.read(self._pending)
        for key, problem in broken:
            logger.error("Order %s of a warning cannot be made: %s", key, problem)
            await self.failed(key, problem, None)
        return found

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

    def _pending(
        self, connection: Connection
    ) -> tuple[list[tuple[Order, float]], list[tuple[str, str]]]:
        """Return orders with their times, and the keys of those that cannot be made, with why."""
        rank = func.row_number().over(
            partition_by=_order.c.way, order_by=(_order.c.made, _order.c.key)
        )
        oldest = (
            select(_order.c.key, rank.label("rank"))
            .where(_order.c.state == WAITING, _order.c.channel == self._channel.value)
            .subquery()
        )
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
            .join(oldest, oldest.c.key == _order.c.key)
            # Every cancel is seen: what it takes back must not go out for want of having looked.
            .where((oldest.c.rank <= MOST_OF_WAY) | (_order.c.kind == CANCEL))
            .order_by(_order.c.made, _order.c.key)
        )
        rows = list(connection.execute(query))
        known: dict[str, Order] = {}
        contents: dict[str, _Content] = {}
        broken: list[tuple[str, str]] = []
        for row in rows:
            try:
                known[row.key] = self._made.get(row.key) or self._built(row, contents)
            except InvalidInputError as problem:
                broken.append((row.key, str(problem)))
        self._made = known
        return [(known[row.key], row.again) for row in rows if row.key in known], broken

    def _built(self, row: Row[Any], contents: dict[str, _Content]) -> Order:
        """Return an order; what all orders of a warning have in common is made once."""
        desk = self._authority.warnings
        content = contents.get(row.id)
        if content is None:
            alert = read_alert(bytes(row.alert), "The warning")
            warned = WarnedArea.of_alert(alert, desk.atlas)
            serial = SerialNumber(PLMN_WIDE, row.message_code, row.update_number)
            content = contents[row.id] = (
                messages_of(alert, self._channel, row.level, desk.profile, serial, warned.polygons),
                OrderArea.of_outline(warned.outline(), warned.cells.names),
            )
        messages, area = content
        return Order(
            key=row.key,
            warning=row.follows if row.kind == CANCEL else row.id,
            way=row.way,
            kind=OrderKind(row.kind),
            channel=self._channel,
            level=row.level,
            alert=bytes(row.alert),
            messages=messages,
            area=area,
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
