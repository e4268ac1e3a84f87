/** The map itself: land of the globe's own atlas, platforms with their courses, the drawn track. */

import { LngLatBounds } from "maplibre-gl";
import type { Corner } from "../flatMap/drawing";
import { FlatMap, type MapHandlers } from "../flatMap/flatMap";
import type { Theme } from "../frame/theme";
import type { Land } from "../globe/land";
import { MAP_COLOURS } from "../globe/palette";

export type Layer = "courses" | "ellipses" | "places" | "sea" | "track";
const LAYERS: readonly Layer[] = ["sea", "courses", "ellipses", "track", "places"];

const COURSE: Record<Theme, string> = { dark: "#9fd4ff", light: "#0b62b0" };
const TRACK: Record<Theme, string> = { dark: "#ffd166", light: "#8a5a00" };
const PADDING_PX = 70;
const VIEW = {
  bounds: [-6, 30, 36, 46] as [number, number, number, number],
  padding: 0,
  minZoom: 1,
  maxZoom: 12,
  worldCopies: true,
};

export class FleetMap extends FlatMap<Layer> {
  readonly #pictures = new Map<string, ImageData>();

  constructor(
    container: HTMLElement,
    land: Land,
    theme: Theme,
    label: string,
    handlers: MapHandlers,
  ) {
    super(container, land, theme, label, VIEW, handlers, LAYERS, "track-grips", "places");
  }

  /** Name a picture; platforms show the one of their own name. */
  setPicture(id: string, picture: ImageData): void {
    this.#pictures.set(id, picture);
    if (this.ready) this.#addPicture(id, picture);
  }

  look(places: readonly Corner[]): void {
    const first = places[0];
    if (!first) return;
    const bounds = places.reduce(
      (all, [lon, lat]) => all.extend([lon, lat]),
      new LngLatBounds([first[0], first[1]], [first[0], first[1]]),
    );
    this.map.fitBounds(bounds, {
      padding: Math.min(PADDING_PX, this.map.getContainer().clientWidth / 5),
      maxZoom: 6,
      duration: this.lasts(500),
    });
  }

  protected override repaint(): void {
    const { map, lit } = this;
    map.setPaintProperty("courses", "line-color", COURSE[lit]);
    map.setPaintProperty("ellipses-fill", "fill-color", COURSE[lit]);
    map.setPaintProperty("ellipses-line", "line-color", COURSE[lit]);
    map.setPaintProperty("track-line", "line-color", TRACK[lit]);
    map.setPaintProperty("track-points", "circle-color", TRACK[lit]);
    map.setPaintProperty("track-points", "circle-stroke-color", MAP_COLOURS[lit].ocean);
  }

  #addPicture(id: string, picture: ImageData): void {
    const name = `platform-${id}`;
    if (this.map.hasImage(name)) this.map.removeImage(name);
    this.map.addImage(name, picture, { pixelRatio: devicePixelRatio });
  }

  protected override addLayers(): void {
    const { map } = this;
    const theme = this.lit;
    for (const [id, picture] of this.#pictures) this.#addPicture(id, picture);
    map.addLayer({
      id: "sea",
      type: "fill",
      source: "sea",
      paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.72, "fill-antialias": false },
    });
    map.addLayer({
      id: "ellipses-fill",
      type: "fill",
      source: "ellipses",
      paint: { "fill-color": COURSE[theme], "fill-opacity": 0.2 },
    });
    map.addLayer({
      id: "ellipses-line",
      type: "line",
      source: "ellipses",
      paint: { "line-color": COURSE[theme], "line-width": 1.2 },
    });
    map.addLayer({
      id: "courses",
      type: "line",
      source: "courses",
      paint: { "line-color": COURSE[theme], "line-width": 2, "line-dasharray": [2, 1.6] },
    });
    map.addLayer({
      id: "places",
      type: "symbol",
      source: "places",
      layout: {
        "icon-image": ["concat", "platform-", ["get", "id"]],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
    });
    map.addLayer({
      id: "track-line",
      type: "line",
      source: "track",
      filter: ["==", ["geometry-type"], "LineString"],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": TRACK[theme], "line-width": 3 },
    });
    map.addLayer({
      id: "track-points",
      type: "circle",
      source: "track",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-color": TRACK[theme],
        "circle-radius": 6.5,
        "circle-stroke-width": 2,
        "circle-stroke-color": MAP_COLOURS[theme].ocean,
      },
    });
    // A finger needs more than a point of 6 px.
    map.addLayer({
      id: "track-grips",
      type: "circle",
      source: "track",
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-radius": 18, "circle-opacity": 0 },
    });
  }
}
