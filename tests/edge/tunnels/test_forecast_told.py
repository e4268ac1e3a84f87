"""A bearer's forecast that is broken: everybody at the site is told, in both languages."""

from __future__ import annotations

import json
import time
from pathlib import Path

from baluardo.edge.configuration import EdgeConfiguration
from baluardo.edge.link import Link
from baluardo.edge.tunnels.service import TunnelService
from baluardo.edge.tunnels.status import network_status
from baluardo.scenario.nation import parse
from edge.tunnels.running_edges import NATION, _state
from trust.community import make_community


def test_a_broken_forecast_is_told_and_a_whole_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "dish.csv"
    configuration = EdgeConfiguration.of_toml(
        "[network]\nenabled = true\n[[bearers]]\nname = 'sky'\nkind = 'interface'\n"
        f"device = 'eth9'\nrole = 'primary'\nforecast = {json.dumps(str(file))}\n",
        "edge.toml",
    )
    site = parse(NATION.encode(), "trial.toml").sites[0]
    state = _state(make_community(now=time.time() - 3_600), site, tmp_path / "rome", None)
    try:
        service = TunnelService(state, configuration, Link(state))
        read = service.known.forecasts["sky"]
        assert [each.id for each in network_status(service)] == ["tunnels"]
        file.write_text("slot,rate_up_bps\n7,20\n9,20\n")
        read.look()
        (told,) = (each for each in network_status(service) if each.id == "forecast-sky")
        assert told.level == "warning"
        assert "dish.csv, line 3: slot 9 stands where 8 comes next" in told.text["en"]
        assert "La previsione" in told.text["it"]
        file.write_text("slot,rate_up_bps\n7,20\n8,20\n9,20\n")
        read.look()
        assert [each.id for each in network_status(service)] == ["tunnels"]
    finally:
        state.close()
