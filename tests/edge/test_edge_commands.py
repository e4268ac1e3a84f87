"""`baluardo edge`: enrolling, running and looking, by the commands that people type."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from baluardo.cli.main import main
from edge.country import PATIENCE, Country


def test_an_edge_is_enrolled_run_and_looked_at(
    country: Country, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    country.calendar.now = time.time()  # commands go by the machine's clock
    edge, invitation = tmp_path / "rome", tmp_path / "invitation.txt"

    async def command(*words: str) -> str:
        assert await asyncio.to_thread(main, ["edge", *words]) == 0
        return capfd.readouterr().out

    async def scenario() -> None:
        async with country.authority() as authority:
            invitation.write_text(await country.invite(authority, "office/rome"))
            said = await command(
                "enrol", str(edge), "--invitation", str(invitation), "--unprotected"
            )
            assert said.startswith("office/rome, until ")
            assert "no policy yet" in await command("status", str(edge))
            list_of_devices = edge / "tunnel" / "devices.json"
            list_of_devices.parent.mkdir()
            list_of_devices.write_text("{")
            status = await command("status", str(edge))  # the rest is told all the same
            assert "no policy yet" in status
            assert "devices, not post-quantum: " in status
            assert "devices.json was damaged" in status
            list_of_devices.unlink()
            list_of_devices.parent.rmdir()
            words = ["edge", "run", str(edge), "--port", "0", "--unprotected"]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "baluardo", *words, stdout=subprocess.PIPE
            )
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                url = (await process.stdout.readline()).decode().strip()
            assert url.startswith("http://rome.baluardo.localhost:")
            host = url.removeprefix("http://").rstrip("/")
            async with (
                asyncio.timeout(PATIENCE),
                httpx.AsyncClient(headers={"host": host}, trust_env=False) as client,
            ):
                state = f"http://127.0.0.1:{host.partition(':')[2]}/api/authority/state"
                while (answer := await client.get(state)).status_code == 503:
                    await asyncio.sleep(0.05)
                assert answer.json()["community"] == "italia.example"
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE):
                assert await process.wait() == 0
            told = json.loads(await command("status", str(edge), "--json"))
            assert (told["identity"], told["policy"]["number"]) == ("office/rome", 1)
            assert told["host"] == "rome.baluardo.localhost"
            await behind_a_proxy(edge)

    async def behind_a_proxy(edge: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        words = ["edge", "run", str(edge), "--port", str(port), "--unprotected", "--proxy"]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "baluardo", *words, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            url = (await process.stdout.readline()).decode().strip()
        assert url == "https://rome.baluardo.localhost/"
        told = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
        page = f"http://127.0.0.1:{port}/healthz"
        host = {"host": "rome.baluardo.localhost"}
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(page, headers=host)).status_code == 400
            assert (await client.get(page, headers=host | told)).status_code == 200
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["status", "nowhere"], "was never enrolled"),
        (["run", "nowhere", "--unprotected"], "was never enrolled"),
        (["enrol", "new", "--unprotected"], "No invitation was given"),
        (["enrol", "new", "--invitation", "broken.txt", "--unprotected"], "This is no invitation"),
        (["enrol", "new", "--invitation", "none.txt", "--unprotected"], "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.txt").write_text("baluardo-invitation")
    assert main(["edge", *words]) == 1
    said = capfd.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
