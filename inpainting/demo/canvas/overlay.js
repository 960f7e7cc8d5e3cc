// The hole as it is shown over the photo: a tint with a light edge and a dark line around that.

import { inFours, runEnd } from "./runs.js";

/**
 * Draws `hole` as the stage shows it.
 *
 * @param pixels RGBA bytes of the stage (ImageData.data), row by row, all of them device pixels.
 * @param view `{scale, x, y}`: device pixels per photo pixel, and where the photo's corner lies.
 * @param colours `{tint, edge, shade}`, each `[red, green, blue, alpha]` of 0 to 255: of pixels in
 *   the hole, of those with a neighbour (of four) outside, and of their neighbours outside.
 * @param area `{left, top, right, bottom}` of the stage to draw; without it, all of it. What
 *   another area draws does not depend on it: the pixels around it are looked at, too.
 *
 * Where the photo is reduced, a stage pixel is in the hole if any photo pixel with its centre in
 * it is, so that the finest line is seen. Where it is enlarged, the photo pixel under it decides.
 */
export function renderOverlay(pixels, stageWidth, stageHeight, view, hole, colours, area = null) {
  const left = Math.max(Math.floor(area?.left ?? 0), 0);
  const top = Math.max(Math.floor(area?.top ?? 0), 0);
  const right = Math.min(Math.ceil(area?.right ?? stageWidth), stageWidth);
  const bottom = Math.min(Math.ceil(area?.bottom ?? stageHeight), stageHeight);
  if (left >= right || top >= bottom) return;
  const [across, down] = [right - left + 2, bottom - top + 2]; // with one pixel around
  const shown = view.scale < 1 ? reduced : enlarged;
  const inside = shown(hole, view, left - 1, top - 1, across, down);
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, stageWidth * stageHeight);
  const [tint, edge, shade] = [word(colours.tint), word(colours.edge), word(colours.shade)];
  for (let y = 1; y < down - 1; y += 1) {
    const to = (top + y - 1) * stageWidth + left - 1;
    const row = y * across;
    for (let x = 1; x < across - 1; x += 1) {
      const i = row + x;
      const near = inside[i - 1] + inside[i + 1] + inside[i - across] + inside[i + across];
      if (inside[i]) words[to + x] = near === 4 ? tint : edge;
      else words[to + x] = near === 0 ? 0 : shade;
    }
  }
}

/** Four bytes as the number that they are in memory. */
const word = (colour) => new Uint32Array(Uint8Array.from(colour).buffer)[0];

/** 1 where a stage pixel shows a pixel of the hole; every photo pixel is one or larger. */
function enlarged({ data, width, height }, view, left, top, across, down) {
  const inside = new Uint8Array(across * down);
  const columns = under(width, view.scale, view.x, left, across);
  const rows = under(height, view.scale, view.y, top, down);
  for (let y = 0; y < down; y += 1) {
    const to = y * across;
    if (rows[y] < 0) continue;
    if (y > 0 && rows[y] === rows[y - 1]) {
      inside.copyWithin(to, to - across, to);
      continue;
    }
    const row = rows[y] * width;
    for (let x = 0; x < across; x += 1) {
      if (columns[x] >= 0) inside[to + x] = data[row + columns[x]];
    }
  }
  return inside;
}

/** For stage pixels of one axis, the photo pixel under their middle; -1 outside of the photo. */
function under(size, scale, offset, first, count) {
  const found = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i += 1) {
    const at = Math.floor((first + i + 0.5 - offset) / scale);
    if (at >= 0 && at < size) found[i] = at;
  }
  return found;
}

/** 1 where a stage pixel shows a pixel of the hole; every photo pixel is smaller than one. */
function reduced({ data, width, height }, view, left, top, across, down) {
  const inside = new Uint8Array(across * down);
  const columns = over(width, view.scale, view.x, left, across);
  const rows = over(height, view.scale, view.y, top, down);
  const fours = inFours(data);
  for (let y = rows.first; y < rows.end; y += 1) {
    const row = y * width;
    const to = rows.stage[y] * across;
    const end = row + columns.end;
    let from = runEnd(data, fours, row + columns.first, end, 0);
    while (from < end) {
      const past = runEnd(data, fours, from, end, 1);
      const last = to + columns.stage[past - 1 - row];
      for (let i = to + columns.stage[from - row]; i <= last; i += 1) inside[i] = 1;
      from = runEnd(data, fours, past, end, 0);
    }
  }
  return inside;
}

/**
 * For photo pixels of one axis: `stage`, the stage pixel that their centre is in, counted from
 * `left`; those from `first` on, before `end`, are on the stage.
 */
function over(size, scale, offset, left, count) {
  const stage = Int32Array.from({ length: size }, (_, at) =>
    Math.floor((at + 0.5) * scale + offset) - left);
  const first = stage.findIndex((at) => at >= 0);
  const past = stage.findIndex((at) => at >= count);
  return { stage, first: first < 0 ? size : first, end: past < 0 ? size : past };
}
