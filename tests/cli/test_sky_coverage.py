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


MALTA = ["sky", "coverage", "--region", "malta", "--hours", "0.02", "--at", "2025-05-29T12:00Z"]


@pytest.mark.parametrize(
    ("kind", "columns", "lever"),
    [
        ("rate", ["rate_median_bps", "rate_5_percent_bps", "rate_up_median_bps"], "observed"),
        ("latency", ["round_trip_median_s", "round_trip_95_percent_s", "served"], "observed"),
        ("availability", ["available", "available_without_rain"], "observed"),
        ("direct-to-cell", ["covered", "covered_s", "beam_down_bps"], "observed"),
    ],
)
def test_maps_of_what_cells_get_agree_in_all_outputs(
    kind: str,
    columns: list[str],
    lever: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells, picture = tmp_path / "cells.geojson", tmp_path / "map.png"
    words = [*MALTA, "--of", kind, "--geojson", str(cells), "--png", str(picture)]
    assert main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    collection = json.loads(cells.read_text("utf-8"))
    found = [feature["properties"] for feature in collection["features"]]
    for name in columns:
        values = answer["cells"][name]
        assert [properties[name] for properties in found] == values
        assert answer["summary"][name]["lowest"] == min(values)
        assert answer["summary"][name]["highest"] == max(values)
    assert answer["of"] == kind
    assert answer["lever"] == lever
    assert answer["slots"] == answer["slots_looked_at"] == 5
    assert {**answer, "cells": None} == {**collection["about"], "cells": None}
    assert Image.open(io.BytesIO(picture.read_bytes())).size[0] > 800
    assert main(words) == 0
    text = capsys.readouterr().out
    assert f"{kind} ({lever})" in text
    assert "5 of 5 slots of 15 s looked at" in text


def test_cells_that_nobody_serves_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    words = [*MALTA, "--of", "latency", "--min-elevation", "89", "--json"]
    assert main(words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert None in answer["cells"]["round_trip_median_s"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--of", "joy"], "invalid choice: 'joy'"),
        (["--workers", "0"], "is no whole number from 1 on"),
        (["--workers", "999"], "more than 256 workers"),
        (["--rate", "fast"], "is no rate above 0"),
    ],
)
def test_bad_arguments_of_maps_are_sentences(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*MALTA, *words])
    assert end.value.code == 2
    assert sentence in capsys.readouterr().err
