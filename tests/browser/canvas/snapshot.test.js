import { Hole, snapshotFromJSON, snapshotToJSON } from "/canvas/hole.js";
import { equal, ok, throws } from "/tests/check.js";
import { drawn, painted, pick, random, speckled } from "/tests/samples.js";

function checkRoundTrip(hole, what) {
  const snapshot = hole.pack();
  const again = Hole.unpack(snapshot);
  equal([again.width, again.height], [hole.width, hole.height], `size of ${what}`);
  equal(again.data, hole.data, what);
  equal(snapshot.box, hole.box(), `box of ${what}`);
  const text = JSON.stringify(snapshotToJSON(snapshot));
  equal(Hole.unpack(snapshotFromJSON(JSON.parse(text))).data, hole.data, `${what} as text`);
}

export function test_holes_come_back_as_they_were() {
  const next = random(1);
  for (let round = 0; round < 150; round += 1) {
    const [width, height] = [pick(next, 1, 60), pick(next, 1, 60)];
    const hole = round % 2 ? painted(next, width, height) : speckled(next, width, height, next());
    checkRoundTrip(hole, `hole ${round}`);
  }
}

export function test_empty_full_and_single_pixels() {
  checkRoundTrip(new Hole(7, 3), "nothing");
  checkRoundTrip(drawn("###", "###"), "everything");
  for (let i = 0; i < 12; i += 1) {
    const hole = new Hole(4, 3);
    hole.data[i] = 1;
    checkRoundTrip(hole, `pixel ${i}`);
  }
}

export function test_runs_go_on_in_the_next_row() {
  const { box, runs } = drawn(".....", "..##.", ".###.", ".....").pack();
  equal(box, { left: 1, top: 1, right: 4, bottom: 3 });
  equal(runs, [1, 5]);
  equal(drawn("##").pack().runs, [0, 2]);
}

export function test_a_snapshot_does_not_follow_the_hole() {
  const hole = drawn("#...");
  const snapshot = hole.pack();
  hole.fill(1);
  equal(Hole.unpack(snapshot).data, [1, 0, 0, 0]);
  throws(() => { "use strict"; snapshot.width = 3; }, TypeError);
  throws(() => { "use strict"; snapshot.box.left = 3; }, TypeError);
}

export function test_strokes_in_a_large_photo_are_small() {
  const hole = new Hole(4000, 3000);
  const next = random(2);
  for (let stroke = 0; stroke < 5; stroke += 1) {
    hole.stroke(next(0, 4000), next(0, 3000), next(0, 4000), next(0, 3000), 100, 1);
  }
  const { runs } = hole.pack();
  ok(runs.byteLength < 150_000, `${runs.byteLength} bytes`);
  equal(runs.byteLength, runs.buffer.byteLength, "nothing else is kept");
}

export function test_damaged_text_is_refused() {
  const good = snapshotToJSON(drawn("....", ".##.", ".#..").pack());
  equal(Hole.unpack(snapshotFromJSON(good)).count(), 3);
  const bad = [
    null, 5, "hole", {}, { ...good, width: 0 }, { ...good, height: 1.5 }, { ...good, box: null },
    { ...good, box: {} }, { ...good, box: { ...good.box, right: 9 } }, { ...good, runs: "0,4" },
    { ...good, box: { ...good.box, top: -1 } }, { ...good, runs: good.runs.slice(0, -1) },
    { ...good, runs: [...good.runs, 1] }, { ...good, runs: [-4, 8] }, { ...good, runs: [0, "4"] },
    { ...good, box: undefined },
  ];
  for (const plain of bad) {
    throws(() => snapshotFromJSON(plain), RangeError, JSON.stringify(plain));
  }
}
