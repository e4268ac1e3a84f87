"""What an authority tells a monitor: numbers in the text format of Prometheus.

Each authority has a registry of its own. What changes with every request is counted as it happens;
the rest is read when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, func, select
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX
from baluardo.authority.mail.boxes import count_items
from baluardo.authority.store import schema

UNMATCHED: Final = "none"
"""Route of requests that none was made for: their paths are not told, anybody may invent them."""
SIGN_IN: Final = frozenset({f"{PREFIX}/sign-in", f"{PREFIX}/break-glass"})


class Metrics:
    """The numbers of one authority."""

    def __init__(self, authority: Authority) -> None:
        """Begin to count."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "baluardo_requests",
            "Requests answered, by route and status.",
            ("route", "status"),
            registry=self._registry,
        )
        self._refused = Counter(
            "baluardo_sign_ins_refused",
            "Passkeys and emergency codes that were not accepted.",
            registry=self._registry,
        )
        self._registry.register(_Standing(authority))

    def count(self, route: str, status: int) -> None:
        """Count one request that was answered; `route` is a template, never a path."""
        self._requests.labels(route, str(status)).inc()
        if route in SIGN_IN and status in {400, 401, 403}:
            self._refused.inc()

    def text(self) -> bytes:
        """Return all numbers in the text format. It reads the database."""
        return generate_latest(self._registry)


class CountRequests:
    """ASGI middleware: counts every request by the route that has answered it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Stand around an application."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", UNMATCHED)
            self._metrics.count(route, status)


class _Standing(Collector):
    """What stands now, read when it is asked for."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def collect(self) -> Iterator[Metric]:
        """Yield every number."""
        store, now = self._authority.store, self._authority.clock()
        yield CounterMetricFamily("baluardo_acts", "Acts done or refused.", value=store.acts)
        yield CounterMetricFamily(
            "baluardo_groups", "Transactions that acts were committed in.", value=store.groups
        )
        yield GaugeMetricFamily("baluardo_log_entries", "Entries of the log.", value=store.size)
        connected, open_, cards = store.read_blocking(self._counted)
        yield GaugeMetricFamily(
            "baluardo_edges_connected", "Members connected to this authority.", value=connected
        )
        yield GaugeMetricFamily(
            "baluardo_invitations_open", "Invitations that can be used.", value=open_
        )
        yield GaugeMetricFamily(
            "baluardo_tunnel_cards", "Sites in the directory of tunnels.", value=cards
        )
        items, octets = store.read_blocking(count_items)
        yield GaugeMetricFamily(
            "baluardo_mail_items", "Messages, commits and welcomes that wait.", value=items
        )
        yield GaugeMetricFamily(
            "baluardo_mail_octets", "Octets of ciphertext that wait in mailboxes.", value=octets
        )
        yield GaugeMetricFamily(
            "baluardo_break_glass",
            "Whether somebody works with an emergency code.",
            value=float(self._authority.break_glass_until > now),
        )
        yield self._ages(now)

    def _counted(self, connection: Connection) -> tuple[int, int, int]:
        presence, invitation, card = schema.presence, schema.invitation, schema.tunnel_card
        here = select(func.count()).where(
            presence.c.authority == self._authority.settings.name, presence.c.left.is_(None)
        )
        open_ = select(func.count()).where(
            invitation.c.state == "open", invitation.c.expires > self._authority.clock()
        )
        cards = select(func.count()).where(card.c.envelope.is_not(None))
        return (
            int(connection.execute(here).scalar_one()),
            int(connection.execute(open_).scalar_one()),
            int(connection.execute(cards).scalar_one()),
        )

    def _ages(self, now: float) -> Metric:
        issuing = self._authority.store.issuing
        lists = issuing.verifier().revocations.lists
        family = GaugeMetricFamily(
            "baluardo_revocation_list_age_seconds",
            "Age of each issuer's newest list.",
            labels=("issuer",),
        )
        for issuer in issuing.issuers:
            held = lists.get(issuer.key_id)
            if held is not None:
                family.add_metric((issuer.name,), now - held.this_update)
        return family
