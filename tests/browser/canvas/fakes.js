// What the modules talk to: Gradio's side of the page, the server, photos.

import { Photo } from "/canvas/photo.js";

/** A bitmap of one colour, any that CSS knows. */
export function plain(width, height, colour) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return createImageBitmap(canvas);
}

/** The same as a PNG file. */
export async function file(width, height, colour, name = "mine.png") {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(await plain(width, height, colour), 0, 0);
  return new File([await canvas.convertToBlob()], name, { type: "image/png" });
}

/** A photo that the server has. */
export async function photo(width, height, colour = "teal") {
  return new Photo({ bitmap: await plain(width, height, colour), path: "/kept/mine.png", name: "mine" });
}

/** The red, green, blue and alpha of a pixel of a bitmap or a canvas. */
export function pixel(source, x, y) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(source, -x, -y);
  return [...context.getImageData(0, 0, 1, 1).data];
}

/** What `gr.HTML` gives to its script; `asked`: what was triggered, `answer`: a new value. */
export function gradio(functions = {}) {
  const [asked, props] = [[], { value: null }];
  let changed = null;
  return {
    props, asked, server: functions,
    trigger: (name, data) => asked.push({ name, data }),
    upload: async ({ name }) => ({ path: `/kept/${name}` }),
    watch: (_, listener) => { changed = listener; },
    answer: (value) => {
      props.value = value;
      changed();
    },
  };
}

/** A server for a session; each fill of `fills` waits for `fill.answer(colour)`. */
export class FakeServer {
  constructor() {
    Object.assign(this, { fills: [], calls: [], uploads: 0, urls: new Map(), answers: {} });
  }

  async upload({ name }) {
    this.uploads += 1;
    return `/kept/${name}`;
  }

  async call(name, data) {
    this.calls.push({ name, data });
    return this.answers[name](data);
  }

  fill(data) {
    return new Promise((resolve, reject) => {
      const [left, top, right, bottom] = data.box;
      const answer = async (colour = "red") => {
        const path = `/kept/patch${this.urls.size}`;
        const patch = await file(right - left, bottom - top, colour);
        this.urls.set(path, URL.createObjectURL(patch));
        resolve({ box: data.box, path, whole: false, seconds: 0.1, notes: [], another: true });
      };
      this.fills.push({ data, answer, reject });
    });
  }

  file(path) {
    return this.urls.get(path) ?? path;
  }

  url(relative) {
    return relative;
  }

  giveUp() {
    this.fills.at(-1)?.reject(new DOMException("given up", "AbortError"));
  }

  async back() {}
}

/** Wait for a condition. */
export async function until(holds) {
  while (!holds()) await new Promise((done) => setTimeout(done));
}
