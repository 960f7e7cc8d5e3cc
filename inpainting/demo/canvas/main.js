// Puts the canvas into the page; called once by the component of `component.py`.

import { Hole } from "./hole.js";
import { listenToKeys, listenToSpace } from "./keys.js";
import { based } from "./patient.js";
import { Picture } from "./picture.js";
import { encodeHole } from "./png.js";
import { Server } from "./server.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { keep, keepSettings, restore, settings } from "./storage.js";
import { Strip } from "./strip.js";
import { save, Toolbar } from "./toolbar.js";

const DEFAULTS = { auto: true, mode: "auto", feather: 0, network: "default", passes: 0 };

/** @param gradio what `gr.HTML` gives to `js_on_load` */
export async function mount(gradio) {
  const { element, props, trigger } = gradio;
  const root = element.querySelector(".inpaint");
  const server = new Server(gradio);
  const session = new Session(server, settings(DEFAULTS), props.limits, props.networks);
  const stage = new Stage(root.querySelector(".stage"), props.colours, hands(session, () => stage));
  const toolbar = new Toolbar(root, session, stage, {
    measure: (on) => measure(session, trigger, on),
    saveMask: () => saveMask(session),
  });
  const strip = new Strip(root, session, (step) => toolbar.download(step));
  session.onchange = () => show(session, stage, toolbar, strip);
  session.onset = keepSettings;
  examples(root, session, props.examples);
  shortcuts(toolbar, session, stage);
  bringPhotos(session);
  addEventListener("beforeunload", (event) => {
    if (session.photo && !session.photo.path) event.preventDefault(); // it cannot be kept
  });
  // What Gradio's side of the page calls, see page.py.
  window.inpainting = {
    settled: () => server.settled(),
    damage: (kind, percent, seed) => session.damage(kind, percent, seed),
    asked: () => {
      const { photo, fill } = session.step ?? {};
      return fill ? { ...fill.sent, ...based(photo, fill.patches) } : null;
    },
    session, stage, toolbar,
  };
  await start(session, server, props.examples[0]);
}

/** Goes on where a reload ended, or shows the first example. */
async function start(session, server, example) {
  let kept;
  try {
    kept = await restore(server);
  } catch (error) {
    console.warn(error);
    await session.openExample(example);
    return session.say("Your earlier photo is not kept here any more: open it again.", "error");
  }
  if (session.step) return; // a photo was opened meanwhile
  if (!kept) return session.openExample(example);
  session.history = kept.history;
  session.load(session.step);
  if (kept.isFilling) await session.fill(); // the connection was lost meanwhile, or the tab
}

/** What the stage's strokes do. */
function hands(session, stage) {
  return {
    begin: (erase, at) =>
      session.step && session.beginStroke(erase, at, () => stage().colourAt(at)),
    paint: (x0, y0, x1, y1) => {
      const box = session.paint(x0, y0, x1, y1, stage().radius);
      if (!box) return;
      Object.assign(stage(), { holes: session.marked, guide: session.guide });
      stage().drawHoles(box);
    },
    end: () => session.endStroke(),
    cancel: () => session.cancelStroke(),
  };
}

let photo = null;
let shown = {};

/** Show the state. */
function show(session, stage, toolbar, strip) {
  const { step } = session;
  if (step) {
    const isNew = step.photo !== photo;
    photo = step.photo;
    const same = shown.bitmap === photo.bitmap;
    if (shown.patches !== step.patches || !same) {
      const before = same ? shown.before : new Picture(photo);
      const picture = step.patches.length ? new Picture(photo, step.patches) : before;
      shown = { patches: step.patches, bitmap: photo.bitmap, before, picture };
    }
    stage.show(shown.picture, shown.before, session.marked, session.guide, session.lines);
    if (isNew) toolbar.firstBrush(photo);
    keep(session);
  }
  toolbar.show();
  strip.show(shown.picture);
}

/** The gallery of examples. */
function examples(root, session, list) {
  const buttons = list.map((example) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    const image = Object.assign(document.createElement("img"), {
      src: example.thumbnail, alt: example.alt, loading: "lazy", width: 160, height: 120,
    });
    const words = Object.assign(document.createElement("span"), { textContent: example.title });
    button.title = example.caption;
    button.dataset.name = example.name;
    if (example.known) words.append(known());
    button.append(image, words);
    button.addEventListener("click", () => session.openExample(example));
    return button;
  });
  root.querySelector(".examples").append(...buttons);
}

function known() {
  const sign = Object.assign(document.createElement("span"), { textContent: "\u00a0✓" });
  sign.title = "The original is known: Measure compares the fill with it";
  return sign;
}

function shortcuts(toolbar, session, stage) {
  const { actions } = toolbar;
  listenToKeys({
    f: actions.fill, Enter: actions.fill, a: actions.another, b: actions.brush, e: actions.eraser,
    c: actions.colour, l: () => actions.line(), s: () => actions.select(),
    "[": actions.smaller, "]": actions.larger,
    "+": actions["zoom-in"], "=": actions["zoom-in"], "-": actions["zoom-out"], 0: actions.fit,
    "ctrl+z": actions.undo, "ctrl+shift+z": actions.redo, "ctrl+y": actions.redo,
    o: () => toolbar.one(".tools [data-file=photo]").click(),
  });
  listenToSpace((on) => {
    stage.isSpace = on;
    toolbar.before(on);
  });
}

/** A photo may be dropped or pasted anywhere. */
function bringPhotos(session) {
  const bring = (event, data) => {
    const [file] = data?.files ?? [];
    if (!file) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    session.openFile(file);
  };
  addEventListener("dragover", (event) => event.preventDefault(), true);
  addEventListener("drop", (event) => bring(event, event.dataTransfer), true);
  addEventListener("paste", (event) => bring(event, event.clipboardData), true);
}

/** Show what measures, and the numbers of the fill that is shown; or hide it. */
async function measure(session, trigger, on) {
  session.isMeasuring = on;
  trigger("measure", { on });
  session.onchange();
  if (!on) return;
  await session.measure();
  document.querySelector("#report")?.scrollIntoView({ block: "nearest" }); // it is below the photo
}

/** Save what is painted, or what was filled last, as a mask file: white = repaint. */
async function saveMask(session) {
  const { step } = session;
  const last = step?.fill && Hole.unpack(step.fill.hole);
  const hole = step && !session.hole.isEmpty() ? session.hole : last;
  if (!hole) return session.say("Nothing is painted yet: there is no mask to save.", "error");
  const url = URL.createObjectURL(new Blob([await encodeHole(hole)], { type: "image/png" }));
  save(url, `${step.photo.name}_mask.png`);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
