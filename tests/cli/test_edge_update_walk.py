"""An update by the commands that people type: packed, approved, installed, started, taken back."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from baluardo import __version__
from cli.typed_country import SEALED, Country, free_ports, waited_for
from edge.page_copy.built_pages import make_build
from edge.signed_updates import program_wheel, surroundings_wheel

PASSPHRASE = "correct horse battery"  # noqa: S105 - of this test's own keys
ANNA = ("--keys", "anna", "--unprotected")
BRUNO = ("--keys", "bruno", "--unprotected")
FILE = "baluardo-0.2.0.update"
MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """Two officers and a ship are enrolled, the ship holds the policy; nobody serves any more."""
    path = tmp_path_factory.mktemp("country")
    (path / "pass").write_text(PASSPHRASE + "\n")
    (path / "pass").chmod(0o600)
    web, channel = free_ports(2)
    env = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    made = Country(path, web, channel, env=env)
    try:
        made.does(
            *("authority", "init", "authority", "--community", "italia.example"),
            *("--officer", "anna.rossi=Anna Rossi", "--officer", "bruno.verdi=Bruno Verdi"),
            *("--shares", "papers", "--web-port", str(web), "--channel-port", str(channel)),
            *SEALED,
        )
        with made.serving("serve", "authority"):
            for device, name in (("anna", "anna.rossi"), ("bruno", "bruno.verdi")):
                paper = f"papers/invitation-{name}.txt"
                made.does("edge", "enrol", device, "--invitation", paper, "--unprotected")
            enrol_ship(made)
        yield made
    finally:
        for each in made.runs:
            each.stop()


def enrol_ship(country: Country) -> None:
    """Enrol a ship, and let it hear the policy."""
    country.does("authority", "invite", "ship/bergamini", *ANNA, "--output", "ship.txt")
    words = ("edge", "enrol", "bergamini", "--invitation", "ship.txt", "--unprotected")
    enrol = country.starts("enrol", *words)
    enrol.says("The request waits")
    listed = country.does("authority", "approve", *BRUNO).stdout
    country.does("authority", "approve", listed.split()[1], *BRUNO)
    assert enrol.ended() == 0
    edge = country.starts("edge", "edge", "run", "bergamini", "--unprotected", "--port", "0")
    waited_for(lambda: "policy 1" in country.does("edge", "status", "bergamini").stdout)
    assert edge.stop() == 0


@pytest.fixture(scope="module")
def wheels(country: Country) -> Path:
    """Return a folder with the wheels of version 0.2.0."""
    folder = country.path / "wheels"
    folder.mkdir()
    for name, octets in (program_wheel("0.2.0") | surroundings_wheel()).items():
        (folder / name).write_bytes(octets)
    return folder


def version(country: Country) -> str:
    """Return what the launcher becomes."""
    launcher = (sys.executable, "-I", "-m", "baluardo.edge.updates.launcher", "--aside")
    done = subprocess.run(
        [*launcher, "bergamini", "--version"],
        cwd=country.path,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_an_update_goes_from_two_officers_to_a_ship(country: Country, wheels: Path) -> None:
    pack = ("edge", "pack-update", FILE, "--wheels", wheels.name, "--number", "7")
    done = country.does(*pack, *ANNA)
    assert done.stdout == "update 7: version 0.2.0, 2 wheels\n"
    assert re.fullmatch(
        rf"It waits until {MINUTE} for a second officer: baluardo edge approve-update\.\n",
        done.stderr,
    )
    assert country.refuses(*pack, *ANNA).startswith(f"{FILE} is already there")
    refused = country.refuses("edge", "update", "bergamini", FILE)
    assert refused.startswith("The command edge.update has 0 of the 1 approvals")
    assert (
        "cannot approve what they have proposed"
        in country.run("edge", "approve-update", FILE, *ANNA).stderr
    )
    ship = ("--keys", "bergamini", "--unprotected")
    assert "an officer's device is needed" in country.refuses("edge", "approve-update", FILE, *ship)
    done = country.does("edge", "approve-update", FILE, *BRUNO)
    assert done.stdout == "approved update 7\n"
    first, *listed = done.stderr.splitlines()
    assert first == (
        "edge.update by person/anna.rossi/first: update 7, version 0.2.0 for Python 3.11"
    )
    sums = subprocess.run(
        ["sha384sum", *(line.split()[1] for line in listed)],
        cwd=wheels,
        capture_output=True,
        text=True,
        check=True,
    )
    assert sums.stdout.splitlines() == listed  # an officer can check them with any tool
    assert stat.S_IMODE((country.path / FILE).stat().st_mode) == 0o644

    assert country.refuses("edge", "update", "bergamini") == (
        "No update's file was named, and edge.toml names no source of updates."
    )
    source = country.path / FILE
    (country.path / "bergamini" / "edge.toml").write_text(f'[updates]\nsource = "{source}"\n')
    assert version(country) == "baluardo 0.1.0\n"
    done = country.does("edge", "update", "bergamini")
    assert done.stdout == "update 7: version 0.2.0 in the place of 0.1.0\n"
    assert version(country) == "baluardo 0.2.0\n"
    done = country.does("edge", "update", "bergamini")
    assert done.stderr == "Update 7 (version 0.2.0) is in use here already.\n"
    assert "already" in country.refuses("edge", "update", "bergamini", FILE)
    status = country.does("edge", "status", "bergamini").stdout
    assert status.endswith("program: version 0.2.0 by update 7, on trial\n")

    done = country.does("edge", "rollback", "bergamini")
    assert done.stdout == "version 0.1.0 in the place of 0.2.0\n"
    assert version(country) == "baluardo 0.1.0\n"
    assert country.does("edge", "status", "bergamini").stdout.endswith(
        "program: version 0.1.0, as first installed\n"
    )
    assert country.refuses("edge", "update", "bergamini", FILE).endswith("--again.")
    assert country.refuses("edge", "rollback", "bergamini").startswith("The program as it was")
    assert country.refuses("edge", "rollback", "papers").startswith("papers is no edge's directory")


def test_what_is_no_update_is_not_packed(country: Country, wheels: Path) -> None:
    empty = country.path / "empty"
    empty.mkdir()
    pack = ("edge", "pack-update", "x.update", *ANNA, "--number", "8", "--wheels")
    assert "must hold 1 to 256 wheels" in country.refuses(*pack, "empty")
    assert "must hold 1 to 256 wheels" in country.refuses(*pack, "nowhere")
    shutil.copy(next(wheels.glob("surroundings*")), empty)
    assert country.refuses(*pack, "empty") == ("One wheel of baluardo is needed, and 0 are there.")
    assert not (country.path / "x.update").exists()
    altered = bytearray((country.path / FILE).read_bytes())
    altered[-1] ^= 1
    (country.path / "altered.update").write_bytes(altered)
    refused = country.refuses("edge", "approve-update", "altered.update", *BRUNO)
    assert "is not the wheel that was signed" in refused
    assert (country.path / "altered.update").read_bytes() == altered


def test_pages_go_from_two_officers_to_a_ship(country: Country) -> None:
    built, file = make_build(country.path / "static"), "pages-3.json"
    names = ("--signer", "bruno.verdi", "--signer", "anna.rossi")
    sign = ("edge", "sign-pages", file, "--number", "3", *names, "--pages", "static")
    done = country.does(*sign, *ANNA)
    assert done.stdout.startswith(f"pages 3: version {__version__}, ")
    assert done.stderr.endswith("for a second officer: baluardo edge approve-pages.\n")
    assert country.refuses(*sign, *ANNA).startswith(f"{file} is already there")
    refused = country.refuses("edge", "take-pages", "bergamini", file)
    assert refused.startswith("The command edge.pages has 0 of the 1 approvals")
    approve = ("edge", "approve-pages", file, "--pages", "static")
    whole = (built / "phone.html").read_bytes()
    (built / "phone.html").write_bytes(whole + b"<!-- altered -->")
    assert country.refuses(*approve, *BRUNO).startswith("/phone is not what your own build has")
    (built / "phone.html").write_bytes(whole)
    done = country.does(*approve, *BRUNO)
    assert done.stdout == "approved pages 3\n"
    assert done.stderr.startswith(
        f"edge.pages by person/anna.rossi/first: pages 3, version {__version__}; the next list by "
        "2 of anna.rossi, bruno.verdi\n"
    )
    taken = country.does("edge", "take-pages", "bergamini", file).stdout
    assert taken == f"pages 3: version {__version__}\n"
    assert (country.path / "bergamini" / "pages.json").read_bytes() == (
        country.path / file
    ).read_bytes()
    assert "is not newer" in country.refuses("edge", "take-pages", "bergamini", file)
    alone = ("edge", "sign-pages", "alone.json", "--number", "4", "--signer", "anna.rossi")
    assert "no copy could ever take one" in country.refuses(*alone, "--pages", "static", *ANNA)
