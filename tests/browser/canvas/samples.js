// Holes to test with, and numbers that are the same in every run.

import { Hole } from "/canvas/hole.js";

/** A function that gives numbers of [low, high): a linear congruential generator. */
export function random(seed) {
  let state = seed >>> 0;
  return (low = 0, high = 1) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + (state / 2 ** 32) * (high - low);
  };
}

/** A whole number of [low, high]. */
export const pick = (next, low, high) => Math.floor(next(low, high + 1));

/** The hole that a drawing shows: rows of "#" (repaint) and ".". */
export function drawn(...rows) {
  const data = Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
  return new Hole(rows[0].length, rows.length, data);
}

/** A hole of single pixels, each set with that probability. */
export function speckled(next, width, height, share) {
  return new Hole(width, height, new Uint8Array(width * height).map(() => next() < share));
}

/** A hole of three strokes, some of them partly outside. */
export function painted(next, width, height) {
  const hole = new Hole(width, height);
  for (let stroke = 0; stroke < 3; stroke += 1) {
    const ends = [next(-5, width + 5), next(-5, height + 5), next(0, width), next(0, height)];
    hole.stroke(...ends, next(0.5, 6), 1);
  }
  return hole;
}

/** The smallest box of the pixels for which `isIn(x, y)`, one by one; null if there are none. */
export function slowBox(width, height, isIn) {
  let box = null;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!isIn(x, y)) continue;
      box ??= { left: x, top: y, right: x + 1, bottom: y + 1 };
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.bottom = y + 1;
    }
  }
  return box;
}
