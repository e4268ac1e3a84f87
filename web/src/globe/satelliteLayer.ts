/** All satellites as points at their true height, moved between two frames by the vertex shader. */

import type { SkyFrame } from "./frames";
import type { View } from "./geometry";
import { HIDDEN_BY_EARTH, Program } from "./program";
import type { Moment } from "./timeline";

const FROM = 0;
const TO = 1;
const COLOUR = 2;
const SHOWN = 3;

const VERTEX = `#version 300 es
precision highp float;
in vec3 a_from;
in vec3 a_to;
in vec4 a_colour;
in float a_shown;
uniform mat4 u_matrix;
uniform vec3 u_eye;
uniform float u_share;
uniform float u_size;
uniform float u_picked;
out vec4 v_colour;
flat out float v_size;
flat out float v_ring;
${HIDDEN_BY_EARTH}
void main() {
  vec3 straight = mix(a_from, a_to, u_share);
  vec3 place = normalize(straight) * mix(length(a_from), length(a_to), u_share);
  bool gone = a_shown < 0.5 || dot(a_from, a_from) < 0.5 || dot(a_to, a_to) < 0.5;
  if (gone || hiddenByEarth(u_eye, place)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  gl_Position = u_matrix * vec4(place, 1.0);
  gl_Position.z = 0.0;
  bool picked = float(gl_VertexID) == u_picked;
  // Nearer satellites are a little larger: depth at a glance.
  float nearness = clamp(length(u_eye) - 1.0, 0.2, 4.0) / max(distance(u_eye, place), 0.05);
  v_ring = a_colour.a > 0.5 ? 1.0 : 0.0;
  v_size = u_size * clamp(0.55 + 0.45 * nearness, 0.6, 1.5) * (v_ring > 0.5 ? 1.55 : 1.0);
  if (picked) v_size *= 1.8;
  if (a_shown < 1.5) v_size *= 0.8;
  gl_PointSize = v_size;
  v_colour = vec4(a_colour.rgb, a_shown < 1.5 ? 0.34 : 1.0);
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 v_colour;
flat in float v_size;
flat in float v_ring;
uniform float u_halo;
out vec4 colour;
void main() {
  float from_centre = length(gl_PointCoord - 0.5) * 2.0;
  float edge = 2.2 / v_size;
  float alpha;
  if (v_ring > 0.5) {
    float ring = smoothstep(0.42 - edge, 0.42, from_centre);
    alpha = (0.25 + 0.75 * ring) * (1.0 - smoothstep(0.82 - edge, 0.82, from_centre));
  } else {
    float core = 1.0 - smoothstep(0.62 - edge, 0.62, from_centre);
    alpha = max(core, u_halo * (1.0 - from_centre) * (1.0 - from_centre));
  }
  alpha *= v_colour.a;
  if (alpha < 0.01) discard;
  colour = vec4(v_colour.rgb * alpha, alpha);
}`;

interface Slot {
  buffer: WebGLBuffer;
  frame: SkyFrame | null;
}

export class SatelliteLayer {
  visible = true;
  /** Diameter of a point in CSS pixels. */
  size = 4;
  halo = 0.4;
  /** Index of the satellite drawn larger; -1 for none. */
  picked = -1;

  #gl: WebGL2RenderingContext | null = null;
  #program!: Program;
  #vao!: WebGLVertexArrayObject;
  #slots: Slot[] = [];
  #colourBuffer!: WebGLBuffer;
  #shownBuffer!: WebGLBuffer;
  #shownFrame: SkyFrame | null = null;
  #colours: Uint8Array<ArrayBuffer> = new Uint8Array();
  #coloursChanged = false;

  /** Red, green, blue and direct-to-cell mark of each satellite. */
  set colours(bytes: Uint8Array<ArrayBuffer>) {
    this.#colours = bytes;
    this.#coloursChanged = true;
  }

  start(gl: WebGL2RenderingContext): void {
    this.#gl = gl;
    this.#program = new Program(gl, VERTEX, FRAGMENT, ["a_from", "a_to", "a_colour", "a_shown"]);
    this.#vao = gl.createVertexArray();
    this.#slots = [0, 1, 2].map(() => ({ buffer: gl.createBuffer(), frame: null }));
    this.#colourBuffer = gl.createBuffer();
    this.#shownBuffer = gl.createBuffer();
    this.#shownFrame = null;
    this.#coloursChanged = true;
  }

  draw(view: View, moment: Moment, pixelRatio: number): void {
    const gl = this.#gl;
    const count = moment.to.count;
    if (!gl || !this.visible || this.#colours.length !== count * 4) return;
    gl.bindVertexArray(this.#vao);
    this.#bindPlaces(gl, FROM, moment.from, moment.to);
    this.#bindPlaces(gl, TO, moment.to, moment.from);
    this.#bindColours(gl);
    this.#bindShown(gl, moment.to);
    const program = this.#program;
    gl.useProgram(program.handle);
    gl.uniformMatrix4fv(program.uniform("u_matrix"), false, Float32Array.from(view.matrix));
    gl.uniform3f(program.uniform("u_eye"), ...view.eye);
    gl.uniform1f(program.uniform("u_share"), moment.share);
    gl.uniform1f(program.uniform("u_size"), this.size * pixelRatio);
    gl.uniform1f(program.uniform("u_halo"), this.halo);
    gl.uniform1f(program.uniform("u_picked"), this.picked);
    gl.drawArrays(gl.POINTS, 0, count);
    gl.bindVertexArray(null);
  }

  /** Each frame goes to the graphics memory once; three slots turn. */
  #bindPlaces(gl: WebGL2RenderingContext, at: number, frame: SkyFrame, other: SkyFrame): void {
    let slot = this.#slots.find((s) => s.frame === frame);
    if (!slot) {
      slot = this.#slots.find((s) => s.frame !== other) as Slot;
      gl.bindBuffer(gl.ARRAY_BUFFER, slot.buffer);
      gl.bufferData(gl.ARRAY_BUFFER, frame.places, gl.DYNAMIC_DRAW);
      slot.frame = frame;
    } else {
      gl.bindBuffer(gl.ARRAY_BUFFER, slot.buffer);
    }
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 3, gl.FLOAT, false, 0, 0);
  }

  #bindColours(gl: WebGL2RenderingContext): void {
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#colourBuffer);
    if (this.#coloursChanged) {
      gl.bufferData(gl.ARRAY_BUFFER, this.#colours, gl.STATIC_DRAW);
      this.#coloursChanged = false;
    }
    gl.enableVertexAttribArray(COLOUR);
    gl.vertexAttribPointer(COLOUR, 4, gl.UNSIGNED_BYTE, true, 0, 0);
  }

  #bindShown(gl: WebGL2RenderingContext, frame: SkyFrame): void {
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#shownBuffer);
    if (this.#shownFrame !== frame) {
      gl.bufferData(gl.ARRAY_BUFFER, frame.shown, gl.DYNAMIC_DRAW);
      this.#shownFrame = frame;
    }
    gl.enableVertexAttribArray(SHOWN);
    gl.vertexAttribPointer(SHOWN, 1, gl.UNSIGNED_BYTE, false, 0, 0);
  }
}
