// Requests that outlive a lost connection, and what the server has deleted meanwhile.

import { fetchPicture } from "./photo.js";
import { Gone, sides, Unreachable } from "./server.js";
import { SAY } from "./words.js";

/**
 * A server that may be away for a while, or have forgotten what it was sent.
 *
 * `tell(text, kind)`: what the visitor should know meanwhile; `onsent()`: files have new paths;
 * `onlook(photo, differs)`: a photo's pixels came from the server after all, of another size or not.
 */
export class Patient {
  constructor(server, { tell, onsent, onlook }) {
    Object.assign(this, { server, tell, onsent, onlook });
  }

  /** Does something; while the connection is lost, says so, and tries again when it is back. */
  async until(does, isWanted = () => true) {
    for (;;) {
      try {
        return await does();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        this.tell(SAY.lost, "error");
        await this.server.back();
        if (!isWanted()) throw new DOMException("given up", "AbortError");
        this.tell(SAY.back, "busy");
      }
    }
  }

  /** Upload a file: its path there. */
  upload(file) {
    return this.until(() => this.server.upload(file));
  }

  /** Fetch a picture: `{blob, bitmap}`. */
  fetch(url, isWanted) {
    return this.until(() => fetchPicture(url), isWanted);
  }

  /** Upload a photo's file, and learn what the server makes of it; resolves to its path there. */
  async send(photo) {
    const path = await this.upload(photo.file);
    const answer = await this.until(() => this.server.call("open_photo", { path }));
    const { bitmap } = photo;
    const differs = bitmap && (bitmap.width !== answer.width || bitmap.height !== answer.height);
    if (!bitmap || differs || answer.look) {
      photo.shown = answer.look ?? answer.photo;
      photo.bitmap = (await this.fetch(this.server.file(photo.shown))).bitmap;
      if (bitmap) this.onlook(photo, differs);
    }
    Object.assign(photo, { path: answer.photo, name: answer.name, notes: answer.notes });
    return photo.path;
  }

  /** Ask about a photo with patches; files that are not kept any more are sent again. */
  async about(photo, patches, ask, isWanted) {
    await photo.ready;
    const once = () => this.until(() => ask(based(photo, patches)), isWanted);
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
      await this.sendAgain(photo, patches);
      return once();
    }
  }

  async sendAgain(photo, patches) {
    this.tell(SAY.again, "busy");
    if (!photo.example) {
      photo.ready = this.send(photo);
      await photo.ready;
    }
    for (const patch of patches) {
      const file = new File([patch.blob], "patch.png", { type: "image/png" });
      patch.path = await this.upload(file);
    }
    this.onsent();
  }
}

/** The part of a request that says what picture is meant. */
export function based({ path }, patches) {
  const sent = patches.map(({ box, path }) => ({ box: sides(box), path }));
  return { number: 0, photo: path, patches: sent };
}
