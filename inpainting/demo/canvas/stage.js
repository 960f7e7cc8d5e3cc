// The visible canvas: the picture, what is painted, and the line between before and after.

import { Gestures } from "./gestures.js";
import { drawStrokes } from "./guide.js";
import { renderOverlay } from "./overlay.js";
import { View } from "./view.js";

const SHARPEST = 2; // device pixels per CSS pixel that are drawn; more is not seen, and is slow
const WHEEL = 0.0015; // of the zoom's logarithm per pixel that a wheel turns
const LIMITS = { least: 1, most: 400 }; // of the brush's diameter, in pixels of the stage

/**
 * Shows a picture and takes strokes.
 *
 * `hands`: `begin(erase, {x, y})`, `paint(x0, y0, x1, y1)`, `end()`, `cancel()`, in photo coordinates.
 */
export class Stage {
  constructor(element, colours, hands) {
    this.element = element;
    this.colours = colours;
    this.hands = hands;
    [this.back, this.front] = element.querySelectorAll("canvas");
    this.ring = element.querySelector(".ring");
    this.picture = null; // what is shown
    this.before = null; // the picture without fills
    this.guide = []; // strokes of colours and lines
    this.lines = null; // that the fill has followed, {box, bitmap}
    this.holes = []; // what is painted, and what is being filled
    this.view = null;
    this.views = new WeakMap(); // by photo: one that is shown again is where it was
    this.split = null; // share of the stage's width that shows before, null: no slider
    this.isBefore = false;
    this.isSpace = false;
    this.radius = 8; // of the brush, in photo pixels
    this.listen();
    new ResizeObserver(() => this.resize()).observe(element);
    this.resize();
  }

  /** Shows a picture; a photo of another size is fitted to the stage. */
  show(picture, before, holes, guide, lines = null) {
    const { width, height } = picture.photo;
    const same = this.view && this.view.photoWidth === width && this.view.photoHeight === height;
    const other = this.before?.photo !== picture.photo;
    Object.assign(this, { picture, before, holes, guide, lines });
    this.element.style.setProperty("--ratio", width / height);
    if (!same || other) this.turnTo(picture.photo);
    this.draw();
  }

  turnTo(photo) {
    const { width, height } = photo;
    const kept = this.views.get(photo);
    const fits = kept?.photoWidth === width && kept.photoHeight === height;
    this.view = fits ? kept : new View(width, height, this.width, this.height);
    const { stageWidth, stageHeight } = this.view;
    if (stageWidth !== this.width || stageHeight !== this.height) {
      this.view.resize(this.width, this.height);
    }
    this.views.set(photo, this.view);
  }

  resize() {
    const box = this.element.getBoundingClientRect();
    this.width = Math.max(1, box.width);
    this.height = Math.max(1, box.height);
    this.sharp = Math.min(devicePixelRatio || 1, SHARPEST);
    for (const canvas of [this.back, this.front]) {
      canvas.width = Math.round(this.width * this.sharp);
      canvas.height = Math.round(this.height * this.sharp);
    }
    this.view?.resize(this.width, this.height);
    this.draw();
  }

  /** Draws everything at the next frame. */
  draw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.drawPicture();
      this.drawHoles();
    });
  }

  drawPicture() {
    const context = this.back.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.back.width, this.back.height);
    if (!this.view) return;
    context.scale(this.sharp, this.sharp);
    context.imageSmoothingEnabled = this.view.scale < 4; // single pixels are seen beyond
    this.lay(context, this.isBefore ? this.before : this.picture);
    if (this.split === null || this.isBefore) return;
    const edge = this.edge();
    context.save();
    context.beginPath();
    context.rect(0, 0, edge, this.height);
    context.clip();
    context.clearRect(0, 0, edge, this.height);
    this.lay(context, this.before);
    context.restore();
    context.fillStyle = "#fff";
    context.fillRect(edge - 1, 0, 2, this.height);
  }

  /** Stage coordinate of the line between before and after: it stays on the photo. */
  edge() {
    const [left, right] = this.shownSpan();
    return left + this.split * (right - left);
  }

  /** Where the shown part of the photo begins and ends, from left to right. */
  shownSpan() {
    const { x, photoWidth, scale } = this.view;
    return [Math.max(0, x), Math.min(this.width, x + photoWidth * scale)];
  }

  lay(context, picture) {
    const { x, y, scale, photoWidth, photoHeight } = this.view;
    const source = picture.at(scale * this.sharp);
    context.drawImage(source, x, y, photoWidth * scale, photoHeight * scale);
  }

  /** Draws what is painted; `area` (photo pixels) limits the work to what has changed. */
  drawHoles(area = null) {
    const context = this.front.getContext("2d");
    const hidden = !this.view || this.isBefore || this.split !== null;
    if (hidden) return context.clearRect(0, 0, this.front.width, this.front.height);
    const size = [this.front.width, this.front.height];
    if (this.pixels?.width !== size[0] || this.pixels?.height !== size[1]) {
      this.pixels = new ImageData(...size);
      area = null;
    }
    const { x, y, scale } = this.view;
    const view = { x: x * this.sharp, y: y * this.sharp, scale: scale * this.sharp };
    const part = area && this.onScreen(area);
    if (part && (part.left >= part.right || part.top >= part.bottom)) return;
    renderOverlay(this.pixels.data, ...size, view, union(this.holes), this.colours, part);
    const { left, top, right, bottom } = part ?? { left: 0, top: 0, right: size[0], bottom: size[1] };
    context.putImageData(this.pixels, 0, 0, left, top, right - left, bottom - top);
    context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
    if (this.lines) drawLines(context, this.lines);
    drawStrokes(context, this.guide);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** The mean colour under the brush at a point of the photo, "#rrggbb"; null outside of it. */
  colourAt({ x, y }) {
    const { width, height } = this.picture.photo;
    if (!(x >= 0 && y >= 0 && x < width && y < height)) return null;
    const source = this.picture.at(1);
    const left = Math.max(0, Math.floor(x - this.radius));
    const top = Math.max(0, Math.floor(y - this.radius));
    const across = Math.max(1, Math.min(width, Math.ceil(x + this.radius)) - left);
    const down = Math.max(1, Math.min(height, Math.ceil(y + this.radius)) - top);
    const context = new OffscreenCanvas(1, 1).getContext("2d");
    context.imageSmoothingQuality = "high"; // a mean, not a sample
    context.drawImage(source, left, top, across, down, 0, 0, 1, 1);
    const channels = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
    return `#${channels.map((level) => level.toString(16).padStart(2, "0")).join("")}`;
  }

  /** A box of the photo in device pixels of the stage, with room for the edge line. */
  onScreen({ left, top, right, bottom }) {
    const from = this.view.toStage(left, top);
    const to = this.view.toStage(right, bottom);
    return {
      left: Math.max(0, Math.floor(from.x * this.sharp) - 4),
      top: Math.max(0, Math.floor(from.y * this.sharp) - 4),
      right: Math.min(this.front.width, Math.ceil(to.x * this.sharp) + 4),
      bottom: Math.min(this.front.height, Math.ceil(to.y * this.sharp) + 4),
    };
  }

  showBefore(on) {
    if (this.isBefore === on) return;
    this.isBefore = on;
    this.element.classList.toggle("before", on);
    this.draw();
  }

  setSplit(share) {
    this.split = share;
    this.element.classList.toggle("splitting", share !== null);
    this.draw();
  }

  /** The line between before and after follows the pointer. */
  drag(point) {
    const [left, right] = this.shownSpan();
    this.setSplit(Math.min(1, Math.max(0, (point.x - left) / (right - left))));
    this.element.querySelector(".split").value = 100 * this.split;
  }

  /** Zooms about the middle of the stage, or a point of it. */
  zoom(factor, x = this.width / 2, y = this.height / 2) {
    this.rescaled((view) => view.zoom(factor, x, y));
  }

  fit() {
    this.rescaled((view) => view.fit());
  }

  /** The brush stays as large on the screen, so that what comes nearer is painted finer. */
  rescaled(change) {
    if (!this.view) return;
    const { scale } = this.view;
    change(this.view);
    this.radius *= scale / this.view.scale;
    this.moved();
  }

  moved() {
    this.element.dispatchEvent(new CustomEvent("zoomed"));
    this.placeRing();
    this.draw();
  }

  setRadius(radius) {
    this.radius = radius;
    this.placeRing();
  }

  /** Radii, in photo pixels, that make sense at this zoom. */
  get radii() {
    const scale = this.view?.scale ?? 1;
    return { least: Math.max(0.5, LIMITS.least / 2 / scale), most: LIMITS.most / 2 / scale };
  }

  // Pointers

  listen() {
    let last = null;
    const photo = (point) => this.view.toPhoto(point.x, point.y);
    this.gestures = new Gestures({
      strokeStart: (point, erase) => {
        if (this.split !== null) return this.drag(point);
        last = photo(point);
        this.hands.begin(erase, last);
        this.hands.paint(last.x, last.y, last.x, last.y);
      },
      strokeMove: (point) => {
        if (this.split !== null) return this.drag(point);
        const next = photo(point);
        this.hands.paint(last.x, last.y, next.x, next.y);
        last = next;
      },
      strokeEnd: () => this.hands.end(),
      strokeCancel: () => this.hands.cancel(),
      pan: (dx, dy) => {
        this.showBefore(false);
        this.view.pan(dx, dy);
        this.moved();
      },
      pinch: (before, after) => {
        this.rescaled((view) => view.pinch(before, after));
      },
      hover: (point) => {
        this.pointer = point;
        this.placeRing();
      },
    });
    const around = this.element.closest(".inpaint");
    around.addEventListener("pointerdown", (event) => this.down(event));
    for (const kind of ["move", "up", "cancel"]) {
      around.addEventListener(`pointer${kind}`, (event) => {
        if (this.view) this.gestures[kind](this.given(event));
      });
    }
    this.element.addEventListener("pointerleave", () => this.gestures.leave({ type: "mouse" }));
    this.element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.element.addEventListener("dragstart", (event) => event.preventDefault());
  }

  /** A pointer goes down: strokes of a mouse may begin beside the stage, but not on a control. */
  down(event) {
    const control = "button, input, select, summary, a, label, details, [role=menu], .aside";
    if (!this.view || event.target.closest(control)) return;
    const inside = this.element.contains(event.target);
    if (!inside && event.pointerType !== "mouse") return;
    event.target.setPointerCapture?.(event.pointerId);
    this.gestures.down(this.given(event));
  }

  given(event) {
    const box = this.element.getBoundingClientRect();
    return {
      id: event.pointerId, type: event.pointerType, button: event.button, buttons: event.buttons,
      x: event.clientX - box.left, y: event.clientY - box.top,
      space: this.isSpace, alt: event.altKey,
    };
  }

  wheel(event) {
    if (!this.view) return;
    event.preventDefault();
    const box = this.element.getBoundingClientRect();
    const turned = event.deltaY * (event.deltaMode === 1 ? 33 : 1);
    this.zoom(Math.exp(-turned * WHEEL), event.clientX - box.left, event.clientY - box.top);
  }

  /** The ring around the pointer is as large as the brush. */
  placeRing() {
    const shown = this.pointer && this.view;
    this.ring.hidden = !shown;
    if (!shown) return;
    const radius = Math.max(2, this.radius * this.view.scale);
    const side = `${2 * radius}px`;
    Object.assign(this.ring.style, {
      width: side, height: side,
      transform: `translate(${this.pointer.x - radius}px, ${this.pointer.y - radius}px)`,
    });
  }
}

/** Both holes as one; most often there is one only. */
function union(holes) {
  const painted = holes.filter((hole) => hole && !hole.isEmpty());
  if (painted.length < 2) return painted[0] ?? holes[0];
  const both = painted[0].copy();
  both.add(painted[1]);
  return both;
}

/** Lines as they were followed, light around them so that they are seen on dark, too. */
function drawLines(context, { box: { left, top }, bitmap }) {
  context.save();
  context.shadowColor = "#fff";
  context.shadowBlur = 2;
  context.drawImage(bitmap, left, top);
  context.restore();
}
