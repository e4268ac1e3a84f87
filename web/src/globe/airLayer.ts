/** Air and light: the glow at the limb, and day and night on the globe. One triangle, little work. */

import type { Vec3, View } from "./geometry";
import type { MapColours } from "./palette";
import { Program } from "./program";

const VERTEX = `#version 300 es
precision highp float;
in vec2 a_at;
uniform vec3 u_ahead;
uniform vec3 u_right;
uniform vec3 u_up;
out vec3 v_sight;
void main() {
  v_sight = u_ahead + u_right * a_at.x + u_up * a_at.y;
  gl_Position = vec4(a_at, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 v_sight;
uniform vec3 u_eye;
uniform vec3 u_sun;
uniform vec3 u_air;
uniform vec3 u_night;
uniform float u_night_depth;
uniform float u_outside;
uniform float u_inside;
out vec4 colour;
void main() {
  vec3 sight = normalize(v_sight);
  float ahead = -dot(u_eye, sight);
  vec3 nearest = u_eye + ahead * sight;
  float closest = length(nearest);
  if (ahead <= 0.0) discard;
  if (closest >= 1.0) {
    float day = smoothstep(-0.35, 0.45, dot(nearest / closest, u_sun));
    float height = closest - 1.0;
    float glow = u_outside * (0.7 * exp(-height * 55.0) + 0.3 * exp(-height * 11.0));
    glow *= 0.22 + 0.78 * day;
    if (glow < 0.004) discard;
    colour = vec4(u_air * glow, glow * 0.85);
    return;
  }
  vec3 ground = u_eye + (ahead - sqrt(1.0 - closest * closest)) * sight;
  float sun = dot(ground, u_sun);
  float day = smoothstep(-0.3, 0.3, sun);
  float grazing = 1.0 + dot(ground, sight);
  float rim = u_inside * (pow(grazing, 4.0) + 0.22 * grazing) * (0.2 + 0.8 * day);
  float dark = u_night_depth * (1.0 - smoothstep(-0.22, 0.12, sun));
  float alpha = rim + dark * (1.0 - rim);
  colour = vec4(u_air * rim + u_night * dark * (1.0 - rim), alpha);
}`;

export class AirLayer {
  colours: MapColours;
  sun: Vec3 = [0, 0, 1];

  #gl: WebGL2RenderingContext | null = null;
  #program!: Program;
  #vao!: WebGLVertexArrayObject;

  constructor(colours: MapColours) {
    this.colours = colours;
  }

  start(gl: WebGL2RenderingContext): void {
    this.#gl = gl;
    this.#program = new Program(gl, VERTEX, FRAGMENT, ["a_at"]);
    this.#vao = gl.createVertexArray();
    gl.bindVertexArray(this.#vao);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 3, -1, -1, 3]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
  }

  draw(view: View): void {
    const gl = this.#gl;
    if (!gl) return;
    const program = this.#program;
    const { air, night, nightDepth, airOutside, airInside } = this.colours;
    gl.useProgram(program.handle);
    gl.uniform3f(program.uniform("u_eye"), ...view.eye);
    gl.uniform3f(program.uniform("u_ahead"), ...view.ahead);
    gl.uniform3f(program.uniform("u_right"), ...view.right);
    gl.uniform3f(program.uniform("u_up"), ...view.up);
    gl.uniform3f(program.uniform("u_sun"), ...this.sun);
    gl.uniform3f(program.uniform("u_air"), air[0] / 255, air[1] / 255, air[2] / 255);
    gl.uniform3f(program.uniform("u_night"), night[0] / 255, night[1] / 255, night[2] / 255);
    gl.uniform1f(program.uniform("u_night_depth"), nightDepth);
    gl.uniform1f(program.uniform("u_outside"), airOutside);
    gl.uniform1f(program.uniform("u_inside"), airInside);
    gl.bindVertexArray(this.#vao);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.bindVertexArray(null);
  }
}
