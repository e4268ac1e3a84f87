/** Triangles on the ground, coloured in bands of a value: cells by load, rain by its rate. */

import type { Bands } from "./bands";
import type { View } from "./geometry";
import type { Mesh } from "./meshes";
import type { Rgb } from "./palette";
import { Program } from "./program";

/** As long as the shader's arrays. */
export const MOST_BANDS = 6;

const VERTEX = `#version 300 es
precision highp float;
in vec3 a_place;
in float a_value;
uniform mat4 u_matrix;
out vec3 v_place;
out float v_value;
void main() {
  vec4 at = u_matrix * vec4(a_place, 1.0);
  gl_Position = vec4(at.xy, 0.0, at.w);
  v_place = a_place;
  v_value = a_value;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 v_place;
in float v_value;
uniform vec3 u_eye;
uniform float u_limits[${MOST_BANDS}];
uniform vec4 u_colours[${MOST_BANDS}];
uniform vec4 u_refused;
out vec4 colour;
void main() {
  // Beyond the horizon: the Earth is in the way.
  if (dot(normalize(v_place), u_eye) < 1.0 || v_value < -0.5) discard;
  bool refused = v_value > 900.0;
  float value = refused ? v_value - 1000.0 : v_value;
  int band = 0;
  for (int i = 0; i < ${MOST_BANDS}; i++) if (value >= u_limits[i]) band = i + 1;
  vec4 shade = u_colours[min(band, ${MOST_BANDS - 1})];
  if (refused && mod(gl_FragCoord.x + gl_FragCoord.y, 6.0) < 3.0) shade = u_refused;
  if (shade.a < 0.004) discard;
  colour = vec4(shade.rgb * shade.a, shade.a);
}`;

export class MeshLayer {
  bands: Bands;
  refused: Rgb;
  visible = false;

  #gl: WebGL2RenderingContext | null = null;
  #program!: Program;
  #vao!: WebGLVertexArrayObject;
  #places!: WebGLBuffer;
  #values!: WebGLBuffer;
  #triangles!: WebGLBuffer;
  #count = 0;
  #mesh: Mesh | null = null;
  #shown: Float32Array<ArrayBuffer> | null = null;

  constructor(bands: Bands, refused: Rgb) {
    this.bands = bands;
    this.refused = refused;
  }

  start(gl: WebGL2RenderingContext): void {
    this.#gl = gl;
    this.#program = new Program(gl, VERTEX, FRAGMENT, ["a_place", "a_value"]);
    this.#vao = gl.createVertexArray();
    gl.bindVertexArray(this.#vao);
    this.#places = gl.createBuffer();
    this.#values = gl.createBuffer();
    this.#triangles = gl.createBuffer();
    [this.#places, this.#values].forEach((buffer, index) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(index);
      gl.vertexAttribPointer(index, index === 0 ? 3 : 1, gl.FLOAT, false, 0, 0);
    });
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#triangles);
    gl.bindVertexArray(null);
    // A context that was lost has forgotten them.
    if (this.#mesh) this.setMesh(this.#mesh);
    if (this.#shown) this.setValues(this.#shown);
  }

  /** Take other triangles; their values have to follow. */
  setMesh(mesh: Mesh): void {
    this.#mesh = mesh;
    const gl = this.#gl;
    if (!gl) return;
    gl.bindVertexArray(this.#vao);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#places);
    gl.bufferData(gl.ARRAY_BUFFER, mesh.places, gl.STATIC_DRAW);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    this.#count = 0;
  }

  /** Take other values, one a corner of the mesh. */
  setValues(values: Float32Array<ArrayBuffer>): void {
    this.#shown = values;
    const gl = this.#gl;
    if (!gl || !this.#mesh || values.length * 3 !== this.#mesh.places.length) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#values);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    this.#count = this.#mesh.triangles.length;
  }

  draw(view: View): void {
    const gl = this.#gl;
    if (!gl || !this.visible || this.#count === 0) return;
    const program = this.#program;
    gl.useProgram(program.handle);
    gl.uniformMatrix4fv(program.uniform("u_matrix"), false, Float32Array.from(view.matrix));
    gl.uniform3f(program.uniform("u_eye"), ...view.eye);
    gl.uniform1fv(program.uniform("u_limits"), padded(this.bands.limits, MOST_BANDS, 1e30));
    const colours = this.bands.colours.flatMap(([r, g, b], band) => [
      r / 255,
      g / 255,
      b / 255,
      this.bands.opacities[band] ?? 1,
    ]);
    gl.uniform4fv(program.uniform("u_colours"), padded(colours, MOST_BANDS * 4, 0));
    const [r, g, b] = this.refused;
    gl.uniform4f(program.uniform("u_refused"), r / 255, g / 255, b / 255, 0.95);
    gl.bindVertexArray(this.#vao);
    gl.drawElements(gl.TRIANGLES, this.#count, gl.UNSIGNED_INT, 0);
    gl.bindVertexArray(null);
  }
}

function padded(values: readonly number[], length: number, rest: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => values[index] ?? rest);
}
