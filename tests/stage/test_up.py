"""`baluardo up` as a process: it starts, says where, and ends as it is told."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from running_console import STOP_SECONDS, RunningConsole, environment, running, start

FEW = """
[[shell]]
inclination_deg = 53.0
height_km = 550.0
planes = 24
satellites = 264
"""
"""A constellation that is quickly prepared."""


@pytest.fixture
def few(tmp_path: Path) -> str:
    path = tmp_path / "few.toml"
    path.write_text(FEW)
    return str(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refused(state: Path, *arguments: str) -> str:
    """Run `baluardo up` where it cannot; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "baluardo", "up", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment(state),
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def listed(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "baluardo" / "run").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_stop_it_cleanly_with_a_screen_open(
    tmp_path: Path, few: str, number: signal.Signals
) -> None:
    with running(tmp_path, "--catalogue", few) as console:
        assert httpx.get(f"{console.url}healthz").status_code == 200
        assert httpx.get(f"{console.url}api/sky").json()["catalogue"]["count"] == 264
        with connect(console.frames_url, compression=None, proxy=None) as screen:
            screen.recv(timeout=20)
            assert listed(tmp_path) == [f"console-{console.process.pid}.json"]
            # The screen would stay open for as long as it is served.
            status, talk = console.stop(number)
            with pytest.raises(ConnectionClosed) as closed:
                read_on(screen)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        assert status == 0
        assert talk.endswith("Stopped.\n")
        assert "Traceback" not in talk
        assert listed(tmp_path) == []


def read_on(screen) -> None:  # type: ignore[no-untyped-def]
    for _ in range(10):
        screen.recv(timeout=20)


@pytest.mark.parametrize("delay", [0.0, 0.2])
def test_a_signal_just_after_the_address_is_said(tmp_path: Path, few: str, delay: float) -> None:
    with running(tmp_path, "--catalogue", few) as console:
        time.sleep(delay)
        status, talk = console.stop()
        assert status == 0, talk
        assert "Traceback" not in talk


def test_a_second_signal_does_no_harm(tmp_path: Path, few: str) -> None:
    with running(tmp_path, "--catalogue", few) as console:
        console.process.send_signal(signal.SIGINT)
        status, talk = console.stop(signal.SIGTERM)
        assert status == 0, talk


def test_only_the_address_is_on_stdout(tmp_path: Path, few: str) -> None:
    console = start(tmp_path, "--port", "0", "--catalogue", few)
    console.process.send_signal(signal.SIGINT)
    rest, _ = console.process.communicate(timeout=STOP_SECONDS)
    assert rest == ""
    assert console.url.startswith("http://127.0.0.1:")
    assert console.url.endswith("/")


def test_a_busy_port(tmp_path: Path, few: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        talk = refused(tmp_path, "--port", str(port), "--catalogue", few)
    assert talk == (f"baluardo: Port {port} is taken by another program; choose one with --port.\n")
    assert listed(tmp_path) == []


def test_a_second_instance_is_told_who_runs_and_may_run_beside_it(tmp_path: Path, few: str) -> None:
    port = free_port()
    with_port = ("--port", str(port), "--catalogue", few)
    first = start(tmp_path, *with_port)
    try:
        pid = first.process.pid
        assert refused(tmp_path, "--catalogue", few) == (
            f"baluardo: Baluardo runs already (process {pid}) at {first.url}. Open that page, or "
            "start another one beside it with --port.\n"
        )
        assert refused(tmp_path, *with_port) == (
            f"baluardo: Port {port} is taken by Baluardo itself (process {pid}); choose another "
            "one with --port.\n"
        )
        with running(tmp_path, "--catalogue", few) as second:
            assert len(listed(tmp_path)) == 2
            assert httpx.get(f"{second.url}healthz").status_code == 200
            assert second.stop()[0] == 0
        assert httpx.get(f"{first.url}healthz").status_code == 200
    finally:
        assert first.stop()[0] == 0


@contextlib.contextmanager
def slow_server() -> Iterator[str]:
    """Serve an answer that never ends and is never silent for long, however busy the machine is."""
    ended = threading.Event()

    def trickle(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            caller, _ = listener.accept()
            with caller:
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not ended.wait(1.0):
                    caller.sendall(b"\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickle, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()


def test_a_catalogue_that_is_slow_to_come(tmp_path: Path) -> None:
    """Meanwhile nobody is kept waiting at a shut door, and a second start learns who is there."""
    with slow_server() as address:
        port = free_port()
        with_port = ("--port", str(port), "--catalogue", f"{address}/slow.tle")
        first = subprocess.Popen(
            [sys.executable, "-m", "baluardo", "up", *with_port],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(tmp_path),
        )
        try:
            assert first.stderr is not None
            assert first.stderr.readline() == (
                "Loading the catalogue takes a while; the console answers once it is there.\n"
            )
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)
            assert refused(tmp_path, *with_port) == (
                f"baluardo: Port {port} is taken by Baluardo itself (process {first.pid}); choose "
                "another one with --port.\n"
            )
            assert f"(process {first.pid})" in refused(tmp_path)
            first.send_signal(signal.SIGINT)
            out, talk = first.communicate(timeout=STOP_SECONDS)
        finally:
            first.kill()
            first.communicate()
    assert (first.returncode, out, talk) == (0, "", "Stopped.\n")
    assert listed(tmp_path) == []


def test_what_a_crash_left_behind_is_cleaned_up(tmp_path: Path, few: str) -> None:
    with running(tmp_path, "--catalogue", few) as crashed:
        crashed.process.kill()
        crashed.process.wait(STOP_SECONDS)
        assert listed(tmp_path) == [f"console-{crashed.process.pid}.json"]
    # As if the number had been given to another living process since.
    left = tmp_path / "baluardo" / "run"
    (left / f"console-{crashed.process.pid}.json").rename(left / f"console-{os.getpid()}.json")
    with running(tmp_path, "--catalogue", few) as console:
        assert listed(tmp_path) == [f"console-{console.process.pid}.json"]
        status, talk = console.stop()
    assert status == 0
    assert talk.startswith("Cleaned up after a run that ended without notice (1 file).\n")


def test_a_console_that_others_can_reach_is_warned_about(tmp_path: Path, few: str) -> None:
    with running(tmp_path, "--catalogue", few, "--host", "0.0.0.0") as console:  # noqa: S104
        assert httpx.get(f"{console.url}healthz").status_code == 200
        foreign = {"host": "elsewhere.example"}
        assert httpx.get(f"{console.url}healthz", headers=foreign).status_code == 421
        _, talk = console.stop()
    assert "can be reached from other machines, and the sky asks nobody who they are" in talk


def test_an_old_catalogue_is_replayed_and_that_is_said(tmp_path: Path, real_tle: bytes) -> None:
    path = tmp_path / "old.tle"
    path.write_bytes(real_tle)
    with running(tmp_path, "--catalogue", str(path)) as console:
        sky = httpx.get(f"{console.url}api/sky").json()
        assert sky["replay"]
        assert any(notice["en"].startswith("Replay:") for notice in sky["notices"])
        clock = httpx.get(f"{console.url}api/sky/clock").json()
        assert not clock["can_now"]
        assert 0 <= clock["sky_time"] - sky["catalogue"]["epoch"] < 60
        back = httpx.post(f"{console.url}api/sky/clock", json={"mode": "now"})
        assert back.status_code == 400
        assert "14 days" in back.json()["detail"]
        status = httpx.get(f"{console.url}api/console").json()["status"]
        assert any(item["text"]["it"].startswith("Replica:") for item in status)
        _, talk = console.stop()
    assert "Replay: the catalogue is of 2025-05-2" in talk


def test_a_first_start_can_be_interrupted_while_it_compiles(tmp_path: Path, few: str) -> None:
    """With an empty cache of compiled code the page does not wait for it, nor does the end."""
    compiled = tmp_path / "compiled"
    os.environ["NUMBA_CACHE_DIR"] = str(compiled)
    try:
        console: RunningConsole = start(tmp_path, "--port", "0", "--catalogue", few)
    finally:
        del os.environ["NUMBA_CACHE_DIR"]
    try:
        until(lambda: any(compiled.rglob("*.nbi")))
        assert httpx.get(f"{console.url}healthz", timeout=20).status_code == 200
        status, talk = console.stop()
    finally:
        console.process.kill()
    assert status == 0, talk
    assert "Prepared" not in talk
    # It ended in the middle: what a route needs last was never compiled.
    assert not any(compiled.rglob("shortest.disjoint_ways*"))
    assert listed(tmp_path) == []


def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60.0
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_the_browser_is_shown_the_address(
    tmp_path: Path, few: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "shown"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {shown}.new && mv {shown}.new {shown}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    with running(tmp_path, "--catalogue", few, "--open") as console:
        until(shown.exists)
        assert shown.read_text().strip() == console.url
        assert console.stop()[0] == 0
