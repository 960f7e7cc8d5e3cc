// The controls around the stage: what they do, and what they show of the state.

import { growth } from "./session.js";
import { SAY } from "./words.js";

const STEP = 1.25; // of the brush's size, and of the zoom, per press
const FIRST_BRUSH = 0.0125; // radius as a share of the photo's shorter side: 2.5 % across

/** Connects the controls with the session and the stage. */
export class Toolbar {
  constructor(root, session, stage, { measure, saveMask }) {
    Object.assign(this, { root, session, stage });
    this.brushes = new WeakMap(); // radius of the brush, by photo
    this.actions = {
      fill: () => session.fill(),
      another: () => session.again(),
      download: () => this.download(),
      undo: () => session.undo(),
      redo: () => session.redo(),
      auto: () => this.toggleAuto(),
      brush: () => this.pick({ kind: "brush" }),
      eraser: () => this.pick({ kind: "eraser" }),
      colour: () => this.pickColour(),
      line: ({ on = "1" } = {}) => this.pickLine(on === "1"),
      select: ({ what = "object", box } = {}) => this.pick({ kind: "select", what, box: Boolean(box) }),
      smaller: () => this.setRadius(stage.radius / STEP),
      larger: () => this.setRadius(stage.radius * STEP),
      slider: () => this.toggleSlider(),
      fit: () => stage.fit(),
      "zoom-in": () => stage.zoom(STEP),
      "zoom-out": () => stage.zoom(1 / STEP),
      grow: () => session.resize(this.by()),
      shrink: () => session.resize(-this.by()),
      invert: () => session.invert(),
      clear: () => session.clear(),
      "save-mask": saveMask,
      edit: () => measure(false),
      measure: () => measure(true),
    };
    root.addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("change", (event) => this.changed(event));
    root.addEventListener("input", (event) => this.slid(event));
    this.listenToHold();
    this.closeMenus();
    this.leaveRoom();
    this.offerNetworks();
    stage.element.addEventListener("zoomed", () => this.show());
  }

  one(selector) {
    return this.root.querySelector(selector);
  }

  by() {
    return Math.min(32, Math.max(1, Number(this.one("[data-by]").value) || 1));
  }

  clicked(event) {
    const button = event.target.closest("[data-act]");
    if (!button || button.disabled) return;
    // Pressed by a pointer: the space bar and Enter are the photo's again, not the button's.
    if (event.detail) this.stage.element.focus({ preventScroll: true });
    button.closest("details")?.removeAttribute("open");
    this.actions[button.dataset.act](button.dataset);
  }

  changed({ target }) {
    const name = target.dataset.set;
    if (name) {
      const pixels = () => Math.min(32, Math.max(0, Number(target.value) || 0));
      const isNumber = target.type === "number" || name === "passes";
      const value = isNumber ? pixels() : target.value;
      this.session.set(name, value);
    } else if (target.dataset.file) {
      const [file] = target.files;
      target.value = "";
      if (!file) return;
      target.closest("details")?.removeAttribute("open");
      if (target.dataset.file === "photo") this.session.openFile(file);
      else this.session.openMaskFile(file);
    }
  }

  slid({ target }) {
    if (target.matches("[data-size]")) this.setRadius(this.radiusAt(Number(target.value)));
    if (target.matches("[data-colour]")) this.setColour(target.value);
    if (target.matches(".split")) this.stage.setSplit(Number(target.value) / 100);
  }

  /** Choose what a stroke does. */
  pick(tool) {
    this.session.tool = tool;
    this.show();
  }

  /** Choose to draw colours; pressed again, which colour. */
  pickColour() {
    if (this.session.tool.kind === "colour") return this.one("[data-colour]").showPicker();
    this.pick({ kind: "colour" });
    this.session.say(SAY.colour);
  }

  /** Choose to draw lines, or to erase them. */
  pickLine(on) {
    if (!this.session.networks.some(({ lines }) => lines)) return;
    this.pick({ kind: "line", on });
    this.session.say(SAY.line);
  }

  setColour(colour) {
    this.session.colour = colour;
    this.show();
  }

  // The brush's size: from 1 to 400 pixels of the screen, on a logarithmic scale.

  radiusAt(share) {
    const { least, most } = this.stage.radii;
    return least * (most / least) ** (share / 100);
  }

  setRadius(radius) {
    const { least, most } = this.stage.radii;
    this.stage.setRadius(Math.min(most, Math.max(least, radius)));
    if (this.session.photo) this.brushes.set(this.session.photo, this.stage.radius);
    this.show();
  }

  /** A new photo gets a brush of 2.5 % of its shorter side; an earlier one, its own. */
  firstBrush(photo) {
    const first = Math.max(1, FIRST_BRUSH * Math.min(photo.width, photo.height));
    this.stage.setRadius(this.brushes.get(photo) ?? first);
  }

  toggleAuto() {
    const auto = !this.session.settings.auto;
    this.session.set("auto", auto);
    const words = auto ? "Strokes are filled when you let go." : "Press Fill or Enter to fill.";
    this.session.say(words);
  }

  toggleSlider() {
    const on = this.stage.split === null;
    const range = this.one(".split");
    range.hidden = !on;
    this.stage.setSplit(on ? Number(range.value) / 100 : null);
    this.show();
    if (on) range.focus();
  }

  listenToHold() {
    const button = this.one("[data-hold]");
    const hold = (on) => (event) => {
      event.preventDefault();
      this.before(on);
    };
    button.addEventListener("pointerdown", hold(true));
    for (const kind of ["pointerup", "pointercancel", "pointerleave", "blur", "keyup"]) {
      button.addEventListener(kind, () => this.before(false));
    }
    button.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") hold(true)(event);
    });
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  before(on) {
    this.stage.showBefore(on && Boolean(this.session.step));
    this.one(".stage .label").hidden = !this.stage.isBefore;
  }

  /** The stage leaves the tools the room that they need, in however many rows they stand. */
  leaveRoom() {
    const tools = this.one(".tools");
    const told = () => {
      const height = `${Math.ceil(tools.getBoundingClientRect().height)}px`;
      document.documentElement.style.setProperty("--tools", height);
    };
    new ResizeObserver(told).observe(tools);
  }

  /** What only some networks can is offered where there is one. */
  offerNetworks() {
    const { networks } = this.session;
    this.one("[data-menu=line]").hidden = !networks.some(({ lines }) => lines);
    this.one(".networks").hidden = networks.length < 2;
    this.one("[data-set=network]").replaceChildren(
      ...networks.map(({ name }) => new Option(name, name)),
    );
  }

  /** An open menu closes at a press elsewhere, and at Escape. */
  closeMenus() {
    const menus = this.root.querySelectorAll("details.menu");
    addEventListener("pointerdown", ({ target }) => {
      for (const menu of menus) if (!menu.contains(target)) menu.open = false;
    }, true);
    addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      for (const menu of menus) {
        if (menu.open) menu.querySelector("summary").focus();
        menu.open = false;
      }
    });
  }

  /** Save the picture at a step, in full size. */
  async download(step = this.session.step) {
    const { session } = this;
    if (!step) return session.say(SAY.noPhoto, "error");
    try {
      const { url, name } = await session.file(step);
      save(url, name);
    } catch (error) {
      session.failed(error);
    }
  }

  /** Show the state. */
  show() {
    const { session, stage } = this;
    const { step, tool, message } = session;
    const pressed = (act, on) => {
      for (const button of this.root.querySelectorAll(`[data-act="${act}"]`)) {
        button.setAttribute("aria-pressed", String(on));
      }
    };
    pressed("brush", tool.kind === "brush");
    pressed("eraser", tool.kind === "eraser");
    pressed("colour", tool.kind === "colour");
    this.one("[data-colour]").value = session.colour;
    this.one("[data-act=colour]").style.setProperty("--colour", session.colour);
    for (const button of this.root.querySelectorAll("[data-act=line]")) {
      const on = tool.kind === "line" && tool.on === (button.dataset.on === "1");
      button.setAttribute("aria-pressed", String(on));
    }
    this.one("[data-menu=line] summary").classList.toggle("on", tool.kind === "line");
    for (const button of this.root.querySelectorAll("[data-act=select]")) {
      const { what, box } = button.dataset;
      const on = tool.kind === "select" && tool.what === what && tool.box === Boolean(box);
      button.setAttribute("aria-pressed", String(on));
    }
    this.one("[data-menu=select] summary").classList.toggle("on", tool.kind === "select");
    pressed("slider", stage.split !== null);
    pressed("edit", !session.isMeasuring);
    pressed("measure", session.isMeasuring);
    this.one("[data-act=undo]").disabled = !session.history?.canUndo && !session.filling;
    this.one("[data-act=redo]").disabled = !session.history?.canRedo;
    this.one("[data-act=download]").disabled = !step;
    this.one("[data-act=another]").hidden = !session.hasAnother;
    this.one(".fit output").value = step && stage.view ? percent(stage.view.scale) : "100 %";
    this.one(".stage .drop").hidden = Boolean(step);
    this.one(".stage .progress").hidden = !session.filling && message.kind !== "busy";
    const status = this.one(".status");
    if (status.textContent !== message.text) status.textContent = message.text;
    status.className = `status ${message.kind}`;
    this.showBrush();
    this.showSettings();
    this.one(".stage").setAttribute("aria-label", described(session));
  }

  showBrush() {
    const { least, most } = this.stage.radii;
    const { radius } = this.stage;
    const share = (100 * Math.log(radius / least)) / Math.log(most / least);
    const range = this.one("[data-size]");
    const words = `${Math.max(1, Math.round(2 * radius))} px`;
    if (document.activeElement !== range) range.value = Math.round(share);
    range.setAttribute("aria-valuetext", words);
    this.one(".size output").value = words;
  }

  showSettings() {
    const { settings, photo } = this.session;
    this.one("[data-act=auto]").setAttribute("aria-pressed", String(settings.auto));
    this.one("[data-set=feather]").value = settings.feather;
    for (const radio of this.root.querySelectorAll("[data-set=mode]")) {
      radio.checked = radio.value === settings.mode;
    }
    const { networks } = this.session;
    const network = networks.find(({ name }) => name === settings.network) ?? networks[0];
    this.one("[data-set=network]").value = network.name;
    const { passes } = network;
    this.one(".passes").hidden = passes < 2;
    const looks = this.one("[data-set=passes]");
    if (looks.options.length !== passes) {
      const options = Array.from({ length: passes }, (_, k) => new Option(String(k + 1)));
      looks.replaceChildren(...options);
    }
    looks.value = String(Math.min(settings.passes || passes, passes));
    const pixels = photo ? `${growth(photo)} pixels` : "2 to 4 pixels";
    this.one(".growth").textContent =
      `Strokes are grown by ${pixels} before a fill, so that soft edges go, too.`;
  }
}

/** Let the browser save a file. */
export function save(url, name) {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

const percent = (scale) => `${Math.round(100 * scale)} %`;

function described({ step, hole }) {
  if (!step) return "No photo yet";
  const { photo } = step;
  const fills = step.patches.length;
  const done = fills ? `, filled ${fills === 1 ? "once" : `${fills} times`}` : "";
  const marked = hole?.isEmpty() ? "" : ", a part is painted";
  const alt = photo.example?.alt ?? `Your photo ${photo.name}`;
  return `${alt}; ${photo.width} × ${photo.height} pixels${done}${marked}`;
}
