"""One authority, assembled: its pages and API, its channels, and what it does by itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from baluardo.authority.acts.policy import refresh_policy
from baluardo.authority.acts.revocation import keep_lists
from baluardo.authority.channel_door import ChannelDoor
from baluardo.authority.channel_warnings import StandingWarnings
from baluardo.authority.context import Authority
from baluardo.authority.doors.certificates import certificates_router
from baluardo.authority.doors.commands import commands_router
from baluardo.authority.doors.directory import directory_router
from baluardo.authority.doors.enrolment import enrolment_router
from baluardo.authority.doors.foreign_alerts import foreign_alerts_router
from baluardo.authority.doors.handsets import handsets_router
from baluardo.authority.doors.health import health_router, standing_of
from baluardo.authority.doors.invitations import invitations_router
from baluardo.authority.doors.log import log_router
from baluardo.authority.doors.own import own_router
from baluardo.authority.doors.policy import policy_router
from baluardo.authority.doors.public import public_router
from baluardo.authority.doors.requests import requests_router
from baluardo.authority.doors.sign_in import learn_broken_glass, sign_in_router
from baluardo.authority.doors.sites import sites_router
from baluardo.authority.doors.standing_warnings import standing_warnings_router
from baluardo.authority.doors.warning_desk import warning_desk_router
from baluardo.authority.doors.warnings import warnings_router
from baluardo.authority.doors.whereabouts import whereabouts_router
from baluardo.authority.doors.who import Who
from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.mail.leaving import keep_mail
from baluardo.authority.metrics import CountRequests, Metrics
from baluardo.authority.opening import publish_statement, renewed_credential
from baluardo.authority.warnings.foreign_feeds import watching_feeds
from baluardo.authority.warnings.sending import Senders
from baluardo.console.app import STATIC, create_application
from baluardo.console.authority_pages import AUTHORITY_PAGES
from baluardo.console.part import ConsolePart, StatusItem
from baluardo.console.refusals import REFUSALS
from baluardo.errors import BaluardoError
from baluardo.trust.publishing import publish_sealing_key

RENEW_SECONDS: Final = 3_600.0
"""How often the service looks whether its own certificate is due."""

logger = logging.getLogger("baluardo.authority")


class AuthorityService:
    """An authority that runs for as long as its console does."""

    def __init__(self, authority: Authority, static: Path = STATIC) -> None:
        """Assemble it; nothing is served before the part's lifespan is entered."""
        self.authority = authority
        self.metrics = Metrics(authority)
        self.router = _router(authority, self.metrics)
        self._standing = StandingWarnings(authority)
        self.door = ChannelDoor(authority, self._application(static), standing=self._standing)
        self._senders = Senders(authority)
        self._tasks: set[asyncio.Task[None]] = set()

    def part(self) -> ConsolePart:
        """Return what the console takes in."""
        return ConsolePart(
            name="authority",
            router=self.router,
            pages=AUTHORITY_PAGES,
            status=self._status,
            warnings=self._standing.shown,
            healthy=lambda: self.authority.store.is_writing,
            lifespan=self._running,
            wrap=self._wrap,
        )

    def _application(self, static: Path) -> FastAPI:
        """Return the same API without the console's door: channels are the door there."""
        part = ConsolePart(name="authority", router=self.router, wrap=self._wrap)
        return create_application((part,), static)

    def _wrap(self, app: ASGIApp) -> ASGIApp:
        return CountRequests(Who(app, self.authority), self.metrics)

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        authority, settings = self.authority, self.authority.settings
        authority.bus.subscribe(self._hear)
        async with authority.bus.running():
            try:
                await learn_broken_glass(authority)
                await refresh_policy(authority)
                await self.door.start(settings.channel_host, settings.channel_port)
                self._spawn(keep_lists(authority))
                self._spawn(keep_mail(authority))
                self._spawn(self._keep_credential())
                feeds = watching_feeds(authority.warnings, authority.clock)
                async with self._senders.running(), feeds:
                    self.door.tell_warnings()  # by the keys that are held from now on
                    yield
            finally:
                for task in tuple(self._tasks):
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await self.door.stop()
                await asyncio.to_thread(authority.store.close)

    def _hear(self, event: Event) -> None:
        """Follow what happened, here or in another authority, and tell the channels."""
        if event.kind is EventKind.POLICY:
            self._spawn(refresh_policy(self.authority))
        if event.kind is EventKind.WARNINGS:
            self._senders.wake()
        if event.kind is EventKind.BREAK_GLASS:
            self._spawn(self._hear_broken_glass(event))
            return
        self.door.hear(event)

    async def _hear_broken_glass(self, event: Event) -> None:
        await learn_broken_glass(self.authority)
        self.door.hear(event)

    async def _keep_credential(self) -> None:
        """Renew the service's own certificate when it is due; channels follow by themselves."""
        authority = self.authority
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                made = await asyncio.to_thread(
                    renewed_credential, authority.store, authority.access
                )
                if made.chain.leaf.serial != authority.credential.chain.leaf.serial:
                    statement = publish_sealing_key(authority.sealing_key.public, made)
                    authority.credential, authority.sealing_statement = made, statement
                    await asyncio.to_thread(publish_statement, authority)
            except BaluardoError as problem:
                logger.warning("The authority's own certificate was not renewed: %s", problem)

    async def _status(self) -> list[StatusItem]:
        standing = standing_of(self.authority)  # every page asks every ten seconds
        wrong = [("warning", text) for text in standing.problems]
        wrong += [("notice", text) for text in standing.warnings]
        return [
            StatusItem(f"authority-{place}", "warning" if level == "warning" else "notice", text)
            for place, (level, sentence) in enumerate(wrong)
            if (text := {"it": f"Autorità: {sentence}", "en": f"Authority: {sentence}"})
        ]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        problem = None if task.cancelled() else task.exception()
        if problem is not None:
            logger.error("The authority failed at something by itself.", exc_info=problem)


def _router(authority: Authority, metrics: Metrics) -> APIRouter:
    router = APIRouter()
    for each in (
        sign_in_router,
        enrolment_router,
        own_router,
        directory_router,
        invitations_router,
        requests_router,
        commands_router,
        policy_router,
        certificates_router,
        sites_router,
        log_router,
        warning_desk_router,
        foreign_alerts_router,
        standing_warnings_router,
        handsets_router,
        warnings_router,
        whereabouts_router,
        public_router,
    ):
        router.include_router(each(authority), responses=REFUSALS)
    router.include_router(health_router(authority, metrics), responses=REFUSALS)
    return router
