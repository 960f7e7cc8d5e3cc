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
}
