/** The map itself: land of the globe's own atlas, platforms with their courses, the drawn track. */

import type { FeatureCollection } from "geojson";
import {
  type GeoJSONSource,
  LngLatBounds,
  Map as MapLibre,
  type MapMouseEvent,
  type MapTouchEvent,
} from "maplibre-gl";
import type { Theme } from "../frame/theme";
import type { Land } from "../globe/land";
import { MAP_COLOURS } from "../globe/palette";
import { mapStyle } from "../globe/style";
import type { Corner } from "../warnings/drawing";
import { NOTHING } from "./shapes";

export type Layer = "courses" | "ellipses" | "places" | "sea" | "track";
const LAYERS: readonly Layer[] = ["sea", "courses", "ellipses", "track", "places"];

export interface MapHandlers {
  placed(at: Corner): void;
  moved(index: number, at: Corner): void;
  chosen(id: string): void;
}

const COURSE: Record<Theme, string> = { dark: "#9fd4ff", light: "#0b62b0" };
const TRACK: Record<Theme, string> = { dark: "#ffd166", light: "#8a5a00" };
const PADDING_PX = 70;
const MOST_ZOOM = 12;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class FleetMap {
  /** Whether presses set points; else they choose platforms. */
  placing = false;
  readonly #map: MapLibre;
  readonly #handlers: MapHandlers;
  readonly #shown = new Map<Layer, FeatureCollection>();
  readonly #pictures = new Map<string, ImageData>();
  #theme: Theme;
  #ready = false;

  constructor(
    container: HTMLElement,
    land: Land,
    theme: Theme,
    label: string,
    handlers: MapHandlers,
  ) {
    this.#theme = theme;
    this.#handlers = handlers;
    this.#map = new MapLibre({
      container,
      style: { ...mapStyle(land, MAP_COLOURS[theme]), projection: { type: "mercator" } },
      bounds: [-6, 30, 36, 46],
      minZoom: 1,
      maxZoom: MOST_ZOOM,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
      locale: { "Map.Title": label },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.on("style.load", () => {
      this.#addLayers();
      this.#ready = true;
    });
    this.#map.on("click", (event) => this.#pressed(event));
    this.#map.on("mousedown", "track-grips", (event) => this.#drag(event, "mouse"));
    this.#map.on("touchstart", "track-grips", (event) => this.#drag(event, "touch"));
    this.#map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !this.placing) return;
      event.preventDefault();
      handlers.placed(this.centre());
    });
  }

  /** What the crosshair points at. */
  centre(): Corner {
    const { lng, lat } = this.#map.getCenter().wrap();
    return [lng, lat];
  }

  /** Where a place stands on the map, pixels from its upper left corner. */
  pixelOf(at: Corner): { x: number; y: number } {
    const { x, y } = this.#map.project([at[0], at[1]]);
    return { x, y };
  }

  show(layer: Layer, shapes: FeatureCollection): void {
    this.#shown.set(layer, shapes);
    if (this.#ready) this.#map.getSource<GeoJSONSource>(layer)?.setData(shapes);
  }

  /** Name a picture; platforms show the one of their own name. */
  setPicture(id: string, picture: ImageData): void {
    this.#pictures.set(id, picture);
    if (this.#ready) this.#addPicture(id, picture);
  }

  look(places: readonly Corner[]): void {
    const first = places[0];
    if (!first) return;
    const bounds = places.reduce(
      (all, [lon, lat]) => all.extend([lon, lat]),
      new LngLatBounds([first[0], first[1]], [first[0], first[1]]),
    );
    this.#map.fitBounds(bounds, {
      padding: Math.min(PADDING_PX, this.#map.getContainer().clientWidth / 5),
      maxZoom: 6,
      duration: reducedMotion.matches ? 0 : 500,
    });
  }

  zoomBy(steps: number): void {
    this.#map.easeTo({
      zoom: this.#map.getZoom() + steps,
      duration: reducedMotion.matches ? 0 : 200,
    });
  }

  set label(text: string) {
    this.#map.getCanvas().setAttribute("aria-label", text);
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    if (!this.#ready) return;
    const { ocean, land, coast, border, graticule } = MAP_COLOURS[theme];
    this.#map.setPaintProperty("ocean", "background-color", ocean);
    this.#map.setPaintProperty("land", "fill-color", land);
    this.#map.setPaintProperty("coasts", "line-color", coast);
    this.#map.setPaintProperty("borders", "line-color", border);
    this.#map.setPaintProperty("graticule", "line-color", graticule);
    this.#map.setPaintProperty("courses", "line-color", COURSE[theme]);
    this.#map.setPaintProperty("ellipses-fill", "fill-color", COURSE[theme]);
    this.#map.setPaintProperty("ellipses-line", "line-color", COURSE[theme]);
    this.#map.setPaintProperty("track-line", "line-color", TRACK[theme]);
    this.#map.setPaintProperty("track-points", "circle-color", TRACK[theme]);
    this.#map.setPaintProperty("track-points", "circle-stroke-color", ocean);
  }

  close(): void {
    this.#map.remove();
  }

  #addPicture(id: string, picture: ImageData): void {
    const name = `platform-${id}`;
    if (this.#map.hasImage(name)) this.#map.removeImage(name);
    this.#map.addImage(name, picture, { pixelRatio: devicePixelRatio });
  }

  #addLayers(): void {
    const map = this.#map;
    const theme = this.#theme;
    for (const [id, picture] of this.#pictures) this.#addPicture(id, picture);
    for (const layer of LAYERS) {
      map.addSource(layer, { type: "geojson", data: this.#shown.get(layer) ?? NOTHING });
    }
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

  #pressed(event: MapMouseEvent): void {
    const { lng, lat } = event.lngLat.wrap();
    if (!this.#ready) return;
    if (this.placing) {
      const layers = ["track-grips"];
      const grips = this.#map.queryRenderedFeatures(event.point, { layers });
      if (grips.length === 0) this.#handlers.placed([lng, lat]);
      return;
    }
    const [found] = this.#map.queryRenderedFeatures(event.point, { layers: ["places"] });
    const id: unknown = found?.properties.id;
    if (typeof id === "string") this.#handlers.chosen(id);
  }

  /** A point of the track follows the pointer until it is let go. */
  #drag(
    event: (MapMouseEvent | MapTouchEvent) & { features?: { properties: { index?: unknown } }[] },
    by: "mouse" | "touch",
  ): void {
    const index = event.features?.[0]?.properties.index;
    if (typeof index !== "number") return;
    event.preventDefault();
    const follow = ({ lngLat }: MapMouseEvent | MapTouchEvent) => {
      const { lng, lat } = lngLat.wrap();
      this.#handlers.moved(index, [lng, lat]);
    };
    const [move, ends] =
      by === "mouse"
        ? (["mousemove", ["mouseup"]] as const)
        : (["touchmove", ["touchend", "touchcancel"]] as const);
    // Let go anywhere: beside the map, too.
    const stop = () => {
      this.#map.off(move, follow);
      for (const end of ends) window.removeEventListener(end, stop);
    };
    this.#map.on(move, follow);
    for (const end of ends) window.addEventListener(end, stop);
  }
}
