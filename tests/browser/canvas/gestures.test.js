import { Gestures } from "/canvas/gestures.js";
import { equal, ok } from "/tests/check.js";
import { pick, random } from "/tests/samples.js";

const ACTIONS = ["strokeStart", "strokeMove", "strokeEnd", "strokeCancel", "pan", "pinch"];

/** A pointer of that kind that is pressed. */
const pointer = (type, id, x, y, more = {}) =>
  ({ id, type, x, y, button: 0, buttons: 1, space: false, alt: false, ...more });
const mouse = (x, y, more) => pointer("mouse", 1, x, y, more);
const pen = (x, y, more) => pointer("pen", 2, x, y, more);
const finger = (id, x, y) => pointer("touch", id, x, y);

/** Gestures, and the list of the actions they caused; `hover` only where it is asked for. */
function watched(actions = ACTIONS) {
  const log = [];
  const note = (action) => (...values) => log.push([action, ...values]);
  const callbacks = Object.fromEntries(actions.map((action) => [action, note(action)]));
  return { gestures: new Gestures(callbacks), log };
}

const names = (log) => log.map(([action]) => action);

export function test_a_mouse_paints_at_once() {
  const { gestures, log } = watched();
  gestures.down(mouse(10, 20));
  equal(log, [["strokeStart", { x: 10, y: 20 }, false]]);
  gestures.move(mouse(11, 20));
  gestures.up(mouse(11, 20, { buttons: 0 }));
  equal(log.slice(1), [["strokeMove", { x: 11, y: 20 }], ["strokeEnd"]]);
  gestures.move(mouse(15, 20, { buttons: 0 }));
  equal(log.length, 3, "actions after the end");
}

export function test_a_stroke_may_begin_and_end_outside() {
  const { gestures, log } = watched();
  gestures.down(mouse(-10, -20));
  gestures.move(mouse(5000, 4000));
  gestures.up(mouse(5000, 4000));
  equal(log[0], ["strokeStart", { x: -10, y: -20 }, false]);
  equal(log[1], ["strokeMove", { x: 5000, y: 4000 }]);
}

export function test_the_middle_button_moves_the_photo() {
  const { gestures, log } = watched();
  const middle = { button: 1, buttons: 4 };
  gestures.down(mouse(10, 20, middle));
  gestures.move(mouse(13, 18, middle));
  gestures.move(mouse(13, 28, middle));
  gestures.up(mouse(13, 28, { buttons: 0 }));
  equal(log, [["pan", 3, -2], ["pan", 0, 10]]);
}

export function test_the_space_bar_and_the_left_button_move_the_photo() {
  const { gestures, log } = watched();
  gestures.down(mouse(0, 0, { space: true }));
  gestures.move(mouse(4, 5)); // the key may be let go before the button
  gestures.up(mouse(4, 5));
  gestures.down(mouse(4, 5));
  equal(log, [["pan", 4, 5], ["strokeStart", { x: 4, y: 5 }, false]]);
}

export function test_the_right_button_does_nothing() {
  const { gestures, log } = watched();
  gestures.down(mouse(0, 0, { button: 2, buttons: 2 }));
  gestures.move(mouse(9, 9, { buttons: 2 }));
  gestures.up(mouse(9, 9, { button: 2, buttons: 0 }));
  gestures.down(pen(0, 0, { button: 2, buttons: 2 }));
  equal(log, []);
}

export function test_a_button_let_go_while_another_is_held_ends_the_stroke() {
  const { gestures, log } = watched();
  gestures.down(mouse(0, 0));
  gestures.move(mouse(5, 5, { button: 2, buttons: 3 }));
  gestures.move(mouse(6, 6, { buttons: 2 }));
  gestures.move(mouse(7, 7, { buttons: 2 }));
  gestures.up(mouse(7, 7, { button: 2, buttons: 0 }));
  equal(names(log), ["strokeStart", "strokeMove", "strokeEnd"]);
}

export function test_the_alt_key_changes_nothing() {
  const { gestures, log } = watched();
  gestures.down(mouse(0, 0, { alt: true }));
  equal(log, [["strokeStart", { x: 0, y: 0 }, false]]);
}

export function test_a_pen_paints_at_once_and_its_other_end_erases() {
  const { gestures, log } = watched();
  gestures.down(pen(1, 2));
  gestures.up(pen(1, 2, { buttons: 0 }));
  gestures.down(pen(3, 4, { button: 5, buttons: 32 }));
  gestures.move(pen(5, 4, { button: -1, buttons: 32 }));
  gestures.up(pen(5, 4, { button: 5, buttons: 0 }));
  equal(log[0], ["strokeStart", { x: 1, y: 2 }, false]);
  equal(log[2], ["strokeStart", { x: 3, y: 4 }, true]);
  equal(names(log).slice(2), ["strokeStart", "strokeMove", "strokeEnd"]);
}

export function test_an_eraser_that_tells_of_the_first_button() {
  const { gestures, log } = watched();
  gestures.down(pen(3, 4, { buttons: 32 }));
  gestures.move(pen(5, 4, { buttons: 32 }));
  equal(log, [["strokeStart", { x: 3, y: 4 }, true], ["strokeMove", { x: 5, y: 4 }]]);
}

export function test_a_finger_paints_when_it_has_moved() {
  const { gestures, log } = watched();
  gestures.down(finger(7, 10, 10));
  gestures.move(finger(7, 12, 12)); // 2.8 pixels
  equal(log, []);
  gestures.move(finger(7, 13, 12));
  gestures.move(finger(7, 13, 13));
  gestures.up(finger(7, 13, 13));
  equal(log, [
    ["strokeStart", { x: 10, y: 10 }, false], ["strokeMove", { x: 13, y: 12 }],
    ["strokeMove", { x: 13, y: 13 }], ["strokeEnd"],
  ]);
}

export function test_a_tap_is_one_dot() {
  const { gestures, log } = watched();
  gestures.down(finger(7, 10, 10));
  gestures.up(finger(7, 11, 10));
  equal(log, [["strokeStart", { x: 10, y: 10 }, false], ["strokeEnd"]]);
}

export function test_two_fingers_before_a_stroke_pinch_and_never_paint() {
  const { gestures, log } = watched();
  gestures.down(finger(1, 10, 10));
  gestures.down(finger(2, 30, 10));
  gestures.move(finger(1, 0, 10));
  gestures.move(finger(2, 40, 10));
  equal(log, [
    ["pinch", [{ x: 10, y: 10 }, { x: 30, y: 10 }], [{ x: 0, y: 10 }, { x: 30, y: 10 }]],
    ["pinch", [{ x: 0, y: 10 }, { x: 30, y: 10 }], [{ x: 0, y: 10 }, { x: 40, y: 10 }]],
  ]);
}

export function test_a_second_finger_cancels_the_stroke() {
  const { gestures, log } = watched();
  gestures.down(finger(1, 10, 10));
  gestures.move(finger(1, 20, 10));
  gestures.down(finger(2, 50, 10));
  gestures.move(finger(1, 25, 10));
  equal(names(log), ["strokeStart", "strokeMove", "strokeCancel", "pinch"]);
  equal(log[3][1], [{ x: 20, y: 10 }, { x: 50, y: 10 }]);
}

export function test_the_finger_left_after_a_pinch_does_not_paint() {
  const { gestures, log } = watched();
  gestures.down(finger(1, 10, 10));
  gestures.down(finger(2, 30, 10));
  gestures.up(finger(1, 10, 10));
  gestures.move(finger(2, 90, 90));
  gestures.down(finger(3, 10, 10));
  gestures.move(finger(3, 60, 10));
  gestures.up(finger(3, 60, 10));
  gestures.up(finger(2, 90, 90));
  equal(log, [], "until all are up");
  gestures.down(finger(4, 10, 10));
  gestures.up(finger(4, 10, 10));
  equal(names(log), ["strokeStart", "strokeEnd"]);
}

export function test_a_third_finger_does_not_count() {
  const { gestures, log } = watched();
  gestures.down(finger(1, 10, 10));
  gestures.down(finger(2, 30, 10));
  gestures.down(finger(3, 50, 50));
  gestures.move(finger(3, 60, 60));
  equal(log, []);
  gestures.up(finger(3, 60, 60));
  gestures.move(finger(2, 31, 10));
  equal(names(log), ["pinch"]);
}

export function test_a_lost_pointer_cancels_its_stroke() {
  for (const lost of [mouse(0, 0), pen(0, 0)]) {
    const { gestures, log } = watched();
    gestures.down(lost);
    gestures.move({ ...lost, x: 20 });
    gestures.cancel(lost);
    gestures.up(lost);
    equal(names(log), ["strokeStart", "strokeMove", "strokeCancel"]);
  }
}

export function test_a_lost_finger_that_has_not_painted_cancels_nothing() {
  const { gestures, log } = watched();
  gestures.down(finger(1, 0, 0));
  gestures.cancel(finger(1, 0, 0));
  gestures.down(mouse(0, 0, { button: 1, buttons: 4 }));
  gestures.cancel(mouse(0, 0));
  equal(log, []);
}

export function test_a_lost_finger_ends_the_pinch() {
  const { gestures, log } = watched();
  gestures.down(finger(1, 10, 10));
  gestures.down(finger(2, 30, 10));
  gestures.cancel(finger(1, 10, 10));
  gestures.move(finger(2, 90, 90));
  gestures.cancel(finger(2, 90, 90));
  equal(log, []);
  gestures.down(finger(1, 10, 10));
  gestures.up(finger(1, 10, 10));
  equal(names(log), ["strokeStart", "strokeEnd"]);
}

export function test_a_hand_on_the_screen_does_not_disturb_a_pen() {
  const { gestures, log } = watched();
  gestures.down(pen(0, 0));
  gestures.down(finger(10, 50, 50));
  gestures.down(finger(11, 80, 50));
  gestures.move(finger(10, 60, 60));
  gestures.move(pen(5, 5));
  gestures.up(pen(5, 5));
  gestures.move(finger(10, 90, 60));
  gestures.up(finger(10, 90, 60));
  gestures.up(finger(11, 80, 50));
  equal(names(log), ["strokeStart", "strokeMove", "strokeEnd"]);
}

export function test_a_pen_takes_over_from_the_hand_that_holds_it() {
  const { gestures, log } = watched();
  gestures.down(finger(10, 50, 50));
  gestures.move(finger(10, 60, 50));
  gestures.down(pen(0, 0));
  gestures.move(finger(10, 70, 50));
  gestures.up(pen(0, 0));
  gestures.up(finger(10, 70, 50));
  equal(names(log),
    ["strokeStart", "strokeMove", "strokeCancel", "strokeStart", "strokeEnd"]);
}

export function test_a_mouse_beside_a_finger_is_ignored() {
  const { gestures, log } = watched();
  gestures.down(finger(10, 50, 50));
  gestures.down(mouse(0, 0));
  gestures.up(mouse(0, 0));
  gestures.up(finger(10, 50, 50));
  equal(log, [["strokeStart", { x: 50, y: 50 }, false], ["strokeEnd"]]);
}

export function test_hovering() {
  const { gestures, log } = watched(["hover"]);
  gestures.move(mouse(3, 4, { buttons: 0 }));
  gestures.leave(mouse(3, 4));
  gestures.move(pen(5, 6, { buttons: 0 }));
  gestures.down(finger(9, 1, 1)); // a brush under a finger is not seen
  gestures.move(finger(9, 30, 30));
  equal(log.map(([, place]) => place), [{ x: 3, y: 4 }, null, { x: 5, y: 6 }, null]);
}

export function test_actions_may_be_missing() {
  const gestures = new Gestures({});
  gestures.down(mouse(0, 0));
  gestures.move(mouse(5, 5));
  gestures.cancel(mouse(5, 5));
}

/** Whatever fingers do: strokes do not overlap, and none goes on while two of them are down. */
export function test_any_order_of_fingers_keeps_the_rules() {
  const next = random(1);
  const { gestures, log } = watched();
  const down = new Set();
  let [painting, together] = [false, false]; // together: there were two since all were up
  for (let step = 0; step < 5000; step += 1) {
    const touch = finger(pick(next, 1, 3), next(0, 99), next(0, 99));
    const from = log.length;
    if (!down.has(touch.id)) {
      down.add(touch.id);
      gestures.down(touch);
    } else if (next() < 0.6) {
      gestures.move(touch);
    } else {
      down.delete(touch.id);
      if (next() < 0.8) gestures.up(touch);
      else gestures.cancel(touch);
    }
    together ||= down.size > 1;
    for (const name of names(log.slice(from))) {
      if (name === "strokeStart") ok(!painting && !together, `a stroke starts, step ${step}`);
      if (name === "strokeMove") ok(painting && !together, `a stroke goes on, step ${step}`);
      if (name === "strokeEnd") ok(painting && !together, `a stroke ends, step ${step}`);
      if (name === "strokeCancel") ok(painting, `a stroke is cancelled, step ${step}`);
      if (name === "pinch") ok(!painting && down.size > 1, `a pinch, step ${step}`);
      painting = name === "strokeStart" || name === "strokeMove";
    }
    if (down.size === 0) together = false;
  }
  const seen = new Set(names(log));
  equal(ACTIONS.filter((action) => !seen.has(action)), ["pan"], "what never happened");
}
