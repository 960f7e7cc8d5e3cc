// What hands want: pointers that go down, move and lift become strokes, pans and pinches.

const STILL = 3; // stage pixels that a finger may move and still be tapping
const [LEFT, MIDDLE, ERASER] = [0, 1, 5]; // PointerEvent.button
const BITS = { [LEFT]: 1, [MIDDLE]: 4, [ERASER]: 32 }; // the same in PointerEvent.buttons

const point = ({ x, y }) => ({ x, y });

/** What a mouse or a pen that goes down begins: "stroke", "pan" or null. */
function intention({ type, button, space }) {
  if (button === MIDDLE || (button === LEFT && space)) return "pan";
  return button === LEFT || (type === "pen" && button === ERASER) ? "stroke" : null;
}

/**
 * Turns pointers into actions; knows nothing of the page.
 *
 * A pointer is `{id, type, x, y, button, buttons, space, alt}`: type "mouse", "touch" or "pen", x
 * and y on the stage (they may lie outside of the photo or the stage), button and buttons as in
 * PointerEvent, space and alt whether the key is held. Alt changes nothing here.
 *
 * A mouse or a pen paints at once. A finger paints when it has moved, or as a dot when it lifts:
 * until then a second one can still make it a pinch. After a pinch nothing happens until all
 * fingers are up. While a mouse or a pen is at work fingers are ignored, they are a resting hand; a
 * pen takes over from them. No stroke is ended or cancelled that has not been started.
 *
 * `actions`, all optional: `strokeStart({x, y}, erase)`, `strokeMove({x, y})`, `strokeEnd()`,
 * `strokeCancel()` (what the stroke painted is to be taken back), `pan(dx, dy)`, `pinch(before,
 * after)` (two `{x, y}` each), `hover({x, y} or null)` (where a mouse or a pen is; null: nowhere).
 */
export class Gestures {
  #actions;
  #state = "idle"; // or "waiting", "stroke", "pan", "pinch", "spent"
  #owner = null; // the pointer that waits, paints or pans, where it was last
  #fingers = new Map(); // where those are that touch the stage, by id, the first ones first

  constructor(actions) {
    this.#actions = actions;
  }

  down(pointer) {
    if (pointer.type === "touch") this.#fingerDown(pointer);
    else if (this.#state === "idle" || (pointer.type === "pen" && !this.#isHeld())) {
      this.#deviceDown(pointer);
    }
  }

  move(pointer) {
    if (pointer.type !== "touch") this.#do("hover", point(pointer));
    const owns = this.#owner?.id === pointer.id;
    if (owns && this.#isReleased(pointer)) this.#finish("strokeEnd");
    else if (owns) this.#ownerMoved(pointer);
    if (this.#fingers.has(pointer.id)) this.#fingerMoved(pointer);
  }

  up(pointer) {
    if (this.#state === "waiting" && this.#owner.id === pointer.id) this.#begin(this.#owner, false);
    this.#lift(pointer, "strokeEnd");
  }

  /** The pointer is lost: the system took it, or its window went away. */
  cancel(pointer) {
    this.#lift(pointer, "strokeCancel");
    this.#do("hover", null);
  }

  /** A mouse or a pen has left the stage. */
  leave(pointer) {
    if (pointer.type !== "touch") this.#do("hover", null);
  }

  #do(action, ...values) {
    this.#actions[action]?.(...values);
  }

  /** Whether a mouse or a pen paints or pans. */
  #isHeld() {
    return this.#owner !== null && this.#owner.type !== "touch";
  }

  #deviceDown(pointer) {
    const wanted = intention(pointer);
    if (!wanted) return;
    if (this.#state === "stroke") this.#do("strokeCancel"); // of the hand that holds the pen
    if (wanted === "stroke") this.#begin(pointer, (pointer.buttons & BITS[ERASER]) !== 0);
    else [this.#state, this.#owner] = ["pan", pointer];
  }

  #fingerDown(pointer) {
    this.#fingers.set(pointer.id, point(pointer));
    if (this.#isHeld()) return;
    this.#do("hover", null);
    if (this.#state === "idle") [this.#state, this.#owner] = ["waiting", pointer];
    else if (this.#owner) {
      if (this.#state === "stroke") this.#do("strokeCancel");
      [this.#state, this.#owner] = ["pinch", null];
    }
  }

  #begin(pointer, erase) {
    [this.#state, this.#owner] = ["stroke", pointer];
    this.#do("strokeStart", point(pointer), erase);
  }

  /** While another button is held, the end of the one that counts is told by a move alone. */
  #isReleased({ buttons }) {
    const { type, button } = this.#owner;
    return type !== "touch" && (buttons & (BITS[button] | BITS[ERASER])) === 0;
  }

  #ownerMoved(pointer) {
    const { x, y } = this.#owner;
    if (this.#state === "pan") {
      this.#owner = { ...this.#owner, ...point(pointer) };
      this.#do("pan", pointer.x - x, pointer.y - y);
      return;
    }
    if (this.#state === "waiting") {
      if (Math.hypot(pointer.x - x, pointer.y - y) <= STILL) return;
      this.#begin(this.#owner, false);
    }
    this.#do("strokeMove", point(pointer));
  }

  #fingerMoved(pointer) {
    const pinching = this.#pinching();
    const before = pinching.map((id) => this.#fingers.get(id));
    this.#fingers.set(pointer.id, point(pointer));
    if (!pinching.includes(pointer.id)) return;
    this.#do("pinch", before, pinching.map((id) => this.#fingers.get(id)));
  }

  /** Ids of the two fingers that pinch; a third one does not count. */
  #pinching() {
    return this.#state === "pinch" ? [...this.#fingers.keys()].slice(0, 2) : [];
  }

  #lift(pointer, ending) {
    const pinched = this.#pinching().includes(pointer.id);
    this.#fingers.delete(pointer.id);
    if (this.#owner?.id === pointer.id) this.#finish(ending);
    else if (pinched || (this.#state === "spent" && this.#fingers.size === 0)) this.#rest();
  }

  #finish(ending) {
    const painted = this.#state === "stroke";
    this.#rest();
    if (painted) this.#do(ending);
  }

  #rest() {
    this.#owner = null;
    this.#state = this.#fingers.size ? "spent" : "idle";
  }
}
