// What the visitor works on: a photo, what is painted, the fills so far, and the steps between them.

import { begun, isIn, isLine, lineRadius, paintedGuide, strokeBox, touches } from "./guide.js";
import { History } from "./history.js";
import { Hole } from "./hole.js";
import { Patient } from "./patient.js";
import { decode, Photo, Unreadable } from "./photo.js";
import { decodeHole, holeOf } from "./received.js";
import { painted, Refusal } from "./server.js";
import { SAY, told, tooLarge } from "./words.js";

const SEEDS = 2 ** 32;

/** Pixels by which strokes are grown before a fill, so that soft edges go, too: 2 to 4. */
export function growth({ width, height }) {
  return Math.min(4, Math.max(2, Math.round(Math.min(width, height) / 256)));
}

/**
 * The state of the page, and everything that changes it.
 *
 * A step is `{kind, photo, patches, hole, exact, known, guide, fill}`: `hole` a snapshot of what is
 * painted, `exact` whether it is meant to the pixel, `known` whether it is test damage, `guide` the
 * strokes of colour that no fill has followed yet, `fill` what the last fill was asked for and its
 * answer. `onchange()` is called after every change,
 * `onset(settings)` after one of the settings.
 */
export class Session {
  constructor(server, settings, limits, networks = [{ name: "default", lines: false, passes: 1 }]) {
    this.server = server;
    this.patient = new Patient(server, {
      tell: (text, kind) => this.say(text, kind),
      onsent: () => this.onchange(), // the new paths are kept for a reload
      onlook: (photo, differs) => this.look(photo, differs),
    });
    this.limits = limits; // {file: bytes}
    this.settings = settings; // {auto, mode, feather, network, passes}
    this.networks = networks; // [{name, lines, passes}]: what can fill, and what it looks at
    this.history = null;
    this.hole = null; // what is painted, live
    this.guide = []; // strokes of colour, live, see guide.js
    this.fetchedLines = new WeakMap(); // by answer: lines that its fill has followed
    this.rough = null; // a scribble to be snapped to something
    this.filling = null; // what is being filled, on top of `hole`
    this.isRetry = false; // whether that has been filled before
    this.arriving = null; // a hole that is on its way from the server
    this.tool = { kind: "brush" };
    this.colour = "#808080"; // of the tool "colour"
    this.isMeasuring = false;
    this.message = { text: "", kind: "" };
    this.runs = 0;
    this.onchange = () => {};
    this.onset = () => {};
  }

  get step() {
    return this.history?.current ?? null;
  }

  get photo() {
    return this.step?.photo ?? null;
  }

  /** What is painted, and what else is marked: a scribble, or what is being filled. */
  get marked() {
    return [this.hole, this.rough ?? this.filling];
  }

  /** Whether a fill of the shown step can be had once more, otherwise. */
  get hasAnother() {
    return Boolean(this.step?.fill?.answer.another) && !this.filling;
  }

  say(text, kind = "") {
    this.message = { text, kind };
    this.onchange();
  }

  /** Change a setting; another kind of fill is seen at once. */
  set(name, value) {
    this.settings[name] = value;
    this.onset(this.settings);
    this.say(this.message.text, this.message.kind);
    const last = this.step?.fill;
    if (name === "mode" && last && last.asked.mode !== value) this.again({ mode: value, seed: 0 });
    if (name === "network" || name === "passes") this.again({});
  }

  /** Which network fills, and in how many passes: lines need one that sees them. */
  chosen(guide) {
    const { network, passes } = this.settings;
    const wanted = this.networks.find(({ name }) => name === network) ?? this.networks[0];
    const seeing = this.networks.find(({ lines }) => lines);
    const used = guide.some(isLine) && !wanted.lines && seeing ? seeing : wanted;
    return { network: used.name, passes: passes && Math.min(passes, used.passes) };
  }

  // Photos

  /** Open a file that the visitor chose; a refused one leaves everything as it was. */
  async openFile(file) {
    const before = this.history && { steps: this.history.steps, index: this.history.index };
    if (file.size > this.limits.file) return this.say(tooLarge(file, this.limits.file), "error");
    this.say(SAY.opening);
    const bitmap = await decode(file).catch(() => null);
    if (!bitmap) this.say(SAY.unreadable);
    const photo = new Photo({ bitmap, file, name: stem(file.name), path: null });
    photo.ready = this.patient.send(photo);
    photo.ready.catch(() => {}); // is said below; a fill that waits for it ends, too
    if (bitmap) this.begin(photo, {}, SAY.sending);
    try {
      await photo.ready;
    } catch (error) {
      if (bitmap) this.takeBack(photo, before);
      return this.say(error.message, "error");
    }
    if (!bitmap) this.begin(photo);
    this.say([...photo.notes, this.invitation()].join(" "), photo.notes.length ? "note" : "");
  }

  /** A photo's pixels have come from the server after all; of another size, strokes begin anew. */
  look(photo, differs) {
    if (this.photo !== photo) return;
    if (differs) {
      this.hole = new Hole(photo.width, photo.height);
      this.guide = [];
    }
    this.step.patches = [...this.step.patches]; // another picture
    this.onchange();
  }

  /** Start with a photo. */
  begin(photo, step = {}, text = this.invitation()) {
    const first = {
      kind: "open", photo, patches: [], hole: null, exact: false, known: false, guide: [], fill: null,
      ...step,
    };
    this.giveUp();
    if (this.history) this.history.push(first);
    else this.history = new History(first);
    this.forgetOldPhotos();
    this.load(first);
    this.say(text);
  }

  /** Photos are large: the steps of the last three stay. */
  forgetOldPhotos() {
    const photos = [...new Set(this.history.steps.map((step) => step.photo))];
    if (photos.length <= 3) return;
    const last = photos.slice(-3);
    this.history.reset(...this.history.steps.filter((step) => last.includes(step.photo)));
  }

  /** A photo was refused: what was there before is there again, or the photo shown meanwhile. */
  takeBack(photo, before) {
    if (this.photo !== photo) return this.forget(photo);
    if (!before) {
      this.history = this.hole = this.filling = null;
      this.guide = [];
      return;
    }
    this.history.reset(...before.steps);
    this.load(this.history.goTo(before.index));
  }

  /** The steps of a photo that is not shown go. */
  forget(photo) {
    const { current, steps } = this.history;
    const others = steps.filter((step) => step.photo !== photo);
    this.history.reset(...others);
    this.history.goTo(others.indexOf(current));
  }

  /** Open a bundled example with its hole, and fill it. */
  async openExample(example) {
    this.giveUp();
    const run = ++this.runs;
    try {
      const [{ bitmap }, mask] = await Promise.all(
        [example.photo, example.mask_image].map((name) =>
          this.patient.fetch(this.server.url(name), () => run === this.runs)),
      );
      if (run !== this.runs) return;
      const { name, title, known } = example;
      const photo = new Photo({ bitmap, path: `example:${name}`, name, known, example });
      const hole = holeOf(mask.bitmap).pack();
      this.begin(photo, { hole, exact: true }, title);
      await this.fill();
    } catch (error) {
      this.failed(error);
    }
  }

  // Strokes

  /** What strokes of colour guide: what is painted, or else what was filled last. */
  get guided() {
    if (this.filling) return null;
    if (!this.hole.isEmpty()) return this.hole;
    return this.step.fill ? Hole.unpack(this.step.fill.hole) : null;
  }

  /** A stroke begins at a point of the photo; `colourThere` gives the colour that is shown there. */
  beginStroke(erase, at, colourThere) {
    if (this.tool.kind === "colour" && !erase) return this.beginGuide(at, colourThere);
    if (this.tool.kind === "line") return this.beginGuide(at, null, erase);
    this.erases = erase || this.tool.kind === "eraser";
    this.isDrawing = true;
    this.touched = false;
    this.corner = null;
    if (this.tool.kind === "select" && !erase) this.rough = new Hole(this.hole.width, this.hole.height);
  }

  /** A stroke that guides begins: one of colour, beside the hole, takes the colour that is there. */
  beginGuide({ x, y }, colourThere, erase = false) {
    this.within = this.guided;
    if (this.filling) return this.say(SAY.filling, "busy");
    if (!this.within) return this.say(SAY.noHole, "error");
    if (colourThere && !isIn(this.within, x, y)) this.colour = colourThere() ?? this.colour;
    this.isDrawing = true;
    this.touched = false;
    this.guide = [...this.guide, begun(this.tool, this.colour, erase)];
    this.onchange();
  }

  /** Part of a stroke, in photo coordinates; returns the box that has changed, or null. */
  paint(x0, y0, x1, y1, radius) {
    if (!this.isDrawing) return null;
    this.brush = radius;
    if (this.within) return this.paintGuide(x1, y1, radius);
    let box;
    if (this.rough && this.tool.box) {
      this.corner ??= { x: x0, y: y0 };
      this.rough.fill(0);
      box = this.rough.rectangle(this.corner.x, this.corner.y, x1, y1) && this.rough.everything;
    } else {
      box = (this.rough ?? this.hole).stroke(x0, y0, x1, y1, radius, this.erases ? 0 : 1);
    }
    this.touched ||= box !== null;
    return box;
  }

  paintGuide(x, y, radius) {
    const stroke = this.guide.at(-1);
    if (!stroke) return null; // a fill has begun meanwhile, and took it
    stroke.radius = stroke.line ? lineRadius(this.photo) : radius;
    stroke.points.push([x, y]);
    return strokeBox({ radius: stroke.radius + 1, points: stroke.points.slice(-2) }, this.photo);
  }

  /** A stroke of colour ends: what it guides is filled again, if that is wanted. */
  async endGuide() {
    const { within } = this;
    this.within = null;
    if (!this.guide.length) return;
    if (!touches(this.guide.at(-1), within)) {
      this.guide = this.guide.slice(0, -1);
      return this.say(SAY.outside, "error");
    }
    this.pushHole("guide", { exact: this.step.exact, known: this.step.known });
    if (this.settings.auto) await this.fill();
    else this.say(SAY.press);
  }

  /** A stroke ends: it becomes a step, and is filled if that is wanted. */
  async endStroke() {
    if (!this.isDrawing) return;
    this.isDrawing = false;
    if (this.within) return this.endGuide();
    if (!this.touched) {
      this.rough = null;
      return;
    }
    if (this.rough) return this.snap();
    this.pushHole(this.erases ? "erase" : "stroke");
    if (this.settings.auto && !this.erases) await this.fill();
    else this.say(this.hole.isEmpty() ? SAY.nothing : SAY.press);
  }

  /** A stroke was none: what it painted goes. */
  cancelStroke() {
    if (!this.isDrawing) return;
    this.isDrawing = false;
    this.rough = this.within = null;
    this.guide = this.step.guide ?? [];
    this.hole = this.unpacked(this.step);
    this.onchange();
  }

  /** The strokes as a step that can be undone. */
  pushHole(kind, options = {}) {
    const { photo, patches, fill } = this.step;
    const exact = false;
    this.history.push({
      kind, photo, patches, fill, hole: this.unfilled().pack(), exact, known: false,
      guide: this.guide, ...options,
    });
    this.onchange();
  }

  /** All that is painted, and what of it is on its way to be filled: it may not come back. */
  unfilled() {
    if (!this.filling || this.isRetry) return this.hole;
    const all = this.hole.copy();
    all.add(this.filling);
    return all;
  }

  // Holes that are found, read or changed

  /** Snap the scribble to what it means, and add that to what is painted. */
  async snap() {
    const rough = this.rough;
    const { what } = this.tool;
    const brush = this.tool.box ? 0 : this.brush;
    await this.bring("select", { what, brush }, "select", {}, (found) => {
      this.hole.add(found);
      return "Selected. Press Fill, or change it with the brush and the eraser.";
    }, rough);
    if (this.rough === rough) this.rough = null;
    this.onchange();
  }

  /** Replace what is painted by a mask file. */
  async openMaskFile(file) {
    if (!this.step) return this.say(SAY.noPhoto, "error");
    this.say(SAY.reading, "busy");
    const replace = (found) => {
      this.hole = found;
      return "Press Fill.";
    };
    const path = this.patient.upload(file);
    await this.bring("open_mask_file", { path }, "edit", { exact: true }, replace);
  }

  /** Damage the photo to measure the fill. */
  async damage(kind, percent, seed) {
    if (!this.step) return this.say(SAY.noPhoto, "error");
    const data = { kind, percent, seed };
    const replace = (found) => {
      this.hole = found;
      return SAY.filling;
    };
    await this.bring("damage", data, "edit", { exact: true, known: true }, replace);
    if (this.step.known) await this.fill();
  }

  /** Bring a hole from the server, and take it as a step; a fill waits for it meanwhile. */
  async bring(name, data, kind, options, take, hole = this.hole) {
    const { photo } = this;
    const bringing = (async () => {
      if (name === "select") this.say(SAY.selecting, "busy");
      const answer = await this.ask(name, { ...data, path: await data.path }, hole);
      const found = await decodeHole(answer, photo.width, photo.height);
      if (photo !== this.photo) return; // another one was opened meanwhile
      const words = take(found);
      this.pushHole(kind, options);
      const notes = answer.notes ?? [];
      this.say([...notes, words].join(" "), notes.length ? "note" : "");
    })();
    this.arriving = bringing.catch((error) => this.failed(error));
    await this.arriving;
  }

  invert() {
    this.edit((hole) => hole.inverted(), "Everything is painted: inverted, nothing would be.");
  }

  /** Grow what is painted by pixels, or shrink it by a negative number. */
  resize(pixels) {
    const less = (hole) => hole.inverted().grown(-pixels).inverted();
    this.edit((hole) => (pixels > 0 ? hole.grown(pixels) : less(hole)), "Nothing would be left.");
  }

  edit(change, refusal) {
    if (!this.step || this.hole.isEmpty()) return this.say(SAY.nothing, "error");
    const changed = change(this.hole);
    if (changed.isEmpty()) return this.say(refusal, "error");
    this.hole = changed;
    this.pushHole("edit", { exact: true });
    this.say(SAY.press);
  }

  clear() {
    if (!this.step || (this.hole.isEmpty() && !this.guide.length)) return;
    this.hole = new Hole(this.hole.width, this.hole.height);
    this.guide = [];
    this.pushHole("erase");
  }

  /** Ask a function of the server about the picture as it is shown. */
  async ask(name, data, hole = this.hole) {
    const shown = await painted(hole);
    return this.patient.about(this.photo, this.step.patches, (base) =>
      this.server.call(name, { ...shown, ...base, ...data }));
  }

  // Fills

  /** Fill what is painted. Strokes that come meanwhile are filled afterwards. */
  async fill() {
    if (!this.step) return this.say(SAY.noPhoto, "error");
    await this.arriving;
    if (this.filling) return;
    if (this.hole.isEmpty() && this.guide.length && this.step.fill) return this.again({});
    if (this.hole.isEmpty()) return this.say(SAY.nothing, "error");
    if (this.hole.covers()) return this.say(SAY.all, "error");
    const { photo, patches, exact, known } = this.step;
    const hole = this.hole;
    this.hole = new Hole(hole.width, hole.height);
    const { mode, feather } = this.settings;
    const { guide } = this;
    const asked = {
      grow: exact ? 0 : growth(photo), mode, feather, seed: 0, known, guide, ...this.chosen(guide),
    };
    await this.run({ photo, patches, hole, asked });
    if (!this.filling && this.settings.auto && !this.isDrawing && !this.hole?.isEmpty()) {
      if (this.message.kind !== "error") await this.fill();
    }
  }

  /** The last fill once more, otherwise: with the next seed, in another mode, or guided further. */
  async again(options = null) {
    const last = this.step?.fill;
    if (!last || this.filling) return;
    const { asked, patches } = last;
    const changed = options ?? { seed: (asked.seed + 1) % SEEDS };
    const guide = [...(asked.guide ?? []), ...this.guide];
    const next = { ...asked, ...changed, guide, ...this.chosen(guide) };
    const hole = Hole.unpack(last.hole);
    await this.run({ photo: this.photo, patches, hole, asked: next, isRetry: true });
  }

  /** Numbers of the shown fill: it is asked for once more, with them. */
  async measure() {
    const last = this.step?.fill;
    if (!last || this.filling) return;
    const run = ++this.runs;
    try {
      const answer = await this.patient.about(this.photo, last.patches, (base) =>
        this.server.fill({ ...last.sent, ...base, measured: true }));
      if (run === this.runs) this.say(told(answer));
    } catch (error) {
      this.failed(error);
    }
  }

  async run({ photo, patches, hole, asked, isRetry = false }) {
    const run = ++this.runs;
    const { mode } = this.settings;
    const { guide } = this;
    this.guide = [];
    this.filling = hole;
    this.isRetry = isRetry;
    this.say(SAY.filling, "busy");
    try {
      const sent = {
        ...(await painted(hole)), ...asked, ...(await paintedGuide(asked.guide ?? [], photo)),
        measured: this.isMeasuring,
      };
      const answer = await this.patient.about(photo, patches, (base) =>
        this.server.fill({ ...sent, ...base }), () => run === this.runs);
      const patch = await this.patch(answer);
      if (run !== this.runs) return;
      this.filled({ photo, patches, hole, asked, sent, answer, patch });
      const now = this.settings.mode; // it may have been changed meanwhile
      if (mode !== now) await this.again({ mode: now, seed: 0 });
    } catch (error) {
      if (run !== this.runs) return;
      if (!isRetry) this.hole?.add(hole);
      this.guide = guide;
      this.filling = null;
      this.failed(error);
    }
  }

  filled({ photo, patches, hole, asked, sent, answer, patch }) {
    this.filling = null;
    // A stroke and its fill are one step for the visitor, who has done one thing.
    const isStroke = () => this.step.kind === "stroke" || this.step.kind === "guide";
    if (this.settings.auto) while (isStroke() && this.history.undo()) continue;
    if (this.settings.auto && this.step.kind === "fill") this.step.hole = null; // is filled now
    this.history.push({
      kind: "fill", photo, patches: [...patches, patch],
      hole: this.hole.isEmpty() ? null : this.hole.pack(), exact: false, known: false,
      guide: this.guide,
      fill: { asked, sent, answer, patches, hole: hole.pack() },
    });
    this.say(told(answer), answer.notes.length ? "note" : "done");
  }

  /** The lines that the shown fill has followed, `{box, bitmap}`, while they are drawn; or null. */
  get lines() {
    const answer = this.step?.fill?.answer;
    if (this.tool.kind !== "line" || this.filling || !answer?.lines) return null;
    const known = this.fetchedLines.get(answer);
    if (known === undefined) this.fetchLines(answer);
    return known ?? null;
  }

  async fetchLines(answer) {
    this.fetchedLines.set(answer, null);
    const [left, top, right, bottom] = answer.box;
    try {
      const { bitmap } = await this.patient.fetch(this.server.file(answer.lines));
      this.fetchedLines.set(answer, { box: { left, top, right, bottom }, bitmap });
      this.onchange();
    } catch (error) {
      this.failed(error);
    }
  }

  async patch({ box: [left, top, right, bottom], path, whole }) {
    const fetched = await this.patient.fetch(this.server.file(path));
    return { box: { left, top, right, bottom }, path, whole, ...fetched };
  }

  // Steps

  undo() {
    if (this.isDrawing) return this.cancelStroke();
    if (!this.history) return;
    if (this.filling) {
      this.giveUp();
      return this.load(this.step);
    }
    if (this.history.undo()) this.load(this.step);
  }

  redo() {
    if (!this.filling && this.history?.redo()) this.load(this.step);
  }

  goTo(index) {
    this.giveUp();
    if (this.history?.goTo(index)) this.load(this.step);
  }

  /** A fill that runs is not wanted any more. */
  giveUp() {
    this.runs += 1;
    this.filling = null;
    this.server.giveUp();
  }

  load(step) {
    this.hole = this.unpacked(step);
    this.guide = step.guide ?? [];
    this.rough = this.filling = this.within = null;
    this.say(step.kind === "fill" ? told(step.fill.answer) : this.invitation());
    if (this.isMeasuring) this.measure();
  }

  unpacked({ photo, hole }) {
    return hole ? Hole.unpack(hole) : new Hole(photo.width, photo.height);
  }

  // Files for the visitor

  /** Address and name of the picture at a step, in full size. */
  async file({ photo, patches }) {
    const answer = await this.patient.about(photo, patches, (base) =>
      this.server.call("save", { ...base, name: photo.name }));
    const file = `${photo.name}_filled.png`;
    this.say(`Saved as ${file}.`);
    return { url: this.server.file(answer.path), name: file };
  }

  // Failures

  failed(error) {
    if (error.name === "AbortError") return;
    const sentence = error instanceof Refusal || error instanceof Unreadable;
    if (!sentence) console.error(error);
    this.say(error.message || "This picture cannot be shown: choose another file.", "error");
  }

  invitation() {
    if (!this.step) return SAY.noPhoto;
    if (this.tool.kind === "colour") return SAY.colour;
    if (this.tool.kind === "line") return SAY.line;
    return this.settings.auto
      ? "Paint over what should go: it is filled when you let go."
      : "Paint over what should go, then press Fill.";
  }
}

const stem = (name) => name.replace(/\.[^.]*$/, "") || "photo";
