// A hole as the server sends it: its box, and a 1-bit PNG of that part in base64.

import { Hole } from "./hole.js";
import { decode } from "./photo.js";

/** The hole in a picture of that size. */
export async function decodeHole({ box: [left, top, right, bottom], png }, width, height) {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const bitmap = await decode(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(right - left, bottom - top);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const part = Hole.fromImageData(context.getImageData(0, 0, right - left, bottom - top));
  const hole = new Hole(width, height);
  hole.put(part, left, top);
  return hole;
}
