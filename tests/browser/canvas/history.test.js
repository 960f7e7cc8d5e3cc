import { History } from "/canvas/history.js";
import { equal, throws } from "/tests/check.js";
import { pick, random } from "/tests/samples.js";

function filled(...steps) {
  const history = new History(steps[0]);
  steps.slice(1).forEach((step) => history.push(step));
  return history;
}

export function test_steps_are_undone_and_redone() {
  const history = filled("a", "b", "c");
  equal([history.canUndo, history.canRedo, history.current], [true, false, "c"]);
  equal([history.undo(), history.undo(), history.undo()], ["b", "a", null]);
  equal([history.canUndo, history.canRedo, history.current], [false, true, "a"]);
  equal([history.redo(), history.redo(), history.redo()], ["b", "c", null]);
}

export function test_a_new_step_drops_what_was_undone() {
  const history = filled("a", "b", "c");
  history.undo();
  history.push("d");
  equal([history.steps, history.index, history.canRedo], [["a", "b", "d"], 2, false]);
}

export function test_the_oldest_go() {
  const history = new History(0, 3);
  for (let step = 1; step < 10; step += 1) history.push(step);
  equal([history.steps, history.index], [[7, 8, 9], 2]);
  equal([history.undo(), history.undo(), history.undo()], [8, 7, null]);
  const short = new History("a", 1);
  short.push("b");
  equal([short.steps, short.canUndo], [["b"], false]);
}

export function test_sixty_steps_are_kept() {
  const history = new History(0);
  for (let step = 1; step < 100; step += 1) history.push(step);
  equal([history.steps.length, history.steps[0]], [60, 40]);
}

export function test_any_step_can_be_gone_to() {
  const history = filled("a", "b", "c");
  equal([history.goTo(0), history.index, history.canRedo], ["a", 0, true]);
  equal([3, -1, 0.5].map((index) => history.goTo(index)), [null, null, null]);
  equal(history.index, 0);
}

export function test_a_new_beginning() {
  const history = filled("a", "b");
  history.reset("x");
  equal([history.steps, history.index, history.canUndo, history.canRedo], [["x"], 0, false, false]);
}

export function test_changes_are_told_and_nothing_else_is() {
  const history = filled("a", "b");
  const told = [];
  history.onchange = (changed) => told.push(changed.current);
  history.redo();
  history.goTo(1);
  history.goTo(7);
  equal(told, [], "nothing has changed");
  history.undo();
  history.redo();
  history.push("c");
  history.goTo(0);
  history.reset("x");
  equal(told, ["a", "b", "c", "a", "x"]);
}

export function test_the_list_of_steps_is_a_copy() {
  const history = filled("a", "b");
  history.steps.pop();
  equal(history.steps, ["a", "b"]);
}

export function test_a_history_of_nothing() {
  throws(() => new History("a", 0), RangeError);
  throws(() => new History("a", NaN), RangeError);
}

export function test_any_order_of_steps_against_two_stacks() {
  const next = random(1);
  const history = new History(0, 8);
  let [past, future] = [[0], []];
  for (let step = 1; step < 2000; step += 1) {
    const action = pick(next, 0, 3);
    if (action < 2) {
      history.push(step);
      [past, future] = [[...past, step].slice(-8), []];
    } else if (action === 2) {
      equal(history.undo() !== null, past.length > 1);
      if (past.length > 1) future.push(past.pop());
    } else {
      equal(history.redo() !== null, future.length > 0);
      if (future.length) past.push(future.pop());
    }
    equal(history.current, past.at(-1));
    equal(history.steps, [...past, ...future.toReversed()]);
    equal([history.canUndo, history.canRedo], [past.length > 1, future.length > 0]);
  }
}
