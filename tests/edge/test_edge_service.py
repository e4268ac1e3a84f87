"""An edge under a service manager: its units, its signs of life, its Unix socket, making way."""

from __future__ import annotations

import asyncio
import configparser
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.page_socket import bind_page_socket
from baluardo.edge.supervision import Supervisor
from baluardo.edge.systemd import units
from baluardo.edge.updates import launcher
from baluardo.edge.updates.trial import prove, replaced
from baluardo.edge.updates.versions import Versions
from baluardo.errors import InvalidInputError, StageError
from edge.country import PATIENCE, Country

EDGE = Path("/var/lib/baluardo/edge")
FULL = """
[network]
enabled = true
[[bearers]]
name = "sky"
kind = "starlink"
device = "eth1"
role = "primary"
[updates]
source = "https://updates.example/an.update"
automatic = true
"""


def made(text: str, passphrase: Path | None = None) -> dict[str, str]:
    """Return the units of a configuration, started by this Python."""
    configuration = EdgeConfiguration.of_toml(text, "edge.toml")
    return dict(units(EDGE, configuration, passphrase=passphrase, python=sys.executable))


class Unit(configparser.RawConfigParser):
    """A unit's lines; a key may stand more than once, the last is given."""

    def __init__(self, text: str) -> None:
        super().__init__(strict=False, interpolation=None, delimiters="=")
        self.read_string(text)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def test_units_give_each_process_what_it_needs_and_no_more() -> None:
    assert set(made("")) == {"baluardo-edge.service"}
    alone, full = Unit(made("")["baluardo-edge.service"]), made(FULL, Path("/etc/baluardo/pass"))
    assert alone["Service"]["AmbientCapabilities"] == ""
    assert "--unprotected" in alone["Service"]["ExecStart"]
    assert set(full) == {
        "baluardo-edge.service",
        "baluardo-links.service",
        "baluardo-update.service",
        "baluardo-update.timer",
    }
    edge = Unit(full["baluardo-edge.service"])
    assert edge["Service"]["User"] == "baluardo"
    assert edge["Service"]["AmbientCapabilities"] == "CAP_SYS_NICE"
    assert edge["Service"]["CapabilityBoundingSet"] == "CAP_SYS_NICE"
    assert edge["Service"]["Restart"] == "always"
    assert edge["Service"]["ExecStart"].endswith("--passphrase-file %d/passphrase")
    assert edge["Service"]["LoadCredential"] == "passphrase:/etc/baluardo/pass"
    links = Unit(full["baluardo-links.service"])
    assert set(links["Service"]["CapabilityBoundingSet"].split()) == {
        *("CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_DAC_OVERRIDE"),
        *("CAP_SETPCAP", "CAP_SYS_NICE"),
    }
    assert "RestrictRealtime" not in links["Service"]  # WireGuard's processes run in real time
    assert "User" not in links["Service"]
    for name, text in full.items():
        if name.endswith(".service"):
            assert Unit(text)["Service"]["NoNewPrivileges"] == "yes"
            assert Unit(text)["Service"]["ProtectSystem"] == "strict"
    calm = FULL.replace("enabled = true", "enabled = true\nreal_time = false")
    assert Unit(made(calm)["baluardo-edge.service"])["Service"]["CapabilityBoundingSet"] == ""
    links = Unit(made(calm)["baluardo-links.service"])
    assert "CAP_SYS_NICE" not in links["Service"]["CapabilityBoundingSet"]
    assert links["Service"]["RestrictRealtime"] == "yes"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for text in ("", FULL):
        for name, unit in made(text, Path("/etc/baluardo/pass")).items():
            (tmp_path / name).write_text(unit)
    paths = sorted(str(path) for path in tmp_path.iterdir())
    words = ["systemd-analyze", "verify", "--man=no", *paths]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    own = [line for line in done.stderr.splitlines() if "baluardo" in line]
    assert (done.returncode, own) == (0, [])
    first = tmp_path / "baluardo-edge.service"
    first.write_text(first.read_text().replace("Restart=always", "Restart=allways"))
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "allways" in done.stderr  # what is wrong would be seen


@pytest.mark.parametrize(
    ("edge", "user", "words"),
    [
        (Path("/var/lib/an edge"), "baluardo", "cannot stand in a unit"),
        (Path("/var/lib/%h"), "baluardo", "cannot stand in a unit"),
        (Path("edge"), "baluardo", "cannot stand in a unit"),
        (Path("/home/anna/edge"), "baluardo", "person's home"),
        (EDGE, "Anna Rossi", "user 'Anna Rossi'"),
        (EDGE, "x\nUser=root", "small letters"),
    ],
)
def test_names_that_would_have_to_be_escaped_are_refused(edge: Path, user: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        units(edge, EdgeConfiguration(), user)


def heard(address: str) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bound.settimeout(PATIENCE)
    bound.bind(address)
    return bound


async def signs_of_life(supervisor: Supervisor, manager: socket.socket) -> list[bytes]:
    living = asyncio.create_task(supervisor.live())
    heard = [await asyncio.to_thread(manager.recv, 500) for _ in range(3)]
    living.cancel()
    return heard


def test_a_manager_hears_that_the_edge_serves_and_lives(tmp_path: Path) -> None:
    for address in (str(tmp_path / "notify"), f"@baluardo-test-{os.getpid()}"):
        supervisor = Supervisor.of_environment(
            {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"}
        )
        assert (supervisor.present, supervisor.watchdog_s) == (True, 0.2)
        supervisor.ready("nobody hears this")
        with heard(address.replace("@", "\0")) as manager:
            supervisor.ready("it\nREADY=0")
            assert (
                manager.recv(500) == "READY=1\nSTATUS=it\N{REPLACEMENT CHARACTER}READY=0".encode()
            )

            heard_signs = asyncio.run(signs_of_life(supervisor, manager))
            assert heard_signs == [b"WATCHDOG=1"] * 3
            supervisor.stopping()
            while (said := manager.recv(500)) == b"WATCHDOG=1":
                pass
            assert said == b"STOPPING=1"


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": "vsock:2:1"}, {"NOTIFY_SOCKET": ""}])
def test_without_a_manager_nothing_is_said(environment: dict[str, str]) -> None:
    supervisor = Supervisor.of_environment({"WATCHDOG_USEC": "ten", **environment})
    assert not supervisor.present
    supervisor.ready("")
    asyncio.run(supervisor.live())


def test_what_a_killed_edge_has_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pages.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with bind_page_socket(path):
        assert path.stat().st_mode & 0o777 == 0o660
        with pytest.raises(StageError, match="taken by another program"), bind_page_socket(path):
            pass
    assert not path.exists()
    path.write_text("a file")
    with pytest.raises(StageError, match="cannot be opened"), bind_page_socket(path):
        pass
    assert path.read_text() == "a file"


def test_an_edge_serves_at_its_socket_and_makes_way_for_the_next_program(
    country: Country, tmp_path: Path
) -> None:
    country.calendar.now = time.time()  # commands go by the machine's clock
    pages, notify = tmp_path / "pages.sock", str(tmp_path / "notify")

    async def enrolled() -> Path:
        async with country.authority() as authority:
            return await country.enrolled(authority, tmp_path, "office/rome")

    edge = asyncio.run(enrolled())
    (edge / "edge.toml").write_text(f'[pages]\nproxy = true\nsocket = "{pages}"\n')
    with heard(notify) as manager:
        process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-m", "baluardo.edge.updates.launcher", str(edge)),
                *("edge", "run", str(edge), "--unprotected"),
            ],
            env={**os.environ, "NOTIFY_SOCKET": notify, "WATCHDOG_USEC": "500000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            said = manager.recv(500)
            while not said.startswith(b"READY=1"):
                assert said == b"WATCHDOG=1"
                said = manager.recv(500)
            assert said == b"READY=1\nSTATUS=office/rome serves its site."
            headers = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}
            with httpx.Client(
                transport=httpx.HTTPTransport(uds=str(pages)),
                base_url="http://rome.baluardo.localhost",
                timeout=PATIENCE,
            ) as client:
                assert client.get("/healthz", headers=headers).status_code == 200
                assert client.get("/healthz").status_code == 400  # not through the proxy
            (edge / "versions" / "3").mkdir(parents=True)
            launcher.point(edge / "versions", 3)
            stdout, stderr = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
        assert stdout == "https://rome.baluardo.localhost/\n"
        assert "Program 3 was put into use: this one makes way.\n" in stderr
        assert stderr.endswith("Stopped.\n")
    assert not pages.exists()


def test_a_program_is_proven_after_a_while_and_not_before(tmp_path: Path) -> None:
    versions = Versions(tmp_path)
    versions.place(3).mkdir(parents=True)
    launcher.point(versions.directory, 3)
    assert versions.running(str(versions.place(3))) == 3
    assert versions.running(sys.prefix) == versions.running(str(tmp_path / "3")) == 0

    async def scenario() -> None:
        proving = asyncio.create_task(prove(versions, 3, after_s=3_600.0))
        leaving = asyncio.create_task(replaced(versions, look_every_s=0.01))
        await asyncio.sleep(0.05)
        assert not versions.is_proven(3)
        proving.cancel()
        await prove(versions, 3, after_s=0.0)
        assert versions.is_proven(3)
        assert not leaving.done()
        launcher.point(versions.directory, 0)
        async with asyncio.timeout(PATIENCE):
            assert await leaving == 0

    asyncio.run(scenario())
