// A photo as it was opened: its pixels here, and its file on the server.

import { Unreachable } from "./server.js";

/** What the browser cannot show by itself; the server may. */
export class Unreadable extends Error {}

/**
 * An opened photo.
 *
 * `bitmap`: its pixels, upright; `file`: the visitor's, or what came from the server; `path`: of its
 * file on the server, null while that is on its way; `ready`: promise of the path; `name`: for
 * downloads; `known`: whether its original is known.
 */
export class Photo {
  constructor(fields) {
    this.known = false;
    Object.assign(this, fields);
    this.ready = this.path ? Promise.resolve(this.path) : this.ready;
  }

  get width() {
    return this.bitmap.width;
  }

  get height() {
    return this.bitmap.height;
  }
}

/** Decode a file or a blob, upright. */
export async function decode(blob) {
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch {
    throw new Unreadable();
  }
}

/**
 * Fetch a picture: `{blob, bitmap}`.
 * @throws {Unreadable} it is not there, or no picture. @throws {Unreachable} nobody answers.
 */
export async function fetchPicture(url) {
  const lost = () => {
    throw new Unreachable("The connection is lost.");
  };
  const response = await fetch(url).catch(lost);
  if (!response.ok) throw new Unreadable();
  const blob = await response.blob().catch(lost);
  return { blob, bitmap: await decode(blob) };
}
