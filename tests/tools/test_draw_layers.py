"""The layer diagram is drawn from the imports, and the one in the document is current."""

from __future__ import annotations

from pathlib import Path

import pytest

import draw_layers

LAYERS = ["house.top", "house.middle", "house.middle.inner", "house.ground"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "house/__init__.py": "",
        "house/top.py": "import house.ground\nfrom house.middle import part\n",
        "house/middle/__init__.py": "",
        "house/middle/part.py": "from house.middle import inner\n",
        "house/middle/inner.py": "def f():\n    from house.ground import g\n",
        "house/ground.py": "import math\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_edges_come_from_the_imports(source: Path) -> None:
    assert draw_layers.read_edges(source, LAYERS) == {
        "house.top": {"house.middle", "house.ground"},
        "house.middle": {"house.middle.inner"},
        "house.middle.inner": {"house.ground"},
        "house.ground": set(),
    }


def test_implied_arrows_are_left_out(source: Path) -> None:
    edges = draw_layers.without_implied(draw_layers.read_edges(source, LAYERS))
    assert edges["house.top"] == {"house.middle"}


def test_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the markers"):
        draw_layers.with_diagram("# Nothing\n", "diagram")


def test_diagram_in_the_document_is_current() -> None:
    assert draw_layers.main(["--check"]) == 0


def test_every_module_belongs_to_a_layer() -> None:
    source = draw_layers.ROOT / "src"
    layers = draw_layers.read_layers(draw_layers.ROOT / "pyproject.toml")
    loose = {
        module
        for file in source.rglob("*.py")
        if draw_layers.layer_of(module := draw_layers.module_of(file, source), layers) is None
    }
    # The package itself and its starter hold nothing that layers could be about.
    assert loose <= {"baluardo", "baluardo.__main__", "baluardo.network", "baluardo.twin"}
