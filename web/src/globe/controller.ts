/** Joins the globe to the page's state: the stream in, clicks out, lines for what is selected. */

import { batch, computed, effect } from "@preact/signals";
import { MisunderstoodError } from "../api/client";
import type { Serving } from "../api/paths";
import {
  framesAddress,
  getSites,
  getSky,
  type SatelliteAnswer,
  type SiteAnswer,
  type Sky,
} from "../api/sky";
import { inLanguage, words } from "../frame/language";
import { catalogue, clock, connection, refreshClock, skyTime } from "../frame/state";
import { theme } from "../frame/theme";
import { Answers } from "./answers";
import { Feed } from "./feed";
import { Shown, type SkyFrame } from "./frames";
import type { Vec3, View } from "./geometry";
import { GlobeView, NARROW_PX } from "./globeView";
import type { Mark } from "./labels";
import { fetchLand } from "./land";
import type { Line } from "./lineLayer";
import { cellMesh, cellValues, rainMesh } from "./meshes";
import { MAP_COLOURS, satelliteColours } from "./palette";
import {
  cells,
  cellsShown,
  keepPaths,
  loads,
  rain,
  rainShown,
  serving,
  slotAt,
} from "./pathsState";
import { nearestSatellite, placeAt, REACH_PX, TOUCH_REACH_PX } from "./picking";
import { plumbLine, satelliteLines, servingLines, siteLines, type Whereabouts } from "./scene";
import {
  colourBy,
  indexOf,
  legend,
  satelliteAnswer,
  satellitesVisible,
  select,
  selectedSite,
  selection,
  siteAnswer,
  sky,
} from "./state";
import type { Moment } from "./timeline";

const RETRY_MS = 2_000;
/** How often the places of sites are asked for; a ship goes a hundred metres in that time. */
const SITES_MS = 10_000;

const coarsePointer = matchMedia("(pointer: coarse)");

export class Controller {
  view: GlobeView | null = null;
  readonly #container: HTMLElement;
  readonly #hover: HTMLElement;
  #pointer: { x: number; y: number } | null = null;
  #hoveredAt = 0;
  #loading: Promise<Sky> | null = null;
  readonly #siteAnswers = new Answers<SiteAnswer>();
  readonly #satelliteAnswers = new Answers<SatelliteAnswer>();
  readonly #servingAnswers = new Answers<Serving>();

  constructor(container: HTMLElement, hover: HTMLElement) {
    this.#container = container;
    this.#hover = hover;
  }

  async start(): Promise<void> {
    const [land, known] = await Promise.all([fetchLand(), this.loadSky()]);
    const view = new GlobeView(this.#container, land, theme.peek(), known.view, {
      lines: (moment) => this.#lines(moment),
      drawn: (seen, moment) => this.#drawn(seen, moment),
      pressed: (x, y) => this.#pressed(x, y),
      hovered: (at) => {
        this.#pointer = at;
      },
    });
    this.view = view;
    this.#bind(view);
    this.#bindLayers(view);
    this.#publish(view);
    const feed = new Feed(framesAddress(location), {
      frame: (frame) => this.#frame(frame),
      connection: (state) => {
        const back = connection.peek().state === "waiting" && state.state === "connected";
        connection.value = state;
        // The server that is back may be another one, with another catalogue.
        if (back) void this.loadSky();
      },
      changed: () => void this.loadSky(),
    });
    feed.start();
    setInterval(() => void this.#moveSites(), SITES_MS);
    keepPaths();
  }

  /** Ask for the sky until the server gives it; one question at a time. */
  loadSky(): Promise<Sky> {
    this.#loading ??= this.#askForSky().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #askForSky(): Promise<Sky> {
    for (;;) {
      try {
        const answer = await getSky();
        batch(() => {
          sky.value = answer;
          catalogue.value = answer.catalogue;
        });
        await refreshClock();
        return answer;
      } catch (error) {
        const misunderstood = error instanceof MisunderstoodError;
        // A console of another version brings its own pages.
        if (this.view && misunderstood) location.reload();
        // Once there is a stream of frames, how that fares is what is said.
        if (!this.view) {
          const why = misunderstood ? "misunderstood" : "lost";
          connection.value = { state: "waiting", retryInS: RETRY_MS / 1000, why };
        }
        await new Promise((done) => setTimeout(done, RETRY_MS));
      }
    }
  }

  /** Sites under way: their marks follow them. A question that fails is asked again later. */
  async #moveSites(): Promise<void> {
    if (document.hidden) return;
    const before = sky.peek();
    const sites = await getSites().catch(() => []);
    if (sky.peek() !== before) return;
    for (const { id, lat_deg, lon_deg } of sites) this.#moveSite(id, lat_deg, lon_deg);
  }

  #moveSite(id: string, latDeg: number, lonDeg: number): void {
    if (this.view?.labels.move(`site-${id}`, latDeg, lonDeg)) this.view.relabel();
  }

  /** Turn the globe so that a site is in the middle, where it is now. */
  lookAtSite(id: string): void {
    const place = this.view?.labels.placeOf(`site-${id}`);
    if (place) this.#lookAt(place);
  }

  /** Turn the globe so that a satellite is in the middle. */
  lookAtSatellite(catalogueNumber: number): void {
    const place = this.#where(catalogueNumber);
    if (place) this.#lookAt(place);
  }

  #lookAt(place: Vec3): void {
    const latDeg = (Math.asin(place[1] / Math.hypot(...place)) * 180) / Math.PI;
    const lonDeg = (Math.atan2(place[0], place[2]) * 180) / Math.PI;
    this.view?.lookAt(latDeg, lonDeg);
  }

  #bind(view: GlobeView): void {
    effect(() => {
      view.theme = theme.value;
    });
    effect(() => {
      if (!sky.value) return;
      view.satellites.colours = satelliteColours(
        sky.value.satellites,
        colourBy.value,
        legend.value,
        theme.value,
      );
    });
    effect(() => {
      const canvas = this.#container.querySelector(".maplibregl-canvas");
      canvas?.setAttribute("aria-label", words.value.globeLabel);
    });
    effect(() => {
      view.satellites.visible = satellitesVisible.value;
    });
    effect(() => {
      const selected = selection.value;
      if (!selected) view.useWholeWindow();
      view.satellites.picked =
        selected?.kind === "satellite" ? (indexOf.value.get(selected.number) ?? -1) : -1;
    });
    effect(() => {
      view.labels.set(this.#marksOf());
      view.relabel();
    });
    effect(() => {
      const answer = siteAnswer.value;
      this.#siteAnswers.add(answer);
      if (answer) this.#moveSite(answer.site, answer.lat_deg, answer.lon_deg);
    });
    effect(() => this.#satelliteAnswers.add(satelliteAnswer.value));
    effect(() => {
      const selected = selectedSite.value;
      const route = siteAnswer.value?.route;
      const keys = new Set<string>();
      if (selected) keys.add(`site-${selected.id}`);
      if (route?.gateway) keys.add(`gateway-${route.gateway}`);
      if (route?.point_of_presence) keys.add(`pop-${route.point_of_presence}`);
      view.labels.important = keys;
      view.relabel();
    });
  }

  /** Cells and rain: their triangles when they come, their values slot by slot. */
  #bindLayers(view: GlobeView): void {
    const mesh = computed(() => (cells.value ? cellMesh(cells.value.cells) : null));
    effect(() => {
      if (mesh.value) view.cells.setMesh(mesh.value);
    });
    effect(() => {
      view.cells.visible = cellsShown.value && loads.value !== null;
      if (mesh.value && loads.value) {
        view.cells.setValues(cellValues(loads.value, mesh.value.starts));
      }
      view.redraw();
    });
    effect(() => {
      view.rain.visible = rainShown.value && rain.value !== null;
      if (rain.value) {
        const grid = rainMesh(rain.value);
        view.rain.setMesh(grid);
        view.rain.setValues(grid.values);
      }
      view.redraw();
    });
    effect(() => this.#servingAnswers.add(serving.value));
  }

  #marksOf(): Mark[] {
    const t = words.value;
    const known = sky.value;
    if (!known) return [];
    const ground =
      (kind: "gateway" | "pop", what: string) => (station: (typeof known.gateways)[number]) => ({
        key: `${kind}-${station.name}`,
        kind,
        name: station.name,
        what,
        latDeg: station.lat_deg,
        lonDeg: station.lon_deg,
      });
    return [
      ...known.gateways.map(ground("gateway", t.gateway)),
      ...known.points_of_presence.map(ground("pop", t.pointOfPresence)),
      // The first of the scenario's sites lies on top where two are close.
      ...known.sites.toReversed().map((site) => ({
        key: `site-${site.id}`,
        kind: "site" as const,
        name: inLanguage(site.name),
        what: t.site,
        latDeg: site.lat_deg,
        lonDeg: site.lon_deg,
        click: () => {
          select({ kind: "site", id: site.id });
          if (innerWidth <= NARROW_PX) this.lookAtSite(site.id);
        },
      })),
    ];
  }

  #frame(frame: SkyFrame): void {
    this.view?.timeline.add(frame, performance.now() / 1000);
    const now = clock.peek();
    const mode = frame.replay ? "replay" : "now";
    const stale = now && (now.mode !== mode || now.paused !== frame.paused);
    if (stale || (now && frame.rate > 0 && now.rate !== frame.rate)) void refreshClock();
    const known = sky.peek();
    if (known && known.satellites.numbers.length !== frame.count) void this.loadSky();
  }

  #where: Whereabouts = (catalogueNumber) => {
    const index = indexOf.peek().get(catalogueNumber);
    const moment = this.view?.moment;
    return index === undefined || !moment ? null : placeAt(moment, index);
  };

  #lines(moment: Moment): readonly Line[] {
    const colours = MAP_COLOURS[theme.peek()];
    const where: Whereabouts = (catalogueNumber) =>
      placeAt(moment, indexOf.peek().get(catalogueNumber) ?? -1);
    const selected = selection.peek();
    const served = servingLines(
      this.#servingAnswers.at(moment.skyTime),
      slotAt(moment.skyTime),
      selected?.kind === "site" ? selected.id : undefined,
      (site) => this.view?.labels.placeOf(`site-${site}`) ?? null,
      where,
      colours,
    );
    // What was true when the picture was: at a fast pace a second is half a pass.
    const ofSite = this.#siteAnswers.at(moment.skyTime);
    if (ofSite) return [...siteLines(ofSite, where, colours), ...served];
    if (selected?.kind !== "satellite") return served;
    const place = where(selected.number);
    const answer = this.#satelliteAnswers.at(moment.skyTime);
    return [
      ...served,
      ...(place ? [plumbLine(place, colours)] : []),
      ...(answer ? satelliteLines(answer, where, colours) : []),
    ];
  }

  #drawn(view: View, moment: Moment): void {
    const seconds = Math.floor(moment.skyTime);
    if (skyTime.peek() !== seconds) skyTime.value = seconds;
    this.#showHover(view, moment);
  }

  #pressed(x: number, y: number): void {
    const index = this.#satelliteAt({ x, y }, coarsePointer.matches ? TOUCH_REACH_PX : REACH_PX);
    const catalogueNumber = sky.peek()?.satellites.numbers[index];
    if (catalogueNumber !== undefined) select({ kind: "satellite", number: catalogueNumber });
  }

  #satelliteAt(pointer: { x: number; y: number }, reachPx = REACH_PX): number {
    const { view } = this;
    if (!view?.view || !view.moment || !view.satellites.visible) return -1;
    return nearestSatellite(view.view, view.moment, pointer, reachPx);
  }

  /** The name of the picked satellite, or of the one under the pointer, beside it. */
  #showHover(view: View, moment: Moment): void {
    const nowMs = performance.now();
    const picked = this.view?.satellites.picked ?? -1;
    if (this.#pointer && nowMs - this.#hoveredAt > 100) {
      this.#hoveredAt = nowMs;
      this.#hovered = this.#satelliteAt(this.#pointer);
      this.#container.classList.toggle("globe-pointing", this.#hovered >= 0);
    }
    const index = this.#pointer && this.#hovered >= 0 ? this.#hovered : picked;
    const place: Vec3 | null = placeAt(moment, index);
    const point = place && view.project(place);
    const name = sky.peek()?.satellites.names[index];
    this.#hover.hidden = !point || !name || moment.to.shown[index] === Shown.HIDDEN;
    if (!point || !name) return;
    if (this.#hover.textContent !== name) this.#hover.textContent = name;
    this.#hover.style.transform = `translate(${(point.x + 11).toFixed(1)}px, ${(point.y - 11).toFixed(1)}px)`;
  }
  #hovered = -1;

  /** A window into the drawing for measurements: read-only, two numbers. */
  #publish(view: GlobeView): void {
    const diagnostics = Object.freeze({
      get framesDrawn() {
        return view.framesDrawn;
      },
      get satellitesShown() {
        return view.countShown();
      },
    });
    Object.defineProperty(window, "baluardoGlobe", { value: diagnostics });
  }
}
