import { begun, drawStrokes, isIn, lineRadius, paintedGuide, strokeBox, touches } from "/canvas/guide.js";
import { Hole } from "/canvas/hole.js";
import { decode } from "/canvas/photo.js";
import { equal, ok } from "/tests/check.js";
import { pixel } from "/tests/fakes.js";

const PHOTO = { width: 40, height: 30 };
const line = { colour: "#ff0000", radius: 3, points: [[10, 12], [20, 12]] };

async function pictureOf({ png }) {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  return decode(new Blob([bytes], { type: "image/png" }));
}

export async function test_strokes_are_sent_as_a_picture_of_their_box() {
  const { guide: sent } = await paintedGuide([line], PHOTO);
  equal(sent.box, [7, 9, 23, 15]);
  const picture = await pictureOf(sent);
  equal([picture.width, picture.height], [16, 6]);
  equal(pixel(picture, 8, 3), [255, 0, 0, 255]);
  ok(pixel(picture, 0, 0)[3] < 128, "round ends");
}

export async function test_later_strokes_lie_over_earlier_ones() {
  const blue = { ...line, colour: "#0000ff", points: [[15, 5], [15, 20]] };
  const { guide: sent } = await paintedGuide([line, blue], PHOTO);
  equal(sent.box, [7, 2, 23, 23]);
  const picture = await pictureOf(sent);
  equal(pixel(picture, 8, 10), [0, 0, 255, 255]);
  equal(pixel(picture, 2, 10), [255, 0, 0, 255]);
}

export async function test_a_click_is_a_dot() {
  const { guide: sent } = await paintedGuide([{ ...line, points: [[20, 15]] }], PHOTO);
  equal(pixel(await pictureOf(sent), 3, 3), [255, 0, 0, 255]);
}

export async function test_what_lies_outside_of_the_photo_is_not_sent() {
  const corner = { ...line, points: [[-1, -1]] };
  equal(strokeBox(corner, PHOTO), { left: 0, top: 0, right: 2, bottom: 2 });
  const away = { ...line, points: [[-9, 5]] };
  equal(strokeBox(away, PHOTO), null);
  equal(await paintedGuide([away], PHOTO), { guide: null, lines: null });
  equal(await paintedGuide([], PHOTO), { guide: null, lines: null });
}

export function test_a_stroke_touches_a_hole_by_its_line() {
  const hole = new Hole(40, 30);
  hole.rectangle(18, 10, 30, 20);
  ok(touches(line, hole));
  ok(!touches({ ...line, points: [[10, 12], [17.9, 12]] }, hole));
  ok(touches({ ...line, points: [[0, 0], [39, 29]] }, hole), "between its points");
  ok(touches({ ...line, points: [[20, 15]] }, hole), "a click");
  ok(isIn(hole, 29.9, 19.9) && !isIn(hole, 30, 15) && !isIn(hole, -1, 15) && !isIn(hole, 20, 99));
}

export function test_drawing_leaves_the_context_as_it_was() {
  const context = new OffscreenCanvas(9, 9).getContext("2d");
  drawStrokes(context, [line]);
  equal([context.lineCap, context.lineWidth], ["butt", 1]);
}

export async function test_lines_are_sent_apart_dark_where_drawn_and_light_where_erased() {
  const drawn = { ...begun({ kind: "line", on: true }), radius: 2, points: [[10, 12], [20, 12]] };
  const erased = { ...begun({ kind: "line", on: false }), radius: 2, points: [[16, 12], [18, 12]] };
  const { guide, lines } = await paintedGuide([drawn, line, erased], PHOTO);
  equal(guide.box, [7, 9, 23, 15]);
  equal(lines.box, [8, 10, 22, 14]);
  const picture = await pictureOf(lines);
  equal(pixel(picture, 4, 2), [0, 0, 0, 255]);
  equal(pixel(picture, 9, 2), [255, 255, 255, 255], "the later one");
  equal(pixel(picture, 0, 0)[3] < 128, true, "nothing is said elsewhere");
}

export function test_lines_are_as_thin_as_networks_know_them() {
  equal(lineRadius({ width: 400, height: 300 }), 1.5);
  equal(lineRadius({ width: 4096, height: 2048 }), 6);
}
