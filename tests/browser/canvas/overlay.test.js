import { Hole } from "/canvas/hole.js";
import { renderOverlay } from "/canvas/overlay.js";
import { equal, ok } from "/tests/check.js";
import { drawn, painted, pick, random, speckled } from "/tests/samples.js";

const COLOURS = { tint: [200, 10, 20, 90], edge: [250, 251, 252, 253], shade: [1, 2, 3, 180] };
const NOTHING = [0, 0, 0, 0];
const ONE_TO_ONE = { scale: 1, x: 0, y: 0 };

function rendered(width, height, view, hole, area = null) {
  const pixels = new Uint8ClampedArray(4 * width * height);
  renderOverlay(pixels, width, height, view, hole, COLOURS, area);
  return pixels;
}

/** Whether a stage pixel shows a pixel of the hole: looks at every photo pixel near it. */
function isInside(x, y, view, hole) {
  const { scale } = view;
  const photo = (at, offset) => (at - offset) / scale;
  if (scale >= 1) {
    const [px, py] = [Math.floor(photo(x + 0.5, view.x)), Math.floor(photo(y + 0.5, view.y))];
    return px >= 0 && px < hole.width && py >= 0 && py < hole.height
      && hole.data[py * hole.width + px] === 1;
  }
  for (let py = Math.floor(photo(y, view.y)) - 1; py <= photo(y + 1, view.y) + 1; py += 1) {
    for (let px = Math.floor(photo(x, view.x)) - 1; px <= photo(x + 1, view.x) + 1; px += 1) {
      const isPhoto = px >= 0 && px < hole.width && py >= 0 && py < hole.height;
      if (!isPhoto || hole.data[py * hole.width + px] !== 1) continue;
      const [cx, cy] = [(px + 0.5) * scale + view.x, (py + 0.5) * scale + view.y];
      if (cx >= x && cx < x + 1 && cy >= y && cy < y + 1) return true;
    }
  }
  return false;
}

function reference(width, height, view, hole) {
  const pixels = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const near = [[x - 1, y], [x + 1, y], [x, y - 1], [x, y + 1]]
        .map(([nx, ny]) => isInside(nx, ny, view, hole));
      if (isInside(x, y, view, hole)) {
        pixels.push(...(near.every(Boolean) ? COLOURS.tint : COLOURS.edge));
      } else pixels.push(...(near.some(Boolean) ? COLOURS.shade : NOTHING));
    }
  }
  return pixels;
}

function anyView(next, low, high) {
  return { scale: next(low, high), x: next(-40, 15), y: next(-40, 15) };
}

export function test_tint_edge_and_shade() {
  const hole = drawn("......", ".####.", ".####.", ".####.", "......", "......");
  const letters = new Map([[String(COLOURS.tint), "t"], [String(COLOURS.edge), "e"],
    [String(COLOURS.shade), "s"], [String(NOTHING), "."]]);
  const pixels = rendered(6, 6, ONE_TO_ONE, hole);
  const rows = Array.from({ length: 6 }, (_, y) => Array.from({ length: 6 }, (_, x) =>
    letters.get(String(pixels.slice(24 * y + 4 * x, 24 * y + 4 * x + 4)))).join(""));
  equal(rows, [".ssss.", "seeees", "settes", "seeees", ".ssss.", "......"]);
}

export function test_enlarged_against_the_reference() {
  const next = random(1);
  for (let round = 0; round < 40; round += 1) {
    const hole = round % 2 ? painted(next, 31, 22) : speckled(next, 31, 22, 0.3);
    const view = round % 4 ? anyView(next, 1, 9) : { scale: 1 + (round % 3), x: -3, y: 5 };
    const expected = reference(50, 45, view, hole);
    equal(rendered(50, 45, view, hole), expected, `view ${JSON.stringify(view)}`);
  }
}

export function test_reduced_against_the_reference() {
  const next = random(2);
  for (let round = 0; round < 60; round += 1) {
    const [width, height] = [pick(next, 1, 120), pick(next, 1, 120)]; // rows at any alignment
    const share = next(0, round % 4 ? 0.02 : 1);
    const hole = round % 2 ? painted(next, width, height) : speckled(next, width, height, share);
    const view = anyView(next, 0.1, 1);
    const expected = reference(40, 35, view, hole);
    equal(rendered(40, 35, view, hole), expected, `${width}×${height} ${JSON.stringify(view)}`);
  }
}

export function test_a_part_is_drawn_as_in_the_whole_and_nothing_else_is() {
  const next = random(3);
  for (let round = 0; round < 60; round += 1) {
    const hole = painted(next, 60, 50);
    const view = round % 2 ? anyView(next, 0.2, 1) : anyView(next, 1, 4);
    const whole = rendered(40, 30, view, hole);
    const area = { left: next(-5, 35), top: next(-5, 25), right: next(0, 45), bottom: next(0, 35) };
    const pixels = new Uint8ClampedArray(whole.length).fill(77);
    renderOverlay(pixels, 40, 30, view, hole, COLOURS, area);
    const expected = whole.map((value, i) => {
      const [x, y] = [Math.floor(i / 4) % 40, Math.floor(i / 160)];
      const isPart = x >= Math.floor(area.left) && x < Math.ceil(area.right)
        && y >= Math.floor(area.top) && y < Math.ceil(area.bottom);
      return isPart && area.left < area.right && area.top < area.bottom ? value : 77;
    });
    equal(pixels, expected, `area ${JSON.stringify(area)}`);
  }
}

export function test_lines_of_one_pixel_stay_visible() {
  const view = { scale: 0.2, x: 0.3, y: -0.7 };
  for (let at = 5; at < 95; at += 1) {
    const [across, along] = [new Hole(100, 100), new Hole(100, 100)];
    across.data.fill(1, at * 100, at * 100 + 100);
    for (let y = 0; y < 100; y += 1) along.data[y * 100 + at] = 1;
    for (const hole of [across, along]) {
      const words = new Uint32Array(rendered(20, 20, view, hole).buffer);
      const edge = new Uint32Array(Uint8Array.from(COLOURS.edge).buffer)[0];
      const seen = words.filter((word) => word === edge).length;
      ok(seen >= 19 && seen <= 20, `line ${at}: ${seen} pixels`);
    }
  }
}

export function test_what_was_drawn_before_is_replaced() {
  const pixels = new Uint8ClampedArray(4 * 12 * 10).fill(255);
  renderOverlay(pixels, 12, 10, ONE_TO_ONE, new Hole(5, 5), COLOURS);
  ok(pixels.every((value) => value === 0));
}

export function test_a_hole_at_the_edge_of_the_stage_has_no_edge_there() {
  const hole = new Hole(40, 40);
  hole.fill(1);
  const tinted = Array(100).fill(COLOURS.tint).flat();
  equal(rendered(10, 10, { scale: 1, x: -10, y: -10 }, hole), tinted);
  equal(rendered(10, 10, { scale: 0.5, x: -5, y: -5 }, hole), tinted);
}

export function test_bytes_at_any_place_in_their_buffer() {
  const bytes = new Uint8Array(11 * 9 + 3);
  const hole = new Hole(11, 9, bytes.subarray(3));
  hole.stroke(2, 2, 9, 7, 1.5, 1);
  const view = { scale: 0.6, x: 1, y: 1 };
  equal(rendered(9, 9, view, hole), rendered(9, 9, view, hole.copy()));
}
