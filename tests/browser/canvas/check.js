// Assertions; each throws an Error that says what was found and what was expected.

function shown(value) {
  const plain = ArrayBuffer.isView(value) ? Array.from(value) : value;
  return `${JSON.stringify(plain) ?? String(plain)}`.slice(0, 300);
}

function isSame(a, b) {
  if (Object.is(a, b) || (a === 0 && b === 0)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  return keysA.length === keysB.length && keysA.every((key) => key in b && isSame(a[key], b[key]));
}

/** `actual` is `expected`; arrays (of any type) and objects are compared by what they hold. */
export function equal(actual, expected, what = "value") {
  if (!isSame(actual, expected)) {
    throw new Error(`${what}: ${shown(actual)}, expected ${shown(expected)}`);
  }
}

export function ok(condition, what = "condition") {
  if (!condition) throw new Error(`${what}: not so`);
}

/** The numbers differ by at most `tolerance`. */
export function close(actual, expected, tolerance = 1e-9, what = "number") {
  if (!(Math.abs(actual - expected) <= tolerance)) {
    throw new Error(`${what}: ${actual}, expected ${expected} within ${tolerance}`);
  }
}

/** `action` throws an error of that class. */
export function throws(action, kind = Error, what = "action") {
  try {
    action();
  } catch (error) {
    if (error instanceof kind) return;
    throw new Error(`${what}: threw ${error}, expected a ${kind.name}`);
  }
  throw new Error(`${what}: threw nothing, expected a ${kind.name}`);
}
