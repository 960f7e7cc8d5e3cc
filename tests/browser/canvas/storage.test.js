import { History } from "/canvas/history.js";
import { Hole } from "/canvas/hole.js";
import { Unreadable } from "/canvas/photo.js";
import { keep, keepSettings, restore, settings } from "/canvas/storage.js";
import { equal, ok } from "/tests/check.js";
import { FakeServer, file, photo, pixel, plain } from "/tests/fakes.js";

const BOX = { left: 2, top: 3, right: 5, bottom: 6 };

/** A server that has the photo and a patch. */
async function server() {
  const made = new FakeServer();
  made.urls.set("/kept/mine.png", URL.createObjectURL(await file(20, 10, "teal")));
  made.urls.set("/kept/patch", URL.createObjectURL(await file(3, 3, "red")));
  return made;
}

/** A photo with a stroke, a fill, and another stroke that was undone. */
async function worked() {
  const mine = await photo(20, 10);
  const hole = new Hole(20, 10);
  hole.rectangle(2, 3, 5, 6);
  const patch = { box: BOX, path: "/kept/patch", bitmap: await plain(3, 3, "red"), whole: false };
  const first = { kind: "open", photo: mine, patches: [], hole: null, exact: false, known: false, fill: null };
  const fill = { asked: { mode: "auto", seed: 3 }, sent: {}, answer: { another: true }, patches: [], hole: hole.pack() };
  const history = new History(first);
  history.push({ ...first, kind: "fill", patches: [patch], fill });
  history.push({ ...first, kind: "stroke", patches: [patch], hole: hole.pack(), fill });
  history.undo();
  return history;
}

export async function test_a_reload_brings_everything_back() {
  sessionStorage.clear();
  const history = await worked();
  keep({ history, filling: null });
  const { history: again, isFilling } = await restore(await server());
  equal(isFilling, false);
  equal(again.index, 1);
  equal(again.steps.map(({ kind }) => kind), ["open", "fill", "stroke"]);
  const { photo: mine, patches, fill } = again.current;
  equal([mine.name, mine.path, mine.width, mine.height], ["mine", "/kept/mine.png", 20, 10]);
  equal(await mine.ready, "/kept/mine.png");
  ok(again.steps.every((step) => step.photo === mine), "one photo");
  equal([patches[0].box, patches[0].path, patches[0].whole], [BOX, "/kept/patch", false]);
  equal(pixel(patches[0].bitmap, 0, 0), [255, 0, 0, 255]);
  equal(fill.asked, { mode: "auto", seed: 3 });
  const hole = Hole.unpack(again.redo().hole);
  equal(hole.box(), BOX);
  equal(Hole.unpack(fill.hole).data, hole.data);
}

export async function test_a_fill_that_ran_is_known_to() {
  keep({ history: await worked(), filling: new Hole(20, 10) });
  equal((await restore(await server())).isFilling, true);
}

export async function test_without_a_photo_of_the_server_nothing_changes() {
  sessionStorage.clear();
  equal(await restore(await server()), null);
  const history = await worked();
  history.current.photo.path = null; // on its way
  keep({ history, filling: null });
  equal(await restore(await server()), null);
}

export async function test_what_the_server_has_deleted_is_not_brought_back() {
  keep({ history: await worked(), filling: null });
  const made = await server();
  made.urls.set("/kept/patch", "/canvas/none.png");
  const error = await restore(made).catch((reason) => reason);
  ok(error instanceof Unreadable, String(error));
  equal(sessionStorage.getItem("inpainting"), null, "and not tried again");
}

export async function test_a_step_that_is_gone_is_left_out() {
  const history = await worked();
  history.undo();
  keep({ history, filling: null });
  const made = await server();
  made.urls.set("/kept/patch", "/canvas/none.png");
  const { history: again } = await restore(made);
  equal(again.steps.map(({ kind }) => kind), ["open"]);
}

export function test_settings_outlast_a_visit() {
  localStorage.clear();
  const defaults = { auto: true, mode: "auto", feather: 0 };
  equal(settings(defaults), defaults);
  keepSettings({ auto: false, mode: "faithful", feather: 3 });
  equal(settings(defaults), { auto: false, mode: "faithful", feather: 3 });
  localStorage.setItem("inpainting-settings", '{"auto": "yes", "feather": 2, "other": 1}');
  equal(settings(defaults), { auto: true, mode: "auto", feather: 2 }, "what fits");
  localStorage.setItem("inpainting-settings", "{");
  equal(settings(defaults), defaults, "damaged");
  localStorage.clear();
}
