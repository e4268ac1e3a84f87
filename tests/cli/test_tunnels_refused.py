"""Commands that need tunnels where there can be none: a sentence, and nothing half done."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import httpx
import pytest

from baluardo.cli.main import main
from baluardo.cli.prove import tunnel
from baluardo.edge.whereabouts import Whereabouts
from baluardo.stage.network.user_namespace import ENTERED
from network.places import needs_namespaces
from running_console import running
from stage.staged_nation import children
from without_rights import nobody

GUARD_SECONDS = 90.0
SIGN_IN = 401
"""What the authority answers strangers: asked through a site's pages, its edge has a channel."""
NATION = """
version = 1
name = { it = "Prova", en = "Trial" }
view = { lat_deg = 42.0, lon_deg = 13.5 }
[[sites]]
id = "rome"
kind = "ministry"
name = { it = "Roma", en = "Rome" }
lat_deg = 41.9
lon_deg = 12.5
"""


def test_a_proof_without_rights_says_how_to_get_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(tunnel.run)  # read while there are rights to
    monkeypatch.setenv(ENTERED, "1")  # a namespace of the person's own is not tried
    with nobody():
        status = main(["prove", "tunnel"])
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    (sentence,) = err.splitlines()
    assert sentence.startswith("baluardo: Network namespaces are not permitted here")
    assert "sudo baluardo up" in sentence


@needs_namespaces
def test_a_proof_names_the_programs_that_are_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = shutil.which("ip")
    assert program is not None
    (tmp_path / "ip").symlink_to(program)
    monkeypatch.setenv("PATH", str(tmp_path))
    status = main(["prove", "tunnel"])
    out, err = capsys.readouterr()
    assert (status, out) == (1, "")
    assert "Not installed here: wg, " in err
    assert "wireguard-tools" in err


def test_sites_run_without_tunnels_where_that_is_asked_for(tmp_path: Path) -> None:
    scenario = tmp_path / "trial.toml"
    scenario.write_text(NATION)
    state = tmp_path / "state"
    state.mkdir()
    arguments = ("--scenario", str(scenario), "--no-tunnels")
    with running(state, *arguments, demonstration=True) as console:
        directory = state / "baluardo" / "demonstration" / "sites" / "rome"
        end = time.monotonic() + GUARD_SECONDS
        while (status := _asked(console.url, directory)) != SIGN_IN:
            assert time.monotonic() < end, (status, console.talk.read_text())
            time.sleep(0.2)
        assert not children(console.process.pid, "wireguard-go")
        assert not [each for each in _descendants(console.process.pid) if "links.helper" in each]
        status, talk = console.stop(signal.SIGTERM)
    assert status == 0
    assert "permitted" not in talk
    assert "Traceback" not in talk
    assert "Not installed" not in talk


def _asked(url: str, directory: Path) -> int:
    """Ask the authority by way of a site, once that is enrolled; return the status, 0 for none."""
    if not (directory / "edge.json").exists():
        return 0
    host = Whereabouts.read(directory).host
    port = url.rstrip("/").rpartition(":")[2]
    try:
        answer = httpx.get(
            f"{url}api/authority/me/sessions",
            headers={"host": f"{host}:{port}"},
            trust_env=False,
            timeout=10.0,
        )
    except httpx.HTTPError:
        return 0
    return answer.status_code


def _descendants(process_id: int) -> list[str]:
    """Return the command lines of a process's children."""
    found = []
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                parent = int((directory / "stat").read_text().rpartition(")")[2].split()[1])
                line = (directory / "cmdline").read_bytes().decode("utf-8", "replace")
            except (OSError, IndexError):
                continue
            if parent == process_id:
                found.append(line)
    return found
