// The shape of one stroke of a round brush: all points near a line segment.

/** Where `low <= slope * x + base <= high`, as `[left, right]`; the empty interval is reversed. */
function band(slope, base, low, high) {
  if (slope === 0) {
    return low <= base && base <= high ? [-Infinity, Infinity] : [Infinity, -Infinity];
  }
  const ends = [(low - base) / slope, (high - base) / slope];
  return slope > 0 ? ends : ends.reverse();
}

/** All points within `radius` of the segment from (x0, y0) to (x1, y1), in photo pixels. */
export class Capsule {
  constructor(x0, y0, x1, y1, radius) {
    Object.assign(this, { x0, y0, x1, y1, radius, dx: x1 - x0, dy: y1 - y0 });
    this.length = Math.hypot(this.dx, this.dy);
  }

  /**
   * The pixels of row `y` whose centres are covered, of a picture `width` wide.
   * @returns {[number, number]} first column and the one after the last; equal if there are none.
   */
  columns(y, width) {
    const [left, right] = this.#span(y + 0.5);
    const from = Math.min(Math.max(Math.ceil(left - 0.5), 0), width);
    const to = Math.min(Math.max(Math.floor(right - 0.5) + 1, from), width);
    return [from, to];
  }

  /** The interval of x at height `y`: the shape is convex, so it is one that holds its parts'. */
  #span(y) {
    const parts = [this.#disc(this.x0, this.y0, y), this.#disc(this.x1, this.y1, y)];
    if (this.length) parts.push(this.#shaft(y));
    return [Math.min(...parts.map(([left]) => left)), Math.max(...parts.map(([, right]) => right))];
  }

  #disc(x, centre, y) {
    const half = this.radius ** 2 - (y - centre) ** 2;
    return half < 0 ? [Infinity, -Infinity] : [x - Math.sqrt(half), x + Math.sqrt(half)];
  }

  /** The rectangle between the two discs. */
  #shaft(y) {
    const { dx, dy, length, radius } = this;
    const along = band(dx, dy * (y - this.y0), 0, length ** 2);
    const across = band(-dy, dx * (y - this.y0), -radius * length, radius * length);
    const left = this.x0 + Math.max(along[0], across[0]);
    const right = this.x0 + Math.min(along[1], across[1]);
    return left <= right ? [left, right] : [Infinity, -Infinity];
  }
}
