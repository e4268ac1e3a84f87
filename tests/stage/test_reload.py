"""The catalogue is read again from time to time; a bad one changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from baluardo.stage import up
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.live import LiveSky

SHELL = "[[shell]]\ninclination_deg = 53.0\nheight_km = 550.0\nplanes = 24\nsatellites = {}\n"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.02)


def test_previous_catalogue_survives_bad_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "RELOAD_SECONDS", 0.05)
    path = tmp_path / "few.toml"
    path.write_text(SHELL.format(264))
    said: list[str] = []

    async def scenario() -> None:
        live = LiveSky(load_catalogue(str(path)))
        reloading = asyncio.create_task(up._reload(live, str(path), said.append))
        try:
            for broken in ("", "no shells", SHELL.format(0)):
                path.write_text(broken)
                said.clear()
                await until(lambda: bool(said))
                assert said[0].startswith("The catalogue in use stays in use: ")
                assert len(live.catalogue) == 264
            path.unlink()
            said.clear()
            await until(lambda: bool(said))
            assert "cannot be read" in said[-1]
            assert len(live.catalogue) == 264
            path.write_text(SHELL.format(288))
            await until(lambda: len(live.catalogue) == 288)
            assert live.reload_problem is None
        finally:
            reloading.cancel()
            await asyncio.gather(reloading, return_exceptions=True)

    asyncio.run(scenario())
