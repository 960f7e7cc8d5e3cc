// Requests to the server: the photo once as a file, everything else as a few kilobytes of JSON.

import { encodeHole, toBase64 } from "./png.js";

/** A sentence of the server's, for the visitor. */
export class Refusal extends Error {}

/** A file of the request is not kept there any more. */
export class Gone extends Refusal {}

/** The server did not answer: it cannot be reached, or failed. */
export class Unreachable extends Error {}

const NO_ANSWER = "The fill brought no answer, the app may be busy: try again in a few seconds.";
const PAUSE = 2000; // milliseconds between two looks whether the server is back

/**
 * The server's side of a component in a Gradio page.
 *
 * A fill goes through Gradio's queue (`trigger`, answered by a new value), which knows about lent
 * GPUs and tells how long the queue is; what is answered at once is a function of the server.
 */
export class Server {
  /** @param gradio what `gr.HTML` gives to `js_on_load` */
  constructor({ trigger, props, server, upload, watch }) {
    Object.assign(this, { trigger, props, functions: server, send: upload });
    this.count = 0;
    this.running = 0; // fills that Gradio has not ended, given up ones among them
    this.waiting = null; // the one fill that is on its way: {number, resolve, reject}
    watch("value", () => this.receive(props.value)); // Gradio's watch, for answers
  }

  /** Upload a file: its path on the server. */
  async upload(file) {
    try {
      return (await this.send(file)).path;
    } catch (error) {
      throw await this.reason(error);
    }
  }

  /** Call a function of the server, "open_photo" and so on. */
  async call(name, data) {
    let answer;
    try {
      answer = await this.functions[name](data);
    } catch (error) {
      throw await this.reason(error);
    }
    if (answer.error) throw refusal(answer);
    return answer;
  }

  /** Ask for a fill; an earlier one that still runs is given up. */
  fill(data) {
    this.giveUp();
    const number = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting = { number, resolve, reject };
      this.running += 1;
      this.trigger("fill", { ...data, number });
      this.watch(this.waiting);
    });
  }

  /** Gradio may wait for ever for an answer that got lost: look now and then. */
  async watch(waiting) {
    for (;;) {
      await new Promise((done) => setTimeout(done, PAUSE));
      if (this.waiting !== waiting) return;
      if (await this.isThere()) continue;
      if (this.waiting === waiting) this.waiting = null;
      this.running = 0; // Gradio will not tell
      waiting.reject(new Unreachable("The connection is lost."));
    }
  }

  /** Nobody waits for the fill that runs: the server may end it. */
  giveUp() {
    if (!this.waiting) return;
    this.waiting.reject(new DOMException("given up", "AbortError"));
    this.waiting = null;
    this.trigger("give_up", { number: ++this.count });
  }

  /** Gradio has a new value for the component: the answer to a fill. */
  receive(answer) {
    if (!this.waiting || answer?.number !== this.waiting.number) return;
    const { resolve, reject } = this.waiting;
    this.waiting = null;
    if (answer.error) reject(refusal(answer));
    else resolve(answer);
  }

  /** Gradio has ended a fill: if that brought no answer, something failed. */
  async settled() {
    this.running = Math.max(0, this.running - 1);
    const waiting = this.running ? null : this.waiting; // it may be one that was given up
    await new Promise((done) => setTimeout(done, 300)); // the value comes a moment later
    if (!waiting || this.waiting !== waiting) return;
    this.waiting = null;
    waiting.reject(await this.reason(new Unreachable(NO_ANSWER)));
  }

  /** Whether the server can be reached. */
  async isThere() {
    try {
      return (await fetch(import.meta.url, { method: "HEAD", cache: "no-store" })).ok;
    } catch {
      return false;
    }
  }

  /** Wait until the server can be reached again. */
  async back() {
    while (!(await this.isThere())) await new Promise((done) => setTimeout(done, PAUSE));
  }

  async reason(error) {
    if (!(await this.isThere())) return new Unreachable("The connection is lost.");
    const words = String(error?.message ?? error).replace(/^Error:\s*/, "");
    return new Refusal(words || "Something went wrong on the server. Please try again.");
  }

  /** Where a file of the server's is fetched from. */
  file(path) {
    return this.url(`gradio_api/file=${path}`);
  }

  url(relative) {
    return new URL(relative, document.baseURI).href;
  }
}

const refusal = ({ error, gone }) => (gone ? new Gone(error) : new Refusal(error));

/** What is painted as the server takes it: its box, and a 1-bit PNG of that part in base64. */
export async function painted(hole) {
  const box = hole.box();
  if (!box) return { box: null, png: "" };
  const png = toBase64(await encodeHole(hole, box));
  return { box: sides(box), png };
}

/** A box as the server writes it. */
export const sides = ({ left, top, right, bottom }) => [left, top, right, bottom];
