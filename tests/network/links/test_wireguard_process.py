"""WireGuard in user space as a process: one that hangs, and programs that are not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import needs_namespaces
from two_sites import children, wireguard_keys

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.systemd import units
from baluardo.errors import LaneRemadeError, LinkError
from baluardo.network.links.client import HelperProcess, Links
from baluardo.network.links.namespaces import Namespace
from baluardo.network.links.real_time import CHILD_PRIORITY
from baluardo.network.links.wireguard_process import start_wireguard_go
from held_process import hold

pytestmark = needs_namespaces

BEARER = '[[bearers]]\nname = "fibre"\nkind = "interface"\ndevice = "eth2"\nrole = "primary"\n'


def test_a_hung_wireguard_is_killed_and_made_anew(tmp_path: Path) -> None:
    """Stopped, it still has its device and its control socket, and answers nobody."""
    with (
        HelperProcess.start(tmp_path / "site") as helper,
        Links.connect(helper.path) as links,
    ):
        links.open(lanes=2).close()
        private, public = wireguard_keys()
        links.wireguard(1, private_key=private)
        hung, other = children(helper.process, "wireguard-go") or pytest.skip("the kernel's own")
        if b"wg0" not in Path(f"/proc/{hung}/cmdline").read_bytes():
            hung, other = other, hung
        hold(hung)
        with pytest.raises(LaneRemadeError, match="Open the links again and configure it whole"):
            links.show(0)
        assert hung not in children(helper.process, "wireguard-go")
        opened = links.open(lanes=2)
        assert [lane.made for lane in opened.lanes] == [2, 1]
        opened.close()
        links.wireguard(0, private_key=private, only=True)
        assert links.show(0).public_key == public
        assert links.show(1).public_key == public  # the other lane went on
        assert other in children(helper.process, "wireguard-go")


@pytest.mark.parametrize(
    ("missing", "package"),
    [("nice", "coreutils"), ("nsenter", "util-linux"), ("setpriv", "util-linux")],
)
def test_a_missing_program_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, package: str
) -> None:
    for program in {"nice", "nsenter", "setpriv", "wireguard-go"} - {missing}:
        (tmp_path / program).symlink_to(shutil.which(program) or pytest.skip(program))
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        Namespace.own() as own,
        pytest.raises(LinkError, match=rf"{missing} is not installed \({package}\)"),
    ):
        start_wireguard_go(own, "none0")


def test_its_threads_run_before_others_where_that_is_permitted(tmp_path: Path) -> None:
    """By SCHED_RR below our own loops; the helper that started it is ordinary again."""
    with (
        HelperProcess.start(tmp_path / "site") as helper,
        Links.connect(helper.path) as links,
    ):
        links.open().close()
        (process,) = children(helper.process, "wireguard-go") or pytest.skip("the kernel's own")
        threads = [int(each.name) for each in Path(f"/proc/{process}/task").iterdir()]
        try:
            os.sched_setscheduler(threads[0], os.SCHED_RR, os.sched_param(CHILD_PRIORITY))
        except PermissionError:
            expected = os.SCHED_OTHER
        else:
            expected = os.SCHED_RR
        assert {os.sched_getscheduler(each) for each in threads[1:]} == {expected}
        assert os.sched_getscheduler(helper.process.pid) == os.SCHED_OTHER


@pytest.mark.parametrize("is_given", [True, False], ids=["as the unit has it", "without"])
def test_it_keeps_one_right_of_those_that_the_helper_s_unit_has(
    tmp_path: Path, is_given: bool
) -> None:
    """Where they cannot be taken away it does not run; systemd's bounding set by setpriv's."""
    configuration = EdgeConfiguration.of_toml("[network]\nenabled = true\n" + BEARER, "edge.toml")
    unit = units(tmp_path, configuration, python="/usr/bin/python3")["baluardo-links.service"]
    line = next(x for x in unit.splitlines() if x.startswith("CapabilityBoundingSet="))
    rights = [each.removeprefix("CAP_").lower() for each in line.partition("=")[2].split()]
    if not is_given:
        rights.remove("setpcap")
    socket = tmp_path / "links.sock"
    bounds = ",".join(("-all", *(f"+{each}" for each in rights)))
    helper = subprocess.Popen(
        [
            *("setpriv", "--bounding-set", bounds, "--inh-caps", "-all"),
            *(sys.executable, "-P", "-m", "baluardo.network.links.helper", str(socket)),
        ]
    )
    try:
        while not socket.exists():
            assert helper.poll() is None
            time.sleep(0.02)
        with Links.connect(socket) as links:
            if not is_given:
                with pytest.raises(LinkError, match="CAP_SETPCAP"):
                    links.open()
                return
            links.open().close()
            (process,) = children(helper, "wireguard-go") or pytest.skip("the kernel's own")
            assert "CapEff:\t0000000000001000" in Path(f"/proc/{process}/status").read_text()
    finally:
        helper.kill()
        helper.wait()
