/**
 * The canvas above the map on which everything that moves is drawn: satellites and lines.
 *
 * It stands apart from the map's canvas so that the map is drawn only when the camera moves. Where
 * the processor has to draw (no graphics card), that is the difference between a sky that moves
 * and one that stutters.
 */

import type { View } from "./geometry";
import { LineLayer } from "./lineLayer";
import { SatelliteLayer } from "./satelliteLayer";
import type { Moment } from "./timeline";

export class SkyCanvas {
  readonly satellites = new SatelliteLayer();
  readonly lines = new LineLayer();
  readonly #canvas = document.createElement("canvas");
  readonly #gl: WebGL2RenderingContext;
  pixelRatio: number;

  /** Throws where the browser gives no WebGL 2. */
  constructor(container: HTMLElement, pixelRatio: number) {
    this.pixelRatio = pixelRatio;
    this.#canvas.className = "sky-canvas";
    this.#canvas.setAttribute("aria-hidden", "true");
    container.append(this.#canvas);
    const gl = this.#canvas.getContext("webgl2", {
      antialias: false,
      depth: false,
      stencil: false,
      powerPreference: "high-performance",
    });
    if (!gl) throw new Error("WebGL 2 is not available");
    this.#gl = gl;
    this.#canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.#canvas.addEventListener("webglcontextrestored", () => this.#start());
    this.#start();
  }

  #start(): void {
    const gl = this.#gl;
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.lines.start(gl);
    this.satellites.start(gl);
  }

  draw(view: View, moment: Moment): void {
    const gl = this.#gl;
    if (gl.isContextLost()) return;
    const width = Math.round(view.width * this.pixelRatio);
    const height = Math.round(view.height * this.pixelRatio);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.lines.draw(view, this.pixelRatio);
    this.satellites.draw(view, moment, this.pixelRatio);
  }
}
