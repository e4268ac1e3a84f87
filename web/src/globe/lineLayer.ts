/** Lines in space: sight lines, hops of a route, lasers. Wide, soft-edged, hidden by the Earth. */

import { between, type Vec3, type View } from "./geometry";
import type { Rgb } from "./palette";
import { HIDDEN_BY_EARTH, Program } from "./program";

export interface Line {
  readonly from: Vec3;
  readonly to: Vec3;
  readonly colour: Rgb;
  readonly opacity: number;
  /** CSS pixels. */
  readonly width: number;
  /** Straight through space, or bent along the ground. */
  readonly bent?: boolean;
  /** Length of a dash in CSS pixels, 0 for an unbroken line. */
  readonly dash?: number;
  /** Distance along the whole route at this line's ends, in Earth radii: pulses run along it. */
  readonly along?: readonly [number, number];
}

const FLOATS_A_PIECE = 14;
/** Straight lines are cut so that the Earth can hide a part; bent ones also to be bent. */
const PIECES = 14;

const VERTEX = `#version 300 es
precision highp float;
in vec2 a_corner;
in vec3 a_start;
in vec3 a_end;
in vec4 a_colour;
in vec4 a_form;
uniform mat4 u_matrix;
uniform vec3 u_eye;
uniform vec2 u_half_size;
uniform float u_ratio;
out vec4 v_colour;
out float v_across;
out float v_along;
out float v_pixels;
flat out float v_half_width;
flat out float v_dash;
${HIDDEN_BY_EARTH}
void main() {
  vec4 start = u_matrix * vec4(a_start, 1.0);
  vec4 end = u_matrix * vec4(a_end, 1.0);
  if (start.w < 0.02 || end.w < 0.02) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    return;
  }
  vec2 p0 = start.xy / start.w * u_half_size;
  vec2 p1 = end.xy / end.w * u_half_size;
  vec2 way = p1 - p0;
  float span = length(way);
  vec2 unit = span > 1e-4 ? way / span : vec2(1.0, 0.0);
  vec2 normal = vec2(-unit.y, unit.x);
  v_half_width = a_form.x * u_ratio * 0.5;
  float reach = v_half_width + 1.0;
  vec2 at = mix(p0, p1, a_corner.x) + normal * a_corner.y * reach;
  gl_Position = vec4(at / u_half_size, 0.0, 1.0);
  vec3 place = mix(a_start, a_end, a_corner.x);
  v_colour = a_colour;
  v_colour.a *= hiddenByEarth(u_eye, place) ? 0.0 : 1.0;
  v_across = a_corner.y * reach;
  v_along = mix(a_form.z, a_form.w, a_corner.x);
  v_pixels = span * a_corner.x;
  v_dash = a_form.y * u_ratio;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 v_colour;
in float v_across;
in float v_along;
in float v_pixels;
flat in float v_half_width;
flat in float v_dash;
uniform float u_pulse;
out vec4 colour;
void main() {
  float alpha = v_colour.a * (1.0 - smoothstep(v_half_width - 0.5, v_half_width + 0.7, abs(v_across)));
  if (v_dash > 0.0) alpha *= step(fract(v_along * 60.0), 0.58);
  vec3 tone = v_colour.rgb;
  if (u_pulse >= 0.0 && v_along >= 0.0 && v_dash <= 0.0) {
    float behind = fract(u_pulse - v_along * 2.2);
    tone = mix(tone, vec3(1.0), 0.85 * pow(1.0 - behind, 10.0));
  }
  if (alpha < 0.004) discard;
  colour = vec4(tone * alpha, alpha);
}`;

export class LineLayer {
  lines: readonly Line[] = [];
  /** Position of the running pulses, turns; negative where movement is not wanted. */
  pulse = -1;

  #gl: WebGL2RenderingContext | null = null;
  #program!: Program;
  #vao!: WebGLVertexArrayObject;
  #pieces!: WebGLBuffer;
  #data = new Float32Array(FLOATS_A_PIECE * 256);

  start(gl: WebGL2RenderingContext): void {
    this.#gl = gl;
    this.#program = new Program(gl, VERTEX, FRAGMENT, [
      "a_corner",
      "a_start",
      "a_end",
      "a_colour",
      "a_form",
    ]);
    this.#vao = gl.createVertexArray();
    gl.bindVertexArray(this.#vao);
    const corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, -1, 1, -1, 0, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.#pieces = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#pieces);
    let offset = 0;
    [3, 3, 4, 4].forEach((size, index) => {
      gl.enableVertexAttribArray(index + 1);
      gl.vertexAttribPointer(index + 1, size, gl.FLOAT, false, FLOATS_A_PIECE * 4, offset * 4);
      gl.vertexAttribDivisor(index + 1, 1);
      offset += size;
    });
    gl.bindVertexArray(null);
  }

  draw(view: View, pixelRatio: number): void {
    const gl = this.#gl;
    if (!gl || this.lines.length === 0) return;
    const pieces = this.#fill();
    const program = this.#program;
    gl.useProgram(program.handle);
    gl.uniformMatrix4fv(program.uniform("u_matrix"), false, Float32Array.from(view.matrix));
    gl.uniform3f(program.uniform("u_eye"), ...view.eye);
    gl.uniform2f(
      program.uniform("u_half_size"),
      (view.width * pixelRatio) / 2,
      (view.height * pixelRatio) / 2,
    );
    gl.uniform1f(program.uniform("u_ratio"), pixelRatio);
    gl.uniform1f(program.uniform("u_pulse"), this.pulse);
    gl.bindVertexArray(this.#vao);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#pieces);
    gl.bufferData(
      gl.ARRAY_BUFFER,
      this.#data.subarray(0, pieces * FLOATS_A_PIECE),
      gl.DYNAMIC_DRAW,
    );
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, pieces);
    gl.bindVertexArray(null);
  }

  #fill(): number {
    const pieces = this.lines.length * PIECES;
    if (this.#data.length < pieces * FLOATS_A_PIECE) {
      this.#data = new Float32Array(pieces * FLOATS_A_PIECE * 2);
    }
    let at = 0;
    for (const line of this.lines) {
      const [r, g, b] = line.colour;
      let start = line.from;
      const [alongFrom, alongTo] = line.along ?? [-1, -1];
      for (let piece = 1; piece <= PIECES; piece++) {
        const share = piece / PIECES;
        const end = line.bent ? between(line.from, line.to, share) : mix(line.from, line.to, share);
        const along = (part: number) =>
          line.along ? alongFrom + (alongTo - alongFrom) * part : -1;
        this.#data.set(start, at);
        this.#data.set(end, at + 3);
        this.#data.set([r / 255, g / 255, b / 255, line.opacity], at + 6);
        this.#data.set(
          [line.width, line.dash ?? 0, along(share - 1 / PIECES), along(share)],
          at + 10,
        );
        at += FLOATS_A_PIECE;
        start = end;
      }
    }
    return pieces;
  }
}

function mix(from: Vec3, to: Vec3, share: number): Vec3 {
  return [
    from[0] + (to[0] - from[0]) * share,
    from[1] + (to[1] - from[1]) * share,
    from[2] + (to[2] - from[2]) * share,
  ];
}
