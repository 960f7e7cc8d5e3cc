// What a reload of the tab brings back: photo, steps and what is painted.

import { History } from "./history.js";
import { snapshotFromJSON, snapshotToJSON } from "./hole.js";
import { fetchPicture, Photo } from "./photo.js";
import { Unreachable } from "./server.js";

const KEY = "inpainting";
const SETTINGS = "inpainting-settings";

let kept = []; // what told of a change when something was kept last

/** Keep the session for a reload; a photo that is still on its way cannot be kept. */
export function keep({ history, filling }) {
  const now = history ? [...marks(history), Boolean(filling)] : [];
  if (now.length === kept.length && now.every((mark, index) => mark === kept[index])) return;
  kept = now;
  try {
    const plain = history && toPlain(history);
    if (!plain) return;
    sessionStorage.setItem(KEY, JSON.stringify({ ...plain, isFilling: Boolean(filling) }));
  } catch {
    sessionStorage.removeItem(KEY); // too large, or not allowed: a reload starts anew
  }
}

/**
 * What was kept, `{history, isFilling}`, its pictures fetched again; null where there is none.
 * @throws whatever goes wrong; nothing is kept any more then.
 */
export async function restore(server) {
  const kept = stored();
  if (!kept) return null;
  for (;;) {
    try {
      return { history: await fromPlain(kept, server), isFilling: kept.isFilling };
    } catch (error) {
      if (error instanceof Unreachable) {
        await server.back();
        continue;
      }
      sessionStorage.removeItem(KEY);
      throw error;
    }
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null; // not allowed, or not ours
  }
}

/** Settings of earlier visits over the given ones. */
export function settings(defaults) {
  try {
    const kept = JSON.parse(localStorage.getItem(SETTINGS)) ?? {};
    const names = Object.keys(defaults).filter((name) => typeof kept[name] === typeof defaults[name]);
    return { ...defaults, ...Object.fromEntries(names.map((name) => [name, kept[name]])) };
  } catch {
    return { ...defaults };
  }
}

export function keepSettings(values) {
  try {
    localStorage.setItem(SETTINGS, JSON.stringify(values));
  } catch {
    // not allowed: they last as long as the page
  }
}

/** What differs whenever there is something new to keep: every message would be one, too. */
function marks({ steps, index }) {
  const paths = ({ photo, patches }) => [photo.path, ...patches.map(({ path }) => path)];
  return [index, ...steps.flatMap((step) => [step, step.hole, ...paths(step)])];
}

function toPlain(history) {
  const photos = [...new Set(history.steps.map(({ photo }) => photo))];
  if (photos.some(({ path }) => !path)) return null;
  return {
    index: history.index,
    photos: photos.map(({ path, shown, name, known, example }) =>
      ({ path, shown, name, known, example })),
    steps: history.steps.map((step) => ({
      ...step,
      photo: photos.indexOf(step.photo),
      hole: step.hole && snapshotToJSON(step.hole),
      patches: step.patches.map(plainPatch),
      fill: step.fill && {
        ...step.fill,
        hole: snapshotToJSON(step.fill.hole),
        patches: step.fill.patches.map(plainPatch),
      },
    })),
  };
}

const plainPatch = ({ box, path, whole }) => ({ box, path, whole });

async function fromPlain({ index, photos, steps }, server) {
  const opened = photos.map((fields) => photoOf(fields, server));
  const patches = new Map(); // by path: steps share them
  const patch = (plain) => {
    const fetched = async () => ({ ...plain, ...(await fetchPicture(server.file(plain.path))) });
    if (!patches.has(plain.path)) patches.set(plain.path, fetched());
    return patches.get(plain.path);
  };
  const patched = (list) => Promise.all(list.map(patch));
  const restored = await Promise.allSettled(steps.map(async (step) => ({
    ...step,
    photo: await opened[step.photo],
    hole: step.hole && snapshotFromJSON(step.hole),
    patches: await patched(step.patches),
    fill: step.fill && {
      ...step.fill,
      hole: snapshotFromJSON(step.fill.hole),
      patches: await patched(step.fill.patches),
    },
  })));
  if (!restored[index].value) throw restored[index].reason;
  // Earlier steps whose files are gone cannot be gone back to.
  const whole = restored.map(({ value }) => value);
  const found = whole.filter(Boolean);
  const history = new History(found[0]);
  history.reset(...found);
  history.goTo(found.indexOf(whole[index]));
  return history;
}

async function photoOf(fields, server) {
  const { example, shown, path, name } = fields;
  const url = example ? server.url(example.photo) : server.file(shown ?? path);
  const { blob, bitmap } = await fetchPicture(url);
  return new Photo({ ...fields, bitmap, file: new File([blob], name) });
}
