/** The globe itself: MapLibre's map, the sky's canvas above it, marks on the ground. */

import {
  type CustomLayerInterface,
  type CustomRenderMethodInput,
  Map as MapLibre,
} from "maplibre-gl";
import type { Sky } from "../api/sky";
import type { Theme } from "../frame/theme";
import { AirLayer } from "./airLayer";
import { LOAD_BANDS, RAIN_BANDS, REFUSED_COLOUR } from "./bands";
import { dot, type ScreenPoint, type Vec3, View } from "./geometry";
import { Labels } from "./labels";
import type { Land } from "./land";
import type { Line } from "./lineLayer";
import { MeshLayer } from "./meshLayer";
import { MAP_COLOURS, type MapColours } from "./palette";
import { countShown } from "./picking";
import { SkyCanvas } from "./skyCanvas";
import { mapStyle } from "./style";
import { sunDirection } from "./sun";
import { type Moment, Timeline } from "./timeline";

/** Leaning back a little shows the limb, and that satellites stand above the ground. */
const HOME_PITCH_DEG = 45;
export type Home = Sky["view"];

/** Nearer than this the camera would pass below the satellites. */
const MAX_ZOOM = 5.6;
const MIN_ZOOM = 0.8;
/** So far away it looks straight down; nearer it may lean, by so much more with each zoom step. */
const FLAT_ZOOM = 1;
const PITCH_PER_ZOOM_DEG = 60;
/** From this zoom on gateways are named. */
const GATEWAY_NAMES_ZOOM = 3.6;
/** Where panels lie below instead of beside; as in the style sheets. */
export const NARROW_PX = 760;
const PANEL_SHARE = 0.42;
const NARROW_PITCH_DEG = 20;
const NO_PADDING = { top: 0, bottom: 0, left: 0, right: 0 };
const MAX_PIXEL_RATIO = 2;
/** At real pace a satellite moves a pixel in a second: more pictures would only cost power. */
const CALM_FRAME_MS = 1000 / 24;
const SUN_STEP_RAD = (0.5 * Math.PI) / 180;
const PULSE_TURNS_PER_S = 0.45;

export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether WebGL is drawn by the processor: then every pixel counts. */
function drawsInSoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return true;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|software|basic render/i.test(renderer);
}

export interface GlobeHandlers {
  /** What to draw as lines at this moment. */
  lines(moment: Moment): readonly Line[];
  /** The picture was drawn. */
  drawn(view: View, moment: Moment): void;
  pressed(x: number, y: number): void;
  /** Where a mouse or a pen is over the globe, CSS pixels; null when it has left. */
  hovered(at: ScreenPoint | null): void;
}

export class GlobeView {
  readonly timeline = new Timeline();
  readonly labels: Labels;
  framesDrawn = 0;
  view: View | null = null;
  moment: Moment | null = null;

  readonly #map: MapLibre;
  readonly #handlers: GlobeHandlers;
  readonly cells: MeshLayer;
  readonly rain: MeshLayer;
  readonly #sky: SkyCanvas;
  readonly #air: AirLayer;
  readonly #home: Home;
  #colours: MapColours;
  #drawnAt = 0;
  #sunDrawn: Vec3 | null = null;
  #labelled = "";
  #styled = false;

  constructor(
    container: HTMLElement,
    land: Land,
    theme: Theme,
    home: Home,
    handlers: GlobeHandlers,
  ) {
    const software = drawsInSoftware();
    const colours = MAP_COLOURS[theme];
    this.#colours = colours;
    this.cells = new MeshLayer(LOAD_BANDS[theme], REFUSED_COLOUR[theme]);
    this.rain = new MeshLayer(RAIN_BANDS[theme], REFUSED_COLOUR[theme]);
    this.#handlers = handlers;
    this.#home = home;
    this.#air = new AirLayer(colours);
    const pixelRatio = software ? 1 : Math.min(devicePixelRatio, MAX_PIXEL_RATIO);
    this.#map = new MapLibre({
      container,
      style: mapStyle(land, colours),
      ...cameraOf(home, container),
      minZoom: MIN_ZOOM,
      maxZoom: MAX_ZOOM,
      maxPitch: 65,
      attributionControl: false,
      fadeDuration: 0,
      pixelRatio,
      canvasContextAttributes: { antialias: !software, powerPreference: "high-performance" },
      renderWorldCopies: false,
      locale: {},
      transformCameraUpdate: ({ zoom, pitch }) => {
        const most = mostPitch(zoom);
        return pitch > most ? { pitch: most } : {};
      },
    });
    const map = this.#map;
    // Within the map's own element: who turns the wheel or drags on a mark moves the map.
    const stack = map.getCanvasContainer();
    this.#sky = new SkyCanvas(stack, pixelRatio);
    const marks = document.createElement("div");
    marks.className = "marks";
    stack.append(marks);
    this.labels = new Labels(marks);
    map.on("style.load", () => {
      // Below borders and coasts, by which one finds one's way.
      map.addLayer(this.#meshLayer("cells", this.cells), "borders");
      map.addLayer(this.#meshLayer("rain", this.rain), "borders");
      map.addLayer(this.#airLayer());
      this.#styled = true;
      this.#paint();
    });
    map.on("click", ({ point, originalEvent }) => {
      if (!onMark(originalEvent)) handlers.pressed(point.x, point.y);
    });
    // A finger does not hover: what it touched last is not what it points at now.
    container.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const box = container.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      handlers.hovered(onMark(event) ? null : at);
    });
    container.addEventListener("pointerleave", () => handlers.hovered(null));
    map.on("render", () => this.#mapDrawn());
    map.on("resize", () => {
      this.#labelled = "";
    });
    if (!software) this.#followPixelRatio();
    requestAnimationFrame(this.#tick);
  }

  /** Sharp on another screen too, and at another size of the browser's text. */
  #followPixelRatio(): void {
    const now = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = () => {
      const pixelRatio = Math.min(devicePixelRatio, MAX_PIXEL_RATIO);
      this.#map.setPixelRatio(pixelRatio);
      this.#sky.pixelRatio = pixelRatio;
      this.#followPixelRatio();
    };
    now.addEventListener("change", changed, { once: true });
  }

  get satellites() {
    return this.#sky.satellites;
  }

  get zoom(): number {
    return this.#map.getZoom();
  }

  set theme(theme: Theme) {
    const colours = MAP_COLOURS[theme];
    this.#colours = colours;
    this.#air.colours = colours;
    this.cells.bands = LOAD_BANDS[theme];
    this.rain.bands = RAIN_BANDS[theme];
    this.cells.refused = REFUSED_COLOUR[theme];
    if (this.#styled) this.#paint();
  }

  #paint(): void {
    const map = this.#map;
    const { ocean, land, coast, border, graticule } = this.#colours;
    map.setPaintProperty("ocean", "background-color", ocean);
    map.setPaintProperty("land", "fill-color", land);
    map.setPaintProperty("coasts", "line-color", coast);
    map.setPaintProperty("borders", "line-color", border);
    map.setPaintProperty("graticule", "line-color", graticule);
  }

  get colours(): MapColours {
    return this.#colours;
  }

  /** Cells or rain changed: draw the map again. */
  redraw(): void {
    this.#map.triggerRepaint();
  }

  /** Marks changed: place them at the next picture. */
  relabel(): void {
    this.#labelled = "";
    this.#map.triggerRepaint();
  }

  zoomBy(steps: number): void {
    this.#map.easeTo({ zoom: this.#map.getZoom() + steps, ...this.#pace(250) });
  }

  goHome(): void {
    const camera = cameraOf(this.#home, this.#map.getContainer());
    this.#map.easeTo({ ...camera, padding: NO_PADDING, ...this.#pace(900) });
  }

  /** Turn to a place; on a narrow window into the part that a panel leaves free. */
  lookAt(latDeg: number, lonDeg: number): void {
    const { clientWidth, clientHeight } = this.#map.getContainer();
    const center: [number, number] = [lonDeg, latDeg];
    if (clientWidth > NARROW_PX) {
      this.#map.easeTo({ center, ...this.#pace(900) });
      return;
    }
    const padding = { ...NO_PADDING, bottom: PANEL_SHARE * clientHeight };
    this.#map.easeTo({ center, padding, pitch: NARROW_PITCH_DEG, ...this.#pace(900) });
  }

  /** The panel is gone: the whole window is the globe's again. */
  useWholeWindow(): void {
    if (!this.#map.getPadding().bottom) return;
    this.#map.easeTo({ padding: NO_PADDING, ...this.#pace(400) });
  }

  countShown(): number {
    if (!this.view || !this.moment || !this.satellites.visible) return 0;
    return countShown(this.view, this.moment);
  }

  #pace(durationMs: number) {
    return { duration: reducedMotion.matches ? 0 : durationMs };
  }

  /** Draw for as long as the page is seen; the browser stops asking when it is not. */
  #tick = (nowMs: number): void => {
    requestAnimationFrame(this.#tick);
    const due = (this.moment?.to.rate ?? 1) > 1 ? 0 : CALM_FRAME_MS - 4;
    if (this.view && nowMs - this.#drawnAt >= due) this.#drawSky(this.view);
  };

  /** The map's own part of the sky: air and light, drawn when the map is. */
  #airLayer(): CustomLayerInterface {
    return {
      id: "air",
      type: "custom",
      renderingMode: "2d",
      onAdd: (_map, gl) => this.#air.start(gl),
      render: (_gl, input) => {
        this.view = this.#viewOf(input);
        this.#air.draw(this.view);
      },
    };
  }

  #meshLayer(id: string, layer: MeshLayer): CustomLayerInterface {
    return {
      id,
      type: "custom",
      renderingMode: "2d",
      onAdd: (_map, gl) => layer.start(gl),
      render: (_gl, input) => {
        if (layer.visible) layer.draw(this.#viewOf(input));
      },
    };
  }

  #viewOf({ defaultProjectionData }: CustomRenderMethodInput): View {
    const { clientWidth, clientHeight } = this.#map.getContainer();
    return new View(Array.from(defaultProjectionData.mainMatrix), clientWidth, clientHeight);
  }

  #mapDrawn(): void {
    const { view } = this;
    if (!view) return;
    this.#drawSky(view);
    const stamp = `${[...Array.from(view.matrix), view.width, view.height]}`;
    if (stamp === this.#labelled) return;
    this.#labelled = stamp;
    this.labels.place(view, this.zoom > GATEWAY_NAMES_ZOOM);
  }

  #drawSky(view: View): void {
    const nowMs = performance.now();
    const moment = this.timeline.at(nowMs / 1000);
    this.moment = moment;
    this.#drawnAt = nowMs;
    if (!moment) return;
    this.#moveSun(moment.skyTime);
    const { lines, satellites } = this.#sky;
    lines.lines = this.#handlers.lines(moment);
    lines.pulse = reducedMotion.matches ? -1 : (nowMs / 1000) * PULSE_TURNS_PER_S;
    satellites.size = Math.min(4 + Math.max(this.zoom - 1, 0) * 1.15, 9);
    satellites.halo = this.#colours.halo;
    this.#sky.draw(view, moment);
    this.framesDrawn += 1;
    this.#handlers.drawn(view, moment);
  }

  /** Day and night move slowly; the map is drawn again when it would show. */
  #moveSun(skyTime: number): void {
    const sun = sunDirection(skyTime);
    if (this.#sunDrawn && dot(sun, this.#sunDrawn) > Math.cos(SUN_STEP_RAD)) return;
    this.#sunDrawn = sun;
    this.#air.sun = sun;
    this.#map.triggerRepaint();
  }
}

function onMark(event: Event): boolean {
  return event.target instanceof Element && event.target.closest(".mark") !== null;
}

/** From far away the whole globe belongs in the middle, not under the camera's feet. */
function mostPitch(zoom: number): number {
  return Math.max(0, (zoom - FLAT_ZOOM) * PITCH_PER_ZOOM_DEG);
}

/** The camera for a scenario's view; a narrow window looks from further away. */
function cameraOf(home: Home, container: HTMLElement) {
  const narrowness = Math.min(0.6 * Math.log2(Math.max(container.clientWidth, 200) / 1000), 0);
  return {
    center: [home.lon_deg, home.lat_deg] as [number, number],
    zoom: home.zoom + narrowness,
    pitch: HOME_PITCH_DEG,
    bearing: 0,
  };
}
