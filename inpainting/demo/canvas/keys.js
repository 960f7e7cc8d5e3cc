// Keyboard shortcuts, by what a key types or, on a layout without Latin letters, by its place.

const PLACES = { BracketLeft: "[", BracketRight: "]" };
const TYPED_INTO = "input:not([type=radio], [type=checkbox], [type=range], [type=file], " +
  "[type=color]), textarea, select, [contenteditable=true]";
const CONTROLS = "button, summary, input:not([type=range]), a";
const OWN = { " ": CONTROLS, Enter: CONTROLS };

/** What a key means; AltGr types characters, and Windows reports it as Ctrl and Alt. */
export function meaning({ key, code }, altGr) {
  const latin = key.length === 1 && /[\x20-\x7e]|\p{Script=Latin}/u.test(key);
  if (latin || altGr || key.length > 1) return key.length > 1 ? key : key.toLowerCase();
  return PLACES[code] ?? code.replace(/^Key/, "").toLowerCase();
}

/**
 * Calls an action for its key: `{"f": …, "ctrl+z": …}`.
 *
 * Nothing happens while something is typed, and the space bar and Enter belong to the control that
 * has the focus.
 */
export function listenToKeys(actions) {
  addEventListener("keydown", (event) => {
    if (event.target.closest?.(TYPED_INTO)) return;
    const altGr = event.getModifierState?.("AltGraph") || (event.ctrlKey && event.altKey);
    if (event.altKey && !altGr) return;
    const control = !altGr && (event.ctrlKey || event.metaKey);
    const held = (control ? "ctrl+" : "") + (control && event.shiftKey ? "shift+" : "");
    const key = meaning(event, altGr);
    if (OWN[key] && event.target.closest?.(OWN[key])) return;
    const action = actions[held + key];
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || "[]+-".includes(key)) action();
  });
}

/** Tells when the space bar is held, and when it is let go. */
export function listenToSpace(hold) {
  const elsewhere = (event) => event.target.closest?.(`${TYPED_INTO}, ${OWN[" "]}`);
  addEventListener("keydown", (event) => {
    if (event.key !== " " || elsewhere(event)) return;
    event.preventDefault(); // the page would scroll
    if (!event.repeat) hold(true);
  });
  addEventListener("keyup", (event) => event.key === " " && hold(false));
  addEventListener("blur", () => hold(false));
}
