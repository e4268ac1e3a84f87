"""Two whole edges under a policy of two layers: what passes, what never does, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import pings
from baluardo.network.links.esp.charon import why_not
from baluardo.network.links.namespaces import can_make_namespaces
from edge.layered_sites import (
    BEARERS,
    MARK,
    SECONDS,
    LayeredSites,
    capture,
    carry_tcp,
    layered_sites,
)
from held_process import hold

_why = can_make_namespaces() or why_not()
pytestmark = pytest.mark.skipif(bool(_why), reason=f"needs strongSwan in namespaces: {_why}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, ceremony: Path) -> Iterator[LayeredSites]:
    with layered_sites(tmp_path_factory.mktemp("layered"), ceremony) as both:
        yield both


@pytest.fixture
def sites(running: LayeredSites) -> LayeredSites:
    """Both sites, with two layers that stand."""
    if not all(site.agent.state.network.two_layers for site in running.both):
        running.put_in_force(two_layers=True)
    running.until_open(2)
    return running


def test_hosts_reach_each_other_and_below_each_layer_nothing_is_clear(sites: LayeredSites) -> None:
    rome, frigate = sites.both
    content = MARK * 40_000
    with rome.crypt() as crypt, rome.hosts() as hosts, frigate.hosts() as far:
        assert " mtu 1280 " in hosts.run("ip", "link", "show", "lan0")
        with (
            capture(rome.outer, "b0") as outside,
            capture(rome.outer, "b1") as beside,
            capture(crypt, "wg0") as between,
            capture(hosts, "lan0") as within,
        ):
            assert pings.answered(hosts, frigate.address, count=5, mark=MARK)
            assert pings.answered(far, rome.address, "-s", "1232", count=5, mark=MARK)
            assert carry_tcp(rome, frigate, content) == content
    assert MARK in within.octets()  # the captures would show it
    for captured in (outside, beside, between):
        assert len(captured.packets) > 0
        assert MARK not in captured.octets()
    assert between.kinds()["ESP"] > 100
    assert between.others() == []
    assert outside.kinds()["ESP"] == outside.kinds()["IKE"] == 0  # nor does ESP show outside
    sites.until(lambda: all(site.tunnel()["inner"]["sent_octets"] > 0 for site in sites.both))
    for site in sites.both:
        tunnel = site.tunnel()
        assert (tunnel["layers"], tunnel["lanes"]) == (2, 1)
        assert tunnel["inner"]["established"]
        assert tunnel["problem"] == ""
        assert site.told()["problem"] == ""


def test_killed_charons_are_a_closed_door_also_while_nobody_looks(sites: LayeredSites) -> None:
    """While the helper is held the gate stays open, and the engine goes on giving clear packets."""
    rome, frigate = sites.both
    with rome.crypt() as crypt, rome.hosts() as hosts:
        try:
            hold(rome.helper.process.pid)
            for process in rome.charons():
                os.kill(process, signal.SIGKILL)
            with (
                capture(crypt, "in0") as given,
                capture(crypt, "wg0") as between,
                capture(rome.outer, "b0") as outside,
            ):
                assert pings.unanswered(hosts, frigate.address, MARK)
            told = rome.alarmed("ended")
        finally:
            os.kill(rome.helper.process.pid, signal.SIGCONT)
        assert MARK in given.octets()
        assert between.others() == []
        assert MARK not in between.octets()
        assert MARK not in outside.octets()
        told.result(SECONDS)
    sites.until_open(2)
    sites.until(lambda: rome.reaches(frigate))


def test_new_keys_under_traffic_cost_no_packet(sites: LayeredSites) -> None:
    rome, frigate = sites.both
    epochs = [rome.tunnel()["inner"]["epoch"]]
    with rome.hosts() as hosts:
        running = hosts.popen(
            ["ping", "-n", "-i", "0.02", "-w", "90", frigate.address],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2):
            rome.ask_for_full_round()
            sites.until(lambda: rome.tunnel()["inner"]["epoch"] not in epochs)
            epochs.append(rome.tunnel()["inner"]["epoch"])
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=SECONDS)
    assert epochs == sorted(set(epochs))
    answers = pings.answers(said)
    assert len(answers) > 50
    assert answers == set(range(1, max(answers) + 1))  # the last may be under way


@pytest.mark.parametrize("which", [0, 1], ids=["who begins", "who answers"])
def test_a_lost_helper_is_a_closed_door_and_both_ends_agree_anew(
    sites: LayeredSites, which: int
) -> None:
    lost, other = sites.both[which], sites.both[1 - which]
    run = lost.tunnels.run
    with capture(lost.outer, "b0") as outside:
        lost.lose_helper()
        sites.until(lambda: lost.tunnels.run not in (None, run))
        sites.until_open(2)
        sites.until(lambda: lost.reaches(other))
    assert len(outside.packets) > 0
    assert MARK not in outside.octets()


def test_one_layer_when_the_policy_says_so_and_two_again(sites: LayeredSites) -> None:
    rome, frigate = sites.both
    assert len(rome.charons()) == len(frigate.charons()) == 2
    sites.put_in_force(two_layers=False)
    sites.until_open(1)
    assert rome.tunnel()["inner"] is None
    sites.until(lambda: all(site.tunnel()["lanes"] == BEARERS for site in sites.both))
    sites.until(lambda: rome.reaches(frigate))
    assert rome.charons() == frigate.charons() == []
    sites.put_in_force(two_layers=True)
    sites.until_open(2)
    sites.until(lambda: frigate.reaches(rome))
