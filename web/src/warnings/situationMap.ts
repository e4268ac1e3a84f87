/** The map itself: land of the globe's own atlas, and above it areas, cells and what is drawn. */

import type { Bounds } from "../flatMap/drawing";
import { FlatMap, type MapHandlers } from "../flatMap/flatMap";
import type { Theme } from "../frame/theme";
import type { Land } from "../globe/land";

export type Layer = "cells" | "areas" | "drawn";

const PADDING_PX = 34;
const VIEW = { padding: PADDING_PX, minZoom: 1.5, maxZoom: 12, worldCopies: false };
const REACHED: Record<Theme, string> = { dark: "#58d6a0", light: "#0a7049" };
const LIT: Record<Theme, string> = { dark: "#ffd166", light: "#b87900" };
const DRAWN: Record<Theme, string> = { dark: "#ffffff", light: "#0f2238" };

export class SituationMap extends FlatMap<Layer> {
  constructor(
    container: HTMLElement,
    land: Land,
    theme: Theme,
    bounds: Bounds,
    label: string,
    handlers: MapHandlers,
  ) {
    const view = { ...VIEW, bounds };
    const sources = ["cells", "areas", "drawn"] as const;
    super(container, land, theme, label, view, handlers, sources, "drawn-corners", "areas-fill");
  }

  look(bounds: Bounds): void {
    this.map.fitBounds(bounds, { padding: PADDING_PX, maxZoom: 9, duration: this.lasts(600) });
  }

  protected override get draggable(): boolean {
    return this.placing;
  }

  protected override repaint(): void {
    this.map.setPaintProperty("cells-fill", "fill-color", REACHED[this.lit]);
    this.map.setPaintProperty("cells-lines", "line-color", this.#cellLine());
    this.map.setPaintProperty("drawn-lines", "line-color", DRAWN[this.lit]);
    this.map.setPaintProperty("drawn-fill", "fill-color", DRAWN[this.lit]);
    this.map.setPaintProperty("drawn-corners", "circle-color", DRAWN[this.lit]);
  }

  #cellLine() {
    return ["case", ["get", "lit"], LIT[this.lit], REACHED[this.lit]] as never;
  }

  protected override addLayers(): void {
    const { map } = this;
    map.addLayer({
      id: "cells-fill",
      type: "fill",
      source: "cells",
      paint: {
        "fill-color": REACHED[this.lit],
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
    const colour = DRAWN[this.lit];
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
}
