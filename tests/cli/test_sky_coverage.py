"""The files that `baluardo sky coverage` writes agree with what it prints."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from baluardo.cli.main import main
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.map_png import BADGE


def badge_pixels(path: Path) -> int:
    pixels = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))
    return int((pixels == BADGE).all(axis=-1).sum())


def test_geojson_png_and_json_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells, picture = tmp_path / "cells.geojson", tmp_path / "map.png"
    words = [
        "sky",
        "coverage",
        "--region",
        "malta",
        "--hours",
        "0.05",
        "--at",
        "2025-05-29T12:00Z",
        "--json",
    ]
    assert main([*words, "--geojson", str(cells), "--png", str(picture)]) == 0
    answer = json.loads(capsys.readouterr().out)
    collection = json.loads(cells.read_text("utf-8"))
    found = [feature["properties"] for feature in collection["features"]]
    for name in ("h3", "lowest", "mean", "highest", "share", "share_at_least", "longest_gap_s"):
        assert [properties[name] for properties in found] == answer["cells"][name]
    assert answer["summary"]["cells"] == len(found) == len(answer["cells"]["lat_deg"])
    assert answer["summary"]["lowest"] == min(answer["cells"]["lowest"])
    assert {**answer, "cells": None} == {**collection["about"], "cells": None}
    assert len(polygons_from_geojson(cells.read_bytes(), "cells")) == len(found)
    assert badge_pixels(picture) == 0


def test_replay_is_said_in_every_output(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "map.png"
    catalogue = shared_data / "sky" / "starlink_2025-05-29.tle"
    words = ["sky", "coverage", "--region", "malta", "--hours", "0.01", "--png", str(picture)]
    assert main([*words, "--catalogue", str(catalogue)]) == 0
    text = capsys.readouterr()
    assert "REPLAY" in text.out
    assert "Replay" in text.err
    assert badge_pixels(picture) > 1_000
    assert main([*words, "--catalogue", str(catalogue), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["replay"] is True
