"""The files of a sea's map: GeoJSON with every hour, and a picture of the span."""

from __future__ import annotations

import json

import numpy as np

from baluardo.cli.arguments import format_time
from baluardo.cli.fleet.landing import rule_text
from baluardo.cli.opening import OpenedSky
from baluardo.cli.output import jsonable
from baluardo.fleet.coverage.sea_map import Layer, SeaMap
from baluardo.geo.cells import features
from baluardo.geo.map_png import MapText, draw_map

LAYER_WORDS: dict[Layer, tuple[str, str, float, int]] = {
    Layer.AVAILABILITY: ("availability", "%", 100.0, 3),
    Layer.TRUSTED: ("availability, trusted landing", "%", 100.0, 3),
    Layer.ROUND_TRIP: ("there and back, median", "ms", 1e3, 1),
    Layer.TRUSTED_ROUND_TRIP: ("there and back, trusted", "ms", 1e3, 1),
    Layer.RATE: ("rate down, median", "Mbit/s", 1e-6, 1),
    Layer.WORST_RATE: ("rate down, worst 5 %", "Mbit/s", 1e-6, 1),
}
"""Words, unit, factor and digits of each layer."""


def geojson(found: SeaMap) -> bytes:
    """Return a FeatureCollection (RFC 7946): every layer of the span, and as a list by hours."""
    columns: dict[str, np.ndarray] = {}
    for layer in Layer:
        _, _, factor, digits = LAYER_WORDS[layer]
        name = layer.replace("-", "_")
        columns[name] = np.round(found.whole.layers[layer].astype(np.float64) * factor, digits)
        hours = np.stack([h.layers[layer] for h in found.frames], axis=1).astype(np.float64)
        columns[f"{name}_by_hour"] = np.round(hours * factor, digits)
    document = {
        "type": "FeatureCollection",
        "hours": [format_time(h.start) for h in found.frames],
        "units": {layer.replace("-", "_"): LAYER_WORDS[layer][1] for layer in Layer},
        "features": features(found.cells, columns),
    }
    return json.dumps(jsonable(document), allow_nan=False, separators=(",", ":")).encode()


def picture(found: SeaMap, layer: Layer, name: str, opened: OpenedSky) -> bytes:
    """Return a PNG of one layer over the span."""
    words, unit, factor, digits = LAYER_WORDS[layer]
    values = found.whole.layers[layer].astype(np.float64) * factor
    worst = found.worst(layer, 3)
    places = "; ".join(
        f"{w.water.name.en} ({w.lat_deg:.1f}, {w.lon_deg:.1f}) {w.value * factor:.{digits}f} {unit}"
        for w in worst
    )
    return draw_map(
        found.cells,
        values,
        MapText(
            title=f"{name}: {words}",
            subtitle=f"{format_time(found.whole.start)} to {format_time(found.whole.end)}",
            legend=f"{words}, {unit} (observed)",
            notes=(
                f"Trusted landing {rule_text(found.asked.trusted)} (contract). Maritime dish, "
                "priority bought, alone in its cell.",
                f"Worst: {places}.",
                f"{opened.sky.catalogue.source}, {len(opened.sky.catalogue)} satellites.",
            ),
            badge="REPLAY" if opened.replay else "",
        ),
    )
