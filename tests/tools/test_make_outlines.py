"""The data file of outlines: thinned lines keep their shape, the same input gives the same file."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import make_outlines

TOLERANCE = 0.5
POINT = st.tuples(st.floats(-50.0, 50.0), st.floats(-50.0, 50.0))


@given(st.lists(POINT, min_size=2, max_size=40))
def test_thinned_line_stays_near_every_point(line: list[tuple[float, float]]) -> None:
    points = np.array(line)
    kept = make_outlines.thinned(points, TOLERANCE)
    assert kept[0] == 0
    assert kept[-1] == len(points) - 1
    if np.all(points[0] == points[-1]):
        return  # rings keep more than they need; see below
    for start, end in pairwise(kept):
        chord = points[end] - points[start]
        length = np.hypot(*chord)
        away = points[start : end + 1] - points[start]
        if length > 1e-6:
            across = np.abs(away[:, 0] * chord[1] - away[:, 1] * chord[0]) / length
            assert across.max() <= TOLERANCE + 1e-9


def test_thinned_ring_keeps_an_area() -> None:
    turn = np.linspace(0.0, 2.0 * np.pi, 100)
    ring = 0.01 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    ring[-1] = ring[0]
    assert len(np.unique(ring[make_outlines.thinned(ring, 5.0)], axis=0)) >= 3


def test_shapes_shrunk_to_a_line_are_dropped() -> None:
    lengths = [5, 2, 3]  # arcs: a ring of four corners, a line, a line there and back
    assert make_outlines.with_area([[0], [1, ~1]], lengths) == [[0]]
    assert make_outlines.with_area([[~2]], lengths) == []


def test_same_input_same_arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two countries that share a border: one arc of each and one between them."""
    arcs = [
        [[0, 0], [0, 10]],
        [[0, 10], [-10, 0], [0, -10], [10, 0]],
        [[0, 0], [10, 0], [0, 10], [-10, 0]],
    ]
    topology = {
        "transform": {"scale": [1.0, 1.0], "translate": [5.0, 40.0]},
        "arcs": arcs,
        "objects": {
            "countries": {
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, 1]], "properties": {"name": "West"}},
                    {
                        "type": "MultiPolygon",
                        "arcs": [[[2, -1]]],
                        "id": "002",
                        "properties": {"name": "East"},
                    },
                ]
            }
        },
    }
    source, target = tmp_path / "countries.json", tmp_path / "outlines.npz"
    source.write_text(json.dumps(topology), encoding="utf-8")
    monkeypatch.setattr(make_outlines, "TARGET", target)
    monkeypatch.setattr(sys, "argv", ["make_outlines.py", str(source)])
    make_outlines.main()
    first = target.read_bytes()
    make_outlines.main()
    assert target.read_bytes() == first
    with np.load(target) as data:
        assert data["names"].tolist() == ["East", "West"]
        assert data["codes"].tolist() == [2, -1]
        assert data["arcs"].tolist() == [2, -1, 0, 1]
        assert data["arc_lengths"].tolist() == [2, 4, 4]
