import { Picture } from "/canvas/picture.js";
import { close, equal, ok } from "/tests/check.js";
import { photo, pixel, plain } from "/tests/fakes.js";

const BOX = { left: 4, top: 2, right: 8, bottom: 6 };
const TEAL = [0, 128, 128, 255];

/** A patch whose right half is transparent. */
async function patch(whole) {
  const canvas = new OffscreenCanvas(4, 4);
  canvas.getContext("2d").drawImage(await plain(2, 4, "red"), 0, 0);
  return { box: BOX, bitmap: canvas, whole };
}

export async function test_without_fills_it_is_the_photo() {
  const mine = await photo(40, 30);
  ok(new Picture(mine).at(1) === mine.bitmap);
}

export async function test_a_patch_is_laid_over_the_photo() {
  const picture = new Picture(await photo(40, 30), [await patch(false)]).at(1);
  equal(pixel(picture, 4, 2), [255, 0, 0, 255]);
  equal(pixel(picture, 6, 2), TEAL, "where the patch is transparent");
  equal(pixel(picture, 3, 2), TEAL);
  equal(pixel(picture, 4, 6), TEAL);
}

export async function test_a_whole_patch_replaces_its_box() {
  const picture = new Picture(await photo(40, 30), [await patch(true)]).at(1);
  equal(pixel(picture, 4, 2), [255, 0, 0, 255]);
  equal(pixel(picture, 6, 2)[3], 0, "transparent");
  equal(pixel(picture, 8, 2), TEAL);
}

export async function test_later_patches_lie_on_earlier_ones() {
  const later = { box: { left: 5, top: 3, right: 6, bottom: 4 }, bitmap: await plain(1, 1, "blue") };
  const picture = new Picture(await photo(40, 30), [await patch(false), later]).at(1);
  equal(pixel(picture, 5, 3), [0, 0, 255, 255]);
  equal(pixel(picture, 4, 3), [255, 0, 0, 255]);
}

export async function test_a_reduced_picture_is_as_fine_as_the_screen_needs() {
  const picture = new Picture(await photo(2001, 1500));
  for (const [scale, width] of [[4, 2001], [1, 2001], [0.51, 2001], [0.5, 1001], [0.26, 1001],
    [0.25, 501], [0.01, 251]]) {
    equal(picture.at(scale).width, width, `width at ${scale}`);
  }
  equal(picture.at(0.5).height, 750);
  ok(picture.at(0.25) === picture.at(0.25), "it is made once");
  pixel(picture.at(0.25), 250, 187).forEach((value, i) => close(value, TEAL[i], 1));
}
