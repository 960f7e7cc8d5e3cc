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
  const keys = {
    f: () => document.querySelector("#fill").click(),
    b: () => tool("Brush").click(),
    e: () => tool("Erase").click(),
    "[": () => resize(1 / 1.25),
    "]": () => resize(1.25),
    "ctrl+z": () => tool("Undo").click(),
    "ctrl+shift+z": () => tool("Redo").click(),
    "ctrl+y": () => tool("Redo").click(),
  };
  addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select, [contenteditable=true]")) return;
    const control = event.ctrlKey || event.metaKey;
    const held = (control ? "ctrl+" : "") + (control && event.shiftKey ? "shift+" : "");
    const action = !event.altKey && keys[held + event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // the editor has some of these itself, and would do it twice
    action();
  }, true);
}
