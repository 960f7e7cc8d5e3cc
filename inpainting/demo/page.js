// Runs once in the visitor's page.
() => {
  // One way in for pictures: whatever is dropped, pasted or chosen goes through the upload button.
  // The editor's own way leaves a file that the browser cannot read without an answer.
  const input = () => document.querySelector('input[data-testid$="upload-button"]');
  const upload = (event, files) => {
    if (!files.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const first = new DataTransfer();
    first.items.add(files[0]);
    input().files = first.files;
    input().dispatchEvent(new Event("change", { bubbles: true }));
  };
  addEventListener("dragover", (event) => event.preventDefault(), true);
  addEventListener("drop", (event) => upload(event, event.dataTransfer.files), true);
  addEventListener("paste", (event) => upload(event, event.clipboardData.files), true);
  addEventListener("click", (event) => {
    if (!event.target.matches("#editor input[type=file]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    input().click();
  }, true);

  // A painted picture above the size limit fails without a word, too: let the server say it.
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    console.warn(event.reason);
    document.querySelector("#failure").click();
  });

  // Fill after every stroke. The editor's own events would send the picture with each of them,
  // whether it is wanted or not.
  addEventListener("pointerup", (event) => {
    if (!event.target.closest("#editor .pixi-target")) return;
    if (!document.querySelector("#auto input").checked) return;
    setTimeout(() => document.querySelector("#fill").click(), 200); // the stroke is being laid down
  }, true);

  // One key each; see KEYS in page.py.
  const tool = (name) => document.querySelector(`#editor [aria-label="${name}"]`);
  const resize = async (factor) => {
    const range = () => document.querySelector("#editor .size_picker input");
    const open = range();
    const button = tool("Brush Size") || tool("Eraser Size");
    if (!open) button?.click();
    await new Promise((done) => setTimeout(done, 60));
    if (!range()) return;
    const size = Number(range().value);
    range().value = factor > 1 ? Math.ceil(size * factor) : Math.floor(size * factor);
    range().dispatchEvent(new Event("input", { bubbles: true }));
    if (!open) button?.click();
  };
  // The editor's undo knows strokes alone; steps that replace the whole mask are the server's.
  const step = (name) => {
    const button = tool(name);
    const steps = document.querySelector("#mask_steps i")?.dataset ?? {};
    const own = name.toLowerCase();
    if (!button.disabled) button.click();
    else if (Number(steps[own])) document.querySelector(`#${own}_mask`).click();
  };
  addEventListener("pointerup", (event) => {
    const button = event.target.closest("#editor [aria-label=Undo], #editor [aria-label=Redo]");
    if (button?.disabled) step(button.getAttribute("aria-label")); // it gets no click
  }, true);
  const keys = {
    f: () => document.querySelector("#fill").click(),
    b: () => tool("Brush").click(),
    e: () => tool("Erase").click(),
    "[": () => resize(1 / 1.25),
    "]": () => resize(1.25),
    "ctrl+z": () => step("Undo"),
    "ctrl+shift+z": () => step("Redo"),
    "ctrl+y": () => step("Redo"),
  };
  // What a key means: its character, or its place on the keyboard where a layout has no Latin ones.
  // AltGr, which Windows reports as Ctrl and Alt, types characters such as ] and is no shortcut.
  const places = { BracketLeft: "[", BracketRight: "]" };
  const meaning = ({ key, code }, altGr) => {
    const latin = key.length === 1 && /[\x20-\x7e]|\p{Script=Latin}/u.test(key);
    if (latin || altGr) return key.toLowerCase();
    return places[code] ?? code.replace(/^Key/, "").toLowerCase();
  };
  const typedInto = "input:not([type=radio], [type=checkbox]), textarea, select, " +
    "[contenteditable=true]";
  addEventListener("keydown", (event) => {
    if (event.target.closest(typedInto)) return;
    const altGr = event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey);
    const control = !altGr && (event.ctrlKey || event.metaKey);
    const held = (control ? "ctrl+" : "") + (control && event.shiftKey ? "shift+" : "");
    const action = (altGr || !event.altKey) && keys[held + meaning(event, altGr)];
    if (!action) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // the editor has some of these itself, and would do it twice
    action();
  }, true);
}
