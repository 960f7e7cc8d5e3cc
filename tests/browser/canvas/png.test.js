import { Hole } from "/canvas/hole.js";
import { encodeHole, toBase64 } from "/canvas/png.js";
import { equal, ok } from "/tests/check.js";
import { painted, pick, random, speckled } from "/tests/samples.js";

/** What the browser itself reads from a PNG file. */
async function decoded(bytes) {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

export async function test_the_browser_reads_the_same_pixels() {
  const next = random(1);
  for (let round = 0; round < 40; round += 1) {
    const [width, height] = [round + 1, pick(next, 1, 30)]; // all rests of a division by 8
    const hole = round % 2 ? painted(next, width, height) : speckled(next, width, height, 0.5);
    const image = await decoded(await encodeHole(hole));
    equal([image.width, image.height], [width, height]);
    equal(Hole.fromImageData(image).data, hole.data, `hole of ${width}×${height}`);
    ok(image.data.every((value) => value === 0 || value === 255), "black and white");
  }
}

export async function test_a_box_alone() {
  const next = random(2);
  for (let round = 0; round < 40; round += 1) {
    const hole = speckled(next, 50, 40, 0.3);
    const [left, top] = [pick(next, 0, 49), pick(next, 0, 39)];
    const box = { left, top, right: pick(next, left + 1, 50), bottom: pick(next, top + 1, 40) };
    const image = await decoded(await encodeHole(hole, box));
    equal([image.width, image.height], [box.right - left, box.bottom - top]);
    equal(Hole.fromImageData(image).data, hole.cut(box), JSON.stringify(box));
  }
}

export async function test_boxes_that_are_no_part_of_the_photo() {
  const hole = new Hole(10, 10);
  const whole = { left: 0, top: 0, right: 10, bottom: 10 };
  for (const wrong of [{ left: -1 }, { right: 11 }, { bottom: 0 }, { left: 10 }, { top: NaN }]) {
    const error = await encodeHole(hole, { ...whole, ...wrong }).catch((reason) => reason);
    ok(error instanceof RangeError, JSON.stringify(wrong));
  }
}

export async function test_base64() {
  equal(toBase64(new Uint8Array(0)), "");
  equal(toBase64(Uint8Array.of(0, 255, 128, 7)), "AP+ABw==");
  const bytes = new Uint8Array(200_001).map((_, i) => i * 7);
  const answer = await fetch(`data:application/octet-stream;base64,${toBase64(bytes)}`);
  equal(new Uint8Array(await answer.arrayBuffer()), bytes);
}
