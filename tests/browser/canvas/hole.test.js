import { Hole } from "/canvas/hole.js";
import { close, equal, ok, throws } from "/tests/check.js";
import { drawn, painted, pick, random, slowBox, speckled } from "/tests/samples.js";

/** Distance of a point from a segment, by way of its direction: another formula than the code's. */
function distance(x, y, [x0, y0, x1, y1]) {
  const angle = Math.atan2(y1 - y0, x1 - x0);
  const along = (x - x0) * Math.cos(angle) + (y - y0) * Math.sin(angle);
  const across = (y - y0) * Math.cos(angle) - (x - x0) * Math.sin(angle);
  const length = Math.hypot(x1 - x0, y1 - y0);
  return Math.hypot(across, along < 0 ? along : Math.max(along - length, 0));
}

/** Paints one stroke over every pixel of a hole and compares all of them. */
function checkStroke(width, height, ends, radius, value) {
  const hole = new Hole(width, height);
  hole.fill(1 - value);
  const box = hole.stroke(...ends, radius, value);
  const isEnd = (x, y) => [ends.slice(0, 2), ends.slice(2)].some(([endX, endY]) =>
    Math.floor(endX) === x && Math.floor(endY) === y);
  const what = `stroke ${ends} of radius ${radius}`;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const away = distance(x + 0.5, y + 0.5, ends);
      const expected = isEnd(x, y) || away <= Math.max(radius, 0.5);
      if (Math.abs(away - radius) < 1e-9) continue; // either is right: the oracle is rounded, too
      const isPainted = hole.data[y * width + x] === value;
      equal(isPainted, expected, `${what} at ${x}, ${y}`);
    }
  }
  const reference = slowBox(width, height, (x, y) => hole.data[y * width + x] === value);
  equal(box, reference, `box of ${what}`);
}

export function test_strokes_are_the_pixels_near_the_segment() {
  const next = random(1);
  for (let round = 0; round < 400; round += 1) {
    const [width, height] = [pick(next, 1, 40), pick(next, 1, 40)];
    const ends = [next(-30, 70), next(-30, 70), next(-30, 70), next(-30, 70)];
    checkStroke(width, height, ends, next(0.2, round % 2 ? 3 : 30), round % 3 ? 1 : 0);
  }
}

export function test_straight_strokes_and_dots() {
  const next = random(2);
  for (let round = 0; round < 200; round += 1) {
    const [x, y] = [pick(next, -4, 24) / 2, pick(next, -4, 24) / 2];
    const other = pick(next, -4, 24) / 2;
    const radius = pick(next, 1, 12) / 2;
    for (const ends of [[x, y, other, y], [x, y, x, other], [x, y, x, y]]) {
      checkStroke(11, 9, ends, radius, 1);
    }
  }
}

export function test_a_pixel_on_the_edge_of_a_brush_is_painted() {
  const hole = new Hole(7, 3);
  equal(hole.stroke(3.5, 1.5, 3.5, 1.5, 2, 1), { left: 1, top: 0, right: 6, bottom: 3 });
  equal(hole.data, drawn("..###..", ".#####.", "..###..").data);
}

export function test_a_click_with_the_finest_brush_paints_the_pixel_under_it() {
  const next = random(3);
  for (let round = 0; round < 100; round += 1) {
    const hole = new Hole(5, 5);
    const [x, y] = round ? [next(0, 5), next(0, 5)] : [2, 2];
    const box = hole.stroke(x, y, x, y, 0.5, 1);
    equal(hole.data[Math.floor(y) * 5 + Math.floor(x)], 1, `pixel under ${x}, ${y}`);
    equal(box, hole.box());
  }
}

export function test_the_finest_stroke_has_no_gaps() {
  const next = random(4);
  for (let round = 0; round < 100; round += 1) {
    const [x0, y0, y1] = [next(0, 3), next(0, 40), next(0, 40)];
    const hole = new Hole(40, 40);
    hole.stroke(x0, y0, next(36, 40), y1, 0, 1);
    const flat = Math.abs(y1 - y0) < 33;
    for (let x = 3; flat && x < 36; x += 1) {
      ok(hole.cut({ left: x, top: 0, right: x + 1, bottom: 40 }).includes(1), `column ${x}`);
    }
  }
}

export function test_strokes_outside_of_the_photo_change_nothing() {
  const hole = new Hole(10, 10);
  const far = [[-50, 5, -20, 5], [5, 40, 5, 30], [-20, 9, 9, 40], [1e9, 5, 1e9, 5]];
  for (const ends of far) equal(hole.stroke(...ends, 8, 1), null, `${ends}`);
  for (const wrong of [NaN, Infinity]) equal(hole.stroke(wrong, 5, 5, 5, 3, 1), null, `${wrong}`);
  equal(hole.stroke(10, 10, 10, 10, 0.5, 1), null, "the corner is outside");
  ok(hole.isEmpty());
}

export function test_a_stroke_through_the_photo_between_far_ends() {
  const hole = new Hole(20, 10);
  equal(hole.stroke(-1e6, 5, 1e6, 5, 1, 1), { left: 0, top: 4, right: 20, bottom: 6 });
  equal(hole.count(), 40);
}

export function test_erasing_takes_away_what_was_painted() {
  const hole = new Hole(30, 30);
  hole.stroke(5, 5, 25, 25, 4, 1);
  hole.stroke(5, 5, 25, 25, 4, 0);
  ok(hole.isEmpty());
}

export function test_the_size_of_large_brushes() {
  const hole = new Hole(1200, 1100);
  hole.stroke(550, 550, 650, 550, 500, 1);
  close(hole.count(), Math.PI * 500 ** 2 + 100 * 1000, 2000, "pixels");
}

export function test_boxes() {
  const next = random(5);
  for (let round = 0; round < 200; round += 1) {
    const [width, height] = [pick(next, 1, 20), pick(next, 1, 20)];
    const hole = speckled(next, width, height, next(0, round % 2 ? 0.03 : 0.5));
    equal(hole.box(), slowBox(width, height, (x, y) => hole.data[y * width + x] === 1));
  }
}

export function test_counts() {
  const hole = drawn("..#", "#.#");
  equal([hole.count(), hole.isEmpty(), hole.covers()], [3, false, false]);
  hole.fill(1);
  equal([hole.count(), hole.isEmpty(), hole.covers()], [6, false, true]);
  hole.fill(0);
  equal([hole.count(), hole.isEmpty(), hole.covers(), hole.box()], [0, true, false, null]);
}

export function test_cut() {
  const hole = drawn("..#.", "#.##", "....");
  equal(hole.cut({ left: 2, top: 0, right: 4, bottom: 2 }), [1, 0, 1, 1]);
  equal(hole.cut({ left: 0, top: 0, right: 4, bottom: 3 }), hole.data);
}

export function test_a_copy_is_its_own() {
  const hole = drawn("#.");
  const copy = hole.copy();
  copy.fill(1);
  equal([hole.data, copy.data], [Uint8Array.of(1, 0), Uint8Array.of(1, 1)]);
}

export function test_impossible_holes() {
  throws(() => new Hole(0, 5), RangeError);
  throws(() => new Hole(2.5, 4), RangeError);
  throws(() => new Hole(3, 3, new Uint8Array(8)), RangeError);
  throws(() => new Hole(3, 3).grown(-1), RangeError);
  throws(() => new Hole(3, 3).grown(NaN), RangeError);
}

export function test_grown_is_what_is_near_a_set_pixel() {
  const next = random(6);
  for (let round = 0; round < 120; round += 1) {
    const [width, height] = [pick(next, 1, 30), pick(next, 1, 30)];
    const hole = speckled(next, width, height, next(0, 0.05));
    const pixels = round % 3 ? pick(next, 0, 12) : next(0, 40);
    const before = hole.data.slice();
    const grown = hole.grown(pixels);
    equal(hole.data, before, "the hole itself");
    equal(grown.data, slowlyGrown(hole, pixels), `${width}×${height} grown by ${pixels}`);
  }
}

function slowlyGrown({ width, height, data }, pixels) {
  const grown = new Uint8Array(width * height);
  const set = [...data.keys()].filter((i) => data[i]);
  grown.forEach((_, i) => {
    grown[i] = set.some((j) => {
      const dx = (i % width) - (j % width);
      const dy = Math.floor(i / width) - Math.floor(j / width);
      return dx * dx + dy * dy <= pixels * pixels;
    });
  });
  return grown;
}

export function test_one_pixel_grows_to_a_disc() {
  const hole = drawn(".......", ".......", ".......", "...#...", ".......", ".......", ".......");
  const disc = drawn("...#...", ".#####.", ".#####.", "#######", ".#####.", ".#####.", "...#...");
  equal(hole.grown(3).data, disc.data);
  equal(hole.grown(0).data, hole.data);
  ok(hole.grown(1e9).covers());
  ok(new Hole(4, 4).grown(3).isEmpty(), "nothing grows to nothing");
}

export function test_white_opaque_pixels_of_a_mask_image_are_the_hole() {
  const colours = [
    [128, 0, 0, 128], [127, 255, 255, 255], [255, 255, 255, 127], [255, 255, 255, 255],
    [0, 0, 0, 255], [255, 255, 255, 0],
  ];
  const hole = Hole.fromImageData(new ImageData(Uint8ClampedArray.from(colours.flat()), 3, 2));
  equal([hole.width, hole.height], [3, 2]);
  equal(hole.data, [1, 0, 0, 1, 0, 0]);
}

export function test_every_method_on_the_smallest_photo() {
  const hole = painted(random(7), 1, 1);
  hole.stroke(0.5, 0.5, 0.5, 0.5, 500, 1);
  equal(hole.box(), { left: 0, top: 0, right: 1, bottom: 1 });
  equal(Hole.unpack(hole.pack()).grown(2).data, [1]);
}

export function test_inverted_sets_what_was_not() {
  const next = random(8);
  for (let round = 0; round < 50; round += 1) {
    const hole = speckled(next, pick(next, 1, 40), pick(next, 1, 40), next());
    const before = hole.data.slice();
    const other = hole.inverted();
    equal(other.count(), hole.data.length - hole.count());
    equal(other.data.some((value, i) => value === before[i]), false, "a pixel of both");
    equal(hole.data, before, "the hole itself");
    equal(other.inverted().data, before);
  }
}

export function test_add_joins_two_holes() {
  const hole = drawn("##..", "....");
  const other = drawn(".##.", "...#");
  hole.add(other);
  equal(hole.data, drawn("###.", "...#").data);
  equal(other.data, drawn(".##.", "...#").data, "the other one");
  hole.add(new Hole(4, 2));
  equal(hole.data, drawn("###.", "...#").data, "nothing added");
}

export function test_put_lays_a_part_at_its_place() {
  const next = random(9);
  for (let round = 0; round < 100; round += 1) {
    const hole = speckled(next, 30, 20, 0.3);
    const before = hole.copy();
    const part = speckled(next, pick(next, 1, 30), pick(next, 1, 20), 0.4);
    const [left, top] = [pick(next, 0, 30 - part.width), pick(next, 0, 20 - part.height)];
    hole.put(part, left, top);
    for (let y = 0; y < 20; y += 1) {
      for (let x = 0; x < 30; x += 1) {
        const [column, row] = [x - left, y - top];
        const inside = column >= 0 && column < part.width && row >= 0 && row < part.height;
        const laid = inside ? part.data[row * part.width + column] : 0;
        equal(hole.data[y * 30 + x], before.data[y * 30 + x] | laid, `pixel ${x}, ${y}`);
      }
    }
  }
}

export function test_a_rectangle_may_be_drawn_from_any_corner_and_reach_out() {
  const corners = [[1.2, 0.5, 3.5, 1.8], [3.5, 1.8, 1.2, 0.5], [1.2, 1.8, 3.5, 0.5]];
  for (const ends of corners) {
    const hole = new Hole(5, 3);
    equal(hole.rectangle(...ends), { left: 1, top: 0, right: 4, bottom: 2 });
    equal(hole.data, drawn(".###.", ".###.", ".....").data);
  }
  const hole = new Hole(5, 3);
  equal(hole.rectangle(-10, -10, 100, 100), hole.everything);
  ok(hole.covers());
  const other = new Hole(5, 3);
  equal(other.rectangle(6, 0, 9, 2), null, "beside the photo");
  equal(other.rectangle(2, 1, 2, 1), null, "no pixel");
  ok(other.isEmpty());
}

export function test_everything_is_the_box_of_the_whole_photo() {
  equal(new Hole(7, 4).everything, { left: 0, top: 0, right: 7, bottom: 4 });
}
