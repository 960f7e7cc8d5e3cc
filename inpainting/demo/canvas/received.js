// A hole as the server sends it: its box, and a 1-bit PNG of that part in base64.

import { Hole } from "./hole.js";
import { decode } from "./photo.js";

/** The hole in a picture of that size. */
export async function decodeHole({ box: [left, top], png }, width, height) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const bitmap = await decode(new Blob([bytes], { type: "image/png" }));
  const hole = new Hole(width, height);
  hole.put(holeOf(bitmap), left, top);
  return hole;
}

/** The hole of a mask image. */
export function holeOf(bitmap) {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return Hole.fromImageData(context.getImageData(0, 0, width, height));
}
