import { based, Patient } from "/canvas/patient.js";
import { Gone, Refusal, Unreachable } from "/canvas/server.js";
import { equal, ok } from "/tests/check.js";
import { FakeServer, file, photo, plain } from "/tests/fakes.js";

/** A patient server; `told`: kinds of what the visitor was told. */
function patient() {
  const [server, told] = [new FakeServer(), []];
  const made = new Patient(server, {
    tell: (_, kind) => told.push(kind),
    onsent: () => told.push("sent"),
    onlook: (_, differs) => told.push(differs ? "another size" : "same size"),
  });
  return { made, server, told };
}

/** Fails that often with that error, then gives "done". */
function failing(times, error) {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw error;
    return "done";
  };
}

const failure = (promise) => promise.then(() => null, (error) => error);

export async function test_a_lost_connection_is_told_and_waited_for() {
  const { made, told } = patient();
  equal(await made.until(failing(2, new Unreachable())), "done");
  equal(told, ["error", "busy", "error", "busy"]);
}

export async function test_what_nobody_wants_any_more_is_not_tried_again() {
  const { made } = patient();
  const error = await failure(made.until(failing(1, new Unreachable()), () => false));
  equal(error.name, "AbortError");
}

export async function test_other_errors_are_not_waited_for() {
  const { made, told } = patient();
  const refusal = new Refusal("No.");
  ok((await failure(made.until(failing(1, refusal)))) === refusal);
  equal(told, []);
}

export async function test_deleted_files_are_sent_again_once() {
  const { made, server, told } = patient();
  const mine = await photo(20, 10);
  mine.file = await file(20, 10, "teal");
  const box = { left: 1, top: 2, right: 3, bottom: 4 };
  const patch = { box, path: "/kept/old.png", blob: new Blob(["patch"]) };
  server.answers.open_photo = ({ path }) => ({
    photo: path, width: 20, height: 10, name: "mine", notes: [], look: null,
  });
  const asked = [];
  const once = failing(1, new Gone("It is gone."));
  const answer = await made.about(mine, [patch], async (base) => {
    asked.push(base);
    return once();
  });
  equal(answer, "done");
  equal(asked[0].patches, [{ box: [1, 2, 3, 4], path: "/kept/old.png" }]);
  equal(asked[1], based(mine, [patch]));
  equal([server.uploads, patch.path], [2, "/kept/patch.png"]);
  equal(told, ["busy", "sent"]);
  const again = failure(made.about(mine, [], failing(2, new Gone("It is gone."))));
  equal((await again).message, "It is gone.", "and not for ever");
}

export async function test_an_example_is_never_sent() {
  const { made, server } = patient();
  const example = Object.assign(await photo(4, 4), { example: { name: "one" } });
  await made.about(example, [], failing(1, new Gone("It is gone.")));
  equal(server.uploads, 0);
}

export async function test_the_server_s_reading_of_a_photo_counts() {
  const { made, server, told } = patient();
  server.urls.set("/kept/look.png", URL.createObjectURL(await file(10, 20, "red")));
  server.answers.open_photo = ({ path }) => ({
    photo: path, width: 10, height: 20, name: "turned", notes: ["A note."], look: "/kept/look.png",
  });
  const mine = await photo(20, 10);
  Object.assign(mine, { file: await file(20, 10, "teal"), bitmap: await plain(20, 10, "teal") });
  equal(await made.send(mine), "/kept/mine.png");
  equal([mine.width, mine.height, mine.name, mine.notes], [10, 20, "turned", ["A note."]]);
  equal(told, ["another size"]);
}
