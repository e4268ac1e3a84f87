import type { StyleSpecification } from "maplibre-gl";
import { graticule, type Land } from "./land";
import type { MapColours } from "./palette";

/** The map's own style: no glyphs, no sprites, no tiles; nothing is fetched for it. */
export function mapStyle(land: Land, colours: MapColours): StyleSpecification {
  const source = (data: GeoJSON.GeoJSON, tolerance: number) => ({
    type: "geojson" as const,
    data,
    maxzoom: 6,
    tolerance,
  });
  return {
    version: 8,
    projection: { type: "globe" },
    // Nothing fades: a colour changes at once, and an idle map costs nothing.
    transition: { duration: 0, delay: 0 },
    sources: {
      land: source(land.land, 0.4),
      coasts: source(land.coasts, 0.6),
      borders: source(land.borders, 0.6),
      graticule: source(graticule(15), 0.1),
    },
    layers: [
      { id: "ocean", type: "background", paint: { "background-color": colours.ocean } },
      {
        id: "graticule",
        type: "line",
        source: "graticule",
        paint: {
          "line-color": colours.graticule,
          "line-opacity": 0.07,
          "line-width": 1,
        },
      },
      {
        id: "land",
        type: "fill",
        source: "land",
        paint: { "fill-color": colours.land, "fill-antialias": false },
      },
      {
        id: "borders",
        type: "line",
        source: "borders",
        paint: {
          "line-color": colours.border,
          "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.5, 5, 1.1],
        },
      },
      {
        id: "coasts",
        type: "line",
        source: "coasts",
        paint: {
          "line-color": colours.coast,
          "line-width": ["interpolate", ["linear"], ["zoom"], 1, 0.6, 5, 1.3],
        },
      },
    ],
  };
}
