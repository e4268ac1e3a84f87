/** A WebGL program with its uniforms by name. */
export class Program {
  readonly handle: WebGLProgram;
  readonly #uniforms = new Map<string, WebGLUniformLocation | null>();

  constructor(
    readonly gl: WebGL2RenderingContext,
    vertexSource: string,
    fragmentSource: string,
    attributes: readonly string[],
  ) {
    const program = gl.createProgram();
    const shaders = [
      compile(gl, gl.VERTEX_SHADER, vertexSource),
      compile(gl, gl.FRAGMENT_SHADER, fragmentSource),
    ];
    for (const shader of shaders) gl.attachShader(program, shader);
    attributes.forEach((name, index) => {
      gl.bindAttribLocation(program, index, name);
    });
    gl.linkProgram(program);
    for (const shader of shaders) gl.deleteShader(shader);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(program) ?? "program does not link");
    }
    this.handle = program;
  }

  uniform(name: string): WebGLUniformLocation | null {
    let location = this.#uniforms.get(name);
    if (location === undefined) {
      location = this.gl.getUniformLocation(this.handle, name);
      this.#uniforms.set(name, location);
    }
    return location;
  }
}

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (!shader) throw new Error("WebGL context lost");
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getShaderInfoLog(shader) ?? "shader does not compile");
  }
  return shader;
}

/** GLSL: whether the Earth (unit sphere) stands between the eye and a place. As `View.hides`. */
export const HIDDEN_BY_EARTH = `
bool hiddenByEarth(vec3 eye, vec3 place) {
  vec3 sight = place - eye;
  float nearest = -dot(eye, sight) / dot(sight, sight);
  if (nearest <= 0.0 || nearest >= 0.9999) return false;
  vec3 closest = eye + nearest * sight;
  return dot(closest, closest) < 0.9999;
}`;
