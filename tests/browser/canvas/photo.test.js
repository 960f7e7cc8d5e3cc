import { decode, fetchPicture, Photo, Unreadable } from "/canvas/photo.js";
import { equal, ok } from "/tests/check.js";
import { file, photo, plain } from "/tests/fakes.js";

async function isUnreadable(reading) {
  const error = await reading.catch((reason) => reason);
  ok(error instanceof Unreadable, String(error));
}

export async function test_a_file_becomes_a_bitmap() {
  const bitmap = await decode(await file(7, 5, "red"));
  equal([bitmap.width, bitmap.height], [7, 5]);
  await isUnreadable(decode(new Blob(["no picture"])));
}

export async function test_a_picture_is_fetched() {
  const url = URL.createObjectURL(await file(7, 5, "red"));
  const { blob, bitmap } = await fetchPicture(url);
  equal([bitmap.width, blob.type], [7, "image/png"]);
  await isUnreadable(fetchPicture("/canvas/none.png"));
}

export async function test_a_photo_is_ready_when_the_server_has_it() {
  equal(await (await photo(7, 5)).ready, "/kept/mine.png");
  const ready = Promise.resolve("later");
  const sent = new Photo({ bitmap: await plain(7, 5, "red"), path: null, ready });
  equal(await sent.ready, "later");
  equal([sent.width, sent.height, sent.known], [7, 5, false]);
}
