"""What the status strip says about the sky."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest

from baluardo.console.part import StatusItem
from baluardo.console.sky import sky_part
from baluardo.console.sky_status import notices, sky_status
from baluardo.errors import SourceError
from baluardo.scenario.nation import default_path, load
from baluardo.terms import Bilingual
from baluardo.twin.catalogues import Loaded
from baluardo.twin.clock import Readings
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.catalogue import Catalogue

DAY = 86_400.0


def items_of(live: LiveSky) -> dict[str, StatusItem]:
    return {item.id: item for item in asyncio.run(sky_status(live))}


def aged(catalogue: Catalogue, days: float) -> LiveSky:
    """A sky whose catalogue is a measured one of some days ago."""
    measured = replace(catalogue, ageless=False)
    return LiveSky(Loaded(measured), read=lambda: Readings(0.0, measured.epoch + days * DAY))


@pytest.fixture
def catalogue(default_catalogue: Catalogue) -> Catalogue:
    return default_catalogue.select(default_catalogue.numbers % 10 == 0)


def test_shells_need_no_words_once_warm_until_the_sky_stops(catalogue: Catalogue) -> None:
    live = LiveSky(Loaded(catalogue))
    healthy = sky_part(live, load(default_path())).healthy
    assert healthy is not None

    async def warm_up() -> None:
        running = asyncio.create_task(live.run())
        await live.ask("q", lambda snapshot: snapshot.slot)
        (item,) = await sky_status(live)
        assert (item.id, item.level) == ("catalogue", "ok")
        assert item.text["en"] == "750 satellites: built-in shells"
        assert notices(live) == []
        assert healthy()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    assert set(items_of(live)) == {"catalogue", "preparing"}
    asyncio.run(warm_up())
    assert not healthy()
    stopped = items_of(live)["stands-still"]
    assert stopped.level == "warning"
    assert stopped.text["en"].startswith("The sky stands still")
    assert stopped.text["it"].startswith("Il cielo è fermo")


def test_old_elements_are_a_warning(catalogue: Catalogue) -> None:
    items = items_of(aged(catalogue, 10.0))
    assert items["age-0"].level == "warning"
    assert "750 of 750 satellites" in items["age-0"].text["en"]
    assert "750 satelliti su 750" in items["age-0"].text["it"]


def test_a_replay_that_has_to_be_is_said_in_both_languages(catalogue: Catalogue) -> None:
    live = aged(catalogue, 15.0)
    items = items_of(live)
    assert items["replay-0"].text["en"].startswith("Replay: the catalogue is of 2025-05-29")
    assert items["replay-0"].text["it"].startswith("Replica: il catalogo è del 2025-05-29")
    assert "not-now" not in items
    assert dict(items["replay-0"].text) in notices(live)


def test_what_was_said_on_loading_stays(catalogue: Catalogue) -> None:
    loaded = Loaded(catalogue, (Bilingual(it="Copia vecchia.", en="An old copy."),))
    assert {"it": "Copia vecchia.", "en": "An old copy."} in notices(LiveSky(loaded))


def test_a_catalogue_that_could_not_be_exchanged_is_a_warning(catalogue: Catalogue) -> None:
    def fail() -> Loaded:
        raise SourceError("celestrak.org does not answer.")

    live = LiveSky(Loaded(catalogue))
    assert not asyncio.run(live.exchange(fail))
    item = items_of(live)["reload"]
    assert item.level == "warning"
    assert "celestrak.org does not answer." in item.text["it"]
