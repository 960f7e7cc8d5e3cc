// The set of pixels to repaint, and what a brush does to it.

import { Capsule } from "./capsule.js";
import { grow } from "./growth.js";
import { pack, unpack } from "./snapshot.js";

export { snapshotFromJSON, snapshotToJSON } from "./snapshot.js";

const THINNEST = 0.5; // photo pixels: a line of this radius has no gaps

/**
 * The pixels of a photo that are to be repainted.
 *
 * `data` holds one byte per pixel, row by row: 1 = repaint, 0 = keep, nothing else. A box is
 * `{left, top, right, bottom}` in photo pixels; right and bottom are the first ones outside.
 */
export class Hole {
  /** @throws {RangeError} a side is no whole number >= 1, or `data` does not have their size. */
  constructor(width, height, data = new Uint8Array(width * height)) {
    if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
      throw new RangeError(`A hole cannot have ${width}×${height} pixels.`);
    }
    if (data.length !== width * height) {
      throw new RangeError(`${data.length} bytes are no hole of ${width}×${height} pixels.`);
    }
    Object.assign(this, { width, height, data });
  }

  /** The hole of a mask image: white (red >= 128) and not transparent (alpha >= 128) = repaint. */
  static fromImageData({ width, height, data }) {
    const hole = new Hole(width, height);
    for (let i = 0; i < hole.data.length; i += 1) {
      hole.data[i] = data[4 * i] >> 7 & data[4 * i + 3] >> 7;
    }
    return hole;
  }

  /** The hole that `pack` was asked for. */
  static unpack(snapshot) {
    return new Hole(snapshot.width, snapshot.height, unpack(snapshot));
  }

  /** Immutable and compact: `{width, height, box, runs}`, see snapshot.js. */
  pack() {
    return pack(this);
  }

  copy() {
    return new Hole(this.width, this.height, this.data.slice());
  }

  /** A new hole with what is not set here. */
  inverted() {
    return new Hole(this.width, this.height, this.data.map((value) => 1 - value));
  }

  /** Sets what is set in another hole of this size, too. */
  add(other) {
    this.put(other, 0, 0);
  }

  /** Sets what is set in a smaller hole that lies at (left, top) in this one. */
  put(part, left, top) {
    const box = part.box();
    if (!box) return;
    for (let y = box.top; y < box.bottom; y += 1) {
      const to = (top + y) * this.width + left;
      const from = y * part.width;
      for (let x = box.left; x < box.right; x += 1) this.data[to + x] |= part.data[from + x];
    }
  }

  /** Sets the pixels of a rectangle between two corners; its box, or null outside the photo. */
  rectangle(x0, y0, x1, y1) {
    const box = {
      left: Math.max(0, Math.floor(Math.min(x0, x1))),
      top: Math.max(0, Math.floor(Math.min(y0, y1))),
      right: Math.min(this.width, Math.ceil(Math.max(x0, x1))),
      bottom: Math.min(this.height, Math.ceil(Math.max(y0, y1))),
    };
    if (box.left >= box.right || box.top >= box.bottom) return null;
    for (let y = box.top; y < box.bottom; y += 1) {
      this.data.fill(1, y * this.width + box.left, y * this.width + box.right);
    }
    return box;
  }

  /** The box of the whole photo. */
  get everything() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  /** Sets every pixel to `value`, 0 or 1. */
  fill(value) {
    this.data.fill(value);
  }

  /**
   * Sets to `value` (0 or 1) every pixel whose centre is within `radius` of a line segment.
   *
   * Coordinates are photo pixels and may lie outside of the photo. A radius below 0.5 counts as
   * that. The pixels under both ends are always set, so that a click paints something.
   * @returns the box of the pixels under the stroke; null if there are none in the photo, or if a
   *   number is not finite: then nothing is painted.
   */
  stroke(x0, y0, x1, y1, radius, value) {
    if (![x0, y0, x1, y1, radius].every(Number.isFinite)) return null;
    const reach = Math.max(radius, THINNEST);
    const capsule = new Capsule(x0, y0, x1, y1, reach);
    const top = Math.max(Math.floor(Math.min(y0, y1) - reach), 0);
    const bottom = Math.min(Math.ceil(Math.max(y0, y1) + reach), this.height);
    const touched = { left: this.width, top: this.height, right: 0, bottom: 0 };
    for (let y = top; y < bottom; y += 1) {
      this.#setRow(y, ...capsule.columns(y, this.width), value, touched);
    }
    for (const [x, y] of [[x0, y0], [x1, y1]]) {
      const [column, row] = [Math.floor(x), Math.floor(y)];
      const inside = column >= 0 && column < this.width && row >= 0 && row < this.height;
      if (inside) this.#setRow(row, column, column + 1, value, touched);
    }
    return touched.left < touched.right ? touched : null;
  }

  #setRow(y, from, to, value, touched) {
    if (from >= to) return;
    this.data.fill(value, y * this.width + from, y * this.width + to);
    touched.left = Math.min(touched.left, from);
    touched.right = Math.max(touched.right, to);
    touched.top = Math.min(touched.top, y);
    touched.bottom = Math.max(touched.bottom, y + 1);
  }

  /** The smallest box that holds all set pixels; null if there are none. */
  box() {
    const { data, width } = this;
    const first = data.indexOf(1);
    if (first < 0) return null;
    const top = Math.floor(first / width);
    const bottom = Math.floor(data.lastIndexOf(1) / width) + 1;
    let [left, right] = [width, 0];
    for (let row = top * width; row < bottom * width; row += width) {
      const earlier = data.subarray(row, row + left).indexOf(1);
      if (earlier >= 0) left = earlier;
      right += data.subarray(row + right, row + width).lastIndexOf(1) + 1;
    }
    return { left, top, right, bottom };
  }

  /** How many pixels are set. */
  count() {
    let sum = 0;
    for (let i = 0; i < this.data.length; i += 1) sum += this.data[i];
    return sum;
  }

  isEmpty() {
    return !this.data.includes(1);
  }

  /** Whether every pixel is set: then nothing is left to fill the hole from. */
  covers() {
    return !this.data.includes(0);
  }

  /** The bytes of a box that lies in the photo, row by row, as a new array. */
  cut({ left, top, right, bottom }) {
    const across = right - left;
    const region = new Uint8Array(across * (bottom - top));
    for (let y = top; y < bottom; y += 1) {
      const row = this.data.subarray(y * this.width + left, y * this.width + right);
      region.set(row, (y - top) * across);
    }
    return region;
  }

  /**
   * A new hole with every pixel whose centre is within `pixels` (Euclidean) of a set one's.
   * @throws {RangeError} `pixels` is negative or no number.
   */
  grown(pixels) {
    if (!(pixels >= 0)) throw new RangeError(`A hole cannot grow by ${pixels} pixels.`);
    const box = this.box();
    return box ? new Hole(this.width, this.height, grow(this, box, pixels)) : this.copy();
  }
}
