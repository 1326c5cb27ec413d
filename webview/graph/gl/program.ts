/** A linked shader program with its uniforms and one vertex array. Nothing about graphs. */

export interface Attribute {
  readonly name: string;
  readonly size: number;
  /** Bytes from the start of an instance. */
  readonly offset: number;
  readonly type: 'float' | 'byte';
}

/** Draws instances of a triangle strip whose per-instance data lie interleaved in one buffer. */
export class InstancedProgram {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #array: WebGLVertexArrayObject;
  readonly #uniforms = new Map<string, WebGLUniformLocation>();
  readonly #attributes: readonly Attribute[];
  #locations: readonly (Attribute & { readonly location: number })[] | undefined;

  constructor(
    gl: WebGL2RenderingContext,
    vertex: string,
    fragment: string,
    attributes: readonly Attribute[],
    private readonly stride: number,
  ) {
    this.#gl = gl;
    this.#program = link(gl, vertex, fragment);
    this.#array = gl.createVertexArray();
    this.#attributes = attributes;
  }

  /** Throws where the shaders do not compile, when it is used for the first time: asking earlier waits for the compiler. */
  use(): void {
    this.#locations ??= this.#locate();
    this.#gl.useProgram(this.#program);
    this.#gl.bindVertexArray(this.#array);
  }

  set(name: string, ...values: readonly number[]): void {
    const location = this.#uniforms.get(name);
    if (location === undefined) return;
    const [a = 0, b = 0, c = 0, d = 0] = values;
    if (values.length === 1) this.#gl.uniform1f(location, a);
    else if (values.length === 2) this.#gl.uniform2f(location, a, b);
    else this.#gl.uniform4f(location, a, b, c, d);
  }

  /** `count` instances from row `first` of `buffer`, each a strip of `vertices`. */
  draw(buffer: WebGLBuffer, first: number, count: number, vertices: number): void {
    if (count === 0) return;
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    for (const { location, size, offset, type } of this.#locations ?? []) {
      if (location < 0) continue;
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(
        location,
        size,
        type === 'float' ? gl.FLOAT : gl.UNSIGNED_BYTE,
        type === 'byte',
        this.stride,
        first * this.stride + offset,
      );
      gl.vertexAttribDivisor(location, 1);
    }
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, vertices, count);
  }

  #locate(): readonly (Attribute & { readonly location: number })[] {
    const gl = this.#gl;
    const program = this.#program;
    if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
      const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader) ?? '');
      throw new Error(`The shaders do not link: ${[gl.getProgramInfoLog(program) ?? '', ...logs].join(' ')}`);
    }
    const count = Number(gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS));
    for (let index = 0; index < count; index++) {
      const name = gl.getActiveUniform(program, index)?.name ?? '';
      const location = gl.getUniformLocation(program, name);
      if (location !== null) this.#uniforms.set(name, location);
    }
    return this.#attributes.map((attribute) => ({
      ...attribute,
      location: gl.getAttribLocation(program, attribute.name),
    }));
  }

  dispose(): void {
    this.#gl.deleteProgram(this.#program);
    this.#gl.deleteVertexArray(this.#array);
  }
}

/** Begins to compile and to link. */
function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error('The graphics context was lost.');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return program;
}
