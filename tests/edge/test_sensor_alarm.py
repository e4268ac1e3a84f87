"""A sensor's alarm over real sockets: counted once by whichever authority answers first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from authority.warnings.warning_country import draft
from baluardo.authority.context import Authority
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.drafting import check_draft
from baluardo.authority.warnings.standing import keep_standing
from baluardo.edge.sensor_alarm import raise_alarm
from baluardo.edge.whereabouts import Whereabouts
from baluardo.emergency.writing.draft import Draft
from baluardo.errors import RequestError, SourceError
from baluardo.protocol.warnings import SensorAlarm, StandingWarning
from baluardo.trust.issuing.holder import Holder
from edge.country import Country, free_port
from trust.fleet import ACCESS
from twin.web_server import Server, running

SENSORS = ("office/buoy-ionian", "office/buoy-sicily")
SETTINGS = 'channels = ["exercise"]\nsites = ["exercise"]\nsensor_release = true\n'


@pytest.fixture
def portal() -> Iterator[Server]:
    """Return a web server that knows nothing of authorities."""
    with running() as server:
        yield server


async def standing(authority: Authority) -> str:
    """Release an exercise beforehand as two officers would; return its id."""

    def do(transaction: Transaction) -> str:
        drafted = Draft.of_object(draft(channel="exercise", level="exercise"), "The draft")
        desk, now = authority.warnings, transaction.now
        checked = check_draft(transaction.connection, desk, drafted, (), now)
        assert checked.release is not None, checked.problems
        release, until = checked.release, now + 86_400.0
        body = StandingWarning(release.channel, release.level, release.alert, SENSORS, 2, until)
        return keep_standing(transaction, body, "0" * 64, ["anna.rossi", "bruno.neri"])

    return await authority.store.act(do)


def test_two_sites_that_agree_set_it_off_and_one_is_not_enough(
    country: Country, tmp_path: Path, portal: Server
) -> None:
    (country.directory / "warnings.toml").write_text(SETTINGS)

    async def scenario() -> None:
        async with country.authority() as authority:
            homes = [await country.enrolled(authority, tmp_path, path) for path in SENSORS]
            credentials = [Holder(home / "keys").credential(ACCESS.unlock) for home in homes]
            where = Whereabouts.read(homes[0]).web
            dead = (f"http://127.0.0.1:{free_port()}", portal.address)
            said = SensorAlarm(await standing(authority), "0.8 m in 40 s", country.calendar.now)
            told: list[str] = []
            # An authority that is not there, or a portal in its place, holds nothing up.
            first = await raise_alarm(credentials[0], (*dead, *where), said, told.append)
            assert (first.agreed, first.needed, first.warning) == (1, 2, None)
            # Both at the same moment, one of them to two addresses: it goes out once.
            again, second = await asyncio.gather(
                raise_alarm(credentials[0], where, said, told.append),
                raise_alarm(credentials[1], (*where, *where), said, told.append),
            )
            assert second.agreed == 2
            assert second.warning is not None
            assert again.warning in (None, second.warning)
            assert await raise_alarm(credentials[1], where, said, told.append) == second
            later = replace(said, reading="0.9 m in 40 s")
            with pytest.raises(RequestError, match="set off already"):
                await raise_alarm(credentials[1], (*dead, *where), later, told.append)
            assert told == []

    asyncio.run(scenario())


def test_nobody_there_is_said_after_a_while(
    country: Country, tmp_path: Path, portal: Server
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            home = await country.enrolled(authority, tmp_path, SENSORS[0])
        credential = Holder(home / "keys").credential(ACCESS.unlock)
        said = SensorAlarm("0" * 32, "a wave", time.time())
        told: list[str] = []
        where = Whereabouts.read(home).web
        with pytest.raises(SourceError, match="cannot be reached"):
            await raise_alarm(credential, where, said, told.append, patience_s=0.5)
        [sentence] = told
        assert sentence.endswith("It is tried again for 0 s.")
        with pytest.raises(SourceError, match="answers as no authority does"):
            await raise_alarm(credential, (portal.address,), said, told.append, patience_s=0.0)
        with pytest.raises(SourceError, match="knows no address"):
            await raise_alarm(credential, (), said, told.append)

    asyncio.run(scenario())
