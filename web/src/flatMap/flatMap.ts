/** A flat map with the land of the globe's own atlas, on which places are set and dragged. */

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
import type { Bounds, Corner } from "./drawing";

export interface MapHandlers {
  /** Somebody pressed a place while places are asked for. */
  placed(at: Corner): void;
  moved(index: number, at: Corner): void;
  /** Somebody pressed what bears this id. */
  chosen(id: string): void;
}

export interface MapView {
  bounds: Bounds;
  /** Between the bounds and the edge of the map, pixels. */
  padding: number;
  minZoom: number;
  maxZoom: number;
  worldCopies: boolean;
}

const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export abstract class FlatMap<Layer extends string> {
  /** Whether presses set places; else they choose what is there. */
  placing = false;
  protected readonly map: MapLibre;
  protected lit: Theme;
  protected ready = false;
  readonly #handlers: MapHandlers;
  readonly #shown = new Map<Layer, FeatureCollection>();

  /** `sources` lie above each other; `grips` is a layer to be dragged, `choices` one to be pressed. */
  constructor(
    container: HTMLElement,
    land: Land,
    theme: Theme,
    label: string,
    view: MapView,
    handlers: MapHandlers,
    readonly sources: readonly Layer[],
    readonly grips: string,
    readonly choices: string,
  ) {
    this.lit = theme;
    this.#handlers = handlers;
    this.map = new MapLibre({
      container,
      style: { ...mapStyle(land, MAP_COLOURS[theme]), projection: { type: "mercator" } },
      bounds: view.bounds,
      fitBoundsOptions: { padding: view.padding },
      minZoom: view.minZoom,
      maxZoom: view.maxZoom,
      dragRotate: false,
      pitchWithRotate: false,
      attributionControl: false,
      fadeDuration: 0,
      renderWorldCopies: view.worldCopies,
      locale: { "Map.Title": label },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.on("style.load", () => {
      for (const layer of sources) {
        this.map.addSource(layer, { type: "geojson", data: this.#shown.get(layer) ?? NOTHING });
      }
      this.addLayers();
      this.ready = true;
    });
    this.map.on("click", (event) => this.#pressed(event));
    this.map.on("mousedown", grips, (event) => this.#drag(event, "mouse"));
    this.map.on("touchstart", grips, (event) => this.#drag(event, "touch"));
    this.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !this.placing) return;
      event.preventDefault();
      handlers.placed(this.centre());
    });
  }

  /** Draw the sources, in the colours of the theme. */
  protected abstract addLayers(): void;
  /** Take over the colours of the theme. */
  protected abstract repaint(): void;

  /** Whether what is set may be dragged now. */
  protected get draggable(): boolean {
    return true;
  }

  /** What the crosshair points at. */
  centre(): Corner {
    const { lng, lat } = this.map.getCenter().wrap();
    return [lng, lat];
  }

  show(layer: Layer, shapes: FeatureCollection): void {
    this.#shown.set(layer, shapes);
    if (this.ready) this.map.getSource<GeoJSONSource>(layer)?.setData(shapes);
  }

  zoomBy(steps: number): void {
    this.map.easeTo({ zoom: this.map.getZoom() + steps, duration: this.lasts(200) });
  }

  set label(text: string) {
    this.map.getCanvas().setAttribute("aria-label", text);
  }

  set theme(theme: Theme) {
    this.lit = theme;
    if (!this.ready) return;
    const { ocean, land, coast, border, graticule } = MAP_COLOURS[theme];
    this.map.setPaintProperty("ocean", "background-color", ocean);
    this.map.setPaintProperty("land", "fill-color", land);
    this.map.setPaintProperty("coasts", "line-color", coast);
    this.map.setPaintProperty("borders", "line-color", border);
    this.map.setPaintProperty("graticule", "line-color", graticule);
    this.repaint();
  }

  close(): void {
    this.map.remove();
  }

  /** How long a movement takes, ms: none for whom it disturbs. */
  protected lasts(ms: number): number {
    return reducedMotion.matches ? 0 : ms;
  }

  #pressed(event: MapMouseEvent): void {
    if (!this.ready) return;
    const found = (layer: string) =>
      this.map.queryRenderedFeatures(event.point, { layers: [layer] });
    if (this.placing) {
      const { lng, lat } = event.lngLat.wrap();
      if (found(this.grips).length === 0) this.#handlers.placed([lng, lat]);
      return;
    }
    const id: unknown = found(this.choices)[0]?.properties.id;
    if (typeof id === "string") this.#handlers.chosen(id);
  }

  /** What was set follows the pointer until it is let go. */
  #drag(
    event: (MapMouseEvent | MapTouchEvent) & { features?: { properties: { index?: unknown } }[] },
    by: "mouse" | "touch",
  ): void {
    const index = event.features?.[0]?.properties.index;
    if (!this.draggable || typeof index !== "number") return;
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
      this.map.off(move, follow);
      for (const end of ends) window.removeEventListener(end, stop);
    };
    this.map.on(move, follow);
    for (const end of ends) window.addEventListener(end, stop);
  }
}
