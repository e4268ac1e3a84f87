"""What a state puts beside its settings of warnings, and what it shows of its seals."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from authority.officers import Template
from authority.warnings.warning_country import PAOLA, warning_country
from baluardo.authority.warnings.desk import BOUNDARIES, TEMPLATES, WarningDesk
from baluardo.authority.warnings.sending import open_ways
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.channels import Channel
from baluardo.errors import InvalidInputError
from baluardo.geo.zones import Scheme
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.xml_signature import sign_xml, verify_xml

pytest_plugins = ["authority.officers_fixtures"]


def desk_of(directory: Path) -> WarningDesk:
    return WarningDesk(WarningSettings(), "italia.example", False, directory)


def test_official_boundaries_beside_the_settings_take_the_place_of_ours(tmp_path: Path) -> None:
    polygons, _ = Atlas.load().zone(Scheme.PROVINCE, "054")
    ring = [[round(float(lon), 5), round(float(lat), 5)] for lon, lat in polygons[0].rings[0]]
    feature = {
        "type": "Feature",
        "properties": {"scheme": "ISTAT-PROVINCE", "code": "054"},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }
    (tmp_path / BOUNDARIES).mkdir()
    file = tmp_path / BOUNDARIES / "umbria.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    desk = desk_of(tmp_path)
    desk.check()
    warned = resolve(AskedArea.of_zone(Scheme.PROVINCE, "054"), desk.atlas)
    assert warned.approximate is None
    assert np.isclose(warned.area_km2, 6_300, rtol=0.2)
    file.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(InvalidInputError, match=r"umbria\.geojson: boundaries are"):
        desk_of(tmp_path).check()


def test_a_states_own_template_takes_the_place_of_ours(tmp_path: Path) -> None:
    ours = files("baluardo.emergency.writing") / "data" / "templates" / "it" / "attack.toml"
    text = ours.read_text(encoding="utf-8")
    (tmp_path / TEMPLATES).mkdir()
    file = tmp_path / TEMPLATES / "attack.toml"
    file.write_text(text.replace("name = { it = ", 'name = { it = "Nostro: " + ', 1))
    with pytest.raises(InvalidInputError, match=r"attack\.toml"):
        desk_of(tmp_path).check()
    file.write_text(text)
    desk = desk_of(tmp_path)
    desk.check()
    assert len(desk.templates.list()) == len(desk_of(tmp_path / "nowhere").templates.list())


def test_a_channels_seal_is_shown_to_whoever_wants_to_pin_it(
    officers_template: Template, tmp_path: Path
) -> None:
    channels = frozenset({Channel.EXERCISE})
    with warning_country(officers_template, tmp_path / "authority", channels=channels) as state:
        open_ways(state.authority)
        answer = state.ask(PAOLA, "GET", "/public/seals/exercise.pem")
        assert answer.status_code == 200
        pinned = PinnedCertificate.of_pem(answer.content)
        seal = state.authority.warnings.keys.seal_of(Channel.EXERCISE)
        now = state.calendar.now
        assert verify_xml(sign_xml(b"<a>x</a>", seal), [pinned], now).octets == b"<a>x</a>"
        for name in ("public", "../../keys/seal-exercise", "..%2fexercise", "test"):
            refused = state.ask(PAOLA, "GET", f"/public/seals/{name}.pem")
            assert refused.status_code == 404
        open_ways(state.authority)  # kept, not made anew
        assert state.authority.warnings.keys.seal_of(Channel.EXERCISE) == seal
        bundle = state.ask(None, "GET", "/public/bundle")
        assert "seals" not in bundle.text
        assert state.kinds().count("seal.created") == 1
