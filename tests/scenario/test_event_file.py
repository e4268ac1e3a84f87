"""An emergency's file: read strictly, and intensities that fall with distance."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import ScenarioError
from baluardo.scenario.event import default_event_path, load_event, parse_event

TEXT = default_event_path().read_text()


def test_norcia_shakes_as_it_did() -> None:
    event = load_event(default_event_path())
    # INGV's survey found X-XI at Norcia's hamlets, and VI-VII at L'Aquila 60 km away.
    norcia, aquila, rome = event.intensity_at([42.83, 42.35, 41.9], [13.11, 13.40, 12.5])
    assert 9.5 < norcia < 11.0
    assert 6.0 < aquila < 7.5
    assert rome < 6.0
    assert event.time == 1_477_809_618.0


def test_the_ground_network_is_lost_where_it_shakes_most() -> None:
    event = load_event(default_event_path())
    lost = event.ground_lost_at([42.83, 42.5, 42.0, 45.0], [13.11, 13.11, 13.11, 9.0])
    assert lost[0] == 1.0
    assert lost[3] == 0.0
    assert np.all(np.diff(lost) <= 0.0)


def test_contours_nest_and_close() -> None:
    contours = load_event(default_event_path()).contours()
    values = [each["properties"]["value"] for each in contours["features"]]
    assert values == sorted(values)
    widths = []
    for each in contours["features"]:
        [ring] = each["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        widths.append(max(lon for lon, _ in ring) - min(lon for lon, _ in ring))
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version = 1", "version = 2", "version is not 1"),
        ("magnitude = 6.5", "magnitude = 65", "magnitude is 65; 3 to 10"),
        ("time = 2016-10-30T06:40:18Z", "time = 2016-10-30", "with its offset from UTC"),
        ("share = 0.5", "share = 0.05", "less where it shakes more"),
        ("intensity = 7.0", "intensity = 6.0", "growing intensities"),
        ("template =", "templte =", "template is missing"),
        ("lat_deg = 42.83", "lat_deg = nan", "lat_deg must be a finite number"),
        ("b = 2.460", "b = 2.460, e = 1", "e is not known here"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(ScenarioError, match=sentence):
        parse_event(TEXT.replace(old, new, 1).encode(), "norcia.toml")


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_whatever_comes_is_refused_with_a_sentence(octets: bytes) -> None:
    with pytest.raises(ScenarioError):
        parse_event(octets, "file")


@given(st.data())
def test_a_changed_value_is_read_or_refused(data: st.DataObject) -> None:
    lines = TEXT.splitlines()
    place = data.draw(st.integers(0, len(lines) - 1))
    lines[place] = data.draw(st.sampled_from(["", "x = 1", "[warning]", lines[place] * 2]))
    text = "\n".join(lines)
    try:
        event = parse_event(text.encode(), "file")
    except ScenarioError:
        return
    assert tomllib.loads(text)["version"] == 1
    assert event.contours()["type"] == "FeatureCollection"
