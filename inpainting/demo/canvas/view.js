// Where the photo lies on the stage, the part of the page that it is painted on.

const LARGEST = 8; // stage pixels per photo pixel, unless the photo is so small that it fits larger
const ROUNDING = 1e-9;

const middle = ([a, b]) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const distance = ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y);

/** The photo's first edge on one axis: centred if it fits, else no gap between it and the stage. */
function settled(edge, shown, stage) {
  if (shown <= stage) return (stage - shown) / 2;
  return Math.min(Math.max(edge, stage - shown), 0);
}

/**
 * A photo on a stage, zoomed and moved.
 *
 * `scale`: stage pixels (CSS) per photo pixel, from what fits the stage to 8 or twice that.
 * `x`, `y`: stage coordinates of the photo's top left corner. All sizes are sides in pixels; those
 * of a stage that is not shown (0) count as 1. The photo never leaves the stage: where it is
 * smaller it is centred, where it is larger it covers the stage.
 */
export class View {
  constructor(photoWidth, photoHeight, stageWidth, stageHeight) {
    Object.assign(this, { photoWidth, photoHeight });
    this.#setStage(stageWidth, stageHeight);
    this.fit();
  }

  /** Shows all of the photo, as large as it can be. */
  fit() {
    this.#place(this.#fitScale, { x: 0, y: 0 }, 0, 0);
  }

  /** Whether all of the photo is shown, as large as it can be. */
  get isFit() {
    return this.scale <= this.#fitScale * (1 + ROUNDING);
  }

  /** Enlarges by `factor` (> 0, below 1 reduces); the photo point at (atX, atY) stays there. */
  zoom(factor, atX, atY) {
    this.#place(this.scale * factor, this.toPhoto(atX, atY), atX, atY);
  }

  /** Moves the photo by stage pixels. */
  pan(dx, dy) {
    this.#place(this.scale, this.toPhoto(0, 0), dx, dy);
  }

  /**
   * Follows two fingers: what was between them stays between them.
   * @param before two `{x, y}` on the stage. @param after the same fingers, a moment later.
   */
  pinch(before, after) {
    const [from, to] = [middle(before), middle(after)];
    const ratio = distance(before) > 0 ? distance(after) / distance(before) : 1;
    this.#place(this.scale * ratio, this.toPhoto(from.x, from.y), to.x, to.y);
  }

  /** A stage of another size: the photo point in its middle stays, and the zoom relative to fit. */
  resize(stageWidth, stageHeight) {
    const zoom = this.scale / this.#fitScale;
    const centre = this.toPhoto(this.stageWidth / 2, this.stageHeight / 2);
    this.#setStage(stageWidth, stageHeight);
    this.#place(this.#fitScale * zoom, centre, this.stageWidth / 2, this.stageHeight / 2);
  }

  /** The photo coordinates of a point of the stage; they may lie outside of the photo. */
  toPhoto(sx, sy) {
    return { x: (sx - this.x) / this.scale, y: (sy - this.y) / this.scale };
  }

  /** The stage coordinates of a point of the photo. */
  toStage(px, py) {
    return { x: this.x + px * this.scale, y: this.y + py * this.scale };
  }

  get #fitScale() {
    return Math.min(this.stageWidth / this.photoWidth, this.stageHeight / this.photoHeight);
  }

  #setStage(stageWidth, stageHeight) {
    this.stageWidth = Math.max(stageWidth, 1);
    this.stageHeight = Math.max(stageHeight, 1);
  }

  /** Brings a photo point to a place on the stage, at that scale, as far as the limits allow. */
  #place(scale, point, sx, sy) {
    const fit = this.#fitScale;
    this.scale = Math.min(Math.max(scale, fit), Math.max(LARGEST, 2 * fit));
    const [width, height] = [this.photoWidth * this.scale, this.photoHeight * this.scale];
    this.x = settled(sx - point.x * this.scale, width, this.stageWidth);
    this.y = settled(sy - point.y * this.scale, height, this.stageHeight);
  }
}
