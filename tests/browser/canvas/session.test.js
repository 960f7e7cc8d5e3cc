import { Hole } from "/canvas/hole.js";
import { painted, Refusal, Unreachable } from "/canvas/server.js";
import { growth, Session } from "/canvas/session.js";
import { told } from "/canvas/words.js";
import { equal, ok } from "/tests/check.js";
import { FakeServer, file, photo, until } from "/tests/fakes.js";

/** A session with a photo of 100 × 60 pixels. */
async function started(settings = {}, networks = undefined) {
  const server = new FakeServer();
  const all = { auto: true, mode: "auto", feather: 0, network: "default", passes: 0, ...settings };
  const session = new Session(server, all, { file: 1000 }, networks);
  session.begin(await photo(100, 60));
  return { session, server };
}

function stroke(session, y, erase = false) {
  session.beginStroke(erase);
  session.paint(20, y, 40, y, 2);
  return session.endStroke();
}

const kinds = ({ history }) => history.steps.map(({ kind }) => kind);

/** Wait for so many fills that were asked for, and answer the last. */
async function answer(server, count, colour) {
  await until(() => server.fills.length === count);
  await server.fills[count - 1].answer(colour);
}

export function test_strokes_grow_with_the_photo_within_limits() {
  const sides = [100, 512, 640, 768, 896, 1024, 8000];
  equal(sides.map((side) => growth({ width: 9000, height: side })), [2, 2, 3, 3, 4, 4, 4]);
}

export function test_a_fill_is_told_with_its_notes() {
  equal(told({ seconds: 0.44, notes: [], another: false }), "Filled in 0.4 s.");
  const words = told({ seconds: 2, notes: ["A note."], another: true });
  ok(words.includes("Another try") && words.endsWith("A note."), words);
}

export async function test_a_stroke_and_its_fill_are_one_step() {
  const { session, server } = await started();
  const done = stroke(session, 30);
  await answer(server, 1);
  await done;
  equal(kinds(session), ["open", "fill"]);
  const { data } = server.fills[0];
  equal([data.photo, data.grow, data.seed, data.mode, data.patches], ["/kept/mine.png", 2, 0, "auto", []]);
  ok(session.hole.isEmpty() && session.step.patches.length === 1);
  session.undo();
  equal(session.step.kind, "open");
  ok(session.hole.isEmpty(), "what was painted is gone, too");
}

export async function test_strokes_during_a_fill_are_filled_next_on_its_result() {
  const { session, server } = await started();
  const done = stroke(session, 10);
  await until(() => server.fills.length === 1);
  await stroke(session, 30);
  await stroke(session, 50);
  await answer(server, 1);
  await answer(server, 2);
  await done;
  equal(server.fills.length, 2);
  equal(server.fills[1].data.patches.length, 1);
  equal(server.fills[1].data.box, [18, 28, 42, 52], "both of them");
  equal(kinds(session), ["open", "fill", "fill"]);
}

export async function test_a_refused_fill_leaves_what_is_painted() {
  const { session, server } = await started();
  const done = stroke(session, 10);
  await until(() => server.fills.length === 1);
  await stroke(session, 30);
  server.fills[0].reject(new Refusal("Paint less."));
  await done;
  equal(session.message, { text: "Paint less.", kind: "error" });
  equal(session.hole.box(), { left: 18, top: 8, right: 42, bottom: 32 }, "both strokes");
  equal(server.fills.length, 1, "and it is not tried for ever");
}

export async function test_a_lost_connection_is_waited_for() {
  const { session, server } = await started();
  const said = [];
  session.onchange = () => said.push(session.message.text);
  const done = stroke(session, 10);
  await until(() => server.fills.length === 1);
  server.fills[0].reject(new Unreachable("gone"));
  await answer(server, 2);
  await done;
  ok(said.some((text) => text.startsWith("The connection is lost. Nothing of your work is")));
  equal(server.fills[1].data, server.fills[0].data);
  equal(session.step.kind, "fill");
}

export async function test_another_try_and_another_kind_replace_the_fill() {
  const { session, server } = await started();
  const done = stroke(session, 30);
  await answer(server, 1);
  await done;
  session.again();
  session.again(); // while it runs: nothing
  await answer(server, 2);
  await until(() => !session.filling);
  session.set("mode", "faithful");
  await answer(server, 3);
  await until(() => !session.filling);
  equal(server.fills.map(({ data }) => [data.seed, data.mode]), [[0, "auto"], [1, "auto"], [0, "faithful"]]);
  ok(server.fills.every(({ data }) => data.patches.length === 0), "each on the photo");
  equal(session.step.patches.length, 1);
}

export async function test_a_kind_that_is_switched_during_a_fill_counts() {
  const { session, server } = await started();
  const done = stroke(session, 30);
  await until(() => server.fills.length === 1);
  session.set("mode", "faithful");
  await answer(server, 1);
  await answer(server, 2);
  await done;
  equal(server.fills[1].data.mode, "faithful");
  equal(server.fills[1].data.box, server.fills[0].data.box);
  equal(session.step.patches.length, 1);
}

export async function test_a_step_back_gives_up_the_fill_that_runs() {
  const { session, server } = await started({ auto: false });
  await stroke(session, 30);
  const hole = session.hole.data.slice();
  const filling = session.fill();
  await until(() => server.fills.length === 1);
  session.undo();
  await filling;
  equal(session.hole.data, hole);
  equal([session.filling, session.step.kind], [null, "stroke"]);
  ok(session.message.kind !== "error");
}

export async function test_a_cancelled_stroke_was_none() {
  const { session } = await started({ auto: false });
  await stroke(session, 30);
  session.beginStroke(false);
  session.paint(20, 10, 40, 10, 2);
  session.cancelStroke();
  equal(session.hole.box(), { left: 18, top: 28, right: 42, bottom: 32 });
  equal(kinds(session), ["open", "stroke"]);
}

export async function test_a_stroke_beside_the_photo_is_no_step() {
  const { session, server } = await started();
  await stroke(session, -50);
  equal(kinds(session), ["open"]);
  equal(server.fills.length, 0);
}

export async function test_a_selection_is_added_to_what_is_painted() {
  const { session, server } = await started({ auto: false });
  await stroke(session, 10);
  const found = new Hole(100, 60);
  found.rectangle(50, 40, 60, 50);
  server.answers.select = () => painted(found);
  session.tool = { kind: "select", what: "object", box: false };
  await stroke(session, 45);
  const { data } = server.calls[0];
  equal([data.what, data.box], ["object", [18, 43, 42, 47]], "the scribble alone");
  equal(session.hole.box(), { left: 18, top: 8, right: 60, bottom: 50 });
  equal([session.rough, session.step.kind], [null, "select"]);
}

export async function test_a_selection_that_finds_nothing_leaves_everything() {
  const { session, server } = await started();
  server.answers.select = () => { throw new Refusal("Nothing stands out there."); };
  session.tool = { kind: "select", what: "object", box: false };
  await stroke(session, 30);
  equal(session.message, { text: "Nothing stands out there.", kind: "error" });
  equal([session.rough, session.hole.isEmpty(), kinds(session)], [null, true, ["open"]]);
}

export async function test_a_photo_is_shown_at_once_and_sent_once() {
  const { session, server } = await started();
  const sent = [];
  server.answers.open_photo = ({ path }) => {
    sent.push(path);
    return { photo: path, width: 30, height: 20, name: "other", notes: [], look: null };
  };
  const opening = session.openFile(await file(30, 20, "red", "other.png"));
  await until(() => session.photo.width === 30);
  const painting = stroke(session, 10); // before the server has it
  await opening;
  await answer(server, 1);
  await painting;
  equal([server.uploads, sent], [1, ["/kept/other.png"]]);
  equal(server.fills[0].data.photo, "/kept/other.png");
}

export async function test_a_refused_photo_leaves_the_former_one() {
  const { session, server } = await started();
  server.answers.open_photo = () => { throw new Refusal("other.png is too large."); };
  await session.openFile(await file(30, 20, "red", "other.png"));
  equal(session.message, { text: "other.png is too large.", kind: "error" });
  equal([session.photo.width, kinds(session)], [100, ["open"]]);
  await session.openFile({ name: "huge.png", size: 5e6 });
  ok(session.message.text.startsWith("huge.png has 5 MB"), session.message.text);
  equal(server.uploads, 1, "the huge one is not sent");
}

export async function test_the_steps_of_three_photos_are_kept() {
  const { session } = await started();
  for (const width of [101, 102, 103]) session.begin(await photo(width, 60));
  equal(session.history.steps.map((step) => step.photo.width), [101, 102, 103]);
  equal(session.photo.width, 103);
}

export async function test_nothing_and_everything_are_not_filled() {
  const { session, server } = await started();
  await session.fill();
  equal(session.message.kind, "error");
  session.hole.fill(1);
  await session.fill();
  ok(session.message.text.startsWith("Everything is painted"), session.message.text);
  session.invert();
  ok(session.message.text.includes("nothing would be") && session.hole.covers());
  equal(server.fills.length, 0);
}

export async function test_a_photo_that_is_refused_when_another_is_shown_leaves_no_step() {
  const { session, server } = await started();
  const refusal = Promise.withResolvers();
  server.answers.open_photo = () => refusal.promise;
  const refused = session.openFile(await file(9, 9, "red", "refused.png"));
  await until(() => session.photo.name === "refused");
  session.begin(await photo(30, 20));
  refusal.reject(new Refusal("No."));
  await refused;
  equal(session.photo.width, 30);
  equal(session.message, { text: "No.", kind: "error" });
  ok(session.history.steps.every((step) => step.photo.name !== "refused"), "no way back to it");
  session.undo();
  equal(session.photo.width, 100);
}

// Colours

/** A session with a stroke filled, whose next strokes are of colour. */
async function guiding(settings = {}) {
  const { session, server } = await started(settings);
  const done = stroke(session, 30);
  if (!session.settings.auto) session.fill();
  await answer(server, 1);
  await done;
  await until(() => session.step.kind === "fill");
  session.tool = { kind: "colour" };
  return { session, server };
}

/** A stroke of colour from one point to another. */
function colour(session, from, to, there = "#123456") {
  session.beginStroke(false, from, () => there);
  session.paint(from.x, from.y, from.x, from.y, 2);
  session.paint(from.x, from.y, to.x, to.y, 2);
  return session.endStroke();
}

const INSIDE = { x: 30, y: 30 };
const BESIDE = { x: 30, y: 10 };

export async function test_a_stroke_of_colour_fills_the_last_hole_again() {
  const { session, server } = await guiding();
  session.colour = "#ff0000";
  const done = colour(session, INSIDE, { x: 35, y: 30 });
  await answer(server, 2);
  await done;
  const [first, second] = server.fills.map(({ data }) => data);
  equal([first.guide, second.box, second.png], [null, first.box, first.png]);
  equal(second.guide.box, [28, 28, 37, 32]);
  equal([kinds(session), session.step.patches.length], [["open", "fill", "fill"], 1]);
  equal(session.guide, [], "followed");
  const more = colour(session, INSIDE, { x: 30, y: 31 });
  await answer(server, 3);
  await more;
  equal(session.step.fill.asked.guide.length, 2, "the first one counts still");
  session.undo();
  equal(session.step.fill.asked.guide.length, 1);
}

export async function test_a_stroke_from_beside_takes_the_colour_there() {
  const { session, server } = await guiding();
  const done = colour(session, BESIDE, INSIDE, "#00ff00");
  await answer(server, 2);
  await done;
  equal(session.colour, "#00ff00");
  equal(session.step.fill.asked.guide[0].colour, "#00ff00");
}

export async function test_a_stroke_of_colour_needs_a_hole_and_has_to_reach_it() {
  const { session, server } = await started();
  session.tool = { kind: "colour" };
  await colour(session, INSIDE, INSIDE);
  equal([session.message.kind, session.guide, session.isDrawing ?? false], ["error", [], false]);
  const after = await guiding();
  await colour(after.session, BESIDE, { x: 30, y: 12 });
  equal([after.session.message.kind, after.session.guide], ["error", []]);
  equal([server.fills.length, after.server.fills.length], [0, 1]);
}

export async function test_colours_in_a_hole_that_is_not_filled_yet_wait_with_it() {
  const { session, server } = await started({ auto: false });
  await stroke(session, 30);
  session.tool = { kind: "colour" };
  await colour(session, INSIDE, { x: 35, y: 30 });
  equal([server.fills.length, kinds(session)], [0, ["open", "stroke", "guide"]]);
  session.undo();
  equal(session.guide, []);
  session.redo();
  equal(session.guide.length, 1);
  session.fill();
  await answer(server, 1);
  equal(server.fills[0].data.guide.box, [28, 28, 37, 32]);
  await until(() => session.step.kind === "fill");
  equal(session.guide, []);
}

const NETWORKS = [
  { name: "default", lines: false, passes: 1 }, { name: "borders", lines: true, passes: 3 },
];

/** A session in which a hole was filled, and lines are drawn. */
async function drawing(settings = {}) {
  const { session, server } = await started(settings, NETWORKS);
  const done = stroke(session, 30);
  await answer(server, 1);
  await done;
  session.tool = { kind: "line", on: true };
  return { session, server };
}

function border(session, erase = false) {
  session.beginStroke(erase, INSIDE, () => "#123456");
  session.paint(30, 30, 30, 30, 9);
  session.paint(30, 30, 35, 30, 9);
  return session.endStroke();
}

export async function test_a_line_is_filled_by_a_network_that_sees_it() {
  const { session, server } = await drawing();
  const done = border(session);
  await answer(server, 2);
  await done;
  const [first, second] = server.fills.map(({ data }) => data);
  equal([first.network, first.lines], ["default", null]);
  equal([second.network, second.guide], ["borders", null]);
  equal(second.lines.box, [28, 28, 37, 32], "thin, whatever the brush");
  const { guide } = session.step.fill.asked;
  equal(guide.map(({ line, radius }) => [line, radius]), [[true, 1.5]]);
}

export async function test_the_other_button_erases_a_line_and_so_does_the_eraser_of_lines() {
  const { session, server } = await drawing();
  const done = border(session, true);
  await answer(server, 2);
  await done;
  session.tool = { kind: "line", on: false };
  const more = border(session);
  await answer(server, 3);
  await more;
  const { guide } = session.step.fill.asked;
  equal(guide.map(({ line, radius }) => [line, radius]), [[false, 9], [false, 9]]);
}

export async function test_another_network_and_more_passes_are_seen_at_once() {
  const { session, server } = await drawing();
  session.set("network", "borders");
  await answer(server, 2);
  await until(() => session.step.fill.asked.network === "borders");
  session.set("passes", 2);
  await answer(server, 3);
  await until(() => session.step.fill.asked.passes === 2);
  session.set("network", "default");
  await answer(server, 4);
  await until(() => session.step.fill.asked.network === "default");
  equal(session.step.fill.asked.passes, 1, "it can no more");
}

export async function test_a_network_that_is_not_served_any_more_is_the_first_one() {
  const { session, server } = await started({ network: "gone" }, NETWORKS);
  stroke(session, 30);
  await until(() => server.fills.length === 1);
  equal(server.fills[0].data.network, "default");
}

export async function test_the_lines_of_a_fill_are_fetched_while_lines_are_drawn() {
  const { session, server } = await drawing();
  session.tool = { kind: "brush" };
  session.step.fill.answer.lines = session.step.patches[0].path; // a file that is there
  equal(session.lines, null);
  session.tool = { kind: "line", on: true };
  equal(session.lines, null, "on their way");
  await until(() => session.lines);
  const { left, top, right, bottom } = session.lines.box;
  equal([left, top, right, bottom], session.step.fill.answer.box);
}

export async function test_another_try_and_another_mode_follow_the_colours_too() {
  const { session, server } = await guiding({ auto: false });
  await colour(session, INSIDE, { x: 35, y: 30 });
  session.fill();
  await answer(server, 2);
  await until(() => session.step.fill.asked.guide.length === 1);
  session.again();
  await answer(server, 3);
  await until(() => session.step.fill.asked.seed === 1);
  session.set("mode", "faithful");
  await answer(server, 4);
  await until(() => session.step.fill.asked.mode === "faithful");
  const sent = server.fills.map(({ data }) => data.guide);
  equal([sent[2], sent[3]], [sent[1], sent[1]]);
}

export async function test_colours_come_back_when_a_fill_fails() {
  const { session, server } = await guiding();
  const done = colour(session, INSIDE, { x: 35, y: 30 });
  await until(() => server.fills.length === 2);
  equal(session.guide, []);
  server.fills[1].reject(new Refusal("No."));
  await done;
  equal([session.guide.length, session.message.text], [1, "No."]);
}

export async function test_a_cancelled_stroke_of_colour_is_none() {
  const { session } = await guiding();
  session.beginStroke(false, INSIDE, () => null);
  session.paint(30, 30, 35, 30, 2);
  session.cancelStroke();
  equal([session.guide, session.within], [[], null]);
  session.tool = { kind: "brush" };
  session.beginStroke(false, BESIDE, () => null);
  ok(session.paint(5, 5, 6, 5, 2), "the brush paints again");
}

export async function test_a_fill_that_begins_in_mid_stroke_takes_its_colours() {
  const { session, server } = await guiding();
  session.beginStroke(false, INSIDE, () => null);
  session.paint(30, 30, 35, 30, 2);
  const done = session.fill();
  await until(() => server.fills.length === 2);
  equal(session.paint(35, 30, 38, 30, 2), null);
  await session.endStroke();
  await server.fills[1].answer();
  await done;
  equal([session.step.fill.asked.guide.length, session.guide, session.message.kind], [1, [], "done"]);
}

export async function test_while_it_fills_no_colours_are_drawn() {
  const { session, server } = await guiding();
  session.again();
  await until(() => server.fills.length === 2);
  session.beginStroke(false, INSIDE, () => null);
  equal([session.isDrawing, session.message.kind], [false, "busy"]);
  await server.fills[1].answer();
}
