// A photo with the patches of its fills, at full resolution and at the halves that a screen needs.

/**
 * The picture at one step.
 *
 * A patch is `{box: {left, top, right, bottom}, bitmap, whole}`; `whole`: it replaces its box,
 * transparency included, else it is laid over it.
 */
export class Picture {
  constructor(photo, patches = []) {
    this.photo = photo;
    this.patches = patches;
    this.levels = null;
  }

  /** The canvas or bitmap whose pixels are at least as fine as `scale` screen pixels each. */
  at(scale) {
    this.levels ??= [this.whole()];
    let level = 0;
    while (scale * 2 ** (level + 1) <= 1 && this.side(level) > 256) {
      level += 1;
      this.levels[level] ??= halved(this.levels[level - 1]);
    }
    return this.levels[level];
  }

  side(level) {
    return Math.max(this.photo.width, this.photo.height) / 2 ** level;
  }

  whole() {
    if (!this.patches.length) return this.photo.bitmap;
    const canvas = new OffscreenCanvas(this.photo.width, this.photo.height);
    const context = canvas.getContext("2d");
    context.drawImage(this.photo.bitmap, 0, 0);
    for (const { box, bitmap, whole } of this.patches) {
      if (whole) context.clearRect(box.left, box.top, bitmap.width, bitmap.height);
      context.drawImage(bitmap, box.left, box.top);
    }
    return canvas;
  }
}

function halved(source) {
  const width = Math.ceil(source.width / 2);
  const height = Math.ceil(source.height / 2);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "medium";
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}
