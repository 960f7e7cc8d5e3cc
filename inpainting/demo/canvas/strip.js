// The strip of steps: the photo and each of its fills, small; a click goes back to it.

import { Picture } from "./picture.js";

const SIDE = 96; // pixels

/** Shows the steps that are pictures of the photo that is worked on. */
export class Strip {
  constructor(root, session, download) {
    this.list = root.querySelector(".strip");
    this.box = root.querySelector(".history");
    this.session = session;
    this.download = download;
    this.items = new Map(); // by step
  }

  /** Shows them; `picture` is that of the current step, so that it is not made twice. */
  show(picture) {
    const { history } = this.session;
    const steps = history?.steps ?? [];
    const shown = steps.filter(({ kind, photo }) =>
      photo === this.session.photo && (kind === "open" || kind === "fill"));
    this.box.hidden = shown.length < 2;
    const items = shown.map((step, index) => this.item(step, index, picture));
    if (items.length !== this.list.children.length
        || items.some((item, index) => item !== this.list.children[index])) {
      this.list.replaceChildren(...items);
      this.list.scrollLeft = this.list.scrollWidth; // the newest is seen
    }
    const current = this.session.step;
    const here = current && shown.findLast(
      (step) => steps.indexOf(step) <= history.index,
    );
    for (const [step, item] of this.items) {
      if (!shown.includes(step)) this.items.delete(step);
      item.firstElementChild.setAttribute("aria-current", String(step === here));
    }
  }

  item(step, index, picture) {
    if (this.items.has(step)) return this.items.get(step);
    const item = document.createElement("li");
    const name = index ? `Fill ${index}` : "Original";
    const go = Object.assign(document.createElement("button"), { type: "button" });
    go.setAttribute("aria-label", `Go to step: ${name}`);
    go.title = name;
    const isShown = step === this.session.step;
    go.append(thumbnail(isShown ? picture : new Picture(step.photo, step.patches)));
    go.addEventListener("click", () =>
      this.session.goTo(this.session.history.steps.indexOf(step)));
    const get = Object.assign(document.createElement("button"), {
      type: "button", className: "get", textContent: "↓", title: `Download: ${name}`,
    });
    get.setAttribute("aria-label", `Download: ${name}`);
    get.addEventListener("click", () => this.download(step));
    item.append(go, get);
    this.items.set(step, item);
    return item;
  }
}

function thumbnail(picture) {
  const { photo } = picture;
  const scale = SIDE / Math.max(photo.width, photo.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(photo.width * scale));
  canvas.height = Math.max(1, Math.round(photo.height * scale));
  canvas.getContext("2d").drawImage(picture.at(scale), 0, 0, canvas.width, canvas.height);
  return canvas;
}
