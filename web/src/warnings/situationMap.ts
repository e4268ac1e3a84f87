/** The map itself: land of the globe's own atlas, and above it areas, cells and what is drawn. */

import type { FeatureCollection } from "geojson";
import {
  type GeoJSONSource,
  Map as MapLibre,
  type MapMouseEvent,
  type MapTouchEvent,
} from "maplibre-gl";
import type { Theme } from "../frame/theme";
import type { Land } from "../globe/land";
import { MAP_COLOURS } from "../globe/palette";
import { mapStyle } from "../globe/style";
import type { Corner } from "./drawing";
import { type Bounds, NOTHING } from "./mapShapes";

export type Layer = "cells" | "areas" | "drawn";

export interface MapHandlers {
  /** Somebody pressed a place while corners or a place are asked for. */
  placed(at: Corner): void;
  moved(index: number, at: Corner): void;
  /** Somebody pressed the area of a warning. */
  chosen(id: string): void;
}

const MIN_ZOOM = 1.5;
const MAX_ZOOM = 12;
const PADDING_PX = 34;
const REACHED: Record<Theme, string> = { dark: "#58d6a0", light: "#0a7049" };
const LIT: Record<Theme, string> = { dark: "#ffd166", light: "#b87900" };
const DRAWN: Record<Theme, string> = { dark: "#ffffff", light: "#0f2238" };
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class SituationMap {
  /** Whether presses set places; else they choose warnings. */
  placing = false;
  readonly #map: MapLibre;
  readonly #handlers: MapHandlers;
  readonly #shown: Record<Layer, FeatureCollection> = {
    cells: NOTHING,
    areas: NOTHING,
    drawn: NOTHING,
  };
  #theme: Theme;
  #ready = false;

  constructor(
    container: HTMLElement,
    land: Land,
    theme: Theme,
    bounds: Bounds,
    label: string,
    handlers: MapHandlers,
  ) {
    this.#theme = theme;
    this.#handlers = handlers;
    this.#map = new MapLibre({
      container,
      style: { ...mapStyle(land, MAP_COLOURS[theme]), projection: { type: "mercator" } },
      bounds,
      fitBoundsOptions: { padding: PADDING_PX },
      minZoom: MIN_ZOOM,
      maxZoom: MAX_ZOOM,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
      renderWorldCopies: false,
      locale: { "Map.Title": label },
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.on("style.load", () => {
      this.#addLayers();
      this.#ready = true;
    });
    this.#map.on("click", (event) => this.#pressed(event));
    this.#map.on("mousedown", "drawn-corners", (event) => this.#drag(event, "mouse"));
    this.#map.on("touchstart", "drawn-corners", (event) => this.#drag(event, "touch"));
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

  show(layer: Layer, shapes: FeatureCollection): void {
    this.#shown[layer] = shapes;
    if (this.#ready) this.#map.getSource<GeoJSONSource>(layer)?.setData(shapes);
  }

  look(bounds: Bounds): void {
    this.#map.fitBounds(bounds, {
      padding: PADDING_PX,
      maxZoom: 9,
      duration: reducedMotion.matches ? 0 : 600,
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
    this.#map.setPaintProperty("cells-fill", "fill-color", REACHED[theme]);
    this.#map.setPaintProperty("cells-lines", "line-color", this.#cellLine());
    for (const layer of ["drawn-lines", "drawn-fill", "drawn-corners"] as const) {
      const name = {
        "drawn-lines": "line-color",
        "drawn-fill": "fill-color",
        "drawn-corners": "circle-color",
      } as const;
      this.#map.setPaintProperty(layer, name[layer], DRAWN[theme]);
    }
  }

  close(): void {
    this.#map.remove();
  }

  #cellLine() {
    return ["case", ["get", "lit"], LIT[this.#theme], REACHED[this.#theme]] as never;
  }

  #addLayers(): void {
    const map = this.#map;
    for (const layer of ["cells", "areas", "drawn"] as const) {
      map.addSource(layer, { type: "geojson", data: this.#shown[layer] });
    }
    map.addLayer({
      id: "cells-fill",
      type: "fill",
      source: "cells",
      paint: {
        "fill-color": REACHED[this.#theme],
        "fill-opacity": ["interpolate", ["linear"], ["get", "share"], 0, 0.03, 1, 0.62],
      },
    });
    map.addLayer({
      id: "cells-lines",
      type: "line",
      source: "cells",
      paint: {
        "line-color": this.#cellLine(),
        "line-opacity": ["case", ["get", "lit"], 1, 0.35],
        "line-width": ["case", ["get", "lit"], 2.5, 0.7],
      },
    });
    map.addLayer({
      id: "areas-fill",
      type: "fill",
      source: "areas",
      paint: {
        "fill-color": ["get", "colour"],
        "fill-opacity": ["case", ["get", "chosen"], 0.22, 0.14],
      },
    });
    map.addLayer({
      id: "areas-lines",
      type: "line",
      source: "areas",
      filter: ["!", ["get", "waiting"]],
      paint: {
        "line-color": ["get", "colour"],
        "line-width": ["case", ["get", "chosen"], 3.5, 2],
      },
    });
    map.addLayer({
      id: "areas-waiting",
      type: "line",
      source: "areas",
      filter: ["get", "waiting"],
      paint: { "line-color": ["get", "colour"], "line-width": 2, "line-dasharray": [2, 2] },
    });
    const colour = DRAWN[this.#theme];
    map.addLayer({
      id: "drawn-fill",
      type: "fill",
      source: "drawn",
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": colour, "fill-opacity": 0.12 },
    });
    map.addLayer({
      id: "drawn-lines",
      type: "line",
      source: "drawn",
      paint: { "line-color": colour, "line-width": 2 },
    });
    map.addLayer({
      id: "drawn-corners",
      type: "circle",
      source: "drawn",
      filter: ["==", ["geometry-type"], "Point"],
      paint: { "circle-color": colour, "circle-radius": 6 },
    });
  }

  #pressed(event: MapMouseEvent): void {
    const { lng, lat } = event.lngLat.wrap();
    if (this.placing) {
      this.#handlers.placed([lng, lat]);
      return;
    }
    if (!this.#ready) return;
    const [found] = this.#map.queryRenderedFeatures(event.point, { layers: ["areas-fill"] });
    const id: unknown = found?.properties.id;
    if (typeof id === "string") this.#handlers.chosen(id);
  }

  /** A corner follows the pointer until it is let go. */
  #drag(
    event: (MapMouseEvent | MapTouchEvent) & { features?: { properties: { index?: unknown } }[] },
    by: "mouse" | "touch",
  ): void {
    const index = event.features?.[0]?.properties.index;
    if (!this.placing || typeof index !== "number") return;
    event.preventDefault();
    const follow = ({ lngLat }: MapMouseEvent | MapTouchEvent) => {
      const { lng, lat } = lngLat.wrap();
      this.#handlers.moved(index, [lng, lat]);
    };
    const [move, end] =
      by === "mouse" ? (["mousemove", "mouseup"] as const) : (["touchmove", "touchend"] as const);
    this.#map.on(move, follow);
    this.#map.once(end, () => this.#map.off(move, follow));
  }
}
