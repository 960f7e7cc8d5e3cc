// Runs of equal pixels in a row, found four pixels at a time.

/** The bytes of a hole as numbers of four, for `runEnd`; empty if they do not lie at such places. */
export function inFours(data) {
  if (data.byteOffset % 4) return new Uint32Array(0);
  return new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
}

/**
 * The first place from `from` on, `end` at most, where `data` (bytes, 0 or 1) is not `value`.
 * @param fours what `inFours` gave for the same data.
 */
export function runEnd(data, fours, from, end, value) {
  const four = value * 0x01010101;
  let i = from;
  while (i < end && data[i] === value) {
    i += 1;
    if (i & 3) continue;
    while (i + 4 <= end && fours[i >> 2] === four) i += 4;
  }
  return i;
}
