// Steps that can be undone and redone.

/**
 * A line of steps (any values, null excepted) with a position in it.
 *
 * `onchange(history)`, if set, is called after every change of the steps or the position.
 */
export class History {
  #steps;
  #index = 0;
  #most;
  onchange = null;

  /** @param first the step that nothing leads back from. @param most steps that are kept, >= 1. */
  constructor(first, most = 60) {
    if (!(most >= 1)) throw new RangeError(`A history cannot keep ${most} steps.`);
    this.#steps = [first];
    this.#most = most;
  }

  get current() {
    return this.#steps[this.#index];
  }

  /** All steps, the oldest first, as a new array. */
  get steps() {
    return this.#steps.slice();
  }

  /** Position of the current step in `steps`. */
  get index() {
    return this.#index;
  }

  get canUndo() {
    return this.#index > 0;
  }

  get canRedo() {
    return this.#index < this.#steps.length - 1;
  }

  /** Adds a step after the current one. What was undone goes, and the oldest beyond `most`. */
  push(step) {
    const kept = this.#steps.slice(0, this.#index + 1);
    this.#set([...kept, step].slice(-this.#most));
  }

  /** The step before, which is now the current one; null if there is none. */
  undo() {
    return this.goTo(this.#index - 1);
  }

  /** The step after, which is now the current one; null if there is none. */
  redo() {
    return this.goTo(this.#index + 1);
  }

  /** The step at `index`, which is now the current one; null if there is none. */
  goTo(index) {
    if (!(index in this.#steps)) return null;
    if (index !== this.#index) {
      this.#index = index;
      this.onchange?.(this);
    }
    return this.current;
  }

  /** Begins again with these steps, one at least; the last is the current one. */
  reset(...steps) {
    this.#set(steps.slice(-this.#most));
  }

  /** The last of the steps is the current one. */
  #set(steps) {
    this.#steps = steps;
    this.#index = steps.length - 1;
    this.onchange?.(this);
  }
}
