// Colours and lines that the visitor draws into a hole, to say what should be there.

import { sides } from "./server.js";
import { toBase64 } from "./png.js";

// A stroke is `{colour: "#rrggbb", radius, points: [[x, y], …]}` in photo pixels; one of a line also
// has `line`: true where there is to be one, false where there is to be none.

const [DARK, LIGHT] = ["#000000", "#ffffff"]; // what a line is to the server, and what is none

export const isLine = ({ line }) => line !== undefined;

/** A stroke of the tools that guide; `erase`: by the button that erases, whatever the tool. */
export function begun(tool, colour, erase = false) {
  if (tool.kind === "colour") return { colour, radius: 0, points: [] };
  const line = tool.on && !erase;
  return { line, colour: line ? DARK : LIGHT, radius: 0, points: [] };
}

/** Radius of a line's stroke, in photo pixels: thin, as networks have learned them. */
export function lineRadius({ width, height }) {
  return 1.5 * Math.max(1, Math.min(width, height) / 512);
}

/** Draws strokes with the context's transform, the first ones first; of lines, with an edge. */
export function drawStrokes(context, strokes) {
  context.save();
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    if (isLine(stroke)) trace(context, stroke, stroke.line ? LIGHT : DARK, 2 * stroke.radius + 2);
    trace(context, stroke, stroke.colour, 2 * stroke.radius);
  }
  context.restore();
}

function trace(context, { points }, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(...points[0]);
  for (const [x, y] of points) context.lineTo(x + 0.01, y); // a dot is a line, too
  context.stroke();
}

/** The box of photo pixels that a stroke touches; null where it lies outside of the photo. */
export function strokeBox({ radius, points }, { width, height }) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const box = {
    left: Math.max(0, Math.floor(Math.min(...xs) - radius)),
    top: Math.max(0, Math.floor(Math.min(...ys) - radius)),
    right: Math.min(width, Math.ceil(Math.max(...xs) + radius)),
    bottom: Math.min(height, Math.ceil(Math.max(...ys) + radius)),
  };
  return box.left < box.right && box.top < box.bottom ? box : null;
}

/** Colours and lines as the server takes them, apart. */
export async function paintedGuide(strokes, photo) {
  return {
    guide: await paintedStrokes(strokes.filter((stroke) => !isLine(stroke)), photo),
    lines: await paintedStrokes(strokes.filter(isLine), photo),
  };
}

/** Strokes as their box, and a PNG of that part in base64; or null. */
async function paintedStrokes(strokes, photo) {
  const boxes = strokes.map((stroke) => strokeBox(stroke, photo)).filter(Boolean);
  if (!boxes.length) return null;
  const box = {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
  const canvas = new OffscreenCanvas(box.right - box.left, box.bottom - box.top);
  const context = canvas.getContext("2d");
  context.translate(-box.left, -box.top);
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) trace(context, stroke, stroke.colour, 2 * stroke.radius);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return { box: sides(box), png: toBase64(new Uint8Array(await blob.arrayBuffer())) };
}

/** Whether a stroke's line touches a hole: then it says something. */
export function touches({ points }, hole) {
  let [x0, y0] = points[0];
  for (const [x, y] of points) {
    const steps = Math.ceil(Math.hypot(x - x0, y - y0)) || 1; // a pixel each
    for (let k = 1; k <= steps; k += 1) {
      if (isIn(hole, x0 + k / steps * (x - x0), y0 + k / steps * (y - y0))) return true;
    }
    [x0, y0] = [x, y];
  }
  return false;
}

/** Whether a point of the photo is in a hole. */
export function isIn({ data, width, height }, x, y) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  return column >= 0 && row >= 0 && column < width && row < height
    && data[row * width + column] === 1;
}
