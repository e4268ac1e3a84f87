"""Which satellite serves a bearer: told of one slot, gone after it, never believed of more."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.link import Link
from baluardo.edge.tunnels.bearers_known import KnownBearers
from baluardo.edge.tunnels.service import TunnelService
from baluardo.edge.tunnels.serving_satellite import ServingFile, ServingSatellite, told_of
from baluardo.edge.tunnels.status import _satellite
from baluardo.errors import InvalidInputError
from baluardo.scenario.nation import parse
from edge.tunnels.running_edges import NATION, _state
from trust.community import make_community

START = 1_800_000_000.0
TOLD = ServingSatellite("STARLINK-1234", START, START + 15.0)
NOT_TOLD = {"told": False, "name": None, "slot": None, "left_s": None}


def bearers(more: str = "") -> EdgeConfiguration:
    return EdgeConfiguration.of_toml(
        "[network]\nenabled = true\n"
        f"[[bearers]]\nname = 'sky'\nkind = 'wire'\ndevice = 'eth8'\nrole = 'primary'\n{more}"
        "[[bearers]]\nname = 'fibre'\nkind = 'interface'\ndevice = 'eth9'\nrole = 'alternate'\n",
        "edge.toml",
    )


def test_it_is_told_in_its_slot_and_at_no_other_time(tmp_path: Path) -> None:
    file = ServingFile(tmp_path / "satellite.json")
    assert told_of(file, START) == NOT_TOLD | {"told": True}
    (tmp_path / "satellite.json").write_bytes(TOLD.to_octets())
    assert told_of(file, START + 5.0) == {
        "told": True,
        "name": "STARLINK-1234",
        "slot": START,
        "left_s": 10.0,
    }
    for moment in (START - 0.1, START + 15.0, START + 1e6, None):
        assert told_of(file, moment) == NOT_TOLD | {"told": True}
    assert told_of(None, START) == NOT_TOLD
    none = ServingSatellite("", START, START + 15.0)
    (tmp_path / "satellite.json").write_bytes(none.to_octets())
    assert told_of(file, START)["name"] is None
    assert told_of(file, START)["left_s"] == 15.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"satellite":"A","start_ms":0}',
        '{"satellite":"A","start_ms":0,"end_ms":15000,"more":1}',
        '{"satellite":"A\\u202eB","start_ms":0,"end_ms":15000}',
        '{"satellite":"' + "A" * 65 + '","start_ms":0,"end_ms":15000}',
        '{"satellite":"A","start_ms":0,"end_ms":16000}',  # more than a slot: it would be stale
        '{"satellite":"A","start_ms":5,"end_ms":5}',
        '{"satellite":null,"start_ms":0,"end_ms":15000}',
        '{"satellite":"A","start_ms":"0","end_ms":15000}',
        '{"satellite":"A","start_ms":1e400,"end_ms":15000}',
    ],
)
def test_what_is_no_such_file_is_refused_and_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    with pytest.raises(InvalidInputError):
        ServingSatellite.of_octets(text.encode(), "The file")
    path = tmp_path / "satellite.json"
    path.write_text(text)
    file = ServingFile(path)
    with caplog.at_level(logging.WARNING):
        assert [file.at(1.0) for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        told = ServingSatellite.of_octets(octets, "The file")
    except InvalidInputError:
        return
    assert ServingSatellite.of_octets(told.to_octets(), "The file") == told


def test_the_sites_status_tells_it_of_bearers_by_low_satellites_alone(tmp_path: Path) -> None:
    path = tmp_path / "satellite.json"
    told = bearers(f"satellite = {json.dumps(str(path))}\n")
    site = parse(NATION.encode(), "trial.toml").sites[0]
    state = _state(make_community(now=time.time() - 3_600), site, tmp_path / "rome", None)
    try:
        service = TunnelService(state, told, Link(state))
        assert _satellite(service, "fibre") is None
        assert _satellite(service, "sky") == NOT_TOLD | {"told": True}
        assert not KnownBearers(bearers().bearers).satellites
        without = TunnelService(state, bearers(), Link(state))
        assert _satellite(without, "sky") == NOT_TOLD
    finally:
        state.close()


def test_its_path_is_one_of_a_file() -> None:
    with pytest.raises(InvalidInputError, match="satellite"):
        bearers("satellite = 'not/from/the/root'\n")
