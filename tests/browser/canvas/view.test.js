import { View } from "/canvas/view.js";
import { close, equal, ok } from "/tests/check.js";
import { pick, random } from "/tests/samples.js";

/** The photo is centred or covers the stage, and its scale is within the limits. */
function checkPlace(view, what) {
  const fit = Math.min(view.stageWidth / view.photoWidth, view.stageHeight / view.photoHeight);
  ok(view.scale >= fit * (1 - 1e-12) && view.scale <= Math.max(8, 2 * fit), `scale ${what}`);
  const axes = [
    [view.x, view.photoWidth * view.scale, view.stageWidth],
    [view.y, view.photoHeight * view.scale, view.stageHeight],
  ];
  for (const [edge, shown, stage] of axes) {
    if (shown <= stage) close(edge, (stage - shown) / 2, 1e-6, `centred ${what}`);
    else ok(edge <= 1e-6 && edge + shown >= stage - 1e-6, `covers the stage ${what}`);
  }
}

export function test_all_of_a_photo_is_shown_in_the_middle() {
  const wide = new View(4000, 1000, 800, 600);
  equal([wide.scale, wide.x, wide.y, wide.isFit], [0.2, 0, 200, true]);
  const high = new View(100, 300, 800, 600);
  equal([high.scale, high.x, high.y, high.isFit], [2, 300, 0, true]);
}

export function test_a_tiny_photo_fills_the_stage() {
  const view = new View(10, 10, 800, 600);
  equal([view.scale, view.x, view.y], [60, 100, 0]);
  view.zoom(100, 0, 0);
  equal(view.scale, 120);
}

export function test_the_photo_point_under_the_cursor_stays() {
  const view = new View(1000, 1000, 500, 500);
  const before = view.toPhoto(123, 456);
  view.zoom(3, 123, 456);
  const after = view.toPhoto(123, 456);
  close(view.scale, 1.5);
  close(after.x, before.x, 1e-9);
  close(after.y, before.y, 1e-9);
  ok(!view.isFit);
}

export function test_zoom_has_limits() {
  const view = new View(1000, 1000, 500, 500);
  view.zoom(0.3, 10, 10);
  equal([view.scale, view.x, view.y, view.isFit], [0.5, 0, 0, true]);
  view.zoom(1e6, 250, 250);
  equal(view.scale, 8);
}

export function test_a_photo_is_moved_as_far_as_its_edge() {
  const view = new View(100, 100, 400, 200);
  view.pan(50, 50);
  equal([view.x, view.y], [100, 0], "nothing to move");
  view.zoom(3, 200, 100); // 600×600
  equal([view.x, view.y], [-100, -200]);
  view.pan(30, -20);
  close(view.x, -70);
  close(view.y, -220);
  view.pan(1000, -1000);
  equal([view.x, view.y], [0, -400]);
}

export function test_points_go_there_and_back() {
  const view = new View(640, 480, 333, 777);
  view.zoom(4.2, 100, 300);
  const { x, y } = view.toPhoto(...Object.values(view.toStage(12.25, 400.5)));
  close(x, 12.25);
  close(y, 400.5);
}

export function test_after_anything_the_photo_is_in_its_place() {
  const next = random(1);
  for (let photo = 0; photo < 40; photo += 1) {
    const side = () => pick(next, 1, 5000);
    const view = new View(side(), side(), side(), side());
    const spot = () => [next(-100, 1500), next(-100, 1500)];
    const finger = () => ({ x: next(0, 800), y: next(0, 800) });
    const changes = {
      zoom: () => view.zoom(next(0.2, 5), ...spot()),
      pan: () => view.pan(next(-500, 500), next(-500, 500)),
      pinch: () => view.pinch([finger(), finger()], [finger(), finger()]),
      resize: () => view.resize(side(), side()),
      fit: () => view.fit(),
    };
    for (let step = 0; step < 60; step += 1) {
      const name = Object.keys(changes)[pick(next, 0, 4)];
      changes[name]();
      checkPlace(view, `after ${name}, photo ${photo}, step ${step}`);
    }
  }
}

export function test_another_stage_keeps_a_fitted_photo_fitted() {
  const view = new View(900, 600, 777, 555);
  for (const [width, height] of [[300, 900], [1, 1], [0, 0], [1280, 700]]) {
    view.resize(width, height);
    ok(view.isFit, `${width}×${height}`);
    checkPlace(view, `on ${width}×${height}`);
  }
}

export function test_another_stage_keeps_the_middle_and_the_zoom() {
  const view = new View(1000, 1000, 500, 500);
  view.zoom(4, 100, 200);
  const centre = view.toPhoto(250, 250);
  view.resize(800, 600);
  close(view.scale, 4 * 0.6);
  const after = view.toPhoto(400, 300);
  close(after.x, centre.x, 1e-9);
  close(after.y, centre.y, 1e-9);
}

export function test_two_fingers_hold_the_photo_between_them() {
  const view = new View(1000, 1000, 500, 500);
  view.zoom(3, 250, 250);
  const before = [{ x: 200, y: 200 }, { x: 300, y: 200 }];
  const after = [{ x: 190, y: 230 }, { x: 340, y: 230 }];
  const held = view.toPhoto(250, 200);
  view.pinch(before, after);
  close(view.scale, 1.5 * 1.5);
  const there = view.toPhoto(265, 230);
  close(there.x, held.x);
  close(there.y, held.y);
}

export function test_two_fingers_that_do_not_change_their_distance_only_move() {
  const view = new View(1000, 1000, 500, 500);
  view.zoom(3, 250, 250);
  const { x, y, scale } = view;
  view.pinch([{ x: 0, y: 0 }, { x: 30, y: 40 }], [{ x: 7, y: 9 }, { x: 37, y: 49 }]);
  close(view.scale, scale);
  close(view.x, x + 7);
  close(view.y, y + 9);
}

export function test_two_fingers_on_one_point() {
  const view = new View(1000, 1000, 500, 500);
  view.zoom(2, 250, 250);
  const [one, two] = [{ x: 100, y: 100 }, { x: 150, y: 100 }];
  view.pinch([one, one], [one, two]);
  close(view.scale, 1);
  view.pinch([one, two], [one, one]);
  ok(view.isFit);
  checkPlace(view, "after all");
}
