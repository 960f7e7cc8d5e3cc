import { decodeHole } from "/canvas/received.js";
import { painted as sent } from "/canvas/server.js";
import { equal } from "/tests/check.js";
import { painted, pick, random } from "/tests/samples.js";

export async function test_a_hole_that_is_sent_and_received_is_the_same() {
  const next = random(1);
  for (let round = 0; round < 30; round += 1) {
    const hole = painted(next, pick(next, 1, 60), pick(next, 1, 60));
    if (hole.isEmpty()) continue;
    const again = await decodeHole(await sent(hole), hole.width, hole.height);
    equal([again.width, again.height], [hole.width, hole.height]);
    equal(again.data, hole.data, `hole ${round}`);
  }
}
