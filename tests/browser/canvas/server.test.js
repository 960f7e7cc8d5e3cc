import { Hole } from "/canvas/hole.js";
import { painted, Refusal, Server, Unreachable } from "/canvas/server.js";
import { equal, ok } from "/tests/check.js";
import { gradio } from "/tests/fakes.js";

/** The error that a promise ends with. */
const failure = (promise) => promise.then(() => null, (error) => error);

/** A server that can be reached, or not, without asking. */
function server(functions, isThere = true) {
  const side = gradio(functions);
  const made = new Server(side);
  made.isThere = async () => isThere;
  return [made, side];
}

export async function test_what_is_painted_travels_as_its_box() {
  const hole = new Hole(400, 300);
  equal(await painted(hole), { box: null, png: "" });
  hole.rectangle(10, 20, 30, 25);
  const { box, png } = await painted(hole);
  equal(box, [10, 20, 30, 25]);
  ok(atob(png).startsWith("\x89PNG") && png.length < 200, "a small PNG");
}

export async function test_a_fill_is_answered_by_its_number() {
  const [made, side] = server();
  const answer = made.fill({ photo: "p" });
  equal(side.asked, [{ name: "fill", data: { photo: "p", number: 1 } }]);
  side.answer(null);
  side.answer({ number: 7, path: "of another page" });
  side.answer({ number: 1, path: "patch" });
  equal((await answer).path, "patch");
  side.answer({ number: 1, path: "late" }); // nobody waits: nothing happens
}

export async function test_a_refused_fill_ends_with_the_sentence() {
  const [made, side] = server();
  const ended = failure(made.fill({}));
  side.answer({ number: 1, error: "Paint less." });
  const error = await ended;
  ok(error instanceof Refusal && error.message === "Paint less.", String(error));
}

export async function test_a_second_fill_gives_up_the_first() {
  const [made, side] = server();
  const first = failure(made.fill({}));
  const second = made.fill({});
  equal((await first).name, "AbortError");
  const names = side.asked.map(({ name, data }) => [name, data.number]);
  equal(names, [["fill", 1], ["give_up", 2], ["fill", 3]], "the server is told");
  side.answer({ number: 1, path: "first" });
  side.answer({ number: 3, path: "second" });
  equal((await second).path, "second");
}

export async function test_what_is_given_up_ends_at_once() {
  const [made, side] = server();
  const ended = failure(made.fill({}));
  made.giveUp();
  equal((await ended).name, "AbortError");
  side.answer({ number: 1, path: "late" });
  made.giveUp(); // nothing runs: nothing happens
  equal(side.asked.map(({ name }) => name), ["fill", "give_up"]);
}

export async function test_a_fill_that_ends_without_an_answer_has_failed() {
  const [made, side] = server();
  const ended = failure(made.fill({}));
  await made.settled();
  ok(await ended instanceof Refusal, "told as a sentence");
  const answered = made.fill({});
  const settling = made.settled();
  side.answer({ number: 2, path: "patch" }); // a moment after the end
  await settling;
  equal((await answered).path, "patch");
}

export async function test_a_fill_ends_when_the_server_is_gone() {
  const [made] = server({}, false);
  const error = await failure(made.fill({}));
  ok(error instanceof Unreachable, String(error));
  equal(made.waiting, null);
}

export async function test_functions_answer_refuse_or_fail() {
  const functions = {
    open_photo: async ({ path }) => ({ photo: path }),
    select: async () => ({ error: "Nothing stands out there." }),
    save: async () => { throw new Error("Error: out of memory"); },
  };
  const [made] = server(functions);
  equal(await made.call("open_photo", { path: "p" }), { photo: "p" });
  equal((await failure(made.call("select", {}))).message, "Nothing stands out there.");
  const error = await failure(made.call("save", {}));
  ok(error instanceof Refusal && error.message === "out of memory", String(error));
  const [gone] = server(functions, false);
  ok(await failure(gone.call("save", {})) instanceof Unreachable, "gone");
}

export async function test_files_are_uploaded_and_fetched_by_their_paths() {
  const [made, side] = server();
  equal(await made.upload(new File(["x"], "a.png")), "/kept/a.png");
  equal(made.file("/kept/a.png"), new URL("gradio_api/file=/kept/a.png", document.baseURI).href);
  made.send = async () => { throw new Error("413"); };
  ok(await failure(made.upload(new File(["x"], "a.png"))) instanceof Refusal);
}

export async function test_the_server_is_there_when_its_files_are() {
  ok(await new Server(gradio()).isThere());
}
