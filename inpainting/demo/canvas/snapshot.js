// Holes as run lengths: small enough to keep one for every step that can be undone.
//
// A snapshot is `{width, height, box, runs}`. `runs` is a Uint32Array of the lengths of runs of
// 0, 1, 0, … over the rows of `box`, one row after another; `box` is null of an empty hole.

import { inFours, runEnd } from "./runs.js";

const freeze = (width, height, box, runs) =>
  Object.freeze({ width, height, box: box && Object.freeze({ ...box }), runs });

/** The snapshot of `hole`, a `Hole`. */
export function pack(hole) {
  const box = hole.box();
  return freeze(hole.width, hole.height, box, box ? runLengths(hole, box) : new Uint32Array(0));
}

function runLengths({ data, width }, box) {
  const fours = inFours(data);
  let runs = new Uint32Array(256);
  let [used, value, length] = [0, 0, 0];
  for (let y = box.top; y < box.bottom; y += 1) {
    const end = y * width + box.right;
    let i = y * width + box.left;
    while (i < end) {
      const from = i;
      i = runEnd(data, fours, from, end, value);
      length += i - from;
      if (i === end) break; // the run may go on in the next row
      if (used + 1 === runs.length) runs = doubled(runs);
      runs[used] = length;
      [used, value, length] = [used + 1, 1 - value, 0];
    }
  }
  runs[used] = length;
  return runs.slice(0, used + 1);
}

function doubled(runs) {
  const larger = new Uint32Array(2 * runs.length);
  larger.set(runs);
  return larger;
}

/** The pixels of a snapshot: one byte each, 1 = repaint. */
export function unpack({ width, height, box, runs }) {
  const data = new Uint8Array(width * height);
  if (!box) return data;
  const across = box.right - box.left;
  let [row, column] = [box.top * width + box.left, 0]; // start of the row in `data`; within the box
  runs.forEach((run, index) => {
    for (let left = run; left > 0; ) {
      const length = Math.min(left, across - column);
      if (index % 2) data.fill(1, row + column, row + column + length);
      column += length;
      left -= length;
      if (column === across) [row, column] = [row + width, 0];
    }
  });
  return data;
}

/** A snapshot as plain values, for `JSON.stringify`. */
export function snapshotToJSON({ width, height, box, runs }) {
  return { width, height, box, runs: Array.from(runs) };
}

/**
 * The snapshot that `snapshotToJSON` gave.
 * @throws {RangeError} what was stored is no snapshot: cut short, or of another version.
 */
export function snapshotFromJSON(plain) {
  if (!isSnapshot(plain)) throw new RangeError("This is not a stored hole.");
  return freeze(plain.width, plain.height, plain.box, Uint32Array.from(plain.runs));
}

const whole = (value, low, high) => Number.isInteger(value) && low <= value && value <= high;

function isSnapshot(plain) {
  const { width, height, box, runs } = plain ?? {};
  if (!whole(width, 1, 2 ** 31) || !whole(height, 1, 2 ** 31) || !Array.isArray(runs)) return false;
  if (!runs.every((run) => whole(run, 0, width * height))) return false;
  if (!box) return box === null && runs.length === 0;
  if (!whole(box.right, 1, width) || !whole(box.left, 0, box.right - 1)) return false;
  if (!whole(box.bottom, 1, height) || !whole(box.top, 0, box.bottom - 1)) return false;
  const area = (box.right - box.left) * (box.bottom - box.top);
  return runs.reduce((sum, run) => sum + run, 0) === area;
}
