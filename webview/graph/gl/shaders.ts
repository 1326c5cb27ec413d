/**
 * The shaders, as text. World positions arrive relative to a chunk's origin, so that a graph of millions of pixels does
 * not tremble in 32-bit floats; `origin` is that origin in device pixels, `scale` device pixels per world pixel.
 */

const view = `#version 300 es
precision highp float;
uniform vec2 size;
uniform vec2 origin;
uniform float scale;
vec4 toClip(vec2 pixel) {
  return vec4(pixel.x / size.x * 2.0 - 1.0, 1.0 - pixel.y / size.y * 2.0, 0.0, 1.0);
}
`;

/** Rounded boxes by signed distance; corners snap to pixels so that one-pixel lines are one pixel. */
export const boxVertex = `${view}
in vec4 rect;
in vec4 fill;
in vec4 line;
in vec2 shape;
out vec2 at;
out vec2 halfSize;
out vec4 fillColor;
out vec4 lineColor;
out float radius;
out float lineWidth;
uniform float ratio;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  vec2 low = rect.xy * scale + origin;
  vec2 high = (rect.xy + rect.zw) * scale + origin;
  if (high.x - low.x > 4.0) {
    low.x = floor(low.x + 0.5);
    high.x = floor(high.x + 0.5);
  }
  if (high.y - low.y > 4.0) {
    low.y = floor(low.y + 0.5);
    high.y = floor(high.y + 0.5);
  }
  vec2 centre = (low + high) * 0.5;
  halfSize = max((high - low) * 0.5, vec2(0.35));
  at = (corner * 2.0 - 1.0) * (halfSize + 1.0);
  // From afar shapes become tone: a small box is as dark as its line.
  float tone = line.a * (1.0 - smoothstep(2.0, 7.0, halfSize.y)) * 0.75;
  fillColor = mix(fill, vec4(line.rgb, max(fill.a, tone)), tone);
  lineColor = line;
  radius = min(shape.x * scale, min(halfSize.x, halfSize.y));
  lineWidth = halfSize.y < 1.5 ? 0.0 : max(1.0, floor(shape.y * ratio + 0.5)) * step(0.01, shape.y);
  gl_Position = toClip(centre + at);
}`;

export const boxFragment = `#version 300 es
precision highp float;
in vec2 at;
in vec2 halfSize;
in vec4 fillColor;
in vec4 lineColor;
in float radius;
in float lineWidth;
out vec4 color;
void main() {
  vec2 q = abs(at) - halfSize + radius;
  float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
  float inside = clamp(0.5 - d, 0.0, 1.0);
  float core = lineWidth > 0.0 ? clamp(0.5 - d - lineWidth, 0.0, 1.0) : inside;
  vec4 body = vec4(fillColor.rgb, 1.0) * fillColor.a * core;
  vec4 rim = vec4(lineColor.rgb, 1.0) * lineColor.a * (inside - core);
  color = body + rim;
}`;

/** Stretches of lines: straight, or an S curve with vertical ends, cut into \`steps\`. */
export const lineVertex = `${view}
in vec4 ends;
in float width;
out float across;
out float reach;
uniform float steps;
uniform float thickness;
float snap(float x) { return floor(x) + 0.5; }
void main() {
  float t = float(gl_VertexID >> 1) / steps;
  vec2 a = ends.xy * scale + origin;
  vec2 b = ends.zw * scale + origin;
  a.x = snap(a.x);
  b.x = snap(b.x);
  vec2 delta = b - a;
  vec2 point;
  vec2 along;
  if (steps > 1.5) {
    point = vec2(a.x + delta.x * t * t * (3.0 - 2.0 * t), a.y + delta.y * (1.5 * t - 1.5 * t * t + t * t * t));
    along = vec2(delta.x * 6.0 * t * (1.0 - t), delta.y * (1.5 - 3.0 * t + 3.0 * t * t));
  } else {
    point = a + delta * t;
    along = delta;
  }
  float len = length(along);
  vec2 unit = len > 0.0 ? along / len : vec2(0.0, 1.0);
  vec2 normal = vec2(-unit.y, unit.x);
  float side = float(gl_VertexID & 1) * 2.0 - 1.0;
  reach = width * thickness * 0.5;
  across = side * (reach + 1.0);
  gl_Position = toClip(point + normal * across);
}`;

export const lineFragment = `#version 300 es
precision highp float;
in float across;
in float reach;
uniform vec4 ink;
out vec4 color;
void main() {
  float cover = clamp(reach + 0.5 - abs(across), 0.0, 1.0) * min(1.0, reach * 2.0);
  color = vec4(ink.rgb, 1.0) * ink.a * cover;
}`;

/** Pictures of texts: rectangles in device pixels, tinted. */
export const textVertex = `${view}
in vec4 rect;
in vec4 source;
in vec4 ink;
out vec2 uv;
out vec4 tint;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  uv = source.xy + corner * source.zw;
  tint = ink;
  gl_Position = toClip(rect.xy + corner * rect.zw + origin * 0.0 * scale);
}`;

export const textFragment = `#version 300 es
precision highp float;
in vec2 uv;
in vec4 tint;
uniform sampler2D atlas;
out vec4 color;
void main() {
  float cover = texture(atlas, uv).a;
  color = vec4(tint.rgb, 1.0) * tint.a * cover;
}`;
